"""Read `notebooks/manifest.yml`, the list of notebooks and of how many seeds their numbers need.

The runner, the queue, the tables, the README and the tests read it.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from vssl import paths
from vssl.errors import VsslError

FIRST_SEED = 100  # planned seeds begin here; smaller ones are for pilots and for trying things


@dataclass(frozen=True)
class Entry:
    """A notebook of the shelf as the manifest describes it."""

    id: str  # three digits and a name: the file is notebooks/<id>.ipynb
    paper: str  # the key of the paper, or "all"
    title: str
    question: str  # what the notebook answers, in one line
    minutes: Mapping[str, float]  # expected, by profile, on two cores (gpu and paper: on one GPU)
    needs: tuple[str, ...] = ()  # datasets, or the puppets that stand in for them
    figures: tuple[str, ...] = ()  # names under figures/ that a run draws
    tables: tuple[str, ...] = ()  # names under data/reported/ that it compares with
    numbers: str = ""  # the name of its own table in our ledger, such as pace/table_1
    turn: int = 0  # when `vssl fill` computes it: 1 is first
    seeds: Mapping[str, int] = field(default_factory=dict)  # how many its verdicts need, by profile

    @property
    def path(self) -> Path:
        """The path of the notebook."""
        return paths.notebooks() / f"{self.id}.ipynb"

    def planned(self, profile: str) -> tuple[int, ...]:
        """The seeds that were fixed before any was run; none where the manifest plans none."""
        return tuple(range(FIRST_SEED, FIRST_SEED + self.seeds.get(profile, 0)))


def shelf() -> tuple[Entry, ...]:
    """Read the manifest: every notebook of the shelf, in order."""
    import yaml

    path = paths.notebooks() / "manifest.yml"
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise VsslError(
            f"there is no {path}: run from a checkout of the project, or set VSSL_ROOT to one"
        ) from None
    except yaml.YAMLError as error:
        raise VsslError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise VsslError(
            f"{path} is a list of notebooks, each with its id, paper, title, question and minutes"
        )
    entries = tuple(_entry(item, path) for item in listed)
    names = [entry.id for entry in entries]
    numbers = [name[:3] for name in names]
    if len(set(numbers)) < len(numbers) or names != sorted(names):
        raise VsslError(f"{path} lists each number once, in order; it has {', '.join(names)}")
    return entries


def find(ids: Sequence[str] = ()) -> tuple[Entry, ...]:
    """Find notebooks by number or by name ("100" or "100_pace"), in the order of the shelf.

    Without any ids, return all notebooks.
    """
    entries = shelf()
    known = {word: entry for entry in entries for word in (entry.id, entry.id[:3])}
    for word in ids:
        if word not in known:
            near = difflib.get_close_matches(word, known, n=1)
            meant = f" (did you mean {known[near[0]].id}?)" if near else ""
            raise VsslError(
                f"there is no notebook {word!r}{meant}; the shelf has"
                f" {', '.join(entry.id for entry in entries)}"
            )
    chosen = {known[word].id for word in ids}
    return tuple(entry for entry in entries if not ids or entry.id in chosen)


def planned(numbers: str, profile: str) -> tuple[int, ...]:
    """The planned seeds of a table of the ledger; none of a table that the manifest lacks."""
    entry = _by_numbers(paths.notebooks()).get(numbers)
    return entry.planned(profile) if entry else ()


@functools.lru_cache(maxsize=4)
def _by_numbers(folder: Path) -> Mapping[str, Entry]:
    """The notebooks of a shelf by their tables in the ledger; none of a package without a shelf."""
    if not (folder / "manifest.yml").is_file():
        return {}
    return {entry.numbers: entry for entry in shelf() if entry.numbers}


def markdown_table(status: Callable[[str, str], tuple[str, str]]) -> str:
    """Write the shelf as a Markdown table, for the README.

    `status` says how far the ledger is, from a table's name and a profile (`ledger.status`).
    """
    lines = [
        "| notebook | paper | question | minutes (demo) | numbers (demo) |",
        "|---|---|---|---:|---|",
    ]
    for entry in shelf():
        minutes = entry.minutes.get("demo")
        lines.append(
            f"| [{entry.id}](notebooks/{entry.id}.ipynb) {entry.title} | {entry.paper} |"
            f" {entry.question} | {'' if minutes is None else f'{minutes:g}'} |"
            f" {status(entry.numbers, 'demo')[1] if entry.numbers else '–'} |"
        )
    return "\n".join(lines) + "\n"


def _entry(item: dict, path: Path) -> Entry:
    """Check one entry of the manifest and make it an Entry."""
    name = str(item.get("id"))
    if not re.fullmatch(r"\d{3}_[a-z0-9_]+", name):
        raise VsslError(f"{path}: the id {name!r} is not three digits and a name, such as 100_pace")
    known = {one.name for one in fields(Entry)}
    wanted = {"id", "paper", "title", "question", "minutes"}
    if unknown := sorted(set(item) - known):
        raise VsslError(
            f"{path}: {name} has an unknown {unknown[0]!r}; an entry has {', '.join(sorted(known))}"
        )
    if missing := sorted(wanted - set(item)):
        raise VsslError(f"{path}: {name} has no {missing[0]}")
    minutes = item["minutes"]
    if not isinstance(minutes, dict) or not all(
        isinstance(value, int | float) and value > 0 for value in minutes.values()
    ):
        raise VsslError(
            f"{path}: {name} gives no minutes for each profile, such as {{smoke: 1, demo: 4}}"
        )
    for key in ("needs", "figures", "tables"):
        value = item.get(key, [])
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise VsslError(f"{path}: {key} of {name} is not a list of names")
    seeds, turn = item.get("seeds", {}), item.get("turn", 0)
    counts = seeds.values() if isinstance(seeds, dict) else (None,)
    if not all(type(count) is int and count > 1 for count in counts):
        raise VsslError(
            f"{path}: the seeds of {name} are a number for each profile, 2 or more, such as "
            "{demo: 5}"
        )
    if type(turn) is not int or (bool(turn), bool(item.get("numbers"))) != (bool(seeds),) * 2:
        raise VsslError(f"{path}: {name} needs numbers, turn and seeds together, or none of them")
    lists = {key: tuple(item.get(key, ())) for key in ("needs", "figures", "tables")}
    texts = {key: " ".join(str(item[key]).split()) for key in ("paper", "title", "question")}
    given: dict[str, Any] = {**texts, **lists, "numbers": str(item.get("numbers", ""))}
    return Entry(id=name, minutes=dict(minutes), turn=turn, seeds=dict(seeds), **given)
