"""Where things are: the project's root, its data, its runs, its figures.

Never the current folder.
"""

from __future__ import annotations

import os
from pathlib import Path


def root() -> Path:
    """The project's folder: `VSSL_ROOT`, or the checkout this package is installed from."""
    if "VSSL_ROOT" in os.environ:
        return Path(os.environ["VSSL_ROOT"]).expanduser().resolve()
    checkout = Path(__file__).resolve().parent.parent
    # An installed copy (not a checkout) has no project around it: its data goes to the user's home.
    return checkout if (checkout / "pyproject.toml").is_file() else Path.home() / "vssl"


def for_children() -> dict[str, str]:
    """The environment in which a process started by a command line finds this very package."""
    package = str(Path(__file__).resolve().parents[1])
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    }


def data() -> Path:
    """Puppets, frame stores and real videos: `VSSL_DATA`, or `data/` in the project."""
    return (
        Path(os.environ["VSSL_DATA"]).expanduser().resolve()
        if "VSSL_DATA" in os.environ
        else root() / "data"
    )


def runs() -> Path:
    """The run store and executed notebooks: `VSSL_RUNS`, or `runs/` in the project."""
    return (
        Path(os.environ["VSSL_RUNS"]).expanduser().resolve()
        if "VSSL_RUNS" in os.environ
        else root() / "runs"
    )


def reported() -> Path:
    """The papers' own numbers, committed."""
    return root() / "data" / "reported"


def nets() -> Path:
    """The trained nets that ship with the project, a folder each, committed."""
    return root() / "data" / "nets"


def ledger() -> Path:
    """Our numbers, committed: `VSSL_LEDGER`, or `data/results/` in the project."""
    return (
        Path(os.environ["VSSL_LEDGER"]).expanduser().resolve()
        if "VSSL_LEDGER" in os.environ
        else root() / "data" / "results"
    )


def figures() -> Path:
    """What the notebooks draw: `VSSL_FIGURES`, or `figures/` in the project."""
    return (
        Path(os.environ["VSSL_FIGURES"]).expanduser().resolve()
        if "VSSL_FIGURES" in os.environ
        else root() / "figures"
    )


def notebooks() -> Path:
    """The shelf."""
    return root() / "notebooks"
