"""The README is right: its table of notebooks, its links and its commands work."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from vssl import cli
from vssl.commands import PROFILES

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "CONTRIBUTING.md")


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def commands(page: str) -> list[str]:
    """Return every line of the page's bash blocks."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


SHOWN = [(page, command) for page in PAGES for command in commands(page)]


def test_the_table_of_notebooks_is_the_manifests():
    from vssl import manifest
    from vssl.results import ledger

    found = re.search(r"<!-- shelf -->\n(.*?)<!-- /shelf -->", text("README.md"), re.DOTALL)
    assert found and found[1] == manifest.markdown_table(ledger.status), (
        "write the table anew: make readme"
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)\)", text(page)):
        assert "://" in target or (ROOT / target).exists(), (
            f"{page} links to {target}, which is not there"
        )


@pytest.mark.parametrize(
    "command", [command for _, command in SHOWN if command.startswith("make ")]
)
def test_every_make_command_has_its_target(command):
    """make -n resolves the target and its settings without running them."""
    done = subprocess.run(
        ["make", "-n", *shlex.split(command)[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Path:
    """A set in UCF101's own layout, which replaces the page's /data/ucf101."""
    from vssl.lab.profile import world
    from vssl.videos import puppets

    return puppets.make(world("ucf101", "smoke"), tmp_path_factory.mktemp("data") / "ucf101")


def test_the_plain_call_of_papermill_runs(tmp_path):
    """The very command of the page, at smoke instead of demo."""
    (command,) = [command for _, command in SHOWN if command.startswith("papermill ")]
    words = command.replace("out.ipynb", str(tmp_path / "out.ipynb")).replace("demo", "smoke")
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(words), "--no-progress-bar"],
        cwd=ROOT,
        env=os.environ | {"VSSL_FIGURES": str(tmp_path / "figures"), "VSSL_QUIET": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "profile smoke, seeds 0, 1" in (tmp_path / "out.ipynb").read_text()


@pytest.mark.parametrize(
    "command", [command for _, command in SHOWN if command.startswith((".venv", "vssl"))]
)
def test_every_vssl_command_runs(command, monkeypatch, request):
    """Each command is really run, but without what takes minutes.

    Left out are the notebooks, the drawing of the whole puppet set, the doctor's probe, and a run
    that is not there.
    """
    words = shlex.split(command)
    assert Path(words[0]).name == "vssl", f"no test knows how to try {command!r}"
    argv = words[1:]
    if "/data/ucf101" in argv:
        argv[argv.index("/data/ucf101")] = str(request.getfixturevalue("drawn"))
    if argv[0] == "doctor":
        argv += ["--no-probe"]
    if argv[0] == "reproduce":
        reproduce = "vssl.shelf.runner.reproduce"
        monkeypatch.setattr(reproduce, lambda ids, profile, **rest: _chosen(ids))
    if argv[0] == "fill":
        monkeypatch.setattr("vssl.shelf.fill.fill", lambda ids, profile, *rest: 0)
    if argv[0] == "export":
        monkeypatch.setattr("vssl.results.export.export", lambda name, to, heads: to)
    if argv[:2] == ["data", "make"]:
        monkeypatch.setattr("vssl.videos.puppets.make", lambda world: world.name)
    assert cli.main(argv) == 0


def _chosen(ids: list[str]) -> int:
    """Choose the notebooks without running them, which is left to the notebook tests."""
    from vssl import manifest

    assert len(manifest.find(ids)) == (len(ids) or len(manifest.shelf()))
    return 0


def test_the_page_lists_the_profiles():
    table = re.findall(r"^\| `(\w+)` \|", text("README.md"), re.MULTILINE)
    assert tuple(table) == PROFILES


def test_the_page_shows_what_a_newcomer_needs():
    shown = commands("README.md")
    assert shown[:2] == ["make reproduce", "make test"]
    assert any(command.startswith("vssl data index --root") for command in shown)
    assert any("--data-root" in command for command in shown)
