"""AVA is read from its official files, and a row that cannot be meant is named."""

from __future__ import annotations

import json

import numpy as np
import pytest

from vssl.errors import DataError, VsslError
from vssl.videos import catalogue
from vssl.videos.datasets import UNLABELLED, crossing_groups
from vssl.videos.person_lists import read_actions, read_persons
from vssl.videos.readers.ava import ACTIONS, read, read_proposals

ITEM = 'item {{\n  name: "{}"\n  id: {}\n}}\n'
TRAIN = """\
film-A,0902,0.100,0.200,0.500,0.900,12,0
film-A,0902,0.100,0.200,0.500,0.900,80,0
film-A,0902,0.600,0.200,0.900,0.900,12,1
film-A,0903,0.100,0.200,0.500,0.900,13,0
film-A,0904,0.110,0.200,0.500,0.900,79,0
_gone,0902,0.100,0.200,0.500,0.900,12,0
"""
VAL = """\
film_B,0902,0.000,0.000,1.000,1.000,80,7
film_B,1798,0.000,0.000,1.005,1.000,,8
"""


def ava_files(train: str = TRAIN, val: str = VAL) -> dict[str, str]:
    """Two films that are there and one that is missing; three of the actions are evaluated."""
    return {
        f"annotations/{ACTIONS}": ITEM.format("run/jog", 12)
        + ITEM.format("talk to (e.g., self, a person)", 79)
        + ITEM.format("watch (a person)", 80),
        "annotations/ava_train_v2.2.csv": train,
        "annotations/ava_val_v2.2.csv": val,
        "annotations/ava_train_excluded_timestamps_v2.2.csv": "film-A,0904\n_gone,0903\n",
        "annotations/ava_val_excluded_timestamps_v2.2.csv": "",
        "videos_15min/film-A.mp4": "1",
        "videos_15min/film_B.mkv": "2",
    }


@pytest.fixture
def root(write, tmp_path):
    return write(tmp_path, ava_files())


def test_persons_have_their_labels_and_their_key_frames(root):
    found = read(root)
    assert found.classes == ("run/jog", "talk to (e.g., self, a person)", "watch (a person)")
    assert found.numbers == (12, 79, 80) and found.begin == 900
    assert [video.path.name for video in found.videos] == ["film-A.mp4", "film_B.mkv"]
    assert {video.label for video in found.videos} == {UNLABELLED}
    assert [tuple(side) for side in found.split()] == [(0,), (1,)] and crossing_groups(found) == []
    people = found.persons
    assert people.videos.tolist() == [0, 0, 0, 1, 1]
    assert people.seconds.tolist() == [902, 902, 903, 902, 1798]
    assert people.boxes[1].tolist() == [0.6, 0.2, 0.9, 0.9]
    assert people.boxes[4].tolist() == [0, 0, 1, 1]  # rounding had set an edge outside
    # Rows of one box are one person; action 13 is not evaluated, and the last row has none.
    assert people.labels.astype(int).tolist() == [
        [1, 0, 1],
        [1, 0, 0],
        [0, 0, 0],
        [0, 0, 1],
        [0, 0, 0],
    ]
    assert found.unlisted == 1 and (people.scores == 1).all()


def test_missing_videos_and_excluded_seconds_are_counted(root):
    found = read(root)
    assert found.missing == ("_gone",) and len(found.excluded) == 1
    assert found.summary().splitlines()[1:-1] == [
        "split 1: 1 train, 1 test",
        "missing: 1 of 3 listed videos (_gone)",
        "persons: 5 in 4 key frames with 4 labels; 1 key frames are excluded, "
        "and 1 labels are of no class on the list",
    ]
    (root / "videos_15min/film-A.mp4").unlink()
    fewer = read(root)
    assert fewer.missing == ("_gone", "film-A") and fewer.persons.videos.tolist() == [0, 0]
    assert len(fewer.excluded) == 0 and fewer.digest != found.digest
    (root / "videos_15min/film_B.mkv").unlink()
    with pytest.raises(DataError, match=r"3 videos \(_gone, ...\) and none of them"):
        read(root)


def test_the_digest_changes_with_lists_and_files(write, tmp_path):
    one, two = (read(write(tmp_path / name, ava_files())) for name in "ab")
    assert one.digest == two.digest
    moved = VAL.replace("film_B,1798,0.000", "film_B,1798,0.001")
    assert read(write(tmp_path / "b", ava_files(val=moved))).digest != one.digest
    write(tmp_path / "c", ava_files() | {"videos_15min/film-A.mp4": "longer"})
    assert read(tmp_path / "c").digest != one.digest
    write(tmp_path / "d", ava_files() | {"manifest.json": json.dumps({"digest": "abc"})})
    assert read(tmp_path / "d").digest != "abc"  # a video is missing
    write(tmp_path / "d", {"videos_15min/_gone.mp4": "3"})
    write(tmp_path / "d", {"manifest.json": json.dumps({"digest": "abc", "stand_in": True})})
    assert (read(tmp_path / "d").digest, read(tmp_path / "d").stand_in) == ("abc", True)


def test_a_key_frame_is_counted_from_where_the_excerpt_begins(root):
    found = read(root)
    people = found.persons
    frames = found.key_frames(people, np.array([30.0, 30000 / 1001]), np.array([27_000, 27_000]))
    assert frames.tolist() == [60, 60, 90, 60, 26_913]
    short = found.key_frames(people, np.array([30.0, 25.0]), np.array([90, 22_451]))
    assert short.tolist() == [60, 60, -1, 50, 22_450]
    failed = found.key_frames(people, np.array([30.0, 0.0]), np.array([90, 0]))
    assert failed.tolist() == [60, 60, -1, -1, -1]
    with pytest.raises(VsslError, match=r"film_B\.mkv names no frame rate"):
        found.key_frames(people, np.array([30.0, 0.0]), np.array([90, 90]))


@pytest.mark.parametrize("action", ["", ",", "12,"])
def test_proposals_are_read_with_and_without_a_column_of_actions(root, tmp_path, action):
    text = (
        f"film_B,0902,0.1,0.1,0.5,0.5,{action}0.995\n"
        f"film-A,0904,0.1,0.1,0.5,0.5,{action}0.9\n"
        f"film-A,0905,0.1,0.1,0.5,1.002,{action}0.4\n"
        f"_gone,0905,0.1,0.1,0.5,0.5,{action}1\nother,0905,0.1,0.1,0.5,0.5,{action}1\n"
    )
    (tmp_path / "persons.csv").write_text(text)
    people, names = read_proposals(tmp_path / "persons.csv", read(root))
    assert names == ("_gone", "other")
    assert people.videos.tolist() == [0, 1] and people.seconds.tolist() == [905, 902]
    assert people.scores.tolist() == [0.4, 0.995] and people.boxes[0, 3] == 1
    assert people.labels.shape == (2, 3) and not people.labels.any()
    assert len(people.sure()) == 1


ROW = "film-A,0902,0.1,0.2,0.5,0.9,12,0"


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("film-A,0902,0.1,0.2,0.5", "5 columns, where 7 or 8 are wanted"),
        ("film-A,902.5,0.1,0.2,0.5,0.9,12,0", r"'902\.5' is no second"),
        ("film-A,0902,0.1,0.2,wide,0.9,12,0", r"0\.1,0\.2,wide,0\.9 is no box"),
        ("film-A,0902,0.1,0.2,nan,0.9,12,0", "is no box"),
        ("film-A,0902,10,20,50,90,12,0", "divide them by its size"),
        ("film-A,0902,0.5,0.2,0.1,0.9,12,0", "upper left"),
        ("film-A,0902,0.1,0.2,0.5,0.9,run,0", "'run' is no number of an action"),
    ],
)
def test_a_bad_row_is_named(write, tmp_path, row, line):
    root = write(tmp_path, ava_files(train=f"{ROW}\n\n{row}\n"))
    with pytest.raises(DataError, match=rf"ava_train_v2\.2\.csv, line 3: .*{line}") as raised:
        read(root)
    assert "\n" not in str(raised.value) and str(raised.value).count(";") == 1


@pytest.mark.parametrize("score", ["", "high", "1.5", "-0.1", "nan"])
def test_a_proposal_has_a_score(root, tmp_path, score):
    (tmp_path / "persons.csv").write_text(f"film-A,0902,0.1,0.2,0.5,0.9,,{score}\n")
    with pytest.raises(DataError, match=rf"persons\.csv, line 1: '{score}' is no score"):
        read_proposals(tmp_path / "persons.csv", read(root))


@pytest.mark.parametrize("name", [ACTIONS, "ava_val_v2.2.csv", "ava_train_excluded"])
def test_an_incomplete_set_is_refused(write, tmp_path, name):
    texts = {key: text for key, text in ava_files().items() if name not in key}
    with pytest.raises(DataError, match=name.split(".")[0]):
        read(write(tmp_path, texts))


def test_actions_are_read_in_either_spelling(tmp_path):
    file = tmp_path / "actions.pbtxt"
    file.write_text(
        'label {\n  name: "stand"\n  label_id: 12\n  label_type: PERSON_MOVEMENT\n}\n'
        'label {\n  name: "bow"\n  label_id: 1\n}\n'
    )
    assert list(read_actions(file).items()) == [(1, "bow"), (12, "stand")]
    for text, line in (
        ("", "names no action"),
        ('item {\n name: "stand"\n}', "entry 1.*a number of its own"),
        (2 * 'item {\n name: "stand"\n id: 3\n}', "entry 2"),
    ):
        file.write_text(text)
        with pytest.raises(DataError, match=line):
            read_actions(file)


def test_a_sample_of_the_official_files_is_read(realvideo):
    folder = realvideo / "annotations" / "ava_sample"
    people = read_persons(folder / "ava_sample.csv")
    assert [(one.video, one.second, one.actions) for one in people] == [
        ("0f39OWEqJ24", 902, (12, 17, 79)),
        ("0f39OWEqJ24", 903, (12, 17)),
        ("_-Z6wFjXtGQ", 902, (12, 74, 80)),
    ]
    actions = read_actions(folder / "action_list.txt")
    assert actions == {12: "action1", 17: "action2", 79: "action3 (79)", 80: "action3 (80)"}


def test_the_catalogue_knows_it(root):
    assert catalogue.open_dataset("ava", root).name == "ava"
    assert catalogue.find("ava").videos() == (235, 64)
