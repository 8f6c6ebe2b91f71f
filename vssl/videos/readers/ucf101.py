"""UCF101: `UCF-101/<class>/v_<class>_gXX_cYY.avi` beside `ucfTrainTestlist/`."""

from __future__ import annotations

from pathlib import Path

from vssl.errors import DataError
from vssl.videos import lists
from vssl.videos.datasets import Dataset
from vssl.videos.readers.assembly import assemble, files_by_class, first_folder


def read(root: str | Path) -> Dataset:
    """UCF101 with its three official splits."""
    root = Path(root)
    bases = (root, root / "ucf101", root / "UCF101")
    unpacked = ("", "UCF101TrainTestSplits-RecognitionTask")  # the folder that the zip file makes
    texts = first_folder(
        [base / folder / "ucfTrainTestlist" for base in bases for folder in unpacked]
    )
    names = ("UCF-101", "UCF101", "videos")
    folder = first_folder([base / name for base in bases for name in names])
    if texts is None or folder is None:
        what = (
            "UCF-101/<class>/*.avi"
            if folder is None
            else "ucfTrainTestlist/classInd.txt, trainlist01.txt, testlist01.txt, ..."
        )
        raise DataError(
            f"UCF101 is not at {root}: {what} should be there; get UCF101.rar and "
            "UCF101TrainTestSplits-RecognitionTask.zip from "
            "https://www.crcv.ucf.edu/data/UCF101.php, or make the stand-in with `vssl data make`"
        )
    classes, splits = lists.read_class_lists(texts)
    found = files_by_class(folder, classes)
    return assemble("ucf101", root, classes, splits, found, lists.ucf101_group)
