"""The manifest is read strictly, and notebooks are found by number or by name."""

from __future__ import annotations

import pytest

from vssl.errors import VsslError
from vssl.manifest import find, markdown_table, planned, shelf

ONE = (
    "{id: 100_pace, paper: pace, title: Pace, question: 'Why?', minutes: {smoke: 1, demo: 2.5},"
    " needs: [ucf101], figures: [pace_idea]}"
)
TWO = "{id: 200_cvrl, paper: cvrl, title: CVRL, question: 'How?', minutes: {smoke: 1}}"


@pytest.fixture
def manifest(tmp_path, monkeypatch):
    """Return a function that writes the manifest of a temporary project."""
    monkeypatch.setenv("VSSL_ROOT", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    return lambda *items: (tmp_path / "notebooks" / "manifest.yml").write_text(
        "".join(f"- {item}\n" for item in items)
    )


def test_an_entry_is_read_whole(manifest, tmp_path):
    manifest(ONE)
    (entry,) = shelf()
    assert entry.path == tmp_path / "notebooks" / "100_pace.ipynb"
    assert (entry.minutes, entry.needs, entry.figures, entry.tables) == (
        {"smoke": 1, "demo": 2.5},
        ("ucf101",),
        ("pace_idea",),
        (),
    )


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        ([], ["100_pace", "200_cvrl"]),
        (["100"], ["100_pace"]),
        (["200_cvrl", "100"], ["100_pace", "200_cvrl"]),
        (["100", "100_pace"], ["100_pace"]),
    ],
)
def test_notebooks_are_found_in_the_order_of_the_shelf(manifest, ids, found):
    manifest(ONE, TWO)
    assert [entry.id for entry in find(ids)] == found


PLANNED = ONE.replace("figures", "numbers: pace/table_1, turn: 3, seeds: {demo: 4}, figures")


def test_planned_seeds_begin_at_a_hundred(manifest):
    manifest(PLANNED, TWO)
    assert shelf()[0].planned("demo") == (100, 101, 102, 103) == planned("pace/table_1", "demo")
    assert shelf()[0].planned("gpu") == shelf()[1].planned("demo") == ()
    assert planned("pace/table_2", "demo") == planned("", "demo") == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{demo: 4}", "{demo: 1}", "a number for each profile, 2 or more"),
        ("{demo: 4}", "4", "a number for each profile, 2 or more"),
        ("turn: 3, ", "", "needs numbers, turn and seeds together"),
        ("numbers: pace/table_1, ", "", "needs numbers, turn and seeds together"),
        (", seeds: {demo: 4}", "", "needs numbers, turn and seeds together"),
    ],
)
def test_a_plan_of_seeds_is_whole_or_absent(manifest, old, new, message):
    assert old in PLANNED
    manifest(PLANNED.replace(old, new))
    with pytest.raises(VsslError, match=message):
        shelf()


def test_an_unknown_notebook_is_answered_with_the_known_ones(manifest):
    manifest(ONE, TWO)
    with pytest.raises(
        VsslError,
        match=(
            r"no notebook '100_pase' \(did you mean 100_pace\?\); the shelf has 100_pace, 200_cvrl"
        ),
    ):
        find(["100_pase"])


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (["{id: pace}"], "three digits"),
        ([ONE.replace("paper: pace, ", "")], "100_pace has no paper"),
        ([ONE.replace("needs", "need")], "unknown 'need'"),
        ([ONE.replace("smoke: 1", "smoke: soon")], "minutes"),
        ([ONE.replace("[ucf101]", "ucf101")], "needs of 100_pace is not a list"),
        ([ONE, ONE], "each number once"),
        ([TWO, ONE], "in order"),
        (["{id: ["], "not YAML"),
        (["100_pace"], "list of notebooks"),
    ],
)
def test_a_mistake_in_the_manifest_is_named(manifest, items, message):
    manifest(*items)
    with pytest.raises(VsslError, match=message):
        shelf()


def test_the_error_for_a_missing_manifest_names_its_place(tmp_path, monkeypatch):
    monkeypatch.setenv("VSSL_ROOT", str(tmp_path))
    with pytest.raises(VsslError, match="VSSL_ROOT"):
        shelf()


def test_the_shelf_as_a_table(manifest):
    manifest(ONE, TWO)
    status = lambda numbers, profile: ("running", f"{numbers} at {profile}")  # noqa: E731
    first, second = markdown_table(status).splitlines()[2:]
    assert first == "| [100_pace](notebooks/100_pace.ipynb) Pace | pace | Why? | 2.5 | – |"
    assert second.endswith("| How? |  | – |")
