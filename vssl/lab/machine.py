"""What a number was made on: hardware, versions, commit. Read without importing anything heavy."""

from __future__ import annotations

import datetime
import functools
import os
import platform
import resource
import subprocess
import sys
from importlib import metadata
from typing import Any

from vssl import paths


@functools.cache
def hardware() -> str:
    """The GPU where one is in use, otherwise the processor and its cores."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return torch.cuda.get_device_name()
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            model = next(
                line.split(":", 1)[1].strip() for line in file if line.startswith("model name")
            )
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores"


@functools.cache
def commit() -> str:
    """The checkout's commit, with "+" where files differ from it; "unknown" outside a checkout."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(paths.root()), *words], capture_output=True, text=True, timeout=20
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        return (git("rev-parse", "--short=12", "HEAD") or "unknown") + (
            "+" if git("status", "--porcelain", "-uno") else ""
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"


def versions() -> dict[str, str]:
    """The versions that can change a number."""
    found = {"python": platform.python_version()}
    for name in ("vssl", "torch", "torchvision", "av", "numpy", "scikit-learn"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def peak_memory() -> int:
    """The most memory this process has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak / (1024**2 if sys.platform == "darwin" else 1024))


def machine() -> dict[str, Any]:
    """Everything above, for a record."""
    torch = sys.modules.get("torch")
    gpu = (
        torch.cuda.max_memory_allocated() // 2**20
        if torch is not None and torch.cuda.is_available()
        else 0
    )
    return {
        "hardware": hardware(),
        "threads": torch.get_num_threads() if torch is not None else 1,
        "versions": versions(),
        "commit": commit(),
        "memory_mb": peak_memory(),
        "gpu_memory_mb": gpu,
        "date": datetime.date.today().isoformat(),
    }
