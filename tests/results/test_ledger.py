"""The ledger takes planned seeds of clean commits, and keeps older numbers until replaced."""

from __future__ import annotations

import json

import pytest

from vssl import manifest, paths
from vssl.errors import VsslError
from vssl.results import ledger


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """An empty ledger, and a plan of three seeds for one table."""
    monkeypatch.setenv("VSSL_LEDGER", str(tmp_path / "ledger"))
    monkeypatch.setenv("VSSL_RUNS", str(tmp_path / "runs"))
    plans = {"pace/table": (100, 101, 102)}
    monkeypatch.setattr(manifest, "planned", lambda slug, profile: plans.get(slug, ()))


ROWS = {"top1": ["pace", "random"]}


def record(row, seed, code="new", commit="abc", **more):
    made = {"column": "top1", "row": row, "seed": seed, "value": 1.0, "code": code}
    about = {"commit": commit, "data": "d", "minutes": {}, "hardware": "h", "key": f"{row}-{seed}"}
    return made | about | more


def left(*records, slug="pace/table"):
    ledger.leave(slug, "demo", records, rows=ROWS)


def kept(slug="pace/table"):
    return [
        (r["row"], r["seed"], r["code"], r.get("older", False))
        for r in ledger.read(slug, "demo")["records"]
    ]


def test_numbers_of_a_tree_with_changes_and_of_other_seeds_are_left_out_and_it_says_so():
    left(record("pace", 100), record("pace", 101, commit="abc+"), record("pace", 3))
    (line,) = ledger.add()
    assert line == (
        "pace/table (demo): 1 records, 0 figures' data; 1 left out, of a tree with changes;"
        " 1 left out, of seeds not planned"
    )
    assert kept() == [("pace", 100, "new", False)]
    assert ledger.add() == []


def test_any_seed_is_taken_where_none_are_planned():
    left(record("pace", 3), slug="pace/other")
    ledger.add()
    assert kept("pace/other") == [("pace", 3, "new", False)]


def test_older_numbers_stay_until_the_planned_seeds_of_their_row_are_there():
    left(*(record(row, seed, code="old") for row in ("pace", "random") for seed in (100, 101)))
    ledger.add()
    left(record("pace", 100))
    ledger.add()
    assert kept() == [
        ("pace", 100, "new", False),
        ("pace", 100, "old", True),
        ("pace", 101, "old", True),
        ("random", 100, "old", False),
        ("random", 101, "old", False),
    ]
    left(record("pace", 101), record("pace", 102))
    ledger.add()
    assert [one for one in kept() if one[0] == "pace"] == [
        ("pace", seed, "new", False) for seed in (100, 101, 102)
    ]
    assert len(kept()) == 5, "the other row still has its numbers"


def test_numbers_of_another_world_are_older_too():
    left(record("pace", 100))
    ledger.add()
    left(record("pace", 101, data="other"))
    ledger.add()
    assert kept() == [("pace", 100, "new", True), ("pace", 101, "new", False)]


def test_records_from_another_folder_are_added_and_stay_there(tmp_path):
    left(record("pace", 100))
    away = tmp_path / "away"
    (paths.runs() / "ledger").rename(away)
    assert len(ledger.add(away)) == 1 and kept() == [("pace", 100, "new", False)]
    assert ledger.path_of("pace/table", "demo").exists() and list(away.rglob("*.demo.json"))
    with pytest.raises(VsslError, match="there is no folder"):
        ledger.add(tmp_path / "nowhere")


def test_what_is_left_counts_as_present_and_what_is_older_does_not():
    left(record("pace", 100), record("random", 100, older=True))
    ledger.add()
    left(record("pace", 101))
    there = {("top1", "pace", 100), ("top1", "pace", 101)}
    assert set(ledger.present("pace/table", "demo")) == there


def test_a_table_is_complete_only_with_every_row_and_every_planned_seed():
    assert ledger.status("pace/table", "demo") == ("not run", "not run")
    content = {"records": [record("pace", 0, older=True)], "rows": {}, "figures": {}}
    path = ledger.path_of("pace/table", "demo")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    assert ledger.status("pace/table", "demo")[0] == "older code"
    left(*(record("pace", seed) for seed in (100, 101, 102)))
    ledger.add()
    assert ledger.status("pace/table", "demo") == ("running", "3 of 6 numbers")
    left(*(record("random", seed) for seed in (100, 101, 102)))
    ledger.add()
    assert ledger.status("pace/table", "demo") == ("complete", "complete, 3 seeds")
    assert "(complete, 3 seeds)" in ledger.summary()


def test_a_damaged_file_is_named():
    path = ledger.path_of("pace/table", "demo")
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(VsslError, match=f"{path} is not JSON"):
        ledger.read("pace/table", "demo")
