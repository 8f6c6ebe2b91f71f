"""The lab: experiments, the run store, profiles, tables, claims, the ledger, and the notebook runner.

Names are fetched from their files on first use: `vssl ledger` need not wait ten seconds for torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from vssl.lab.stamp import stamp

if TYPE_CHECKING:
    from vssl.lab.claims import Claim
    from vssl.lab.cost import estimate
    from vssl.lab.experiment import Inflated, Net, PreTrain, Random
    from vssl.lab.labels import FineTune, Linear
    from vssl.lab.mean import Mean
    from vssl.lab.measured import every, table
    from vssl.lab.measures import Features, Instance, PretextTest, Probe, Retrieve
    from vssl.lab.profile import Scale, resolve
    from vssl.lab.store import Run, done, run
    from vssl.lab.story import shown
    from vssl.lab.tables import Table

_FILES = {
    "claims": ("Claim",),
    "cost": ("estimate",),
    "experiment": ("Inflated", "Net", "PreTrain", "Random"),
    "labels": ("FineTune", "Linear"),
    "mean": ("Mean",),
    "measured": ("every", "table"),
    "measures": ("Features", "Instance", "PretextTest", "Probe", "Retrieve"),
    "profile": ("Scale", "resolve"),
    "store": ("Run", "done", "run"),
    "story": ("shown",),
    "tables": ("Table",),
}
_WHERE = {name: file for file, names in _FILES.items() for name in names}

__all__ = [
    "Claim", "Features", "FineTune", "Inflated", "Instance", "Linear", "Mean", "Net", "PreTrain", "PretextTest", "Probe", "Random",
    "Retrieve", "Run", "Scale", "Table", "done", "estimate", "every", "resolve", "run", "shown", "stamp", "table",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"vssl.lab.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'vssl.lab' has no attribute {name!r}")
