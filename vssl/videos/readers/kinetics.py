"""Kinetics: `train.csv`, `val.csv` and `train/<label>/<id>_<start>_<end>.mp4`; train against val.

A clip is found by its own name, which no two clips share, so the folders may spell the labels as
they like.
"""

from __future__ import annotations

from pathlib import Path

from vssl.errors import DataError
from vssl.videos import lists
from vssl.videos.datasets import Dataset
from vssl.videos.readers.assembly import assemble, files_below


def read_400(root: str | Path) -> Dataset:
    """Kinetics-400; its classes are in alphabetical order."""
    return _read(Path(root), 400)


def read_600(root: str | Path) -> Dataset:
    """Kinetics-600; its classes are in alphabetical order."""
    return _read(Path(root), 600)


def _read(root: Path, classes: int) -> Dataset:
    name = f"kinetics{classes}"
    sides, found = [], {}
    for folders in (("train",), ("val", "validate")):
        listed = lists.read_kinetics(_list_file(root, classes, folders))
        bases = [base / folder for base in (root, root / name) for folder in folders]
        present = {path.stem: path for base in bases for path in files_below(base)}
        for entry in listed:
            clip = entry.split("/")[-1]
            if clip in present:
                found[entry] = present[clip]
        sides.append(listed)
    train, val = sides
    labels = tuple(sorted({entry.split("/")[0] for side in sides for entry in side}))
    return assemble(name, root, labels, ((train, val),), found, lists.kinetics_group)


def _list_file(root: Path, classes: int, names: tuple[str, ...]) -> Path:
    """The csv file of one side, under any of the spellings that are about."""
    own = f"kinetics{classes}"
    prefixes = ("", f"kinetics-{classes}_", f"kinetics_{classes}_", f"{own}_")
    for base in (root, root / "annotations", root / own, root / own / "annotations"):
        for name in names:
            for prefix in prefixes:
                if (base / f"{prefix}{name}.csv").is_file():
                    return base / f"{prefix}{name}.csv"
    raise DataError(
        f"Kinetics-{classes} is not at {root}: {names[0]}.csv should be there, with "
        f"{names[0]}/<label>/<id>_<start>_<end>.mp4; get both with "
        "https://github.com/cvdfoundation/kinetics-dataset, "
        "or make the stand-in with `vssl data make`"
    )
