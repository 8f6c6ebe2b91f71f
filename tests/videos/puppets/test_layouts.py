"""File names and lists are as in the real datasets; no performer is on both sides of a split."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.videos import puppets
from vssl.videos.puppets.layouts import held_out, lists, places

UCF101 = replace(puppets.ucf101(), classes=("Walk", "Run"), groups=15, clips=2)
HMDB51 = replace(puppets.hmdb51(), classes=("walk", "fall_floor"), groups=10, clips=2)
KINETICS = replace(puppets.kinetics400(), classes=("squat", "punching bag"), groups=6, clips=2)
DIVING48 = replace(puppets.diving48(), classes=("Squat", "Bow"), groups=6)


@given(groups=st.integers(2, 60))
@settings(max_examples=40, deadline=None)
def test_a_split_has_both_sides_and_splits_differ(groups):
    world = replace(UCF101, groups=groups)
    for split in (1, 2, 3):
        test = held_out(world, split)
        assert 0 < len(test) < groups and test <= set(range(1, groups + 1))
    if groups >= 3:
        assert len({frozenset(held_out(world, split)) for split in (1, 2, 3)}) == 3


def test_the_groups_for_testing_are_those_of_ucf101():
    ours = [held_out(UCF101, split) for split in (1, 2, 3)]
    assert ours == [{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}]
    official = replace(UCF101, groups=25)
    theirs = [held_out(official, split) for split in (1, 2, 3)]
    assert theirs == [set(range(1, 8)), set(range(8, 15)), set(range(15, 22))]


@pytest.mark.parametrize(
    "world", [UCF101, HMDB51, KINETICS, DIVING48], ids=lambda world: world.layout
)
def test_every_video_has_its_own_path(world):
    paths = [place.path for place in places(world)]
    assert len(set(paths)) == len(paths) == world.videos


def test_ucf101_lists_have_the_form_of_the_official_ones(realvideo):
    """Every line of ours and of the official lists has the same form."""
    official = realvideo / "annotations" / "ucf101_official"
    forms = {
        "classInd.txt": r"\d+ \w+",
        "trainlist01.txt": r"(\w+)/v_\1_g\d\d_c\d\d\.(avi|mp4) \d+",
        "testlist01.txt": r"(\w+)/v_\1_g\d\d_c\d\d\.(avi|mp4)",
    }
    ours = lists(UCF101)
    for name, form in forms.items():
        for line in (official / name).read_text().splitlines():
            assert "HandStandPushups" in line or re.fullmatch(form, line.strip()), name
        for line in ours[f"ucfTrainTestlist/{name}"].splitlines():
            assert re.fullmatch(form, line), name


def test_ucf101_lists_name_every_video_once_a_split():
    texts = lists(UCF101)
    assert texts["ucfTrainTestlist/classInd.txt"] == "1 Walk\n2 Run\n"
    everything = {place.path.removeprefix("UCF-101/") for place in places(UCF101)}
    for split in (1, 2, 3):
        train = texts[f"ucfTrainTestlist/trainlist0{split}.txt"].splitlines()
        test = texts[f"ucfTrainTestlist/testlist0{split}.txt"].splitlines()
        names = [line.split()[0] for line in train]
        assert {*names, *test} == everything and len(names) + len(test) == len(everything)
        for line in train:
            assert line.split()[1] == {"Walk": "1", "Run": "2"}[line.split("/")[0]]
        training = {re.search(r"_g(\d\d)_", name).group(1) for name in names}
        testing = {re.search(r"_g(\d\d)_", name).group(1) for name in test}
        assert not training & testing and len(testing) == 4


def test_hmdb51_lists_have_the_official_form_and_name_every_video():
    texts = lists(HMDB51)
    assert set(texts) == {
        f"testTrainMulti_7030_splits/{name}_test_split{n}.txt"
        for name in HMDB51.classes
        for n in (1, 2, 3)
    }
    for file, text in texts.items():
        class_name = file.split("/")[1].rsplit("_test_split", 1)[0]
        use: dict[str, set[str]] = {"0": set(), "1": set(), "2": set()}
        for line in text.splitlines():
            form = rf"(Performer_\d\d)_{class_name}_f_cm_np1_(fr|le|ri)_med_\d\.mp4 ([012]) "
            source, _, number = re.fullmatch(form, line).groups()
            use[number].add(source)
        assert (len(use["1"]), len(use["2"]), len(use["0"])) == (6, 3, 1)
        assert not use["1"] & use["2"]
    on_disk = {place.path.split("/")[2] for place in places(HMDB51)}
    assert {line.split()[0] for text in texts.values() for line in text.splitlines()} == on_disk


def test_kinetics_lists_have_the_official_columns_and_name_every_video(realvideo):
    official = next((realvideo / "annotations" / "kinetics_meta").glob("*val.csv")).read_text()
    texts, paths = lists(KINETICS), {place.path for place in places(KINETICS)}
    ids: dict[str, set[str]] = {}
    for split in ("train", "val"):
        rows = list(csv.DictReader(io.StringIO(texts[f"{split}.csv"])))
        assert list(rows[0]) == next(csv.reader(io.StringIO(official)))[:5]
        ids[split] = {row["youtube_id"] for row in rows}
        for row in rows:
            start, end = int(row["time_start"]), int(row["time_end"])
            path = f"{split}/{row['label']}/{row['youtube_id']}_{start:06d}_{end:06d}.mp4"
            assert row["split"] == split and path in paths
            paths.remove(path)
            assert re.fullmatch(r"p\w{10}", row["youtube_id"])
    assert not paths and not ids["train"] & ids["val"] and ids["val"]


def test_diving48_lists_have_the_official_fields_and_name_every_video():
    texts, paths = lists(DIVING48), {place.path for place in places(DIVING48)}
    assert json.loads(texts["Diving48_vocab.json"]) == [["Squat"], ["Bow"]]
    for side, count in (("train", 4), ("test", 2)):
        entries = json.loads(texts[f"Diving48_V2_{side}.json"])
        assert [entry["label"] for entry in entries] == [0] * count + [1] * count
        for entry in entries:
            assert list(entry) == ["vid_name", "label", "start_frame", "end_frame"]
            assert re.fullmatch(r"p\w{10}_00000", entry["vid_name"]) and entry["start_frame"] == 0
            paths.remove(f"rgb/{entry['vid_name']}.mp4")
    assert not paths


def test_diving48_lists_tell_how_long_each_video_is():
    small = replace(DIVING48, classes=("Bow",), groups=3, frames=(5, 9), height=48, width=64)
    texts = lists(small)
    told = [
        entry["end_frame"]
        for side in ("test", "train")  # the first performer is for testing
        for entry in json.loads(texts[f"Diving48_V2_{side}.json"])
    ]
    assert told == [len(puppets.render(small, "Bow", group, 1)) for group in (1, 2, 3)]
