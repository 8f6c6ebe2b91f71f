"""The check of what was written, the folder, and the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docs.site import __main__ as command
from docs.site import build as building
from docs.site.addresses import Addresses
from docs.site.check import MOST_BYTES, check
from vssl.errors import VsslError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ('<a href="gone.html">x</a>', "it links to gone.html, which the site does not have"),
        ('<a href="#gone">x</a>', "it links to #gone, and there is no such anchor"),
        ('<a href="b.html#gone">x</a>', "it links to b.html#gone, and there is no such anchor"),
        ('<img src="b.html" alt=" ">', "the picture b.html has no alt text"),
        ('<p id="a"><i id="a">', "the id 'a' stands there twice"),
        ("<p>a $\\mathcal{L}$", r"a formula was left as it is: \\mathcal"),
        ("x" * (MOST_BYTES + 1), "bytes; 2,000,000 are the most"),
    ],
)
def test_a_fault_of_a_page_gets_one_line(html, said):
    with pytest.raises(VsslError, match=said) as caught:
        check({"a.html": html.encode(), "b.html": b'<p id="here">'})
    assert str(caught.value).startswith("a.html: ") and "\n" not in str(caught.value)


def test_what_is_right_passes_and_outer_addresses_are_listed():
    page = '<p id="top"><a href="b.html#here">x</a><a href="https://b.org">y</a><pre>\\frac</pre>'
    assert check({"a.html": page.encode(), "b.html": b'<p id="here">'}) == ["https://b.org"]


def test_two_builds_give_the_same_bytes(project, tmp_path):
    for name in ("one", "two"):
        building.build(tmp_path / name, Addresses())
    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two and len(one) > 10


def test_two_pages_of_one_name_get_one_line(project):
    (project / "docs" / "report.md").write_text("# Mine")
    with pytest.raises(VsslError, match=r"2 pages would be report\.html; give the one in docs/"):
        building.make(Addresses())


def test_a_new_site_takes_the_place_of_an_old_one(project, tmp_path):
    folder = tmp_path / "site"
    building.build(folder, Addresses())
    (folder / "old.html").touch()
    assert building.build(folder, Addresses()).pages > 5
    assert not (folder / "old.html").exists()


def test_a_folder_of_other_things_is_left_alone(project, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(VsslError, match="holds other things than a site"):
        building.build(tmp_path / "mine", Addresses())
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_the_command_says_sizes(project, tmp_path, capsys):
    assert command.main(["--to", str(tmp_path / "site")]) == 0
    said = capsys.readouterr().out
    assert "pages, " in said and "MB" in said and "index.html" in said


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--repository", "here"], "is no address of a repository"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_a_mistake_gets_one_line(project, tmp_path, capsys, argv, said):
    assert command.main(["--to", str(tmp_path / "site"), *argv]) == 2
    error = capsys.readouterr().err
    assert error.startswith("site: ") and said in error and error.count("\n") == 1


def test_help_waits_for_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "docs.site", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "make site REPOSITORY=" in done.stdout
    assert "torch" not in done.stderr and "nbconvert" not in done.stderr
