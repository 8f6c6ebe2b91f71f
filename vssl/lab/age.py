"""What a run was made of, and whether that is what it would be made of today.

A run is made by code, with libraries, by so many processes, from frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vssl.lab import code, processes
from vssl.lab.machine import libraries


def of(experiment: Any, record: dict[str, Any]) -> str:
    """Why a record of this experiment is not of today; empty if it is.

    Frames are compared as far as they are here.
    """
    if record["code"] != code_of(experiment):
        return "by code that has changed since"
    if record["libraries"] != libraries():
        return f"with {record['libraries']}"
    together = record.get("processes", 1)
    if is_shared(experiment) and together != processes.count() and not _synchronised(experiment):
        return f"by {together} process{'es' * (together != 1)}"
    now = frames_of(experiment)
    for name, then in record["frames"].items():
        if name in now and now[name]["frames"] != then["frames"]:
            return "from frames that have changed since"
    return ""


def frames_of(experiment: Any) -> dict[str, dict[str, Any]]:
    """What each dataset in an experiment's description is made of, where it is there."""
    found = {}
    for one in code.objects(experiment):
        read: Any = one
        if hasattr(read, "contents") and (made := read.contents()) is not None:
            found[read.label()] = made
    return found


def code_of(experiment: Any) -> str:
    """The digest of all code that an experiment's result depends on, as it is today.

    That is its own code and that of everything it needs.
    """
    return code.of(experiment, map(code_of, experiment.needs()))


def libraries_of(inputs: Iterable[str]) -> str:
    """What this run computes with, and what its inputs were computed with where that differs."""
    others = set(inputs) - {libraries()}
    return "; from inputs with ".join([libraries(), *sorted(others)])


def is_shared(experiment: Any) -> bool:
    """Whether the processes of torchrun compute it together."""
    return getattr(experiment, "shared", False)


def _synchronised(experiment: Any) -> bool:
    """Whether several processes compute what one does: they join their batch statistics."""
    recipes = [one for one in code.objects(experiment) if hasattr(one, "synchronise")]
    return all(recipe.synchronise for recipe in recipes)
