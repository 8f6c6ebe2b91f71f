"""Frame-level average precision of persons' actions, as AVA's evaluation defines it.

Each class is counted by itself, over all key frames together. The detections of a class are taken
in order of their scores. Each claims the true box of its frame and class that it overlaps most, if
it overlaps it by half or more. The first to claim a box is right. All others are wrong, also where
they overlap a second true box. Average precision is the area under the curve of precision over
recall, after precision was raised to the highest one at the same or a higher recall.

AVA's code takes detections of equal score in an order that depends on the sort. Here they come in
together, so the order of rows changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vssl.errors import VsslError
from vssl.persons import Persons, overlap, same_frame

OVERLAP = 0.5  # of a detection and a true box, at least
FEW = 25  # AVA evaluates classes that have as many examples


@dataclass(frozen=True)
class Precisions:
    """The average precision of each class, from 0 to 1, and how many true boxes it has.

    A class without a true box has no average precision, and does not count in the mean.
    """

    classes: dict[str, float]
    examples: dict[str, int]  # also of the classes that have none
    few: tuple[str, ...]  # classes with some examples, but so few that chance moves their number

    @property
    def mean(self) -> float:
        """The mean over the classes that have test examples."""
        return float(np.mean(list(self.classes.values())))

    def metrics(self) -> dict[str, float]:
        """The mean and each class's average precision, in percent."""
        one = {f"AP {name}": 100 * value for name, value in self.classes.items()}
        return {"mAP": 100 * self.mean} | one


def precisions(
    true: Persons,
    found: Persons,
    scores: np.ndarray,
    classes: Sequence[str],
    excluded: np.ndarray | None = None,
    least: float = OVERLAP,
    few: int = FEW,
) -> Precisions:
    """The average precision of each class.

    true       the true persons with their labels [G, K]; a person may have several, or none.
    found      the persons in whose boxes something was detected; labels and scores are not read.
    scores     how surely each of them shows each class, [R, K]; -inf says that it was not detected.
    excluded   key frames to leave out, as `Persons.frames` numbers them.

    A box in a key frame without true persons is wrong. For 60 classes, 50,000 key frames and three
    boxes in each it takes six seconds.
    """
    if scores.shape != (len(found), len(classes)) or true.labels.shape[1] != len(classes):
        raise VsslError(
            f"{len(found)} boxes want scores [{len(found)}, {len(classes)}] for {len(classes)} "
            f"classes, and true labels as wide; not {list(scores.shape)} and "
            f"{list(true.labels.shape)}"
        )
    if len(set(classes)) < len(classes):
        raise VsslError("two classes have one name, so their numbers could not be told apart")
    if np.isnan(scores).any():
        raise VsslError("some scores are not numbers; look for what made the net diverge")
    if excluded is not None:
        counted = ~np.isin(found.frames, excluded)
        found, scores = found.at(counted), scores[counted]
        true = true.at(~np.isin(true.frames, excluded))
    examples = true.labels.sum(0)  # [K]
    if not examples.any():
        raise VsslError("no true box has a label of these classes, so there is nothing to evaluate")
    ours, theirs = same_frame(found.frames, true.frames)  # [P], [P]
    near = overlap(found.boxes[ours], true.boxes[theirs])  # [P]
    enough = near >= least
    # A detection's nearest pair comes last, and of those alike the one with the lower row.
    order = np.lexsort((-theirs, near))
    order = order[enough[order]]
    ours, theirs = ours[order], theirs[order]
    values = {}
    for number, name in enumerate(classes):
        if examples[number]:
            pairs = true.labels[theirs, number]  # [P]
            claims = np.full(len(found), -1)
            claims[ours[pairs]] = theirs[pairs]  # the last pair of a detection stays
            values[name] = _area(scores[:, number], claims, int(examples[number]))
    counts = dict(zip(classes, examples.tolist(), strict=True))
    return Precisions(values, counts, tuple(name for name in values if counts[name] < few))


def _area(scores: np.ndarray, claims: np.ndarray, examples: int) -> float:
    """The average precision of one class; `claims` [R] are rows of true boxes, -1 for none."""
    rows = np.flatnonzero(scores > -np.inf)
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    claims = claims[rows]
    right = np.zeros(len(rows), dtype=bool)
    right[np.unique(claims, return_index=True)[1]] = True  # the first to claim each box
    right &= claims >= 0
    ends = np.append(scores[rows][1:] != scores[rows][:-1], True)[: len(rows)]  # of equal scores
    hits = right.cumsum()[ends]
    precision = hits / (np.flatnonzero(ends) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(hits, prepend=0) / examples * precision).sum())
