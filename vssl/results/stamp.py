"""The last cell of every notebook: where its numbers come from.

The record that it leaves also tells the runner that the notebook came to its end.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from vssl import files
from vssl.lab.machine import machine

_IMPORTED = time.monotonic()


class Scale(Protocol):
    """What `lab.resolve` gives: how large everything in this notebook is."""

    @property
    def profile(self) -> str: ...
    @property
    def seeds(self) -> Sequence[int]: ...


class Table(Protocol):
    """A table that goes into the report: title, caption, columns, rows and claims."""

    def to_dict(self) -> dict[str, Any]: ...


def stamp(
    notebook: str, scale: Scale, tables: Iterable[Table] = (), figures: Iterable[str] = ()
) -> None:
    """Print where this notebook's numbers come from.

    Under `vssl reproduce`, also hand its tables and cost to the report.
    """
    seeds = [int(seed) for seed in scale.seeds]
    about = machine() | {"minutes": _seconds() / 60}
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    gpu = f", {about['gpu_memory_mb'] / 1000:.1f} GB on the GPU" if about["gpu_memory_mb"] else ""
    print(
        f"notebook  {notebook}, profile {scale.profile}, seeds"
        f" {', '.join(map(str, seeds)) or 'none'}"
    )
    print(f"commit    {about['commit']}, {about['date']}")
    print(f"versions  {versions}")
    print(
        f"machine   {about['hardware']}, {about['threads']} thread{'s' * (about['threads'] != 1)}"
    )
    print(
        f"cost      {about['minutes']:.1f} minutes, {about['memory_mb'] / 1000:.1f} GB of memory at"
        f" its peak{gpu}"
    )
    if "VSSL_RECORD" in os.environ and "VSSL_RUN_ID" in os.environ:
        record = {
            **about,
            "run": os.environ["VSSL_RUN_ID"],
            "executable": sys.executable,
            "notebook": notebook,
            "profile": scale.profile,
            "seeds": seeds,
            "tables": [table.to_dict() for table in tables],
            "figures": sorted(figures),
        }
        files.write_json(Path(os.environ["VSSL_RECORD"]), record)


def _seconds() -> float:
    """Seconds since this process started.

    Where /proc is missing, since this module was imported.
    """
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return float(Path("/proc/uptime").read_text().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return time.monotonic() - _IMPORTED
