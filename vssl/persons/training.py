"""Which persons train a detector of actions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vssl.persons.people import Persons

NEAR = 0.9  # how much a proposed box must overlap a true one to train with its labels


def to_train_on(true: Persons, proposed: Persons, least: float = NEAR) -> Persons:
    """The true persons, and the proposed ones that overlap one by `least` or more.

    Such a proposal has the labels of the true person whom it overlaps most. A test shows proposals
    only, so some of them belong in training too.
    """
    row, most = proposed.nearest(true)  # [R], [R]
    near = np.flatnonzero(most >= least)
    return true.joined(replace(proposed.at(near), labels=true.labels[row[near]]))
