"""Run notebooks at the profile smoke and store their outputs.

The command is `python tests/notebooks/rerun.py FILES`. Runs and figures go to a temporary folder,
which is then removed. A notebook that fails is left as it was.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from form import normalise
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def rerun(path: Path) -> None:
    """Run one notebook and write it back in its committed form."""
    notebook = nbformat.read(path, as_version=4)
    here = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, record_timing=False, resources=here).execute()
    nbformat.write(notebook, path)
    normalise(path)


def main(names: Sequence[str]) -> int:
    """Run each file, and return 1 if one failed."""
    if not names:
        print("usage: python tests/notebooks/rerun.py FILES", file=sys.stderr)
        return 2
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        os.environ |= {"OMP_NUM_THREADS": "1", "VSSL_QUIET": "1"}
        os.environ |= {"VSSL_RUNS": f"{scratch}/runs", "VSSL_FIGURES": f"{scratch}/figures"}
        for path in map(Path, names):
            try:
                rerun(path)
                print(f"{path}: stored")
            except CellExecutionError as error:
                failed = True
                print(f"{path}: {str(error).strip().splitlines()[-1]}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
