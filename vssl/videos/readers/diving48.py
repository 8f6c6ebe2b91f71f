"""Diving48: `Diving48_V2_{train,test}.json`, `Diving48_vocab.json` and `rgb/<name>.mp4`.

The lists give no groups, so each video is its own. A name begins with the upload that the dive was
cut from, and many dives of one competition are cut from the same. So a tenth that is held out of
the training videos can show a pool and a diver that the rest shows too.
"""

from __future__ import annotations

from pathlib import Path

from vssl.errors import DataError
from vssl.videos import lists
from vssl.videos.datasets import Dataset
from vssl.videos.readers.assembly import assemble, first_folder

VOCABULARY = "Diving48_vocab.json"


def read(root: str | Path) -> Dataset:
    """Diving48 with its one official split, in the second and cleaner version of its lists."""
    root = Path(root)
    bases = (root, root / "diving48", root / "Diving48")
    texts = first_folder(
        [base / name for base in bases for name in ("", "annotations")], holding=VOCABULARY
    )
    folder = first_folder([base / name for base in bases for name in ("rgb", "videos")])
    if texts is None or folder is None:
        what = (
            "rgb/<name>.mp4"
            if folder is None
            else f"{VOCABULARY}, Diving48_V2_train.json and Diving48_V2_test.json"
        )
        raise DataError(
            f"Diving48 is not at {root}: {what} should be there; get Diving48_rgb.tar.gz and the "
            "lists from http://www.svcl.ucsd.edu/projects/resound/dataset.html, or make the "
            "stand-in with `vssl data make`"
        )
    classes, splits = lists.read_diving48(texts)
    videos = {path.stem: path for path in folder.iterdir()}
    listed = {entry for side in splits[0] for entry in side}
    found = {entry: videos[name] for entry in listed if (name := entry.split("/")[1]) in videos}
    return assemble("diving48", root, classes, splits, found, group_of=str)
