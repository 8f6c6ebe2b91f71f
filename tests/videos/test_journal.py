"""A store's journal takes records of any length."""

from __future__ import annotations

import json

import pytest

from vssl.videos import journal
from vssl.videos.journal import Plan


@pytest.fixture
def plan(tmp_path) -> Plan:
    made = Plan(str(tmp_path), "key", ("a.mp4", "b.mp4", "c.mp4"), 2, 2, keep=False)
    journal.read(made)  # begins the journal
    return made


def record(video: int, frames: int, entries: int) -> dict:
    """A record as of a video with so many entries."""
    places = [[12 * number, 400_400 * number, 10**18 + number] for number in range(entries)]
    return {"video": video, "size": 1, "frames": frames, "fps": 30.0, "entries": places}


@pytest.mark.parametrize("entries", [0, 1, 1500, 2250, 20_000])
def test_a_line_of_any_length_is_followed_by_the_next(plan, entries):
    """15 minutes at 30 frames a second have 2,250 key frames: a line of some 90 kilobytes."""
    for video, frames in enumerate((27_000, 5, 7)):
        journal.append(plan, record(video, frames, entries if video < 2 else 0))
    records = journal.read(plan)
    assert [one["end"] for one in records] == [27_000, 27_005, 27_012]
    assert [len(one["entries"]) for one in records] == [entries, entries, 0]
    journal.close(plan)
    index = journal.read_index(plan.file("index.json").parent)
    assert index["first"] == [0, 27_000, 27_005] and index["total"] == 27_012


@pytest.mark.parametrize("length", range(2**16 - 3, 2**16 + 4))
def test_a_line_as_long_as_what_is_read_at_once(plan, length):
    """The part that is read may end at, before or behind the newline of the line before."""
    line = json.dumps({"video": 0, "size": 1, "frames": 3, "entries": [], "more": "", "end": 3})
    filled = {"video": 0, "size": 1, "frames": 3, "entries": [], "more": "x" * (length - len(line))}
    journal.append(plan, filled)
    assert len(plan.file("journal.jsonl").read_bytes().splitlines()[-1]) == length
    journal.append(plan, record(1, 4, 0))
    assert [one["end"] for one in journal.read(plan)] == [3, 7]
