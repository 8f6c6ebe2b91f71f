"""Set up the environment that a notebook runs in, and hash what its run is made from."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vssl import files, paths


def environment(folder: Path, jobs: int, cores: int | None = None) -> dict[str, str]:
    """Return the environment variables of a notebook's process.

    The kernel is the Python that runs this. There are no progress bars and no start-up files of the
    user, and the cores are shared out between `jobs` processes.
    """
    kernel = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    files.write_json(
        kernel, {"argv": argv, "display_name": "Python 3 (ipykernel)", "language": "python"}
    )
    # Jupyter searches JUPYTER_PATH before the user's own folders, which may hold an old kernel
    # named python3.
    search = [str(folder / "jupyter"), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    share = max(1, (cores or _cores()) // jobs)
    caps = (
        {
            name: str(share)
            for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        }
        if jobs > 1
        else {}
    )
    # A child works in the folder of the notebooks, so paths relative to ours are made absolute.
    places = {"VSSL_ROOT": paths.root(), "VSSL_DATA": paths.data(), "VSSL_RUNS": paths.runs()}
    places |= {"VSSL_LEDGER": paths.ledger(), "VSSL_FIGURES": paths.figures()}
    return {
        **caps,
        **os.environ,
        **{name: str(place) for name, place in places.items() if name in os.environ},
        "JUPYTER_PATH": os.pathsep.join(search),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONHASHSEED": "0",
        "TQDM_DISABLE": "1",
        # Without this, some matrix products on a GPU differ between runs.
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }


def fingerprint(source: Path, parameters: Mapping[str, Any]) -> str:
    """Hash what a notebook shows, apart from its runs.

    That is its cells, the package, the parameters, our ledger and the papers' numbers. Stored
    outputs are left out, because a run replaces them.
    """
    import nbformat

    digest = hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode())
    for cell in nbformat.read(source, as_version=4).cells:
        digest.update(
            f"\0{cell.cell_type}\0{cell.source}\0{sorted(cell.metadata.get('tags', ()))}".encode()
        )
    package = Path(__file__).resolve().parent.parent
    for folder, pattern in (
        (package, "*.py"),
        (paths.ledger(), "*.json"),
        (paths.reported(), "*.csv"),
    ):
        for path in sorted(folder.rglob(pattern)):
            digest.update(f"\0{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def of_runs(keys: Iterable[str]) -> str:
    """Hash the records of runs in the store: one that was removed or made anew changes it."""
    digest = hashlib.sha256()
    for key in sorted(keys):
        path = paths.runs() / "store" / key / "run.json"
        digest.update(f"\0{key}\0".encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
