"""UCF101 is read in its official layout, and missing or strange files are reported.

What holds here for missing and strange files holds for all readers.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from vssl.errors import DataError, VsslError
from vssl.videos.datasets import crossing_groups
from vssl.videos.readers.ucf101 import read


def ucf_files(ending: str = "avi") -> dict[str, str]:
    """Make lists and videos of two classes of three performers with two clips each.

    The numbers of the classes are not in alphabetical order. Split k tests on performer k.
    """
    texts = {"ucfTrainTestlist/classInd.txt": "1 Walk\r\n2 Jump\r\n"}
    clips = [(c, g, k) for c in ("Walk", "Jump") for g in (1, 2, 3) for k in (1, 2)]
    names = [f"{c}/v_{c}_g{g:02d}_c{k:02d}.{ending}" for c, g, k in clips]
    for split in (1, 2, 3):
        test = [name for name in names if f"_g{split:02d}_" in name]
        texts[f"ucfTrainTestlist/testlist{split:02d}.txt"] = "\n".join(test)
        texts[f"ucfTrainTestlist/trainlist{split:02d}.txt"] = "".join(
            f"{name} {1 if name[0] == 'W' else 2}\n" for name in names if name not in test
        )
    return texts | {f"UCF-101/{name}": name for name in names}


def names(dataset, indices) -> set[str]:
    return {dataset.videos[i].name for i in indices}


def test_ucf101_is_read_with_its_classes_groups_and_splits(write, tmp_path):
    found = read(write(tmp_path, ucf_files()))
    assert (found.name, found.classes) == ("ucf101", ("Walk", "Jump"))
    assert (len(found.videos), found.missing, found.stand_in) == (12, (), False)
    for video in found.videos:
        assert video.path.is_file() and found.classes[video.label] == video.path.parent.name
    for number in (1, 2, 3):
        train, test = found.split(number)
        tested = {f"v_{c}_g0{number}_c0{k}" for c in ("Walk", "Jump") for k in (1, 2)}
        assert names(found, test) == tested
        assert sorted([*train, *test]) == list(range(12)) and train.dtype == np.int64
    groups = {f"{c}/g0{g}" for c in ("Walk", "Jump") for g in (1, 2, 3)}
    assert {video.group for video in found.videos} == groups
    assert crossing_groups(found) == []
    for number in (0, 4, -1):
        with pytest.raises(VsslError, match="3 official splits"):
            found.split(number)


def test_a_performer_on_both_sides_is_found(write, tmp_path):
    texts = ucf_files()
    texts["ucfTrainTestlist/trainlist02.txt"] += "Jump/v_Jump_g02_c02.avi 2\n"
    assert crossing_groups(read(write(tmp_path, texts))) == ["Jump/g02"]


def test_ucf101_is_read_as_the_zip_unpacks_and_from_the_folder_above(write, tmp_path):
    texts = ucf_files()
    moved = {
        f"ucf101/UCF101TrainTestSplits-RecognitionTask/{name}"
        if "list" in name
        else f"ucf101/{name}": text
        for name, text in texts.items()
    }
    assert len(read(write(tmp_path, moved)).videos) == 12


def test_missing_videos_are_counted(write, tmp_path):
    root = write(tmp_path, ucf_files())
    whole = read(root)
    (root / "UCF-101/Walk/v_Walk_g01_c02.avi").unlink()
    found = read(root)
    assert found.missing == ("Walk/v_Walk_g01_c02.avi",) and len(found.videos) == 11
    assert found.digest != whole.digest
    assert [tuple(map(len, split)) for split in found.splits] == [(8, 3), (7, 4), (7, 4)]
    # The indices still mean the same videos.
    assert all(found.videos[i].group.endswith("g01") for i in found.split(1)[1])
    assert "missing: 1 of 12 listed videos (Walk/v_Walk_g01_c02.avi)" in found.summary()
    assert "split 1: 8 train, 3 test" in found.summary()
    for path in root.glob("UCF-101/*/*.avi"):
        path.unlink()
    with pytest.raises(DataError, match=r"12 videos .* none of them is there"):
        read(root)


def test_the_digest_changes_with_lists_and_files(write, tmp_path):
    one = read(write(tmp_path / "a", ucf_files()))
    two = read(write(tmp_path / "b", ucf_files()))
    assert one.digest == two.digest  # the folder does not matter
    write(tmp_path / "b", {"UCF-101/Walk/v_Walk_g01_c01.avi": "another"})
    assert read(tmp_path / "b").digest != one.digest
    swapped, texts = ucf_files(), ucf_files()
    swapped["ucfTrainTestlist/testlist01.txt"] = texts["ucfTrainTestlist/testlist02.txt"]
    swapped["ucfTrainTestlist/testlist02.txt"] = texts["ucfTrainTestlist/testlist01.txt"]
    assert read(write(tmp_path / "c", swapped)).digest != one.digest


def test_puppets_are_a_stand_in(write, tmp_path):
    manifest = json.dumps({"digest": "abc", "stand_in": True})
    root = write(tmp_path, ucf_files("mp4") | {"manifest.json": manifest})
    found = read(root)
    assert (found.digest, found.stand_in) == ("abc", True) and "stand-in" in found.summary()
    found.videos[0].path.unlink()
    assert read(root).digest != "abc"  # the store of the complete dataset does not fit
    (root / "manifest.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        read(root)


@pytest.mark.parametrize(
    "missing", ["ucfTrainTestlist/testlist02.txt", "UCF-101", "ucfTrainTestlist/classInd.txt"]
)
def test_an_incomplete_set_is_refused(write, tmp_path, missing):
    texts = {name: text for name, text in ucf_files().items() if not name.startswith(missing)}
    with pytest.raises(DataError, match=missing.rsplit("/", 1)[-1]):
        read(write(tmp_path, texts))


def test_a_list_that_names_another_class_is_refused(write, tmp_path):
    texts = ucf_files()
    texts["ucfTrainTestlist/trainlist01.txt"] += "Swim/v_Swim_g01_c01.avi 3\n"
    with pytest.raises(DataError, match=r"Swim/v_Swim_g01_c01\.avi"):
        read(write(tmp_path, texts))
