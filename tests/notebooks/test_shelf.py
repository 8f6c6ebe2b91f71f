"""Every notebook keeps to the conventions, and the manifest agrees with the folder.

The comparison of stored outputs with a new run notices a difference.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import anatomy
import pytest

from vssl import paths
from vssl.lab.profile import PROFILES
from vssl.manifest import shelf

ENTRIES = shelf()


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_a_notebook_keeps_to_the_conventions(entry):
    assert entry.path.is_file(), f"the manifest names {entry.id}, and there is no {entry.path.name}"
    assert anatomy.problems(entry.path) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_the_manifest_has_the_minutes_of_a_notebook_at_every_profile(entry):
    assert set(entry.minutes) == set(PROFILES)


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_the_title_is_the_manifests(entry):
    if entry.path.is_file():
        first = json.loads(entry.path.read_text())["cells"][0]["source"]
        assert entry.title in "".join(first).splitlines()[0]


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_the_papers_tables_of_a_notebook_are_there(entry):
    assert [name for name in entry.tables if not (paths.reported() / f"{name}.csv").is_file()] == []


def test_no_notebook_is_missing_from_the_manifest():
    present = {path.stem for path in paths.notebooks().glob("*.ipynb")}
    assert present <= {entry.id for entry in ENTRIES}


def notebook(path: Path, output: str, count: int | None) -> Path:
    """Write a notebook of one cell that prints 2, with a stored output and a count."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    cell = {"cell_type": "code", "id": "sum", "metadata": {}, "source": "print(1 + 1)"}
    cell |= {"outputs": outputs, "execution_count": count}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [cell]}
    path.write_text(json.dumps(whole))
    return path


def test_nbval_notices_a_difference_and_our_rule_notices_missing_counts(tmp_path):
    right = notebook(tmp_path / "right.ipynb", "2\n", 1)
    wrong = notebook(tmp_path / "wrong.ipynb", "3\n", 1)
    stripped = notebook(tmp_path / "stripped.ipynb", "", None)
    options = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout", "60", "-v"]
    options += ["-p", "no:cacheprovider", "-p", "no:xdist"]
    options += ["--rootdir", str(tmp_path), "-c", os.devnull]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(right), str(wrong), str(stripped)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=300,
    )
    verdicts = dict(re.findall(r"^(\w+)(?:\.ipynb)?::.* (PASSED|FAILED)", done.stdout, re.M))
    assert done.returncode == 1, done.stdout
    assert "3" in done.stdout and "mismatch" in done.stdout
    # A stripped notebook passes, because nbval compares nothing in it. Our rule on counts is for
    # that case.
    assert verdicts == {"right": "PASSED", "wrong": "FAILED", "stripped": "PASSED"}
    assert any("not counted" in problem for problem in anatomy.problems(stripped))
    assert not any("not counted" in problem for problem in anatomy.problems(right))
