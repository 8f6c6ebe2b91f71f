"""Rows of the speed ledger are printed as a table, kept and read back."""

from __future__ import annotations

import json

import pytest

from vssl.errors import VsslError
from vssl.results import speed
from vssl.results.speed import OURS, Row

ABOUT = {
    "hardware": "Made Chip, 2 cores",
    "threads": 1,
    "versions": {"torch": "2.0"},
    "commit": "abc",
    "date": "2000-01-01",
    "load": 0.1,
}


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("VSSL_LEDGER", str(tmp_path))
    return tmp_path / "speed"


def race(ours: float, theirs: float) -> list[Row]:
    wall, core = (2 * theirs,) * 3, (theirs, 2 * theirs, 4 * theirs)
    return [
        Row("loss", "a case", OURS, "losses", 10, (2 * ours,) * 3, (ours, 2 * ours, 4 * ours)),
        Row("loss", "a case", "peer 1.0", "losses", 10, wall, core, note="another value"),
        Row("loss", "a case", "other", "losses", 0, note="not installed"),
    ]


def test_a_table_shows_rates_ratios_notes_and_absent_contenders():
    head, ours, peer, other = speed.text(race(1.0, 3.0)).splitlines()
    assert head == "loss: a case"
    assert "5 losses a core-second (2.5 to 10)" in ours and "times as fast" not in ours
    assert "1.67 losses" in peer and "vssl is 3 times as fast (3 to 3)" in peer
    assert peer.endswith("another value")
    assert other.split() == ["other", "not", "run:", "not", "installed"]


def test_figures_have_three_digits():
    brief = [speed.brief(value) for value in (0.12345, 1.005, 99.96, 1234.5, 98765)]
    assert brief == ["0.123", "1", "100", "1,230", "98,800"]


def test_the_ledger_keeps_a_row_once_and_returns_it(ledger):
    path = speed.add(race(1.0, 3.0), ABOUT)
    assert path == ledger / "made-chip-2-cores.json" and len(speed.read()) == 3
    speed.add(race(1.0, 6.0), ABOUT | {"commit": "def"})  # measured anew
    assert len(speed.read()) == 3 and {record["commit"] for record in speed.read()} == {"def"}
    speed.add(
        race(1.0, 3.0), ABOUT | {"versions": {"torch": "2.1"}}
    )  # kept beside the rows of the old version
    speed.add(race(1.0, 3.0), ABOUT | {"hardware": "Other"})
    assert len(speed.read()) == 9 and len(list(ledger.iterdir())) == 2
    others = [record for record in speed.read() if record["hardware"] == "Other"]
    kept = next(record for record in others if record["contender"] == OURS)
    assert speed.row_of(kept) == race(1.0, 3.0)[0]


def test_a_damaged_ledger_is_named(ledger):
    ledger.mkdir()
    (ledger / "made-chip-2-cores.json").write_text("[{")
    for call in (speed.read, lambda: speed.add(race(1, 2), ABOUT)):
        with pytest.raises(VsslError, match="is not JSON"):
            call()


def test_the_committed_ledger_can_be_read():
    from vssl import paths

    for record in speed.read():
        row = speed.row_of(record)
        assert row.stage and len(row.wall) == len(row.core) and (row.core or row.note), record
        assert set(ABOUT) <= set(record)
    assert all(json.loads(path.read_text()) for path in (paths.ledger() / "speed").glob("*.json"))
