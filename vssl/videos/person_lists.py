"""The list files of persons in boxes: AVA's official ones, and those of person detectors.

A row that cannot be meant is refused in one line, which names the file and the row. No video is
opened here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vssl.errors import DataError
from vssl.videos.lists import lines

MEND = "mend the row, or get the list again"
BESIDE = 0.01  # of the frame: rounding may set an edge so far outside

Four = tuple[float, float, float, float]  # x1, y1, x2, y2


class Person(NamedTuple):
    """One person at one second, with all its actions or with a detector's score."""

    video: str
    second: int
    box: Four
    actions: tuple[int, ...] = ()  # the official numbers
    score: float = 1.0


def read_actions(file: Path) -> dict[int, str]:
    """The names of actions by their official numbers, which are not consecutive.

    Both spellings of the lists are read: "item" with "id", and "label" with "label_id". A name that
    stands there twice has its number behind it.
    """
    text = "\n".join(lines(file))
    found: dict[int, str] = {}
    for block in re.findall(r"\{(.*?)\}", text, re.DOTALL):
        name, number = re.search(r'name: *"(.+)"', block), re.search(r"\bid: *(\d+)", block)
        number = number or re.search(r"label_id: *(\d+)", block)
        if not name or not number or int(number[1]) in found:
            raise DataError(
                f"{file}, entry {len(found) + 1}: an action has a name and a number of its own, "
                f"not {' '.join(block.split())!r}; get the official lists again"
            )
        found[int(number[1])] = name[1]
    if not found:
        raise DataError(f"{file} names no action; get the official lists again")
    names = list(found.values())
    return {
        number: name if names.count(name) == 1 else f"{name} ({number})"
        for number, name in sorted(found.items())
    }


def read_persons(file: Path) -> list[Person]:
    """The persons of a list of AVA, with their actions.

    The columns are video, second, x1, y1, x2, y2, action and, since version 2.1, a number of the
    person. Each row holds one action. Rows of one second with the same box are one person. A row
    without an action is a person who does nothing on the list.
    """
    actions: dict[tuple[str, int, Four], list[int]] = {}
    for where, row in _rows(file, (7, 8)):
        one = (row[0], _second(where, row[1]), _box(where, row[2:6]))
        doing = actions.setdefault(one, [])
        if row[6]:
            if not row[6].isdecimal():
                raise DataError(f"{where}: {row[6]!r} is no number of an action; {MEND}")
            doing.append(int(row[6]))
    return [Person(*one, tuple(dict.fromkeys(doing))) for one, doing in actions.items()]


def read_proposals(file: Path) -> list[Person]:
    """The persons that a detector proposes, with its scores.

    The columns are video, second, x1, y1, x2, y2 and score. Between the box and the score there may
    be one of actions, which is not read and mostly empty.
    """
    found = []
    for where, row in _rows(file, (7, 8)):
        try:
            score = float(row[-1])
        except ValueError:
            score = -1.0
        if not 0 <= score <= 1:
            raise DataError(f"{where}: {row[-1]!r} is no score from 0 to 1; {MEND}")
        found.append(Person(row[0], _second(where, row[1]), _box(where, row[2:6]), score=score))
    return found


def read_excluded(file: Path) -> list[tuple[str, int]]:
    """The videos and seconds that are to be left out."""
    return [(row[0], _second(where, row[1])) for where, row in _rows(file, (2,))]


def _rows(file: Path, widths: tuple[int, ...]) -> Iterator[tuple[str, list[str]]]:
    """Each row of a csv file, and how an error names it; empty rows are left out."""
    try:
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise DataError(f"{file} is needed and cannot be read: {error.strerror}") from error
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        where = f"{file}, line {number}"
        if row and len(row) not in widths:
            wanted = " or ".join(map(str, widths))
            raise DataError(f"{where}: {len(row)} columns, where {wanted} are wanted; {MEND}")
        if row:
            yield where, [cell.strip() for cell in row]


def _second(where: str, text: str) -> int:
    if not text.isdecimal():
        raise DataError(f"{where}: {text!r} is no second, such as 0902; {MEND}")
    return int(text)


def _box(where: str, texts: list[str]) -> Four:
    """Four fractions of the frame; edges a little outside are brought to its edge."""
    try:
        x1, y1, x2, y2 = map(float, texts)
    except ValueError:
        x1 = y1 = x2 = y2 = float("nan")
    if 0 <= x1 <= x2 <= 1 and 0 <= y1 <= y2 <= 1:  # nearly always
        return x1, y1, x2, y2
    if not all(-BESIDE <= edge <= 1 + BESIDE for edge in (x1, y1, x2, y2)):
        raise DataError(
            f"{where}: {','.join(texts)} is no box of x1, y1, x2, y2 in fractions of the frame; if "
            "these are pixels, divide them by its size"
        )
    x1, y1, x2, y2 = (min(max(edge, 0.0), 1.0) for edge in (x1, y1, x2, y2))
    if x1 > x2 or y1 > y2:
        raise DataError(
            f"{where}: {','.join(texts)} is no box: its first corner, x1 and y1, is the upper left "
            f"one; {MEND}"
        )
    return x1, y1, x2, y2
