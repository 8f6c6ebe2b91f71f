"""What a number was made on: hardware, versions, commit. Read without importing anything heavy."""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterator
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
    """The checkout's commit, with "+" where files differ from it; "unknown" outside a checkout.

    A packed tree that travelled without its history has its commit in a file (`make gpu-pack`).
    """
    packed = paths.root() / "COMMIT"
    if packed.is_file() and not (paths.root() / ".git").exists():
        return packed.read_text(encoding="utf-8").strip()

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


@functools.cache
def versions() -> dict[str, str]:
    """The versions that can change a number."""
    found = {"python": platform.python_version()}
    for name in ("vssl", "torch", "torchvision", "av", "numpy", "scikit-learn"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def libraries() -> str:
    """The libraries that compute, with their versions, in one line.

    A build's local part, such as +cu128, is left out: it names the hardware's side.
    """
    found = versions()
    names = ("torch", "torchvision", "numpy", "scikit-learn")
    return ", ".join(f"{name} {found[name].partition('+')[0]}" for name in names)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, where no GPU does it.

    The order of a sum depends on the number of threads, and so does every number that is learnt.
    """
    torch = sys.modules.get("torch")
    if torch is None or torch.cuda.is_available():
        yield
        return
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def processor_seconds() -> float:
    """Seconds of processor time of this process, all its threads, and its children that ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


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
