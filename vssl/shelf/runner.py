"""Carry out `vssl reproduce`: plan, compute, execute the notebooks, and write the report.

Each distinct experiment is computed once, before the notebooks that use it. Every notebook runs in
a process of its own with a time limit, and `vssl.shelf.execute` judges the run by its files.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from vssl import files, paths
from vssl.errors import VsslError
from vssl.manifest import Entry, find
from vssl.shelf import plan as planning
from vssl.shelf import report as reports
from vssl.shelf.execute import Job, Limits, execute, unfit
from vssl.shelf.outcomes import WORDS, Outcome, Report, Status, span
from vssl.shelf.processes import Children
from vssl.shelf.surroundings import environment, fingerprint, of_runs

INTERRUPTED = 130


def reproduce(
    ids: Sequence[str],
    profile: str,
    jobs: int = 1,
    resume: bool = False,
    seeds: Sequence[int] | None = None,
    data_root: Path | str | None = None,
    plan_only: bool = False,
    limit_minutes: float | None = None,
    output: Path | None = None,
    lab: str = "vssl.lab",
) -> int:
    """Run notebooks, or the whole shelf if `ids` is empty, and write the report.

    Return 0, or 1 if a notebook failed. `limit_minutes` is the time limit for one notebook without
    its experiments, which are computed before; by default it is five times what the manifest
    expects. `lab` is the module whose `run` and `done` carry out experiments.
    """
    entries = find(ids)
    given = {
        "profile": profile,
        "seeds": list(seeds) if seeds else None,
        "data_root": _absolute(data_root),
    }
    parameters = {name: value for name, value in given.items() if value is not None}
    folder = output or paths.runs() / "notebooks" / profile
    with files.locked(folder / ".lock", wait=False) as ours:
        if not ours:
            raise VsslError(
                f"another vssl reproduce is at work in {folder}; wait for it, or end it"
            )
        run = _Run(folder, profile, parameters, jobs, limit_minutes, lab)
        with run.scratch():
            return run.plan_only(entries) if plan_only else run.all(entries, resume)


class _Run:
    """One call of `reproduce` with its arguments and its folders."""

    def __init__(
        self,
        folder: Path,
        profile: str,
        parameters: dict[str, Any],
        jobs: int,
        limit_minutes: float | None,
        lab: str,
    ) -> None:
        self.folder, self.profile, self.parameters = folder, profile, parameters
        self.jobs, self.limit_minutes, self.lab = jobs, limit_minutes, lab
        self.work, self.logs = folder / ".work", folder / "logs"
        self.begin = time.monotonic()

    @contextlib.contextmanager
    def scratch(self) -> Iterator[None]:
        """Make the folder for temporary files, and remove it at the end.

        What a killed run left there is removed first.
        """
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.logs.mkdir(exist_ok=True)
        try:
            yield
        finally:
            shutil.rmtree(self.work, ignore_errors=True)

    def plan_only(self, entries: Sequence[Entry]) -> int:
        """Print what there is to compute, and run nothing."""
        # With this variable, a plan does not fail where its data is missing.
        env = {**environment(self.work, self.jobs), "VSSL_PLAN_ONLY": "1"}
        with Children() as children:
            plan = self._collect(children, entries, env, {})
        print(plan.text())
        return 1 if plan.failed else 0

    def all(self, entries: Sequence[Entry], resume: bool) -> int:
        """Plan, compute, execute and report; gives the exit code."""
        outcomes = self._kept(entries) if resume else {}
        left = [entry for entry in entries if entry.id not in outcomes]
        env = environment(self.work, self.jobs)
        with ThreadPoolExecutor(self.jobs) as pool, Children() as children:
            try:
                self._reproduce(left, outcomes, env, pool, children)
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                print(
                    f"interrupted; {len(outcomes)} of {len(entries)} notebooks are done, and"
                    " --resume goes on from here",
                    flush=True,
                )
                return INTERRUPTED
        return self._conclude([outcomes[entry.id] for entry in entries])

    def _reproduce(
        self,
        left: Sequence[Entry],
        outcomes: dict[str, Outcome],
        env: dict[str, str],
        pool: ThreadPoolExecutor,
        children: Children,
    ) -> None:
        """Plan, compute and execute the notebooks in `left`.

        Each outcome is written as soon as it is known.
        """
        for entry in left:
            if reason := unfit(entry.path, self.parameters):
                self._keep(outcomes, _failure(entry, reason))
        left = [entry for entry in left if entry.id not in outcomes]
        plan = self._collect(children, left, env, outcomes) if left else planning.Plan()
        print(plan.text(), flush=True)
        reasons = planning.compute(children, plan, self.jobs, self.work, self.logs, env, self.lab)
        futures = []
        for entry in left:
            lost = [reasons[key] for key in plan.asked.get(entry.id, ()) if key in reasons]
            if entry.id in plan.failed:
                self._keep(
                    outcomes,
                    _failure(entry, plan.failed[entry.id], self._relative(self.logs / "plan.log")),
                )
            elif lost:
                self._keep(outcomes, _failure(entry, lost[0], status="blocked"))
            else:
                futures.append(pool.submit(self._execute, children, entry, env))
        for future in as_completed(futures):
            outcome = future.result()
            keys = plan.runs.get(outcome.notebook, [])
            self._keep(outcomes, replace(outcome, runs=keys, made=of_runs(keys)))

    def _collect(
        self,
        children: Children,
        entries: Sequence[Entry],
        env: Mapping[str, str],
        outcomes: Mapping,
    ) -> planning.Plan:
        """Make the plan.

        If every notebook fails with the same mistake, it is a mistake of the caller and is raised.
        """
        (self.logs / "plan.log").unlink(missing_ok=True)
        notebooks = {entry.id: entry.path for entry in entries}
        plan = planning.collect(
            children, notebooks, self.parameters, self.work, self.logs, env, self.lab
        )
        if (
            plan.mistakes
            and not plan.asked
            and not outcomes
            and len(set(plan.failed.values())) == 1
        ):
            raise VsslError(next(iter(plan.mistakes.values())))
        return plan

    def _execute(self, children: Children, entry: Entry, env: Mapping[str, str]) -> Outcome:
        """Execute one notebook and describe how it went."""
        minutes = self.limit_minutes or max(10.0, 5 * entry.minutes.get(self.profile, 1440.0))
        # A cell that hangs reaches the limit for a cell first, so the report can name it.
        limits = Limits(cell=0.9 * minutes * 60, whole=minutes * 60)
        executed, log = self.folder / f"{entry.id}.ipynb", self.logs / f"{entry.id}.log"
        job = Job(
            entry.path,
            executed,
            self.work / entry.id,
            log,
            uuid.uuid4().hex,
            self.parameters,
            limits,
        )
        key, began = fingerprint(entry.path, self.parameters), time.time()
        verdict = execute(children, job, env)
        reason = verdict.reason or _undrawn(entry, began)
        notebook = executed if not verdict.reason else job.failed
        return Outcome(
            notebook=entry.id,
            title=entry.title,
            question=entry.question,
            status="failed" if reason else "passed",
            reason=reason,
            minutes=verdict.minutes,
            log=self._relative(log),
            executed=self._relative(notebook) if notebook.is_file() else "",
            record=verdict.record,
            key=key,
            finished=_now(),
        )

    def _keep(self, outcomes: dict[str, Outcome], outcome: Outcome) -> None:
        """Add an outcome, write it to disk, and print it."""
        outcomes[outcome.notebook] = outcome
        files.write_json(self._record(outcome.notebook), vars(outcome))
        took = f" in {span(outcome.minutes)}" if outcome.minutes is not None else ""
        print(
            f"{outcome.notebook}: {WORDS[outcome.status]}{took}"
            + (f": {outcome.reason}" if outcome.reason else ""),
            flush=True,
        )

    def _kept(self, entries: Sequence[Entry]) -> dict[str, Outcome]:
        """Find the notebooks that passed before and would show the same again."""
        kept = {}
        for entry in entries:
            with contextlib.suppress(OSError, ValueError, TypeError):
                last = Outcome(**json.loads(self._record(entry.id).read_text(encoding="utf-8")))
                same = (
                    last.key == fingerprint(entry.path, self.parameters)
                    and last.made == of_runs(last.runs)
                    and (self.folder / last.executed).is_file()
                )
                if last.succeeded and same:
                    kept[entry.id] = replace(last, status="kept")
                    print(
                        f"{entry.id}: passed earlier ({last.finished}), unchanged since: not run"
                        " again",
                        flush=True,
                    )
        return kept

    def _conclude(self, outcomes: Sequence[Outcome]) -> int:
        """Write the report, print where everything is, and return the exit code."""
        counts = planning.counted(outcome.runs for outcome in outcomes)
        report = Report(
            self.profile, (time.monotonic() - self.begin) / 60, _now(), tuple(outcomes), counts
        )
        page = reports.write(self.folder, report)
        print(report.summary())
        places = {
            "notebooks": self.folder,
            "report": page,
            "figures": paths.figures(),
            "logs": self.logs,
        }
        for name, place in places.items():
            print(f"  {name:<9}  {place}", flush=True)
        return 0 if all(outcome.succeeded for outcome in outcomes) else 1

    def _record(self, notebook: str) -> Path:
        return self.folder / "records" / f"{notebook}.json"

    def _relative(self, path: Path) -> str:
        return str(path.relative_to(self.folder))


def _failure(entry: Entry, reason: str, log: str = "", status: Status = "failed") -> Outcome:
    return Outcome(entry.id, entry.title, entry.question, status, reason, log=log, finished=_now())


def _undrawn(entry: Entry, began: float) -> str:
    """Name a figure of the manifest that the run did not draw; empty if there is none.

    A notebook can reach its end without doing its work, and this notices.
    """
    drawn = {
        path.stem
        for path in paths.figures().rglob("*.png")
        if path.stat().st_size and path.stat().st_mtime >= began - 2  # file systems round times
    }
    missing = [name for name in entry.figures if name not in drawn]
    return f"it did not draw the figure {missing[0]} that the manifest names" if missing else ""


def _absolute(path: Path | str | None) -> str | None:
    return None if path is None else str(Path(path).expanduser().resolve())


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M")
