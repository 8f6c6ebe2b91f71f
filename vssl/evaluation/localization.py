"""Localisation in time: proposals from BMN's scores, and how many actions they find.

A proposal finds an action if their IoU reaches a threshold. AR is the share of actions that are
found, averaged over ten thresholds, and AN is the average number of proposals of a video.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vssl.errors import VsslError

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # of IoU
MOST = 100  # proposals of a video, on average, where the curve ends
REPORTED = (1, 5, 10, 100)  # values of AN for which papers give AR
ALPHA = 0.4  # how far soft-NMS lowers a score
ALIKE, WIDER = 0.5, 0.4  # it lowers scores above an IoU of ALIKE + WIDER * (share of the video)


class Proposals(NamedTuple):
    """Where the actions of one video may be."""

    segments: np.ndarray  # [P, 2], start and end
    scores: np.ndarray  # [P]


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The IoU of segments [..., 2], pair by pair; 0 where both have no length."""
    shared = np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0])
    shared = np.maximum(shared, 0)
    union = (a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared
    return np.divide(shared, union, out=np.zeros_like(union), where=union > 0)


def proposals(
    start: np.ndarray,
    end: np.ndarray,
    regression: np.ndarray,
    classification: np.ndarray,
    duration: float = 1.0,
    keep: int = MOST,
) -> Proposals:
    """The best proposals of one video, best first, from BMN's scores [T], [T], [T, T] and [T, T].

    Cell (i, j) proposes from i / T to (j + 1) / T of `duration`, with the score start[i] *
    end[j + 1] * classification[i, j] * regression[i, j]. There is no score for an end at the end of
    the video, so nothing is proposed that ends there (the published code does so too). Soft-NMS
    then lowers the scores of those that lie upon a better one.
    """
    positions = len(start)
    i, j = np.triu_indices(positions - 1)  # [T (T - 1) / 2] each
    score = np.asarray(start, np.float64)[i] * end[j + 1] * classification[i, j] * regression[i, j]
    segments = np.stack([i, j + 1], axis=1) / positions  # [P, 2]
    best, scores = soft_nms(segments, score, keep)
    return Proposals(duration * segments[best], scores)


def soft_nms(
    segments: np.ndarray, scores: np.ndarray, keep: int = MOST
) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the best `keep` segments [P, 2], best first, and their scores after soft-NMS.

    Again and again the best of those that are left is taken, and the scores of those upon it are
    multiplied by exp(-IoU² / ALPHA): those with an IoU above ALIKE + WIDER * width, where the width
    of the one that was taken is a share of the video. So segments are fractions of the video. Of
    equal scores the first is taken.
    """
    left = np.array(scores, dtype=np.float64)  # [P]; -inf where it is taken
    count = min(keep, len(left))
    taken, lowered = np.zeros(count, dtype=np.int64), np.zeros(count)
    for n in range(count):
        best = int(left.argmax())
        taken[n], lowered[n] = best, left[best]
        left[best] = -np.inf
        iou = overlap(segments[best], segments)  # [P]
        upon = iou > ALIKE + WIDER * (segments[best, 1] - segments[best, 0])
        left[upon] *= np.exp(-(iou[upon] ** 2) / ALPHA)
    return taken, lowered


def blind(actions: np.ndarray, positions: int = 100, keep: int = MOST) -> Proposals:
    """The proposals of a detector that looks at no video, as fractions of any video, best first.

    They are chosen by the training videos' actions [G, 2], also fractions: again and again the cell
    that finds the most actions and thresholds that no earlier one found; of equal cells the first.
    What features are worth is what a detector finds beyond this list, which finds much where
    actions are long. It takes a byte for each pair of a cell and an action.
    """
    i, j = np.triu_indices(positions - 1)
    segments = np.stack([i, j + 1], axis=1) / positions  # [P, 2]
    reached = np.zeros((len(segments), len(actions)), dtype=np.uint8)
    for n, segment in enumerate(segments):
        reached[n] = np.searchsorted(THRESHOLDS, overlap(segment, actions), side="right")
    so_far = np.zeros(len(actions), dtype=np.uint8)  # thresholds at which each action is found
    left = np.ones(len(segments), dtype=bool)
    taken: list[int] = []
    for _ in range(min(keep, len(segments))):
        gain = np.maximum(reached, so_far).sum(1, dtype=np.int64)  # [P]
        best = int(np.where(left, gain, -1).argmax())
        so_far = np.maximum(so_far, reached[best])
        left[best] = False
        taken.append(best)
    return Proposals(segments[taken], np.linspace(1, 0, len(taken), endpoint=False))


@dataclass(frozen=True, eq=False)
class Curve:
    """AR against AN, at AN = 1, 2, ..., 100. All values are shares, from 0 to 1."""

    recall: np.ndarray  # [100], averaged over the thresholds

    def at(self, number: int) -> float:
        """AR at an average number of proposals."""
        if not 1 <= number <= MOST:
            raise VsslError(f"AR is measured at 1 to {MOST} proposals a video, not at {number}")
        return float(self.recall[number - 1])

    @property
    def area(self) -> float:
        """The area below the curve from AN = 1 to 100, as a share of 100.

        The curve begins at 1 and the share is of 100, as ActivityNet has it, so the area of a
        perfect detector is 0.99.
        """
        return float(np.trapezoid(self.recall)) / MOST

    def metrics(self) -> dict[str, float]:
        """What papers report, in percent: AR@1, AR@5, AR@10, AR@100 and AUC."""
        found = {f"AR@{number}": 100 * self.at(number) for number in REPORTED}
        return found | {"AUC": 100 * self.area}


def average_recall(actions: Mapping[str, np.ndarray], found: Mapping[str, Proposals]) -> Curve:
    """AR against AN by ActivityNet's definition, of the actions [G, 2] of videos and proposals.

    AN is no number of proposals that each video gets. It is a percentage: AN = 5 takes of each
    video the best p percent of its own proposals, with p such that it comes to 5 a video on
    average. What follows:

    - A video with many proposals gives more of them than one with few. Where all videos have 100,
      each gives exactly AN.
    - A share is cut to a whole number, so that at AN = 1 a video with fewer proposals than the
      average gives none. As in the official code it is cut in floating point: 29 % of 100 are 28.
    - If there are more than 100 a video, each video first loses the same share of its worst ones.
    - If there are fewer than AN a video, all are taken, and the curve stays level from there on.

    A video without actions does not count, nor do its proposals. A video without proposals counts:
    its actions are not found. Of equal scores the proposal that comes first is better. Without any
    action nothing can be measured, which is an error.
    """
    names = [name for name, segments in actions.items() if len(segments)]
    if not names:
        raise VsslError("no video has an action, so no recall can be measured; check the split")
    wanted = [np.asarray(actions[name], np.float64).reshape(-1, 2) for name in names]
    count, proposed = _in_order(names, found)  # [V] and [P, 2], video by video, best first
    kept, taken = _taken(count)  # [V], [V, 100]
    if not kept.any():
        return Curve(np.zeros(MOST))
    video = np.repeat(np.arange(len(names)), [len(some) for some in wanted])  # [G]
    first = _first(np.concatenate(wanted), video, proposed, count)  # [thresholds, G]
    recall = [(rank[:, None] < taken[video]).mean(0) for rank in first]  # [100] each
    return Curve(np.mean(recall, axis=0))


def _in_order(names: list[str], found: Mapping[str, Proposals]) -> tuple[np.ndarray, np.ndarray]:
    """How many proposals each video has, and all of them: video by video, best first."""
    none = Proposals(np.zeros((0, 2)), np.zeros(0))
    each = [found.get(name, none) for name in names]
    for name, some in zip(names, each, strict=True):
        if np.shape(some.segments) != (len(some.scores), 2):
            raise VsslError(
                f"{name} has {len(some.scores)} scores for proposals of shape "
                f"{np.shape(some.segments)}; each proposal is a start, an end and a score"
            )
    count = np.array([len(some.scores) for some in each])
    scores = np.concatenate([some.scores for some in each])
    if not np.isfinite(scores).all():
        raise VsslError("the score of a proposal is not a finite number, so it has no rank")
    order = np.lexsort((-scores, np.repeat(np.arange(len(each)), count)))  # equals keep their order
    return count, np.concatenate([some.segments for some in each])[order]


def _taken(count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many proposals each video keeps, [V], and how many of them each AN takes, [V, 100].

    The order of the operations is the official code's, because they are cut to whole numbers.
    """
    wanted = float(MOST) * len(count)
    ratio = wanted / max(count.sum(), 1)
    kept = np.minimum((count * ratio).astype(np.int64), count)
    share = np.arange(1, MOST + 1) / 100.0 * (wanted / max(kept.sum(), 1))
    taken = (kept[:, None] * share).astype(np.int64)
    return kept, np.minimum(taken, kept[:, None])


def _first(
    actions: np.ndarray, video: np.ndarray, proposed: np.ndarray, count: np.ndarray
) -> np.ndarray:
    """The rank of the first proposal that finds each action, [thresholds, G], counted from 0.

    An action that none finds has a rank beyond all others. All pairs of an action with a proposal
    of its video lie in memory at once, in a row: some 100 bytes a pair.
    """
    never = np.iinfo(np.int64).max
    pairs = count[video]  # [G]
    first = np.full((len(THRESHOLDS), len(actions)), never)
    some = pairs > 0
    if not some.any():
        return first
    begin = np.cumsum(pairs) - pairs  # [G], where an action's pairs begin
    rank = np.arange(pairs.sum()) - np.repeat(begin, pairs)  # [pairs]
    place = np.repeat((np.cumsum(count) - count)[video], pairs) + rank  # [pairs], in `proposed`
    iou = overlap(np.repeat(actions, pairs, axis=0), proposed[place])  # [pairs]
    for n, threshold in enumerate(THRESHOLDS):
        hit = np.where(iou >= threshold, rank, never)
        first[n, some] = np.minimum.reduceat(hit, begin[some])
    return first
