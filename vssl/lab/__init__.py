"""The lab: experiments, the run store, profiles, tables, claims, the ledger, and the notebook runner."""

from vssl.lab.claims import Claim
from vssl.lab.experiment import Features, FineTune, Net, PretextTest, PreTrain, Probe, Random, Retrieve
from vssl.lab.profile import Scale, resolve
from vssl.lab.stamp import stamp
from vssl.lab.store import Run, done, run
from vssl.lab.story import shown
from vssl.lab.table import Table, table

__all__ = [
    "Claim", "Features", "FineTune", "Net", "PreTrain", "PretextTest", "Probe", "Random", "Retrieve", "Run", "Scale", "Table",
    "done", "resolve", "run", "shown", "stamp", "table",
]  # fmt: skip
