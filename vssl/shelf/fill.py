"""Carry out `vssl fill`: compute what the ledger lacks of the planned seeds.

The most important tables come first. Runs are computed from a clean commit only, and all is written
beside the tracked files (into `runs/`), so that a clean clone stays clean; `vssl ledger --add`
takes the numbers into the committed ledger. However it ends, the next call goes on from there.
"""

from __future__ import annotations

import json
import pickle
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vssl import files, manifest, paths
from vssl.errors import VsslError
from vssl.lab.machine import commit
from vssl.results import ledger
from vssl.results.claims import WORDS
from vssl.shelf.processes import Children
from vssl.shelf.surroundings import environment

INTERRUPTED = 130
# With -m, the forked processes would import the module a second time as their main module.
CHILD = ("-c", "from vssl.shelf.filling import main; main()")


def fill(
    ids: Sequence[str],
    profile: str,
    jobs: int = 1,
    within: float | None = None,
    plan_only: bool = False,
    lab: str = "vssl.lab",
) -> int:
    """Compute what is missing within so many seconds; gives the exit code."""
    entries = in_turn(ids, profile)
    if not plan_only and (here := commit()).endswith("+"):
        raise VsslError(
            f"files differ from the commit {here[:-1]}, and a number is of a commit: commit the"
            " changes, or run vssl fill in a clean clone"
        )
    elif not plan_only and here == "unknown":
        raise VsslError("this is no checkout, and a number is of a commit: clone the repository")
    until = None if within is None else time.time() + within
    job = _job(entries, profile, jobs, until, plan_only, lab)
    folder = paths.runs() / "fill" / profile
    with files.locked(folder / ".lock", wait=False) as ours:
        if not ours:
            raise VsslError(f"another vssl fill is at work in {folder}; wait for it, or end it")
        try:
            found = _ask(folder, job)
        except KeyboardInterrupt:
            print(
                "interrupted; the numbers so far are kept, and the same command goes on from here"
            )
            return INTERRUPTED
    return 0 if plan_only else _conclude(found)


def in_turn(ids: Sequence[str], profile: str) -> tuple[manifest.Entry, ...]:
    """The notebooks whose numbers are planned at a profile, the most important first."""
    found = manifest.find(ids)
    planned = [entry for entry in found if entry.planned(profile)]
    if ids and (without := [entry.id for entry in found if entry not in planned]):
        raise VsslError(f"the manifest plans no seeds for {without[0]} at {profile}")
    if not planned:
        raise VsslError(f"the manifest plans no seeds at {profile}; see notebooks/manifest.yml")
    return tuple(sorted(planned, key=lambda entry: entry.turn))


def _job(
    entries: Sequence[manifest.Entry],
    profile: str,
    jobs: int = 1,
    until: float | None = None,
    plan_only: bool = True,
    lab: str = "vssl.lab",
) -> dict[str, Any]:
    """What the child process is told."""
    return {
        "entries": entries,
        "profile": profile,
        "jobs": jobs,
        "until": until,
        "plan_only": plan_only,
        "lab": lab,
    }


def _ask(folder: Path, job: dict[str, Any], log: Path | None = None) -> dict[str, Any]:
    """Have a child process compute, or only plan; gives what it found."""
    logs, order, answer = folder / "logs", folder / "job.pickle", folder / "answer.json"
    logs.mkdir(parents=True, exist_ok=True)
    answer.unlink(missing_ok=True)
    order.write_bytes(pickle.dumps(job | {"logs": logs, "answer": answer}))
    env = environment(folder, job["jobs"]) | {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
    env |= {"VSSL_PLAN_ONLY": "1"} if job["plan_only"] else {}
    with Children() as children:
        ended = children.run([*CHILD, str(order)], env, log)
    if ended.code:
        raise VsslError(f"the process that computes is gone: {ended.words}; run the command again")
    found = json.loads(answer.read_text(encoding="utf-8"))
    if "mistake" in found:
        raise VsslError(found["mistake"])
    return found


def _conclude(found: dict[str, Any]) -> int:
    """Say what failed and what is left; gives the exit code."""
    for reason in found["failed"].values():
        print(f"failed: {reason}")
    if found["left"]:
        print(f"{found['left']} pieces of work are left for another time")
    print("vssl ledger --add takes the numbers into data/results/")
    return 1 if found["failed"] else 0


# ------------------------------------------------------------------------------------- the status

VERDICT = re.compile(rf"^ *({'|'.join(WORDS)}): .*\[.*\]", re.M)


def status(profile: str) -> str:
    """Every table with what is there of its planned seeds, the verdicts given, and the hours."""
    lines, whole, spent = [], 0, 0.0
    given = stated = 0
    entries = in_turn((), profile)
    hours = {
        one["slug"]: one["minutes"] / 60 for one in ledger.entries() if one["profile"] == profile
    }
    for entry in entries:
        word, words = ledger.status(entry.numbers, profile)
        verdicts = shown_verdicts(entry)
        given += sum(one not in ("waiting", "not run") for one in verdicts)
        stated += len(verdicts)
        whole += word == "complete"
        spent += hours.get(entry.numbers, 0.0)
        lines.append(f"  {entry.id:<24} {words}")
    lines.append(
        f"{whole} of {len(entries)} tables have all planned seeds at {profile}; {given} verdicts"
        f" given of {stated} claims; {spent:.1f} hours spent, about"
        f" {_to_go(entries, profile) / 3600:.1f} to go"
    )
    return "\n".join(lines)


def _to_go(entries: Sequence[manifest.Entry], profile: str) -> float:
    """Seconds of computing that are missing; a fill may be at work meanwhile."""
    folder = paths.runs() / "fill" / f"{profile}-status"
    with files.locked(folder / ".lock"):
        return _ask(folder, _job(entries, profile), folder / "plan.log")["seconds"]


def shown_verdicts(entry: manifest.Entry) -> list[str]:
    """The verdicts that a stored notebook shows, one a claim."""
    notebook = json.loads(entry.path.read_text(encoding="utf-8"))
    outputs = [
        "".join(output.get("data", {}).get("text/plain", ""))
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        for output in cell["outputs"]
    ]
    return [word for text in outputs for word in VERDICT.findall(text)]
