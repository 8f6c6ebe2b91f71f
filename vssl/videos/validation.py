"""A validation split: part of the training videos is held out; no test video is used."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

SHARE = 0.1  # of the training videos


def validation_split(
    labels: Sequence[Hashable], groups: Sequence[str], train: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Divide training videos into about nine tenths to train on and a tenth to validate on.

    `labels` and `groups` are those of all videos; `train` holds indices. Whole groups are held out,
    class by class, in the order of a hash of their names, as long as each brings its class nearer
    to a tenth. A class in which no group is so small gives its smallest. The choice depends on the
    groups' names and sizes alone, so it is the same in every run. No group is on both sides. Every
    class that has two groups or more, and shares none of them with another class, is on both sides.
    """
    held_out = _choose(_sizes(labels, groups, train))
    side = np.array([groups[i] in held_out for i in train], dtype=bool)  # [videos]
    return train[~side], train[side]


def _sizes(
    labels: Sequence[Hashable], groups: Sequence[str], train: np.ndarray
) -> dict[str, Counter]:
    """Each group's training videos by class; groups are in the order of a hash of their names."""
    sizes: dict[str, Counter] = defaultdict(Counter)
    for i in train:
        sizes[groups[i]][labels[i]] += 1
    return dict(sorted(sizes.items(), key=lambda item: hashlib.sha256(item[0].encode()).digest()))


def _choose(sizes: dict[str, Counter]) -> set[str]:
    """The groups to hold out."""
    totals: Counter = sum(sizes.values(), Counter())
    chosen: set[str] = set()
    held_out: Counter = Counter()  # videos of each class
    for group, size in sizes.items():
        if all(held_out[label] + n / 2 <= SHARE * totals[label] for label, n in size.items()):
            chosen.add(group)
            held_out += size
    for group, size in sorted(sizes.items(), key=lambda item: item[1].total()):
        lacking = any(held_out[label] == 0 for label in size)
        if lacking and all(held_out[label] + n < totals[label] for label, n in size.items()):
            chosen.add(group)
            held_out += size
    return chosen
