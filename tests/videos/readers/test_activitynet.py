"""ActivityNet-1.3 is read from its official annotations or BMN's, with actions in their videos."""

from __future__ import annotations

import json

import numpy as np
import pytest

from vssl.errors import DataError
from vssl.videos.annotations import read_bmn
from vssl.videos.datasets import UNLABELLED
from vssl.videos.readers.activitynet import read
from vssl.videos.untrimmed import Action


def record(subset, duration, *segments):
    return {
        "subset": subset,
        "duration": duration,
        "resolution": "320x240",
        "url": "https://www.youtube.com/watch?v=x",
        "annotations": [{"segment": [s, e], "label": label} for s, e, label in segments],
    }


def official(**database):
    return json.dumps({"version": "VERSION 1.3", "taxonomy": [], "database": database})


DATABASE = {
    "b": record("training", 30.0, (2.5, 10.0, "Ballet"), (12.0, 20.0, "Ballet")),
    "a": record("training", 60.0, (1.0, 5.0, "Archery"), (10.0, 30.0, "Zumba")),
    "v_c": record(
        "validation", 20.0, (0.0, 20.5, "Archery"), (21.0, 22.0, "Zumba"), (9, 9, "Zumba")
    ),
    "gone": record("validation", 20.0, (3.0, 4.0, "Cricket")),
    "t": record("testing", 15.0),
    "u": record("testing", 16.0),
}
FILES = {"videos/v_a.mp4": "1", "b.mkv": "22", "v1-3/train_val/v_v_c.webm": "3", "test/t.mp4": "4"}


@pytest.fixture
def root(write, tmp_path):
    return write(tmp_path, {"activity_net.v1-3.min.json": official(**DATABASE)} | FILES)


def test_the_official_annotations_are_read(root):
    found = read(root)
    assert found.classes == ("Archery", "Ballet", "Cricket", "Zumba")
    assert [(v.name, v.label, v.group) for v in found.videos] == [
        ("v_a", 3, "a"),  # twenty seconds of Zumba, four of Archery
        ("b", 1, "b"),
        ("v_v_c", 0, "v_c"),
    ]
    train, validation = found.split()
    assert train.tolist() == [0, 1] and validation.tolist() == [2] and len(found.testing) == 0
    assert found.missing == ("v_gone",) and not found.stand_in
    assert found.durations.tolist() == [60, 30, 20]
    assert found.actions[1] == (Action(2.5, 10.0, 1), Action(12.0, 20.0, 1))
    assert np.array_equal(found.segments_of([0])["v_a"], [[1, 5], [10, 30]])


def test_actions_that_leave_their_video_are_cut_or_dropped_and_counted(root):
    found = read(root)
    assert found.actions[2] == (Action(0.0, 20.0, 0),)
    assert (found.clipped, found.dropped) == (1, 2)
    assert found.summary().splitlines()[1:-1] == [
        "split 1: 2 train, 1 test",
        "missing: 1 of 4 listed videos (v_gone)",
        "actions: 5 in 3 videos",
        "actions that left their video: 1 cut at its ends, 2 dropped because nothing was left",
    ]
    assert found.summary().endswith(f"digest: {found.digest}")


def test_testing_videos_are_read_on_request(root):
    found = read(root, testing=True)
    assert [found.videos[i].name for i in found.testing] == ["t"]
    assert {found.videos[i].label for i in found.testing} == {UNLABELLED}
    assert found.segments(int(found.testing[0])).shape == (0, 2)
    assert set(found.missing) == {"v_gone", "v_u"}
    assert "testing: 1 videos" in found.summary()
    assert not set(found.testing) & set(np.concatenate(found.split()))


def test_the_digest_is_of_annotations_and_files(write, root):
    digest = read(root).digest
    assert read(root).digest == digest
    write(root, {"b.mkv": "333"})
    other = read(root).digest
    later = DATABASE | {"a": record("training", 60.0, (1.0, 5.5, "Archery"), (10.0, 30.0, "Zumba"))}
    write(root, {"activity_net.v1-3.min.json": official(**later)})
    assert len({digest, other, read(root).digest}) == 3


def test_bmns_files_are_read(write, tmp_path):
    actions = {
        f"v_{name}": {
            "duration_second": 30.0,
            "duration_frame": 900,
            "annotations": [{"segment": [1.0, 4.0], "label": "Ballet"}] if name != "t" else [],
            "feature_frame": 896,
        }
        for name in "abt"
    }
    table = (
        "video,numFrame,seconds,fps,rfps,subset,featureFrame\n"
        "v_a,900,30,30,30,training,896\n"
        "v_b,900,30,30,30,validation,896\nv_t,900,30,30,30,testing,896\n"
    )
    texts = {
        "annotations/anet_anno_action.json": json.dumps(actions),
        "annotations/video_info_new.csv": table,
        "videos/v_a.mp4": "",
        "videos/v_b.mp4": "",
    }
    found = read(write(tmp_path, texts))
    assert [len(side) for side in found.split()] == [1, 1] and found.missing == ()
    assert found.actions == ((Action(1.0, 4.0, 0),),) * 2
    write(tmp_path, {"annotations/video_info_new.csv": table.replace("subset", "side")})
    with pytest.raises(DataError, match="no column subset; get the table again"):
        read(tmp_path)
    (tmp_path / "annotations" / "video_info_new.csv").unlink()
    with pytest.raises(DataError, match=r"video_info_new\.csv is needed and cannot be read"):
        read(tmp_path)


def test_what_bmns_authors_publish_is_read(realvideo):
    folder = realvideo / "annotations" / "activitynet13"
    found = read_bmn(folder / "anet_anno_action.json", folder / "video_info_new.csv")
    sizes = {s: sum(v.subset == s for v in found.values()) for s in ("training", "validation")}
    assert sizes == {"training": 9649, "validation": 4728} and len(found) == 19_228
    assert len({label for video in found.values() for *_, label in video.segments}) == 200
    assert all(bool(v.segments) == (v.subset != "testing") for v in found.values())
    assert found["QOlSCBRmfWY"].segments[0][2] == "Ballet"


@pytest.mark.parametrize(
    ("video", "line"),
    [
        (record("train", 30.0), "video 'x': its subset is 'train', not training, validation"),
        (record("training", 0.0), "video 'x': it lasts 0.0 seconds"),
        (record("training", "long"), "it lasts 'long' seconds"),
        (record("training", 30.0, (1.0, None, "Ballet")), "is no segment with a label"),
        (record("training", 30.0, (1.0, 2.0, None)), "is no segment with a label"),
        ("nothing", "'nothing' is no record"),
        (record("training", 30.0) | {"annotations": ["late"]}, "'late' is no segment"),
    ],
)
def test_a_wrong_record_is_named(write, tmp_path, video, line):
    write(tmp_path, {"activity_net.v1-3.min.json": official(x=video)})
    with pytest.raises(DataError, match=line) as raised:
        read(tmp_path)
    assert "activity_net.v1-3.min.json" in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{", "is damaged"),
        ("[]", "is no record of videos"),
        ("{}", 'has no "database" of videos'),
        (official(), "name no video and none of them is there"),
        (official(**DATABASE), r"name 4 videos \(v_a, ...\) and none of them is there; put them"),
    ],
)
def test_a_wrong_folder_is_named(write, tmp_path, text, line):
    with pytest.raises(DataError, match=r"not at .* should be there.* get both from http"):
        read(tmp_path)
    write(tmp_path, {"activity_net.v1-3.min.json": text})
    with pytest.raises(DataError, match=line) as raised:
        read(tmp_path)
    assert str(tmp_path) in str(raised.value) and "\n" not in str(raised.value)


def test_a_stand_in_has_the_digest_of_its_manifest(write, root):
    write(root, {"manifest.json": json.dumps({"digest": "made", "stand_in": True})})
    found = read(root)
    assert found.stand_in and found.digest != "made"  # one video is missing
    write(root, {"videos/v_gone.mp4": ""})
    assert read(root).digest == "made"
