"""The Dockerfile agrees with the project, as far as that shows without building an image."""

from __future__ import annotations

import fnmatch
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
KNOWN = {"FROM", "RUN", "ARG", "USER", "WORKDIR", "COPY", "ENV", "EXPOSE", "CMD"}


def steps() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, each with its arguments on one line."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, " ".join(rest.split())) for word, _, rest in (x.partition(" ") for x in lines)]


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path of the project out."""
    patterns = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    parts = path.split("/")
    prefixes = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    return any(
        fnmatch.fnmatchcase(prefix, pattern)
        or (pattern.startswith("**/") and fnmatch.fnmatchcase(prefix.split("/")[-1], pattern[3:]))
        for prefix in prefixes
        for pattern in patterns
    )


def only(word: str) -> str:
    """The arguments of an instruction that stands there once."""
    (found,) = [rest for name, rest in steps() if name == word]
    return found


def test_every_instruction_is_one():
    assert {word for word, _ in steps()} <= KNOWN
    assert steps()[0][0] == "FROM" and steps()[-1][0] == "CMD"


def test_its_python_is_one_that_the_project_accepts():
    version = re.fullmatch(r"python:(\d\.\d+)-slim-\w+", only("FROM"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert version and version[1] in SpecifierSet(project["requires-python"])
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert f"python={version[1]}" in environment["dependencies"], "conda users get another Python"


def test_what_it_copies_is_there_and_not_ignored():
    copied = [rest.split()[1:-1] for word, rest in steps() if word == "COPY"]
    assert copied[-1] == ["."]
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists() and not ignored(name), name


@pytest.mark.parametrize(
    "path", ["vssl/cli.py", "notebooks/100_pace.ipynb", "data/results/pace/table_1.demo.json"]
)
def test_what_a_reader_needs_comes_along(path):
    assert (ROOT / path).exists() and not ignored(path)


@pytest.mark.parametrize("path", [".git/config", ".venv/bin/python", "site/index.html", "runs/x"])
def test_what_it_makes_itself_does_not(path):
    assert ignored(path)


def test_the_packages_come_from_the_lock_before_the_code():
    words = [rest for word, rest in steps() if word in ("RUN", "COPY")]
    (sync,) = [place for place, rest in enumerate(words) if "uv pip sync" in rest]
    assert "--require-hashes requirements.lock" in words[sync]
    assert sync < next(place for place, rest in enumerate(words) if rest.endswith(". ."))
    targets = re.findall(r"make ([.\w]\S*)", " ".join(words))
    makefile = (ROOT / "Makefile").read_text().replace("$(VENV)", ".venv")
    assert targets and all(re.search(rf"^{re.escape(one)}:", makefile, re.M) for one in targets)


def test_it_runs_jupyterlab_and_not_as_root():
    assert json.loads(only("CMD"))[:2] == ["jupyter", "lab"]
    given = [rest for word, rest in steps() if word == "ARG"]
    assert only("USER") == "${NB_USER}" and "NB_USER=reader" in given
    assert "jupyterlab==" in (ROOT / "requirements.lock").read_text()
    installs = [place for place, (_, rest) in enumerate(steps()) if "apt-get" in rest]
    user = next(place for place, (word, _) in enumerate(steps()) if word == "USER")
    assert max(installs) < user
