"""Diving48 is read by version 2 of its lists; each of its videos is a group of its own."""

from __future__ import annotations

import json

import pytest

from vssl.errors import DataError
from vssl.videos.readers.diving48 import read

WORDS = [["Back", "15som", "05Twis", "FREE"], ["Forward", "Dive", "NoTwis", "PIKE"]]


def listed(*videos: tuple[str, object]) -> str:
    entries = [
        {"vid_name": name, "label": label, "start_frame": 0, "end_frame": 90}
        for name, label in videos
    ]
    return json.dumps(entries)


def texts() -> dict[str, str]:
    return {
        "Diving48_vocab.json": json.dumps(WORDS),
        "Diving48_V2_train.json": listed(("-a_b_00001", 1), ("-a_b_00002", 0), ("gone_00000", 0)),
        "Diving48_V2_test.json": listed(("-a_b_00003", 1)),
        "rgb/-a_b_00001.mp4": "1",
        "rgb/-a_b_00002.mp4": "2",
        "rgb/-a_b_00003.mp4": "3",
        "rgb/on_no_list_00000.mp4": "4",
    }


@pytest.mark.parametrize("folder", ["", "annotations/"])
def test_diving48_is_read_by_its_second_lists(write, tmp_path, folder):
    files = {name if "/" in name else folder + name: text for name, text in texts().items()}
    found = read(write(tmp_path, files))
    assert found.classes == ("Back 15som 05Twis FREE", "Forward Dive NoTwis PIKE")
    assert found.missing == ("Back 15som 05Twis FREE/gone_00000",)
    train, test = found.split()
    assert [(found.videos[i].name, found.videos[i].label) for i in train] == [
        ("-a_b_00001", 1),
        ("-a_b_00002", 0),
    ]
    assert [(found.videos[i].name, found.videos[i].label) for i in test] == [("-a_b_00003", 1)]
    assert len({video.group for video in found.videos}) == len(found.videos) == 3


def test_what_is_not_there_is_named(write, tmp_path):
    files = texts()
    write(tmp_path, {name: text for name, text in files.items() if "/" in name})
    with pytest.raises(DataError, match=r"Diving48_vocab\.json, Diving48_V2_train\.json"):
        read(tmp_path)
    write(tmp_path, {"Diving48_vocab.json": files["Diving48_vocab.json"]})
    with pytest.raises(DataError, match=r"Diving48_V2_train\.json is needed and cannot be read"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("V2_train", listed(("a_0", 2)), "entry 1: 'a_0' with label 2 is no video of one of the 2"),
        ("V2_train", listed(("a_0", "1")), "entry 1: 'a_0' with label '1'"),
        ("V2_test", json.dumps([{"label": 0}]), "entry 1: None with label 0"),
        ("V2_test", "[", "V2_test.json is damaged"),
        ("V2_test", '{"a": 1}', "V2_test.json is no list of dicts"),
        ("vocab", '["Back"]', "vocab.json is no list of lists"),
    ],
)
def test_damaged_lists_are_refused_in_one_line(write, tmp_path, name, text, line):
    write(tmp_path, texts() | {f"Diving48_{name}.json": text})
    with pytest.raises(DataError, match=line) as raised:
        read(tmp_path)
    assert "\n" not in str(raised.value)
