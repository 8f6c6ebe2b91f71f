"""Nearest-neighbour retrieval: a test video asks, training videos answer, R@k counts the queries answered in the first k."""

from __future__ import annotations

from typing import Literal

import numpy as np

RANKS = (1, 5, 10, 20, 50)


def _unit(features: np.ndarray) -> np.ndarray:
    features = features.astype(np.float32)
    return features / np.maximum(np.linalg.norm(features, axis=-1, keepdims=True), 1e-12)


def nearest(queries: np.ndarray, gallery: np.ndarray, count: int) -> np.ndarray:
    """The `count` nearest gallery rows of each query by cosine, nearest first, [Q, count]; ties go to the lower row."""
    return np.argsort(-(_unit(queries) @ _unit(gallery).T), axis=1, kind="stable")[:, :count]


def recall(
    queries: np.ndarray,
    query_labels: np.ndarray,
    gallery: np.ndarray,
    gallery_labels: np.ndarray,
    level: Literal["video", "clip"] = "video",
    ranks: tuple[int, ...] = RANKS,
) -> dict[str, float]:
    """R@k in percent: the share of queries with a neighbour of their class among the k nearest; features are [n, V, D].

    "video"   the clips of a video are averaged first, one query a video: what the shared code of this field does.
    "clip"    every clip of a test video asks among all training clips: what the Pace paper's text says.
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
    found = np.concatenate(
        [
            gallery_labels[nearest(part, gallery, max(ranks))] == labels[:, None]
            for part, labels in zip(_parts(queries), _parts(query_labels), strict=True)
        ]
    )  # [Q, max(ranks)]
    return {f"R@{k}": 100 * float(found[:, :k].any(1).mean()) for k in ranks}


def blind(
    query_labels: np.ndarray,
    gallery_labels: np.ndarray,
    clips: int = 1,
    ranks: tuple[int, ...] = RANKS,
) -> dict[str, float]:
    """R@k in percent of neighbours drawn at random, without putting back: what features that know nothing score.

    With N gallery items of which n are of the query's class, 1 - C(N - n, k) / C(N, k). `clips` is a video's at clip level.
    """
    size = clips * len(gallery_labels)
    right = clips * (gallery_labels[None] == query_labels[:, None]).sum(
        1
    )  # [Q], of the query's class
    missed, answer = (
        np.ones(len(query_labels)),
        {},
    )  # [Q], the chance that none of the draws so far was right
    for drawn in range(max(ranks)):
        missed = missed * np.clip(size - right - drawn, 0, None) / max(size - drawn, 1)
        if drawn + 1 in ranks:
            answer[f"R@{drawn + 1}"] = 100 * float(1 - missed.mean())
    return answer


def instance(clips: np.ndarray) -> dict[str, float]:
    """How often, in percent, the nearest other clip of all is of the same video; clips are [n, V, D]. With the rate of guessing."""
    videos, views, _ = clips.shape
    rows = _unit(clips.reshape(videos * views, -1))  # [n * V, D]
    video = np.repeat(np.arange(videos), views)
    right = 0
    for part in _parts(np.arange(len(rows))):
        sim = rows[part] @ rows.T
        sim[np.arange(len(part)), part] = -np.inf  # not itself
        right += int((video[sim.argmax(1)] == video[part]).sum())
    return {"instance": 100 * right / len(rows), "chance": 100 * (views - 1) / (len(rows) - 1)}


def _parts(rows: np.ndarray, size: int = 4096) -> list[np.ndarray]:
    """Rows in parts, so that the similarities of 37,830 query clips with 95,370 gallery clips never lie in memory at once."""
    return np.array_split(rows, max(1, -(-len(rows) // size)))
