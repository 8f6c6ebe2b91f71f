"""HMDB51 is read in its official layout, and with lists like those of UCF101."""

from __future__ import annotations

import pytest

from vssl.errors import DataError
from vssl.videos.datasets import crossing_groups
from vssl.videos.readers.hmdb51 import read


def names(dataset, indices) -> set[str]:
    return {dataset.videos[i].name for i in indices}


HMDB = [
    f"Film_{film}_{label}_f_cm_np1_fr_med_{k}.avi"
    for label in ("run", "shoot_gun")
    for film in ("A", "B", "C")
    for k in (0, 1)
]


def hmdb_files(videos: str) -> dict[str, str]:
    """Make lists and videos in which split 1 tests on film A, trains on B and does not use C.

    Split 2 trains on C, except for its second clip, which no split uses.
    """
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
def test_hmdb51_is_read_from_any_folder_of_videos(write, tmp_path, videos):
    found = read(write(tmp_path, hmdb_files(videos)))
    assert found.classes == ("run", "shoot_gun")
    assert len(found.videos) == 10  # those that no split uses are left out
    train, test = found.split(1)
    assert {name.split("_")[1] for name in names(found, train)} == {"B"}
    assert {name.split("_")[1] for name in names(found, test)} == {"A"}
    assert found.videos[0].group == "run/Film_A" and found.videos[-1].group == "shoot_gun/Film_C"
    assert crossing_groups(found) == [] and found.missing == ()


def test_hmdb51_is_read_by_plain_lists(write, tmp_path):
    texts = {
        "split/classInd.txt": "1 run\n2 shoot_gun",
        "split/trainlist01.txt": "",
        "split/testlist01.txt": "",
    }
    for name in HMDB:
        label = "run" if "_run_" in name else "shoot_gun"
        texts[f"split/{'train' if '_A_' in name else 'test'}list01.txt"] += f"{label}/{name}\n"
        texts[f"video/{label}/{name}"] = name
    found = read(write(tmp_path, texts))
    assert len(found.videos) == 12 and [len(side) for side in found.split(1)] == [4, 8]
    (tmp_path / "video").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="its videos are not"):
        read(tmp_path)


def test_damaged_lists_of_hmdb51_are_refused(write, tmp_path):
    texts = hmdb_files("")
    texts["testTrainMulti_7030_splits/run_test_split2.txt"] += "odd.avi 7\n"
    with pytest.raises(DataError, match=r"neither 0, 1 nor 2: 'odd\.avi 7'"):
        read(write(tmp_path / "a", texts))
    del texts["testTrainMulti_7030_splits/run_test_split2.txt"]
    with pytest.raises(DataError, match=r"no run_test_split2.txt"):
        read(write(tmp_path / "b", texts))
