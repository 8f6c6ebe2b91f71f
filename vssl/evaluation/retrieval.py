"""Nearest-neighbour retrieval: a test video asks, and training videos answer.

R@k is the share of queries with an answer of their class among the first k.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch

RANKS = (1, 5, 10, 20, 50)
BYTES = 2**28  # of similarities that lie in memory at once


def _unit(features: np.ndarray) -> np.ndarray:
    features = features.astype(np.float32)
    return features / np.maximum(np.linalg.norm(features, axis=-1, keepdims=True), 1e-12)


def nearest(queries: np.ndarray, gallery: np.ndarray, count: int) -> np.ndarray:
    """The `count` nearest gallery rows of each query by cosine, nearest first, [Q, count].

    Of two that are equally near, the lower row comes first. A gallery of fewer rows is given whole.
    """
    units, answers = _unit(gallery), []
    for part in _parts(len(queries), len(gallery)):
        answers.append(first_rows(_unit(queries[part]) @ units.T, count))  # [q, count]
    return np.concatenate(answers) if answers else np.zeros((0, min(count, len(gallery))), np.int64)


def first_rows(similarity: np.ndarray, count: int) -> np.ndarray:
    """The columns of the `count` highest values of each row, highest first, [Q, count].

    Of equal values the lower column comes first. torch finds the highest values, in no order that
    it promises among equals, so equals are put in order here: those above the last value are all
    found, and of those equal to it the lowest columns are taken.
    """
    sim = torch.from_numpy(similarity)
    count = min(count, sim.shape[1])
    value, column = sim.topk(count, dim=1)  # both [Q, count]
    last = value[:, -1:]  # [Q, 1]
    # Columns equal to the last value that topk was free to choose among.
    tied = (sim == last).sum(1) > (value == last).sum(1)  # [Q]
    for row in tied.nonzero()[:, 0].tolist():
        above = int((value[row] > last[row]).sum())
        column[row, above:] = (sim[row] == last[row]).nonzero()[: count - above, 0]
    # Equal values in order of their columns: first by column, then, keeping that order, by value.
    by_column = column.argsort(dim=1)
    column, value = column.gather(1, by_column), value.gather(1, by_column)
    return column.gather(1, value.argsort(dim=1, descending=True, stable=True)).numpy()


def recall(
    queries: np.ndarray,
    query_labels: np.ndarray,
    gallery: np.ndarray,
    gallery_labels: np.ndarray,
    level: Literal["video", "clip"] = "video",
    ranks: tuple[int, ...] = RANKS,
) -> dict[str, float]:
    """R@k in percent: the share of queries with a neighbour of their class among the k nearest.

    Features are [n, V, D].

    "video"   the clips of a video are averaged first, one query a video: what the shared code of
              this field does.
    "clip"    every clip of a test video asks among all training clips: what the Pace paper's text
              says.
    Every query counts. A gallery smaller than k is searched whole.
    """
    if level == "video":
        queries, gallery = queries.mean(1), gallery.mean(1)  # [n, D]
    else:
        query_labels = np.repeat(query_labels, queries.shape[1])
        gallery_labels = np.repeat(gallery_labels, gallery.shape[1])
        queries, gallery = (
            queries.reshape(-1, queries.shape[-1]),
            gallery.reshape(-1, gallery.shape[-1]),
        )  # [n * V, D]
    found = gallery_labels[nearest(queries, gallery, max(ranks))] == query_labels[:, None]
    return {f"R@{k}": 100 * float(found[:, :k].any(1).mean()) for k in ranks}


def blind(
    query_labels: np.ndarray,
    gallery_labels: np.ndarray,
    clips: int = 1,
    ranks: tuple[int, ...] = RANKS,
) -> dict[str, float]:
    """R@k in percent of neighbours drawn at random: what features that know nothing score.

    With N gallery items of which n are of the query's class, 1 - C(N - n, k) / C(N, k). `clips` is
    a video's at clip level.
    """
    size = clips * len(gallery_labels)
    same = gallery_labels[None] == query_labels[:, None]
    right = clips * same.sum(1)  # [Q], items of the query's class
    missed = np.ones(len(query_labels))  # [Q], the chance that none of the draws so far was right
    answer = {}
    for drawn in range(max(ranks)):
        missed = missed * np.clip(size - right - drawn, 0, None) / max(size - drawn, 1)
        if drawn + 1 in ranks:
            answer[f"R@{drawn + 1}"] = 100 * float(1 - missed.mean())
    return answer


def instance(clips: np.ndarray) -> dict[str, float]:
    """How often, in percent, the nearest other clip of all is of the same video, and by chance.

    Clips are [n, V, D].
    """
    videos, views, _ = clips.shape
    rows = _unit(clips.reshape(videos * views, -1))  # [n * V, D]
    video = np.repeat(np.arange(videos), views)
    right = 0
    for part in _parts(len(rows), len(rows)):
        sim = rows[part] @ rows.T
        sim[np.arange(len(sim)), np.arange(part.start, part.stop)] = -np.inf  # not itself
        right += int((video[sim.argmax(1)] == video[part]).sum())
    return {"instance": 100 * right / len(rows), "chance": 100 * (views - 1) / (len(rows) - 1)}


def _parts(queries: int, gallery: int) -> Iterator[slice]:
    """Queries in parts, so that no more than `BYTES` of similarities lie in memory at once."""
    size = max(1, BYTES // (4 * max(1, gallery)))
    for start in range(0, queries, size):
        yield slice(start, min(start + size, queries))
