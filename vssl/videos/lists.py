"""The official list files of the datasets: each video's class, and its side of each split.

No video is opened here.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

from vssl.errors import DataError

# For each official split the names, "class/file", for training and for testing.
Lists = tuple[tuple[list[str], list[str]], ...]


def read_class_lists(folder: Path) -> tuple[tuple[str, ...], Lists]:
    """Read `classInd.txt` and every `trainlistNN.txt` with its `testlistNN.txt`.

    Their lines are "class/file"; a label after it is ignored.
    """
    classes = tuple(line.split(maxsplit=1)[-1] for line in lines(folder / "classInd.txt"))
    splits = []
    for train in sorted(folder.glob("trainlist*.txt")):
        pair = train, folder / train.name.replace("train", "test")
        first, second = ([re.sub(r"\s+\d+$", "", line) for line in lines(file)] for file in pair)
        splits.append((first, second))
    if not splits:
        raise DataError(
            f"{folder} has a classInd.txt and no trainlist01.txt beside it; "
            "get the official lists again"
        )
    return classes, tuple(splits)


def read_hmdb51_splits(folder: Path) -> tuple[tuple[str, ...], Lists]:
    """Read `<class>_test_split{1,2,3}.txt`.

    A line "file 1" is for training, "file 2" for testing, and "file 0" is not used in that split.
    """
    files = {
        m.groups(): file
        for file in sorted(folder.glob("*.txt"))
        if (m := re.fullmatch(r"(.+)_test_split(\d)\.txt", file.name))
    }
    if not files:
        raise DataError(f"{folder} holds no <class>_test_split1.txt; get the official lists again")
    classes = tuple(sorted({label for label, _ in files}))
    splits = []
    for number in sorted({number for _, number in files}):
        sides: dict[str, list[str]] = {"0": [], "1": [], "2": []}
        for label in classes:
            if (label, number) not in files:
                raise DataError(
                    f"{folder} has no {label}_test_split{number}.txt, and other classes have "
                    "theirs; get the official lists again"
                )
            for line in lines(files[label, number]):
                file, _, side = line.rpartition(" ")
                if side not in sides:
                    raise DataError(
                        f"{files[label, number]} has a line that ends in neither 0, 1 nor 2: "
                        f"{line!r}"
                    )
                sides[side].append(f"{label}/{file.strip()}")
        splits.append((sides["1"], sides["2"]))
    return classes, tuple(splits)


def read_kinetics(file: Path) -> list[str]:
    """Read a csv file of Kinetics to names "label/<id>_<start>_<end>"."""
    wanted = {"label", "youtube_id", "time_start", "time_end"}
    rows = csv.DictReader(lines(file))
    if lacking := wanted - set(rows.fieldnames or ()):
        raise DataError(
            f"{file} is not a list of Kinetics: it has no column {', '.join(sorted(lacking))}"
        )
    names = []
    for row in rows:
        try:
            start, end = (int(float(row[name])) for name in ("time_start", "time_end"))
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{file}, line {rows.line_num}: "
                f"{row['time_start']!r} to {row['time_end']!r} are no times"
            ) from error
        names.append(f"{row['label']}/{row['youtube_id']}_{start:06d}_{end:06d}")
    return names


def read_diving48(folder: Path) -> tuple[tuple[str, ...], Lists]:
    """Read `Diving48_vocab.json` and version 2 of the lists, `Diving48_V2_{train,test}.json`.

    A class is a list of words, such as ["Back", "15som", "05Twis", "FREE"]; its name is all of
    them. The videos are cut to one dive each, so the first and last frame of an entry are not read.
    """
    vocabulary = folder / "Diving48_vocab.json"
    classes = tuple(" ".join(words) for words in _json(vocabulary, list))
    sides = []
    for side in ("train", "test"):
        file = folder / f"Diving48_V2_{side}.json"
        names = []
        for number, entry in enumerate(_json(file, dict), 1):
            label, name = entry.get("label"), entry.get("vid_name")
            if not isinstance(name, str) or label not in range(len(classes)):
                raise DataError(
                    f"{file}, entry {number}: {name!r} with label {label!r} is no video of one of "
                    f"the {len(classes)} classes; get the official lists again"
                )
            names.append(f"{classes[label]}/{name}")
        sides.append(names)
    train, test = sides
    return classes, ((train, test),)


def ucf101_group(name: str) -> str:
    """The performer of "Walk/v_Walk_g01_c02.avi", "Walk/g01"; each class counts its own."""
    found = re.search(r"_(g\d+)_c\d+\.", name)
    return f"{name.split('/')[0]}/{found[1]}" if found else name


def hmdb51_group(name: str) -> str:
    """The film that "class/<film>_<class>_u_cm_np1_fr_med_3.avi" was cut from."""
    label, file = name.split("/")
    return f"{label}/{file.rsplit(f'_{label}_', 1)[0]}"


def kinetics_group(name: str) -> str:
    """The upload that "label/<id>_000010_000020" was cut from."""
    return name.split("/")[1].rsplit("_", 2)[0]


def _json(file: Path, kind: Any) -> list[Any]:
    """A list of lists or of records, as a file of JSON holds it."""
    content = parsed(file, "get the official lists again")
    if not isinstance(content, list) or not all(isinstance(one, kind) for one in content):
        raise DataError(f"{file} is no list of {kind.__name__}s; get the official lists again")
    return content


def parsed(file: Path, advice: str) -> Any:
    """What a file of JSON holds; `advice` says what to do about one that is damaged."""
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{file} is needed and cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{file} is damaged ({error}); {advice}") from error


def lines(file: Path) -> list[str]:
    """The lines of a list that are not empty."""
    try:
        # The same error handler as Python's for file names that are not UTF-8, so that they match.
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise DataError(f"{file} is needed and cannot be read: {error.strerror}") from error
    return [line.strip() for line in text.splitlines() if line.strip()]
