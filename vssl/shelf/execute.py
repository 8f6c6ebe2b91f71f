"""One notebook through papermill, in a process of its own, and our own verdict on how it went.

papermill's record of a run cannot be trusted: after a dead kernel, a timeout or a missing kernel it
calls every cell completed, and `sys.exit(0)` in a cell ends with success. A run counts only if
papermill raised nothing, every code cell ran, none left an error, and the notebook's last cell left
the sentinel of this very run, from our own Python.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vssl.shelf.processes import Children, Ended

CHILD = Path(__file__).with_name("through_papermill.py")
NOT_STARTED = "the kernel did not start"


@dataclass(frozen=True)
class Limits:
    """How long a notebook may take, in seconds: until its kernel answers, for one cell, and in all."""

    start: float = 120.0
    cell: float = 600.0
    whole: float = 660.0


@dataclass(frozen=True)
class Job:
    """One notebook to execute."""

    source: Path
    executed: (
        Path  # where the executed notebook goes; after a failure, <name>.failed.ipynb beside it
    )
    folder: Path  # scratch, of this job alone
    log: Path
    run: str  # the run's id, which the sentinel must carry
    parameters: Mapping[str, Any]
    limits: Limits

    @property
    def failed(self) -> Path:
        """Where what was executed of a failing notebook is kept."""
        return self.executed.with_name(f"{self.executed.stem}.failed.ipynb")


@dataclass(frozen=True)
class Verdict:
    """How a run went: the reason of its failure (empty for a success), its minutes, and what the notebook's last cell recorded."""

    reason: str
    minutes: float
    record: Mapping[str, Any]


def execute(children: Children, job: Job, env: Mapping[str, str]) -> Verdict:
    """Execute a notebook and judge the run.

    A kernel that does not start is given one more chance.
    """
    job.folder.mkdir(parents=True)
    if reason := unfit(job.source, job.parameters):
        return Verdict(reason, 0.0, {})
    job.log.write_bytes(b"")
    verdict = _attempt(children, job, env)
    if verdict.reason.startswith(
        NOT_STARTED
    ):  # ports are picked before they are bound, and many kernels start at once
        verdict = _attempt(children, job, env)
    return verdict


def unfit(source: Path, parameters: Mapping[str, Any]) -> str:
    """Why a notebook cannot be run with these parameters at all; empty if it can.

    papermill itself only warns.
    """
    import nbformat

    try:
        notebook = nbformat.read(source, as_version=4)
    except FileNotFoundError:
        return f"there is no {source}"
    except (ValueError, OSError, nbformat.ValidationError) as error:
        return f"{source} is not a notebook: {_first_line(error)}"
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    if kernel != "python3":
        return f"it asks for the kernel {kernel}, and notebooks of the shelf run on python3"
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
    if len(cells) != 1 and parameters:
        return f"it has {len(cells)} cells tagged parameters, where one is needed"
    declared = declarations(cells[0].source) if cells else {}
    unknown = [name for name in parameters if name not in declared]
    return (
        f"unknown parameter {unknown[0]}: its parameters cell declares"
        f" {', '.join(declared) or 'none'}"
        if unknown
        else ""
    )


def declarations(source: str) -> dict[str, Any]:
    """The parameters that a cell declares, each a plain literal.

    Read with Python's own parser, not line by line.
    """
    found = {}
    with contextlib.suppress(SyntaxError):
        for line in ast.parse(source).body:
            if not isinstance(line, ast.AnnAssign | ast.Assign):
                continue
            target = line.target if isinstance(line, ast.AnnAssign) else line.targets[0]
            if isinstance(target, ast.Name) and line.value is not None:
                with contextlib.suppress(ValueError):
                    found[target.id] = ast.literal_eval(line.value)
    return found


def _differing(job: Job) -> dict[str, Any]:
    """The parameters that differ from what the notebook says itself.

    With none, the executed copy has the very cells of its source.
    """
    import nbformat

    cells = [
        cell.source
        for cell in nbformat.read(job.source, as_version=4).cells
        if "parameters" in cell.metadata.get("tags", ())
    ]
    declared = declarations(cells[0]) if cells else {}
    return {
        name: value
        for name, value in job.parameters.items()
        if name not in declared or declared[name] != value
    }


def _attempt(children: Children, job: Job, env: Mapping[str, str]) -> Verdict:
    """Run the notebook once into a temporary file, judge it, and move the file to where it belongs."""
    request, error, record = (
        job.folder / name for name in ("request.json", "error.json", "record.json")
    )
    executed = job.folder / job.source.name
    for path in (error, record, executed):
        path.unlink(missing_ok=True)
    asked = {
        "source": str(job.source),
        "executed": str(executed),
        "error": str(error),
        "parameters": _differing(job),
    }
    request.write_text(
        json.dumps({**asked, "start": job.limits.start, "cell": job.limits.cell}), encoding="utf-8"
    )
    env = {**env, "VSSL_RECORD": str(record), "VSSL_RUN_ID": job.run}
    ended = children.run([str(CHILD), str(request)], env, job.log, job.limits.whole)
    reason, left = _judge(job, ended, _read(error), _read(record), _read(executed))
    if executed.is_file():
        os.replace(executed, job.failed if reason else job.executed)
        (job.executed if reason else job.failed).unlink(missing_ok=True)  # of an earlier run
    return Verdict(reason, ended.seconds / 60, left)


def _judge(
    job: Job, ended: Ended, error: Any, record: Any, executed: Any
) -> tuple[str, dict[str, Any]]:
    """Why a run was no success (empty if it was), and the record its last cell left.

    Trusts no single witness.
    """
    record = record if isinstance(record, dict) and record.get("run") == job.run else {}
    at = _where(executed)
    if ended.too_long:
        return f"it took longer than {_span(job.limits.whole)} in all and was ended{at}", record
    if error:
        return error["reason"] + (at if error["in_cell"] else ""), record
    if ended.code != 0:
        return f"the process that executes it is gone: {ended.words}", record
    cells = [cell for cell in (executed or {}).get("cells", []) if cell["cell_type"] == "code"]
    for cell in cells:
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                return f"{output['ename']}: {output['evalue']} in cell {cell['id']}", record
    unrun = [
        cell["id"]
        for cell in cells
        if cell["execution_count"] is None and "".join(cell["source"]).strip()
    ]
    if unrun or not cells:
        return (
            (
                f"it stopped before its end without an error (sys.exit?): cell {unrun[0]} did"
                " not run"
                if unrun
                else "nothing ran"
            ),
            record,
        )
    if not record:
        return (
            (
                "all cells ran, but its last cell left no stamp of this run: does it end with"
                " results.stamp(...)?"
            ),
            record,
        )
    if record.get("executable") != sys.executable:
        return f"its kernel was another Python: {record.get('executable')}", record
    return "", record


def _where(executed: Any) -> str:
    """The last cell that papermill started: the one witness of it that holds in every case."""
    cells = (executed or {}).get("cells", [])
    started = [
        cell["id"]
        for cell in cells
        if cell["metadata"].get("papermill", {}).get("start_time") and cell["cell_type"] == "code"
    ]
    return f" in cell {started[-1]}" if started else ""


def _read(path: Path) -> Any:
    """A JSON file, or None where it is missing or cut off by a kill."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _span(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]
