"""A table of persons, one a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from vssl.errors import VsslError
from vssl.persons.boxes import overlap, same_frame

MOST_SECONDS = 2**20  # twelve days; a video is shorter


@dataclass(frozen=True, eq=False)
class Persons:
    """Persons in boxes, one a row; each second of a video in which one is named is a key frame.

    A true person has a score of 1. One that a detector proposes has the detector's score and no
    label.
    """

    videos: np.ndarray  # [R], indices of videos
    seconds: np.ndarray  # [R], of the whole film, where the video is an excerpt
    boxes: np.ndarray  # [R, 4], x1, y1, x2, y2 in fractions of the frame
    labels: np.ndarray  # [R, K] bool, what the person does
    scores: np.ndarray  # [R], how sure it is that this is a person

    def __post_init__(self) -> None:
        rows = len(self.videos)
        shapes = [one.shape[:1] for one in (self.seconds, self.boxes, self.labels, self.scores)]
        if shapes != 4 * [(rows,)] or self.boxes.shape[1:] != (4,) or self.labels.ndim != 2:
            raise VsslError(
                "persons have a second [R], a box [R, 4], labels [R, K] and a score [R] each, not "
                f"{[list(shape) for shape in shapes]} for {rows} rows"
            )
        boxes = self.boxes
        if not ((boxes >= 0) & (boxes <= 1)).all() or (boxes[:, :2] > boxes[:, 2:]).any():
            raise VsslError(
                "a person's box is x1, y1, x2, y2 in fractions of the frame, from 0 to 1, and "
                "x1 <= x2 and y1 <= y2; divide by the size of the frame if these are pixels"
            )
        if ((self.seconds < 0) | (self.seconds >= MOST_SECONDS)).any():
            raise VsslError(
                f"a key frame is a second of its video, from 0 to {MOST_SECONDS - 1}; give seconds"
            )

    def __len__(self) -> int:
        return len(self.videos)

    @property
    def frames(self) -> np.ndarray:
        """A number for each row's key frame, [R]: rows have the same one if they share a frame."""
        return frame_code(self.videos, self.seconds)

    def by_frame(self) -> list[np.ndarray]:
        """The rows of each key frame, in order of video and second; one without rows if none is."""
        frames = self.frames
        order = np.argsort(frames, kind="stable")
        begins = np.unique(frames[order], return_index=True)[1]
        return np.split(order, begins[1:])

    def at(self, rows: np.ndarray) -> Self:
        """The persons of these rows: indices, or a mask."""
        return type(self)(
            self.videos[rows],
            self.seconds[rows],
            self.boxes[rows],
            self.labels[rows],
            self.scores[rows],
        )

    def of(self, videos: np.ndarray) -> Self:
        """The persons of these videos."""
        return self.at(np.isin(self.videos, videos))

    def sure(self, score: float = 0.8) -> Self:
        """The persons with at least this score; 0.8 is what detectors on AVA take."""
        return self.at(self.scores >= score)

    def joined(self, more: Self) -> Self:
        """These persons and more of them, in order of their key frames."""
        both = type(self)(
            np.concatenate([self.videos, more.videos]),
            np.concatenate([self.seconds, more.seconds]),
            np.concatenate([self.boxes, more.boxes]),
            np.concatenate([self.labels, more.labels]),
            np.concatenate([self.scores, more.scores]),
        )
        return both.at(np.argsort(both.frames, kind="stable"))

    def nearest(self, others: Self) -> tuple[np.ndarray, np.ndarray]:
        """Of each row the row of `others` that it overlaps most in its frame, and the overlap.

        Both are [R]. Of two that it overlaps alike, the lower row counts. Where it overlaps none,
        the row is -1 and the overlap 0.
        """
        mine, theirs = same_frame(self.frames, others.frames)  # [P], [P]
        near = overlap(self.boxes[mine], others.boxes[theirs])  # [P]
        row, most = np.full(len(self), -1), np.zeros(len(self))
        order = np.lexsort((-theirs, near))  # the best pair of a row comes last, and is kept
        row[mine[order]], most[mine[order]] = theirs[order], near[order]
        return np.where(most > 0, row, -1), most


def frame_code(videos: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """A number for each key frame, in order of video and second."""
    return np.asarray(videos, np.int64) * MOST_SECONDS + seconds
