"""The papers' datasets, read from their official list files and folder layouts: which videos, which labels, which splits."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vssl.errors import DataError, VsslError
from vssl.videos import lists


@dataclass(frozen=True)
class Video:
    """One video of a dataset; videos of one group (performer, film, upload) must never be on both sides of a split."""

    path: Path
    label: int
    group: str

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem


@dataclass(
    frozen=True, eq=False
)  # arrays have no single truth to compare by; `digest` tells two datasets apart
class Dataset:
    """Videos with labels and official splits. `missing` names what the lists name and the disk lacks: counted, never hidden."""

    name: str
    root: Path
    classes: tuple[str, ...]
    videos: tuple[Video, ...]
    splits: tuple[tuple[np.ndarray, np.ndarray], ...]  # (train, test), indices into videos
    digest: str
    stand_in: bool
    missing: tuple[str, ...] = ()

    def split(self, number: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The train and test indices of official split `number`, counted from 1 as the lists are."""
        if not 1 <= number <= len(self.splits):
            raise VsslError(
                f"{self.name} has {len(self.splits)} official splits, counted from 1; there is no split {number}"
            )
        return self.splits[number - 1]

    def summary(self) -> str:
        """What is there and what is not, in a few lines."""
        kind = "stand-in (puppets)" if self.stand_in else "real videos"
        groups = len({video.group for video in self.videos})
        lines = [
            f"{self.name} at {self.root}: {kind}, {len(self.videos)} videos, {len(self.classes)} classes, {groups} groups"
        ]
        for number, (train, test) in enumerate(self.splits, 1):
            lines.append(f"split {number}: {len(train)} train, {len(test)} test")
        if self.missing:
            some = ", ".join(self.missing[:3]) + (", ..." if len(self.missing) > 3 else "")
            lines.append(
                f"missing: {len(self.missing)} of {len(self.videos) + len(self.missing)} listed videos ({some})"
            )
        return "\n".join([*lines, f"digest: {self.digest}"])


def open_dataset(name: str, root: str | Path) -> Dataset:
    """Read the dataset called `name` ("ucf101", "hmdb51", "kinetics400", "kinetics600") from `root`."""
    readers = {
        "ucf101": ucf101,
        "hmdb51": hmdb51,
        "kinetics400": kinetics400,
        "kinetics600": kinetics600,
    }
    if name not in readers:
        raise VsslError(f"no dataset is called {name!r}; there are {', '.join(readers)}")
    return readers[name](root)


def ucf101(root: str | Path) -> Dataset:
    """UCF101 with its three official splits: `UCF-101/<class>/v_<class>_gXX_cYY.avi` beside `ucfTrainTestlist/`."""
    root = Path(root)
    bases = (root, root / "ucf101", root / "UCF101")
    texts = _first(
        [
            base / zipped / "ucfTrainTestlist"
            for base in bases
            for zipped in ("", "UCF101TrainTestSplits-RecognitionTask")
        ]
    )
    folder = _first([base / name for base in bases for name in ("UCF-101", "UCF101", "videos")])
    if texts is None or folder is None:
        what = (
            "UCF-101/<class>/*.avi"
            if folder is None
            else "ucfTrainTestlist/classInd.txt, trainlist01.txt, testlist01.txt, ..."
        )
        raise DataError(
            f"UCF101 is not at {root}: {what} is wanted there; get UCF101.rar and UCF101TrainTestSplits-RecognitionTask.zip from "
            "https://www.crcv.ucf.edu/data/UCF101.php, or make the stand-in with `vssl data make`"
        )
    classes, splits = lists.read_class_lists(texts)
    return _assemble("ucf101", root, classes, splits, _by_name(folder, classes), lists.ucf101_group)


def hmdb51(root: str | Path) -> Dataset:
    """HMDB51 with its three official splits, in the official form (`testTrainMulti_7030_splits/`) or as UCF-like lists."""
    root = Path(root)
    bases = (root, root / "hmdb51", root / "HMDB51")
    official = _first([base / "testTrainMulti_7030_splits" for base in bases])
    plain = _first(
        [base / name for base in bases for name in ("", "split", "splits", "hmdb51_lists")],
        holding="classInd.txt",
    )
    if official is None and plain is None:
        raise DataError(
            f"HMDB51 is not at {root}: testTrainMulti_7030_splits/<class>_test_split1.txt ... and hmdb51/<class>/*.avi are wanted there; "
            "get hmdb51_org.rar and test_train_splits.rar from https://serre.lab.brown.edu/hmdb51.html, or make the stand-in with "
            "`vssl data make`"
        )
    classes, splits = (
        lists.read_hmdb51_splits(official)
        if official is not None
        else lists.read_class_lists(plain)
    )
    folders = [
        base / name for base in bases for name in ("hmdb51", "hmdb51_org", "videos", "video", "")
    ]
    folder = next(
        (folder for folder in folders if any((folder / label).is_dir() for label in classes)), None
    )
    if folder is None:
        raise DataError(
            f"HMDB51's lists are at {root} and its videos are not: hmdb51/{classes[0]}/*.avi and its like are wanted there"
        )
    return _assemble("hmdb51", root, classes, splits, _by_name(folder, classes), lists.hmdb51_group)


def kinetics400(root: str | Path) -> Dataset:
    """Kinetics-400, train against val: `train.csv`, `val.csv` and `train/<label>/<id>_<start>_<end>.mp4`; classes are sorted.

    A clip is found by its own name, which no two share, so it does not matter how the folders spell the labels.
    """
    return _kinetics(root, 400)


def kinetics600(root: str | Path) -> Dataset:
    """Kinetics-600, laid out as `kinetics400`."""
    return _kinetics(root, 600)


def _kinetics(root: str | Path, count: int) -> Dataset:
    root, own = Path(root), f"kinetics{count}"
    bases = (root, root / "annotations", root / own, root / own / "annotations")
    sides, found = [], {}
    for names in (("train",), ("val", "validate")):
        spellings = [
            f"{before}{name}.csv"
            for name in names
            for before in ("", f"kinetics-{count}_", f"kinetics_{count}_", f"kinetics{count}_")
        ]
        file = next(
            (base / name for base in bases for name in spellings if (base / name).is_file()), None
        )
        if file is None:
            raise DataError(
                f"Kinetics-{count} is not at {root}: {names[0]}.csv is wanted there, with {names[0]}/<label>/<id>_<start>_<end>.mp4; "
                "get both with https://github.com/cvdfoundation/kinetics-dataset, or make the stand-in with `vssl data make`"
            )
        sides.append(lists.read_kinetics(file))
        folders = [base / name for base in (root, root / own) for name in names]
        present = {path.stem: path for folder in folders for path in _files_below(folder)}
        found |= {
            name: present[clip] for name in sides[-1] if (clip := name.split("/")[-1]) in present
        }
    classes = tuple(sorted({name.split("/")[0] for side in sides for name in side}))
    return _assemble(own, root, classes, (tuple(sides),), found, lists.kinetics_group)


def crossing_groups(dataset: Dataset) -> list[str]:
    """The groups that stand on both sides of some split: a test score on such a split is too good."""
    crossing = set()
    for train, test in dataset.splits:
        crossing |= {dataset.videos[i].group for i in train} & {
            dataset.videos[i].group for i in test
        }
    return sorted(crossing)


def _assemble(
    name: str,
    root: Path,
    classes: tuple[str, ...],
    splits: lists.Lists,
    found: dict[str, Path],
    group_of: Callable[[str], str],
) -> Dataset:
    """Join lists and files; `splits` names "class/file", `found` says where those are that the disk has."""
    labels = {label: number for number, label in enumerate(classes)}
    listed = sorted({entry for split in splits for side in split for entry in side})
    strange = next(
        (entry for entry in listed if entry.count("/") != 1 or entry.split("/")[0] not in labels),
        None,
    )
    if strange is not None:
        raise DataError(
            f"the lists of {name} at {root} name {strange!r}, which is not a file of one of their {len(classes)} classes"
        )
    present = [entry for entry in listed if entry in found]
    if not present:
        some = (
            f"{len(listed)} videos ({listed[0]}, ...) and none of them is there"
            if listed
            else "no video at all"
        )
        raise DataError(
            f"{name} at {root}: the lists name {some}; put the videos where the lists say, or choose another folder"
        )
    videos = tuple(
        Video(found[entry], labels[entry.split("/")[0]], group_of(entry)) for entry in present
    )
    number_of = {entry: number for number, entry in enumerate(present)}
    indices = tuple(
        tuple(
            np.array(
                [number_of[entry] for entry in dict.fromkeys(side) if entry in number_of],
                dtype=np.int64,
            )
            for side in split
        )
        for split in splits
    )
    missing = tuple(entry for entry in listed if entry not in found)
    made = _manifest(root)
    if made is None:
        digest = _digest(_content(root, classes, splits, videos))
    else:
        digest = _digest([made["digest"], *missing]) if missing else made["digest"]
    return Dataset(
        name, root, classes, videos, indices, digest, bool(made and made.get("stand_in")), missing
    )


def _content(
    root: Path, classes: tuple[str, ...], splits: lists.Lists, videos: tuple[Video, ...]
) -> Iterable[str]:
    """What makes a dataset this one: its lists, and which files of which size are there."""
    yield from classes
    for split in splits:
        for side in split:
            yield from ("--", *side)
    for video in videos:
        yield f"{video.path.relative_to(root).as_posix()} {video.path.stat().st_size}"


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:16]


def _manifest(root: Path) -> dict | None:
    """What the puppets wrote beside their videos; None where the videos are real."""
    file = root / "manifest.json"
    try:
        made = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    except ValueError as error:
        raise DataError(
            f"{file} is damaged ({error}); delete {root} and make the stand-in again with `vssl data make`"
        ) from error
    return made if isinstance(made, dict) and "digest" in made else None


def _first(folders: list[Path], holding: str = "") -> Path | None:
    return next(
        (folder for folder in folders if folder.is_dir() and (folder / holding).exists()), None
    )


def _by_name(folder: Path, classes: tuple[str, ...]) -> dict[str, Path]:
    """Where each "class/file" is below `folder`: one look at each class folder, not one at each of thousands of files."""
    present = [label for label in classes if (folder / label).is_dir()]
    return {
        f"{label}/{name}": folder / label / name
        for label in present
        for name in os.listdir(folder / label)
    }


def _files_below(folder: Path) -> Iterable[Path]:
    """The files in `folder` and one level down: a folder a label, or all in one."""
    if folder.is_dir():
        for entry in os.scandir(folder):
            if entry.is_dir():
                yield from (Path(file.path) for file in os.scandir(entry.path) if file.is_file())
            else:
                yield Path(entry.path)
