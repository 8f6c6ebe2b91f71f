"""Official lists and layouts become videos, labels and splits; what is not there is counted and named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vssl.errors import DataError, VsslError
from vssl.videos import lists
from vssl.videos.datasets import (
    crossing_groups,
    hmdb51,
    kinetics400,
    kinetics600,
    open_dataset,
    ucf101,
)


def write(root: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def ucf_files(ending: str = "avi") -> dict[str, str]:
    """Two classes whose official numbers are not their alphabetical order, three performers, two clips each; split k tests performer k."""
    texts = {"ucfTrainTestlist/classInd.txt": "1 Walk\r\n2 Jump\r\n"}
    names = [
        f"{c}/v_{c}_g{g:02d}_c{k:02d}.{ending}"
        for c in ("Walk", "Jump")
        for g in (1, 2, 3)
        for k in (1, 2)
    ]
    for split in (1, 2, 3):
        test = [name for name in names if f"_g{split:02d}_" in name]
        texts[f"ucfTrainTestlist/testlist{split:02d}.txt"] = "\n".join(test)
        texts[f"ucfTrainTestlist/trainlist{split:02d}.txt"] = "".join(
            f"{name} {1 if name[0] == 'W' else 2}\n" for name in names if name not in test
        )
    return texts | {f"UCF-101/{name}": name for name in names}


def names(dataset, indices) -> set[str]:
    return {dataset.videos[i].name for i in indices}


def test_ucf101(tmp_path):
    found = ucf101(write(tmp_path, ucf_files()))
    assert (found.name, found.classes, len(found.videos), found.missing, found.stand_in) == (
        "ucf101",
        ("Walk", "Jump"),
        12,
        (),
        False,
    )
    assert all(
        video.path.is_file() and found.classes[video.label] == video.path.parent.name
        for video in found.videos
    )
    for number in (1, 2, 3):
        train, test = found.split(number)
        assert names(found, test) == {
            f"v_{c}_g0{number}_c0{k}" for c in ("Walk", "Jump") for k in (1, 2)
        }
        assert sorted([*train, *test]) == list(range(12)) and train.dtype == np.int64
    assert {video.group for video in found.videos} == {
        f"{c}/g0{g}" for c in ("Walk", "Jump") for g in (1, 2, 3)
    }
    assert crossing_groups(found) == []
    for number in (0, 4, -1):
        with pytest.raises(VsslError, match="3 official splits"):
            found.split(number)


def test_a_performer_on_both_sides_is_found(tmp_path):
    texts = ucf_files()
    texts["ucfTrainTestlist/trainlist02.txt"] += "Jump/v_Jump_g02_c02.avi 2\n"
    assert crossing_groups(ucf101(write(tmp_path, texts))) == ["Jump/g02"]


def test_ucf101_as_the_zip_unpacks_and_from_the_folder_above(tmp_path):
    texts = ucf_files()
    moved = {
        f"ucf101/UCF101TrainTestSplits-RecognitionTask/{name}"
        if "list" in name
        else f"ucf101/{name}": text
        for name, text in texts.items()
    }
    assert len(ucf101(write(tmp_path, moved)).videos) == 12


def test_what_the_disk_lacks_is_counted(tmp_path):
    root = write(tmp_path, ucf_files())
    whole = ucf101(root)
    (root / "UCF-101/Walk/v_Walk_g01_c02.avi").unlink()
    found = ucf101(root)
    assert (
        found.missing == ("Walk/v_Walk_g01_c02.avi",)
        and len(found.videos) == 11
        and found.digest != whole.digest
    )
    assert [tuple(map(len, split)) for split in found.splits] == [(8, 3), (7, 4), (7, 4)]
    assert all(
        found.videos[i].group.endswith("g01") for i in found.split(1)[1]
    )  # indices moved with the videos
    assert (
        "missing: 1 of 12 listed videos (Walk/v_Walk_g01_c02.avi)" in found.summary()
        and "split 1: 8 train, 3 test" in found.summary()
    )
    for path in root.glob("UCF-101/*/*.avi"):
        path.unlink()
    with pytest.raises(DataError, match=r"12 videos .* none of them is there"):
        ucf101(root)


def test_the_digest_follows_lists_and_files(tmp_path):
    one, two = (
        ucf101(write(tmp_path / "a", ucf_files())),
        ucf101(write(tmp_path / "b", ucf_files())),
    )
    assert one.digest == two.digest  # wherever it lies
    write(tmp_path / "b", {"UCF-101/Walk/v_Walk_g01_c01.avi": "another"})
    assert ucf101(tmp_path / "b").digest != one.digest
    swapped = ucf_files()
    swapped["ucfTrainTestlist/testlist01.txt"], swapped["ucfTrainTestlist/testlist02.txt"] = (
        swapped["ucfTrainTestlist/testlist02.txt"],
        swapped["ucfTrainTestlist/testlist01.txt"],
    )
    assert ucf101(write(tmp_path / "c", swapped)).digest != one.digest


def test_puppets_are_a_stand_in(tmp_path):
    root = write(
        tmp_path,
        ucf_files("mp4") | {"manifest.json": json.dumps({"digest": "abc", "stand_in": True})},
    )
    found = ucf101(root)
    assert (found.digest, found.stand_in) == ("abc", True) and "stand-in" in found.summary()
    found.videos[0].path.unlink()
    assert ucf101(root).digest != "abc"  # a store of the whole set must not be taken for this one's
    (root / "manifest.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        ucf101(root)


@pytest.mark.parametrize("name", ["ucf101", "hmdb51", "kinetics400", "kinetics600"])
def test_a_set_that_is_not_there(tmp_path, name):
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            DataError, match=r"not at .* wanted there.* get .* https?://.* stand-in"
        ) as raised:
            open_dataset(name, root)
        assert str(root) in str(raised.value) and "\n" not in str(raised.value)
    with pytest.raises(VsslError, match="ucf101, hmdb51, kinetics400"):
        open_dataset("ucf102", tmp_path)


@pytest.mark.parametrize(
    "missing", ["ucfTrainTestlist/testlist02.txt", "UCF-101", "ucfTrainTestlist/classInd.txt"]
)
def test_a_set_that_is_incomplete(tmp_path, missing):
    texts = {name: text for name, text in ucf_files().items() if not name.startswith(missing)}
    with pytest.raises(DataError, match=missing.rsplit("/", 1)[-1]):
        ucf101(write(tmp_path, texts))


def test_a_list_that_names_another_class(tmp_path):
    texts = ucf_files()
    texts["ucfTrainTestlist/trainlist01.txt"] += "Swim/v_Swim_g01_c01.avi 3\n"
    with pytest.raises(DataError, match=r"Swim/v_Swim_g01_c01\.avi"):
        ucf101(write(tmp_path, texts))


HMDB = [
    f"Film_{film}_{label}_f_cm_np1_fr_med_{k}.avi"
    for label in ("run", "shoot_gun")
    for film in ("A", "B", "C")
    for k in (0, 1)
]


def hmdb_files(videos: str) -> dict[str, str]:
    """Film A tests, B trains, C is unused in split 1; C trains in split 2 and its second clip never."""
    texts = {}
    for label in ("run", "shoot_gun"):
        mine = [name for name in HMDB if f"_{label}_" in name]
        for split, side in (
            (1, {"A": 2, "B": 1, "C": 0}),
            (2, {"A": 1, "B": 2, "C": 1}),
            (3, {"A": 0, "B": 1, "C": 2}),
        ):
            never = {name: "C_" in name and name.endswith("_1.avi") for name in mine}
            text = "".join(f"{name} {0 if never[name] else side[name[5]]} \n" for name in mine)
            texts[f"testTrainMulti_7030_splits/{label}_test_split{split}.txt"] = text
        texts |= {f"{videos}{label}/{name}": name for name in mine}
    return texts


@pytest.mark.parametrize("videos", ["hmdb51/", "", "videos/", "hmdb51_org/"])
def test_hmdb51(tmp_path, videos):
    found = hmdb51(write(tmp_path, hmdb_files(videos)))
    assert (
        found.classes == ("run", "shoot_gun") and len(found.videos) == 10
    )  # what no split uses is left out
    train, test = found.split(1)
    assert {name.split("_")[1] for name in names(found, train)} == {"B"} and {
        name.split("_")[1] for name in names(found, test)
    } == {"A"}
    assert found.videos[0].group == "run/Film_A" and found.videos[-1].group == "shoot_gun/Film_C"
    assert crossing_groups(found) == [] and found.missing == ()


def test_hmdb51_by_plain_lists(tmp_path):
    texts = {
        "split/classInd.txt": "1 run\n2 shoot_gun",
        "split/trainlist01.txt": "",
        "split/testlist01.txt": "",
    }
    for name in HMDB:
        label = "run" if "_run_" in name else "shoot_gun"
        texts[f"split/{'train' if '_A_' in name else 'test'}list01.txt"] += f"{label}/{name}\n"
        texts[f"video/{label}/{name}"] = name
    found = hmdb51(write(tmp_path, texts))
    assert len(found.videos) == 12 and [len(side) for side in found.split(1)] == [4, 8]
    (tmp_path / "video").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="its videos are not"):
        hmdb51(tmp_path)


def test_hmdb51_lists_that_are_damaged(tmp_path):
    texts = hmdb_files("")
    texts["testTrainMulti_7030_splits/run_test_split2.txt"] += "odd.avi 7\n"
    with pytest.raises(DataError, match=r"neither 0, 1 nor 2: 'odd\.avi 7'"):
        hmdb51(write(tmp_path / "a", texts))
    del texts["testTrainMulti_7030_splits/run_test_split2.txt"]
    with pytest.raises(DataError, match=r"no run_test_split2.txt"):
        hmdb51(write(tmp_path / "b", texts))


@pytest.mark.parametrize("spell", [str, lambda label: label.replace(" ", "_")])
def test_kinetics400(tmp_path, spell):
    head = "label,youtube_id,time_start,time_end,split,is_cc\n"
    texts = {
        "train.csv": head
        + '"riding a bike",--abc_d-E_F,17,27,train,0\nzumba,xyz,0,10,train,0\nzumba,gone,5,15,train,0\n',
        "val.csv": head + "air drumming,v1,120,130,val,1\nriding a bike,v2,8,18,val,0\n",
        f"train/{spell('riding a bike')}/--abc_d-E_F_000017_000027.mp4": "1",
        f"train/{spell('zumba')}/xyz_000000_000010.mkv": "2",
        f"val/{spell('air drumming')}/v1_000120_000130.mp4": "3",
        "val/v2_000008_000018.mp4": "4",
    }
    found = kinetics400(write(tmp_path, texts))
    assert found.classes == ("air drumming", "riding a bike", "zumba")
    assert found.missing == ("zumba/gone_000005_000015",)
    train, test = found.split()
    assert {(v.name, found.classes[v.label]) for v in (found.videos[i] for i in train)} == {
        ("--abc_d-E_F_000017_000027", "riding a bike"),
        ("xyz_000000_000010", "zumba"),
    }
    assert [found.videos[i].label for i in test] == [0, 1] and found.videos[
        1
    ].group == "--abc_d-E_F"
    (tmp_path / "val.csv").write_text("label,youtube_id\nzumba,xyz\n")
    with pytest.raises(DataError, match="no column time_end, time_start"):
        kinetics400(tmp_path)
    (tmp_path / "val.csv").write_text(head + "zumba,xyz,soon,10,val,0\n")
    with pytest.raises(DataError, match=r"val.csv, line 2: 'soon'"):
        kinetics400(tmp_path)


def test_kinetics600_is_laid_out_as_kinetics400(tmp_path):
    head = "label,youtube_id,time_start,time_end,split\n"
    texts = {
        "kinetics-600_train.csv": head + "zumba,xyz,0,10,train\n",
        "kinetics-600_val.csv": head + "zumba,v1,120,130,val\n",
        "train/zumba/xyz_000000_000010.mp4": "1",
        "val/zumba/v1_000120_000130.mp4": "2",
    }
    found = kinetics600(write(tmp_path, texts))
    assert (found.name, found.classes, len(found.videos), found.missing) == (
        "kinetics600",
        ("zumba",),
        2,
        (),
    )
    with pytest.raises(DataError, match="Kinetics-400 is not at"):
        kinetics400(tmp_path)


def test_a_puppet_set_of_each_layout_is_read(tmp_path):
    puppets = pytest.importorskip("vssl.videos.puppets")
    from vssl.videos.puppets import layouts

    for world in (puppets.ucf101(), puppets.hmdb51(), puppets.kinetics400(), puppets.kinetics600()):
        root = tmp_path / world.name
        write(
            root, dict(layouts.lists(world)) | {place.path: "" for place in layouts.places(world)}
        )
        found = open_dataset(world.name, root)
        assert found.missing == () and set(found.classes) == set(world.classes)
        assert (
            len(found.videos) == len(list(layouts.places(world))) and crossing_groups(found) == []
        )
        assert all(
            len(set(train) & set(test)) == 0 and len(train) > len(test) > 0
            for train, test in found.splits
        )


def test_no_group_crosses_an_official_split(realvideo):
    for folder, group_of, sizes in (
        ("ucf101_official", lists.ucf101_group, [(9537, 3783), (9586, 3734), (9624, 3696)]),
        ("hmdb51_lists", lists.hmdb51_group, [(3570, 1530)] * 3),
    ):
        _, splits = lists.read_class_lists(realvideo / "annotations" / folder)
        assert [(len(train), len(test)) for train, test in splits] == sizes
        for train, test in splits:
            assert not {group_of(name) for name in train} & {group_of(name) for name in test}
            assert not set(train) & set(test)


def test_the_official_lists_hold_what_the_papers_count(realvideo):
    classes, splits = lists.read_class_lists(realvideo / "annotations" / "ucf101_official")
    every = {name for split in splits for side in split for name in side}
    assert (
        len(classes) == 101
        and len(every) == 13320
        and len({lists.ucf101_group(name) for name in every}) == 2525
    )
    assert classes[0] == "ApplyEyeMakeup" and {name.split("/")[0] for name in every} == set(classes)
    val = lists.read_kinetics(realvideo / "annotations" / "kinetics_meta" / "kinetics-400_val.csv")
    assert (
        len({name.split("/")[0] for name in val}) == 400
        and val[0] == "abseiling/0wR5jVB-WPk_000417_000427"
    )


def test_the_real_ucf101_videos(realvideo):
    found = ucf101(realvideo / "ucf101")
    assert (
        len(found.videos) == 24
        and len(found.missing) == 370
        and found.classes == ("BabyCrawling", "Punch", "PushUps")
    )
    assert [tuple(map(len, split)) for split in found.splits] == [(12, 12), (12, 12), (24, 0)]
    assert crossing_groups(found) == []
