"""A small made shelf, and the real site, built once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made_shelf import markdown

from docs.site.addresses import Addresses
from docs.site.build import make

ENTRY = """
- id: {name}
  paper: pace
  title: {title}
  question: Is there a question?
  minutes: {{demo: 2}}
  numbers: pace/{name}
  turn: 1
  seeds: {{demo: 2}}
"""
READING = "# How to read\n\n## The words\n\nA **claim** is an ordering; see `100_pace`.\n"
README = """# vssl

What this is.

## Two commands

Look at [how to read](docs/reading.md#the-words).

<!-- shelf -->
| a | b |
|---|---|
<!-- /shelf -->
"""
MODULE = '''"""Which frames to read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """A clip at a pace."""

    pace: int = 1

    def frames(self, first: int, *, step: float = 2.0) -> list[int]:
        """The frames from `first` on."""
        return []


def _hidden() -> None:
    """Nothing to see."""
'''


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A project of two notebooks, a page and a module."""
    monkeypatch.setenv("VSSL_ROOT", str(tmp_path))
    for folder in ("notebooks", "docs", "vssl/samplers"):
        (tmp_path / folder).mkdir(parents=True)
    entries = {"100_pace": "Pace prediction", "101_pace_table_1": "Pace, Table 1"}
    manifest = "".join(ENTRY.format(name=name, title=title) for name, title in entries.items())
    (tmp_path / "notebooks" / "manifest.yml").write_text(manifest)
    (tmp_path / "README.md").write_text(README)
    (tmp_path / "docs" / "reading.md").write_text(READING)
    (tmp_path / "vssl" / "samplers" / "__init__.py").write_text(
        '"""Samplers."""\n\nfrom vssl.samplers.pace import Pace\n\n__all__ = ["Pace"]\n'
    )
    (tmp_path / "vssl" / "samplers" / "pace.py").write_text(MODULE)
    for name in entries:
        _write(tmp_path, name, markdown("Words.", "words"))
    return tmp_path


def _write(root: Path, name: str, *cells: dict) -> None:
    first = markdown(f"# The page {name}", "title")
    notebook = {"cells": [first, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (root / "notebooks" / f"{name}.ipynb").write_text(json.dumps(notebook))


@pytest.fixture
def page(project) -> Callable[..., str]:
    """Make the page of `100_pace` from some cells."""

    def made(*cells: dict, addresses: Addresses | None = None) -> str:
        _write(project, "100_pace", *cells)
        return make(addresses or Addresses())["100_pace.html"].decode()

    return made


@pytest.fixture(scope="session")
def real() -> Iterator[dict[str, bytes]]:
    """Every file of the real site."""
    yield make(Addresses())
