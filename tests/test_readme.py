"""The README promises nothing that a command on the page does not keep: its shelf, its links and its commands are checked."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from vssl import cli
from vssl.commands import PROFILES

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "CONTRIBUTING.md")


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def commands(page: str) -> list[str]:
    """Every line of the page's bash blocks."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL)
    return [
        line for block in blocks for line in block.splitlines() if line and not line.startswith("#")
    ]


SHOWN = [(page, command) for page in PAGES for command in commands(page)]


def test_the_shelf_is_the_manifests():
    from vssl.shelf import manifest

    found = re.search(r"<!-- shelf -->\n(.*?)<!-- /shelf -->", text("README.md"), re.DOTALL)
    assert found and found[1] == manifest.markdown_table(), (
        "write the table anew from vssl.shelf.manifest.markdown_table()"
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
    """A set in UCF101's own layout, to take the place of the page's /data/ucf101."""
    from vssl.lab.profile import world
    from vssl.videos import puppets

    return puppets.make(world("ucf101", "smoke"), tmp_path_factory.mktemp("data") / "ucf101")


@pytest.mark.parametrize(
    "command", [command for _, command in SHOWN if not command.startswith("make ")]
)
def test_every_vssl_command_is_carried_out(command, monkeypatch, request):
    """Each runs for real but for what takes minutes: the notebooks, the whole puppet set, the doctor's probe."""
    words = shlex.split(command)
    assert Path(words[0]).name == "vssl", f"no test knows how to try {command!r}"
    argv = [
        str(request.getfixturevalue("drawn")) if word == "/data/ucf101" else word
        for word in words[1:]
    ]
    if argv[0] == "doctor":
        argv += ["--no-probe"]
    if argv[0] == "reproduce":
        monkeypatch.setattr(
            "vssl.shelf.runner.reproduce", lambda ids, profile, **rest: _chosen(ids)
        )
    if argv[:2] == ["data", "make"]:
        monkeypatch.setattr("vssl.videos.puppets.make", lambda world: world.name)
    assert cli.main(argv) == 0


def _chosen(ids: list[str]) -> int:
    """Only the choice of notebooks; running them is what the notebook tests do."""
    from vssl.shelf import manifest

    assert len(manifest.find(ids)) == (len(ids) or len(manifest.shelf()))
    return 0


def test_the_profiles_of_the_page_are_there():
    table = re.findall(r"^\| `(\w+)` \|", text("README.md"), re.MULTILINE)
    assert tuple(table) == PROFILES


def test_the_page_shows_what_a_newcomer_needs():
    shown = commands("README.md")
    assert shown[:2] == ["make reproduce", "make test"]
    assert any(command.startswith("vssl data index --root") for command in shown)
    assert any("--data-root" in command for command in shown)
