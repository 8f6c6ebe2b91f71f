"""Every notebook of the shelf keeps to the conventions, the manifest and the folder agree, and the comparison of outputs bites."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vssl import paths
import anatomy
from vssl.lab.profile import PROFILES
from vssl.shelf.manifest import shelf

ENTRIES = shelf()


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_a_notebook_keeps_to_the_conventions(entry):
    assert entry.path.is_file(), f"the manifest names {entry.id}, and there is no {entry.path.name}"
    assert anatomy.problems(entry.path) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_the_manifest_says_how_long_a_notebook_takes_at_every_profile(entry):
    assert set(entry.minutes) == set(PROFILES)


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_the_title_is_the_manifest_s(entry):
    if entry.path.is_file():
        first = json.loads(entry.path.read_text())["cells"][0]["source"]
        assert entry.title in "".join(first).splitlines()[0]


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_the_tables_it_stands_beside_are_there(entry):
    assert [name for name in entry.tables if not (paths.reported() / f"{name}.csv").is_file()] == []


def test_no_notebook_is_missing_from_the_manifest():
    present = {path.stem for path in paths.notebooks().glob("*.ipynb")}
    assert present <= {entry.id for entry in ENTRIES}


def notebook(path: Path, output: str, count: int | None) -> Path:
    """A notebook of one cell that prints 2, with a stored output and a count."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    cell = {"cell_type": "code", "id": "sum", "metadata": {}, "source": "print(1 + 1)", "outputs": outputs, "execution_count": count}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [cell]}))
    return path


def test_nbval_bites_and_our_count_rule_bites_where_it_does_not(tmp_path):
    right, wrong = notebook(tmp_path / "right.ipynb", "2\n", 1), notebook(tmp_path / "wrong.ipynb", "3\n", 1)
    stripped = notebook(tmp_path / "stripped.ipynb", "", None)
    options = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout", "60", "-p", "no:cacheprovider", "-p", "no:xdist", "-v"]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), "-c", os.devnull, *map(str, (right, wrong, stripped))],
        capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=300,
    )  # fmt: skip
    verdicts = dict(re.findall(r"^(\w+)(?:\.ipynb)?::.* (PASSED|FAILED)", done.stdout, re.M))
    assert done.returncode == 1, done.stdout
    assert "3" in done.stdout and "mismatch" in done.stdout
    # A stripped notebook passes: nbval compares nothing in it. That is what the rule on counts is for.
    assert verdicts == {"right": "PASSED", "wrong": "FAILED", "stripped": "PASSED"}
    assert any("not counted" in problem for problem in anatomy.problems(stripped))
    assert not any("not counted" in problem for problem in anatomy.problems(right))
