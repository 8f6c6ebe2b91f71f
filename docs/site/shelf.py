"""The shelf as the site shows it: the papers, their notebooks, and three ways to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vssl import manifest
from vssl.errors import VsslError
from vssl.manifest import Entry
from vssl.results import ledger

DATA = Path(__file__).with_name("readers.yml")
PROFILE = "demo"  # whose numbers the stored notebooks show


@dataclass(frozen=True)
class Paper:
    """A paper, as the start page shows it."""

    key: str
    short: str
    title: str
    authors: str
    venue: str
    link: str
    learns: str


@dataclass(frozen=True)
class Group:
    """The notebooks that stand together in the list at the side."""

    title: str
    entries: tuple[Entry, ...]
    paper: Paper | None = None


@dataclass(frozen=True)
class Reader:
    """One way to read the shelf."""

    who: str
    say: str
    notebooks: tuple[Entry, ...]
    pages: tuple[str, ...]


def groups() -> tuple[Group, ...]:
    """The way in, the papers in their order, and what goes across them."""
    entries = manifest.shelf()
    papers = [Paper(**item) for item in _data()["papers"]]
    if strange := {entry.paper for entry in entries} - {paper.key for paper in papers} - {"all"}:
        raise VsslError(f"{DATA.name} does not know the paper {min(strange)!r}; add it there")
    shared = [entry for entry in entries if entry.paper == "all"]
    found = [Group("Start here", tuple(entry for entry in shared if entry.id < "1"))]
    for paper in papers:
        own = tuple(entry for entry in entries if entry.paper == paper.key)
        found.append(Group(paper.short, own, paper))
    found.append(Group("Across the papers", tuple(entry for entry in shared if entry.id >= "1")))
    return tuple(group for group in found if group.entries)


def readers(entries: Sequence[Entry], pages: Sequence[str]) -> tuple[Reader, ...]:
    """The ways to read what is there; a notebook or page that is not there yet is left out."""
    by_number = {entry.id[:3]: entry for entry in entries}
    return tuple(
        Reader(
            item["who"],
            item["say"],
            tuple(by_number[number] for number in item["notebooks"] if number in by_number),
            tuple(page for page in item["pages"] if page in pages),
        )
        for item in _data()["readers"]
    )


def status(entry: Entry) -> str:
    """How far a notebook's committed numbers are, in a few words; empty if it has none."""
    return ledger.status(entry.numbers, PROFILE)[1] if entry.numbers else ""


def _data() -> Mapping[str, Any]:
    return yaml.safe_load(DATA.read_text(encoding="utf-8"))
