"""Execute one notebook with papermill; the child process of `vssl.shelf.execute`.

The command is `python through_papermill.py REQUEST`. It runs as a file and imports
nothing of the package, so that each notebook costs little time and memory of its own.
"""

from __future__ import annotations

import json
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any


def main(request: dict[str, Any]) -> int:
    """Execute a notebook and return the exit code.

    After an error, a file of its own says the reason and whether it happened in a cell.
    """
    runpy.run_path(str(Path(__file__).with_name("processes.py")))["end_with_parent"]()
    import papermill

    try:
        papermill.execute_notebook(
            _escaped(request["source"]),
            _escaped(request["executed"]),
            parameters=request["parameters"],
            kernel_name="python3",
            cwd=str(Path(request["source"]).parent),
            start_timeout=request["start"],
            execution_timeout=request["cell"],
            coalesce_streams=True,  # a progress bar of 4 seconds would leave 44 outputs
            progress_bar=False,
        )
    except Exception as error:
        traceback.print_exc()
        reason, in_cell = _reason(error, request["cell"])
        Path(request["error"]).write_text(
            json.dumps({"reason": reason, "in_cell": in_cell}), encoding="utf-8"
        )
        return 1
    return 0


def _reason(error: Exception, cell_limit: float) -> tuple[str, bool]:
    """Describe an error of papermill or of the libraries it uses.

    The second value says whether the error happened in a cell.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    match error:
        case PapermillExecutionError():
            return f"{error.ename}: {(str(error.evalue).splitlines() or [''])[0]}", True
        case DeadKernelError():
            return "the kernel died (killed, or out of memory?)", True
        case CellTimeoutError():
            return f"it took longer than {cell_limit:g} seconds", True
        case NoSuchKernel():
            return f"there is no kernel {error.name}: is ipykernel installed?", False
        case RuntimeError() if "before replying to kernel_info" in str(
            error
        ) or "Kernel didn't respond" in str(error):
            return f"the kernel did not start: {error}", False
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}", False


def _escaped(path: str) -> str:
    """Double the braces of a path, since papermill reads paths as format strings."""
    return path.replace("{", "{{").replace("}", "}}")


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
