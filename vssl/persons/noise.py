"""Proposed persons made from the true ones, where no person detector has looked at the videos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vssl.errors import VsslError
from vssl.persons.boxes import overlap
from vssl.persons.people import Persons

APART = 0.3  # a false box overlaps no true one by as much
TRIES = 20  # places at which a false box is tried; then it is left out
SCORES = (0.8, 1.0)  # of every proposed box, so that all pass the usual threshold


class Peopled(Protocol):
    """What knows the true persons of its videos: a dataset of persons."""

    @property
    def persons(self) -> Persons: ...


@dataclass(frozen=True)
class Noise:
    """How a made-up person detector errs.

    jitter   how far each edge of a box strays: the deviation of a normal, in sides of the box.
    misses   the share of true persons that are not proposed.
    false    how many boxes a key frame has where nobody is, on average. Each has the size of one of
             the frame's true boxes.
    """

    jitter: float = 0.05
    misses: float = 0.05
    false: float = 0.1

    def __post_init__(self) -> None:
        if not (self.jitter >= 0 and 0 <= self.misses <= 1 and self.false >= 0):
            raise VsslError(
                f"noise has a jitter of 0 or more, a share of misses from 0 to 1 and 0 false boxes "
                f"or more; not {self}"
            )

    def found_in(self, dataset: Peopled) -> Persons:
        """The persons that would be proposed in a dataset's videos."""
        return self.propose(dataset.persons)

    def propose(self, true: Persons, seed: int = 0) -> Persons:
        """The persons that would be proposed, without labels, in order of their key frames.

        The draws of a key frame depend on the seed, the video and the second alone: no other key
        frame changes them. It costs half a millisecond a key frame.
        """
        parts = [self._frame(true, rows, seed) for rows in true.by_frame()]
        like = np.concatenate([part[0] for part in parts])  # a true person of the same key frame
        return Persons(
            true.videos[like],
            true.seconds[like],
            np.concatenate([part[1] for part in parts]),
            np.zeros((len(like), true.labels.shape[1]), dtype=bool),
            np.concatenate([part[2] for part in parts]),
        )

    def _frame(
        self, true: Persons, rows: np.ndarray, seed: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A true person's row, the box and the score of each proposal of one key frame."""
        if not len(rows):  # of no persons at all
            return rows, true.boxes[rows], true.scores[rows]
        key = (seed, int(true.videos[rows[0]]), int(true.seconds[rows[0]]))
        rng, boxes = np.random.default_rng(key), true.boxes[rows]
        sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)  # [R, 4]
        strayed = boxes + self.jitter * sides * rng.standard_normal(boxes.shape)
        kept = rng.random(len(rows)) >= self.misses
        tried = [_elsewhere(boxes, rng) for _ in range(rng.poisson(self.false))]
        false = [box for box in tried if box is not None]
        made = np.concatenate([_ordered(strayed)[kept], np.reshape(false, (-1, 4))])
        scores = rng.uniform(*SCORES, len(made))
        return np.append(rows[kept], np.full(len(false), rows[0])), made, scores


def _ordered(boxes: np.ndarray) -> np.ndarray:
    """Boxes inside the frame, each with its lower edges first."""
    boxes = np.clip(boxes, 0, 1)
    return np.concatenate(
        [np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])], 1
    )


def _elsewhere(boxes: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """A box as large as one of these, at a place where it overlaps none much; None if none fits."""
    one = boxes[rng.integers(len(boxes))]
    size = one[2:] - one[:2]
    for _ in range(TRIES):
        corner = rng.random(2) * (1 - size)
        made = np.clip(np.concatenate([corner, corner + size]), 0, 1)
        if (overlap(made, boxes) < APART).all():
            return made
    return None
