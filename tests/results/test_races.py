"""Races are read from the ledger: of which machine, between whom, and by which clock."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from benchmarks import run, store
from vssl.results import races, speed
from vssl.results.speed import OURS, Row


def record(
    row: Row, hardware: str = "Made Chip, 2 cores", torch: str = "2.0", date: str = "2000-01-01"
) -> dict:
    return {
        **asdict(row),
        "hardware": hardware,
        "threads": 1,
        "versions": {"torch": torch},
        "commit": "abc",
        "date": date,
        "load": 0.1,
    }


def row(
    contender: str, *core: float, stage: str = "decode", case: str = "16 frames", wall: float = 9.0
) -> Row:
    return Row(stage, case, contender, "clips", 12, (wall,) * len(core), core)


RACE = [
    row("slow", 6, 6, 6),
    row("absent"),
    row(races.FLOORS[0], 1, 1, 1),
    row("quick 1.0", 3, 4, 6),
    row("vssl, from the start of the file", 2, 2, 2),
    row(OURS, 2, 2, 3),
]


def test_the_machine_with_most_rows_is_read_and_gpus_are_read_separately():
    records = [
        *(record(one, torch="2.0") for one in RACE[:2]),
        *(record(one, torch="2.1", date="2001-01-01") for one in RACE[:3]),
        *(record(one, "NVIDIA Made") for one in RACE),
    ]
    place = races.chosen(records)
    assert (place.hardware, place.versions["torch"]) == ("Made Chip, 2 cores", "2.1")
    assert (place.dates, len(place.rows)) == (("2001-01-01",), 3)
    assert races.chosen(records, gpu=True).hardware == "NVIDIA Made"
    assert races.chosen(records[:5], gpu=True) is None and races.chosen([]) is None
    assert [len(found.rows) for found in races.places(records)] == [6, 3, 2]


def test_of_two_places_with_as_many_rows_the_newer_comes_first():
    older = record(RACE[0], torch="2.0", date="2000-01-01")
    records = [older, record(RACE[0], torch="2.1", date="2002-01-01")]
    assert [found.versions["torch"] for found in races.places(records)] == ["2.1", "2.0"]


def test_a_race_is_listed_from_ours_to_those_who_could_not_run():
    (race,) = races.places([record(one) for one in RACE])[0].races("decode").values()
    names = [OURS, RACE[4].contender, "quick 1.0", "slow", races.FLOORS[0], "absent"]
    kinds = ["ours", "also ours", "other", "other", "floor", "other"]
    assert [one.contender for one in race] == names
    assert [races.kind(one) for one in race] == kinds
    assert races.places([record(one) for one in RACE])[0].races("loss") == {}


def test_ours_is_compared_with_the_best_of_the_others():
    found = races.against(RACE)
    assert found.best.contender == "quick 1.0"  # the floor and our own other way do not count
    assert (found.times, found.least, found.most) == (2.0, 1.5, 2.0) and found.verdict == "faster"
    assert races.ceiling(RACE) == 4.0
    assert races.against(RACE[:4]) is None and races.against(RACE[4:]) is None
    assert races.ceiling([RACE[0], RACE[-1]]) is None


@pytest.mark.parametrize(
    ("theirs", "verdict"), [((3, 3, 4), "faster"), ((1, 1, 1), "slower"), ((1, 4, 4), "even")]
)
def test_a_verdict_needs_every_round(theirs, verdict):
    assert races.against([row(OURS, 2, 2, 3), row("other", *theirs)]).verdict == verdict


def test_each_race_counts_its_own_kind_of_seconds():
    apart = [
        replace(row(OURS, 1, wall=2.0), kind="wall"),
        replace(row("all threads", 1, wall=3.0), kind="wall"),
    ]
    assert races.against(apart).times == 1.5
    assert races.against([replace(one, kind="core") for one in apart]).times == 1


def test_the_size_of_a_clip_is_read_from_its_case():
    assert races.pixels(row(OURS, 1, case="r3d, 8 clips of 8x56x56")) == 8 * 56 * 56
    assert races.pixels(row(OURS, 1, case="16x112x112 crops of 128x172")) == 16 * 112 * 112


def test_floors_and_stages_are_those_of_the_benchmark():
    assert store.COPY in races.FLOORS
    assert set(races.STAGES) == set(run.STAGES)
    records = [record for record in speed.read() if record["stage"] in ("decode", "gather")]
    names = {record["contender"] for record in records}
    assert not names or names >= set(races.FLOORS)
