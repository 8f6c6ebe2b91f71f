"""The lab: experiments, the run store, and profiles, from descriptions to numbers.

Names are fetched from their files on first use: `vssl ledger` need not wait ten seconds for torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vssl.lab.cost import estimate
    from vssl.lab.detect import Detect
    from vssl.lab.elsewhere import Elsewhere
    from vssl.lab.experiment import Inflated, Net, PreTrain, Random
    from vssl.lab.labels import FineTune, LinearEvaluation
    from vssl.lab.localise import Localise
    from vssl.lab.mean import Mean
    from vssl.lab.measures import Features, Instance, PretextTest, Probe, Retrieve
    from vssl.lab.reconstruction import Reconstruction
    from vssl.lab.scale import Scale, resolve
    from vssl.lab.store import Run, done, run, spent
    from vssl.lab.synthesis import Synthesis, Synthesised
    from vssl.lab.tuned import Tuned
    from vssl.lab.weights import keep

_FILES = {
    "cost": ("estimate",),
    "detect": ("Detect",),
    "elsewhere": ("Elsewhere",),
    "experiment": ("Inflated", "Net", "PreTrain", "Random"),
    "labels": ("FineTune", "LinearEvaluation"),
    "localise": ("Localise",),
    "mean": ("Mean",),
    "measures": ("Features", "Instance", "PretextTest", "Probe", "Retrieve"),
    "reconstruction": ("Reconstruction",),
    "scale": ("Scale", "resolve"),
    "store": ("Run", "done", "run", "spent"),
    "synthesis": ("Synthesis", "Synthesised"),
    "tuned": ("Tuned",),
    "weights": ("keep",),
}
_WHERE = {name: file for file, names in _FILES.items() for name in names}

__all__ = [
    "Detect",
    "Elsewhere",
    "Features",
    "FineTune",
    "Inflated",
    "Instance",
    "LinearEvaluation",
    "Localise",
    "Mean",
    "Net",
    "PreTrain",
    "PretextTest",
    "Probe",
    "Random",
    "Reconstruction",
    "Retrieve",
    "Run",
    "Scale",
    "Synthesis",
    "Synthesised",
    "Tuned",
    "done",
    "estimate",
    "keep",
    "resolve",
    "run",
    "spent",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"vssl.lab.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'vssl.lab' has no attribute {name!r}")
