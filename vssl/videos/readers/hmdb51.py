"""HMDB51: `hmdb51/<class>/*.avi` and `testTrainMulti_7030_splits/`, or lists like UCF101's."""

from __future__ import annotations

from pathlib import Path

from vssl.errors import DataError
from vssl.videos import lists
from vssl.videos.datasets import Dataset
from vssl.videos.readers.assembly import assemble, files_by_class, first_folder


def read(root: str | Path) -> Dataset:
    """HMDB51 with its three official splits."""
    root = Path(root)
    bases = (root, root / "hmdb51", root / "HMDB51")
    official = first_folder([base / "testTrainMulti_7030_splits" for base in bases])
    names = ("", "split", "splits", "hmdb51_lists")
    like_ucf101 = first_folder(
        [base / name for base in bases for name in names], holding="classInd.txt"
    )
    if official is not None:
        classes, splits = lists.read_hmdb51_splits(official)
    elif like_ucf101 is not None:
        classes, splits = lists.read_class_lists(like_ucf101)
    else:
        raise DataError(
            f"HMDB51 is not at {root}: testTrainMulti_7030_splits/<class>_test_split1.txt ... and "
            "hmdb51/<class>/*.avi should be there; get hmdb51_org.rar and test_train_splits.rar "
            "from https://serre.lab.brown.edu/hmdb51.html, or make the stand-in with "
            "`vssl data make`"
        )
    folders = ("hmdb51", "hmdb51_org", "videos", "video", "")
    for folder in [base / name for base in bases for name in folders]:
        if any((folder / label).is_dir() for label in classes):
            found = files_by_class(folder, classes)
            return assemble("hmdb51", root, classes, splits, found, lists.hmdb51_group)
    raise DataError(
        f"HMDB51's lists are at {root} but its videos are not: "
        f"folders such as hmdb51/{classes[0]} with *.avi files should be there"
    )
