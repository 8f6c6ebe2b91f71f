"""Execute one notebook with papermill in a process of its own, and judge the run ourselves.

The record that papermill makes of a run cannot be trusted. After a dead kernel, a timeout or a
missing kernel it marks every cell as completed, and `sys.exit(0)` in a cell ends as a success. So a
run passes only if papermill raised nothing, every code cell ran, no cell left an error, and the
last cell of the notebook wrote the id of this run from the same Python as ours.
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
    """How many seconds the kernel may take to start, one cell to run, and the whole notebook."""

    start: float = 120.0
    cell: float = 600.0
    whole: float = 660.0


@dataclass(frozen=True)
class Job:
    """One notebook to execute."""

    source: Path
    executed: Path  # where the executed notebook goes, if it passes; see `failed`
    folder: Path  # for temporary files of this job alone
    log: Path
    run: str  # the id of the run, which the record of the last cell must have
    parameters: Mapping[str, Any]
    limits: Limits

    @property
    def failed(self) -> Path:
        """Where the executed part of a failing notebook is kept."""
        return self.executed.with_name(f"{self.executed.stem}.failed.ipynb")


@dataclass(frozen=True)
class Verdict:
    """The result of a run."""

    reason: str  # why it failed; empty for a success
    minutes: float
    record: Mapping[str, Any]  # what the last cell of the notebook wrote


def execute(children: Children, job: Job, env: Mapping[str, str]) -> Verdict:
    """Execute a notebook and judge the run.

    A kernel that does not start is tried a second time.
    """
    job.folder.mkdir(parents=True)
    if reason := unfit(job.source, job.parameters):
        return Verdict(reason, 0.0, {})
    job.log.write_bytes(b"")
    verdict = _attempt(children, job, env)
    # Kernels pick their ports before they bind them, so two that start at once can collide.
    if verdict.reason.startswith(NOT_STARTED):
        verdict = _attempt(children, job, env)
    return verdict


def unfit(source: Path, parameters: Mapping[str, Any]) -> str:
    """Say why a notebook cannot be run with these parameters; the text is empty if it can.

    papermill itself only warns of an unknown parameter.
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
    """Return the parameters that a cell declares, each as a plain literal.

    Python's own parser reads the cell, because a value may contain any character.
    """
    found = {}
    with contextlib.suppress(SyntaxError):
        for line in ast.parse(source).body:
            match line:
                case (
                    ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                    | ast.Assign(targets=[ast.Name(id=name), *_], value=value)
                ):
                    with contextlib.suppress(ValueError):
                        found[name] = ast.literal_eval(value)
    return found


def _differing(job: Job) -> dict[str, Any]:
    """Return the parameters whose values differ from those in the notebook.

    papermill adds a cell for what it is given. With nothing given, the executed copy has the same
    cells as its source.
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
    """Run the notebook into a temporary file, judge the run, and move the file to its place."""
    request, error, record = (
        job.folder / name for name in ("request.json", "error.json", "record.json")
    )
    executed = job.folder / job.source.name
    for path in (error, record, executed):
        path.unlink(missing_ok=True)
    order = {
        "source": str(job.source),
        "executed": str(executed),
        "error": str(error),
        "parameters": _differing(job),
    }
    request.write_text(
        json.dumps({**order, "start": job.limits.start, "cell": job.limits.cell}), encoding="utf-8"
    )
    env = {**env, "VSSL_RECORD": str(record), "VSSL_RUN_ID": job.run}
    ended = children.run([str(CHILD), str(request)], env, job.log, job.limits.whole)
    reason, left = _judge(job, ended, _read(error), _read(record), _read(executed))
    if executed.is_file():
        os.replace(executed, job.failed if reason else job.executed)
        # The other file could only be from an earlier run.
        (job.executed if reason else job.failed).unlink(missing_ok=True)
    return Verdict(reason, ended.seconds / 60, left)


def _judge(
    job: Job, ended: Ended, error: Any, record: Any, executed: Any
) -> tuple[str, dict[str, Any]]:
    """Say why a run failed (empty if it passed), and return the record of its last cell.

    Every source of information is checked, since each can miss a failure.
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
    """Name the last code cell that papermill started.

    The start times are the only part of its record that is right after every kind of failure.
    """
    cells = (executed or {}).get("cells", [])
    started = [
        cell["id"]
        for cell in cells
        if cell["metadata"].get("papermill", {}).get("start_time") and cell["cell_type"] == "code"
    ]
    return f" in cell {started[-1]}" if started else ""


def _read(path: Path) -> Any:
    """Read a JSON file; gives None where it is missing or incomplete."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _span(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]
