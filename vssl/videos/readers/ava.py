"""AVA 2.2: the official csv files, and 15-minute excerpts `videos_15min/<video>.mp4`.

An excerpt is what everybody cuts of a film: the seconds 900 to 1800, of which 902 to 1798 are
annotated. The list of actions is the one for evaluation, with 60 of the 80. Labels of the other 20
are left out and counted; their persons stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from vssl.errors import DataError
from vssl.persons import Persons
from vssl.persons.people import frame_code
from vssl.videos import person_lists
from vssl.videos.datasets import UNLABELLED, DatasetOfPersons, Video
from vssl.videos.lists import lines
from vssl.videos.person_lists import Person
from vssl.videos.readers.assembly import first_folder, identity

ACTIONS = "ava_action_list_v2.2_for_activitynet_2019.pbtxt"
SIDES = ("train", "val")
BEGIN = 900  # the second of a film at which its excerpt begins


def read(root: str | Path) -> DatasetOfPersons:
    """AVA 2.2; the films for validation, whose boxes are public, are those to test on."""
    root = Path(root)
    bases = (root, root / "ava", root / "AVA")
    texts = first_folder(
        [base / name for base in bases for name in ("", "annotations")], holding=ACTIONS
    )
    folder = first_folder([base / name for base in bases for name in ("videos_15min", "videos")])
    if texts is None or folder is None:
        what = f"{ACTIONS} and ava_train_v2.2.csv" if texts is None else "videos_15min/<video>.mp4"
        raise DataError(
            f"AVA is not at {root}: {what} should be there; get the lists from "
            "https://research.google.com/ava/download.html and the films from "
            "https://github.com/cvdfoundation/ava-dataset, and cut seconds 900 to 1801 of each, or "
            "make the stand-in with `vssl data make`"
        )
    actions = person_lists.read_actions(texts / ACTIONS)
    sides = [person_lists.read_persons(texts / f"ava_{side}_v2.2.csv") for side in SIDES]
    left_out = [
        one
        for side in SIDES
        for one in person_lists.read_excluded(texts / f"ava_{side}_excluded_timestamps_v2.2.csv")
    ]
    listed = [list(dict.fromkeys(person.video for person in side)) for side in sides]
    there = {path.stem: path for path in sorted(folder.iterdir()) if path.is_file()}
    names = sorted({name for side in listed for name in side})
    present = [name for name in names if name in there]
    missing = tuple(name for name in names if name not in there)
    if not present:
        raise DataError(
            f"AVA at {root}: the lists name {len(names)} videos ({', '.join(names[:1])}, ...) and "
            f"none of them is in {folder.name}; put the videos there, or choose another folder"
        )
    index = {name: number for number, name in enumerate(present)}
    train, val = (np.array([index[n] for n in side if n in index], np.int64) for side in listed)
    videos = tuple(Video(there[name], UNLABELLED, name) for name in present)
    seconds = np.array([(index[v], s) for v, s in left_out if v in index], np.int64).reshape(-1, 2)
    excluded = np.unique(frame_code(*seconds.T))  # [E]
    persons, unlisted = _table([*sides[0], *sides[1]], index, tuple(actions))
    digest, stand_in = identity(root, _content(root, texts, videos), missing)
    return DatasetOfPersons(
        "ava",
        root,
        tuple(actions.values()),
        videos,
        ((train, val),),
        digest,
        stand_in,
        missing,
        persons=persons.at(~np.isin(persons.frames, excluded)),
        numbers=tuple(actions),
        excluded=excluded,
        unlisted=unlisted,
        begin=BEGIN,
    )


def read_proposals(file: str | Path, dataset: DatasetOfPersons) -> tuple[Persons, tuple[str, ...]]:
    """The persons that a detector proposes in a dataset's videos, but for excluded key frames.

    The names are of videos in the file that the dataset has not, or that are missing.
    """
    found = person_lists.read_proposals(Path(file))
    index = {video.name: number for number, video in enumerate(dataset.videos)}
    persons, _ = _table(found, index, dataset.numbers)
    names = sorted({person.video for person in found} - index.keys())
    return persons.at(~np.isin(persons.frames, dataset.excluded)), tuple(names)


def _table(
    found: Sequence[Person], index: dict[str, int], numbers: tuple[int, ...]
) -> tuple[Persons, int]:
    """The persons of the videos in `index`, in order; and how many labels have no class."""
    found = [person for person in found if person.video in index]
    found.sort(key=lambda person: (index[person.video], person.second))
    column = {number: place for place, number in enumerate(numbers)}
    labels = np.zeros((len(found), len(numbers)), dtype=bool)  # [R, K]
    unlisted = 0
    for row, person in enumerate(found):
        for action in person.actions:
            if action in column:
                labels[row, column[action]] = True
            else:
                unlisted += 1
    return Persons(
        np.array([index[person.video] for person in found], np.int64),
        np.array([person.second for person in found], np.int64),
        np.array([person.box for person in found], np.float64).reshape(-1, 4),
        labels,
        np.array([person.score for person in found], np.float64),
    ), unlisted


def _content(root: Path, texts: Path, videos: tuple[Video, ...]) -> Iterable[str]:
    """What makes AVA this one: its lists, and which files of which size are there."""
    for side in SIDES:
        for name in (f"ava_{side}_v2.2.csv", f"ava_{side}_excluded_timestamps_v2.2.csv"):
            yield from ("--", *lines(texts / name))
    yield from ("--", *lines(texts / ACTIONS))
    for video in videos:
        yield f"{video.path.relative_to(root).as_posix()} {video.path.stat().st_size}"
