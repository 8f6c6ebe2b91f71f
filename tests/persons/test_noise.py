"""Made-up proposals err as much as their noise says, and are the same at every draw."""

from __future__ import annotations

import numpy as np
import pytest
from people import crowd

from vssl.errors import VsslError
from vssl.persons import Noise, Persons, overlap


def rates(true, proposed, least=0.5):
    """Recall and precision at an overlap: each proposal claims the true person nearest to it."""
    row, most = proposed.nearest(true)
    return (
        len(np.unique(row[most >= least])) / len(true),
        float((most >= least).mean()) if len(proposed) else 1.0,
    )


def spread(frames=1000):
    """True persons far from each other, so that no proposal is near to a wrong one."""
    people = crowd(frames, 2)
    left = np.tile([[0.25, 0.3, 0.4, 0.6], [0.6, 0.1, 0.9, 0.5]], (frames, 1))
    return Persons(people.videos, people.seconds, left, people.labels, people.scores)


def test_without_noise_the_true_boxes_are_proposed():
    true = crowd(30)
    proposed = Noise(0, 0, 0).propose(true)
    assert np.array_equal(proposed.boxes, true.boxes)
    assert np.array_equal(proposed.frames, true.frames)
    assert not proposed.labels.any() and proposed.labels.shape == true.labels.shape
    assert (proposed.scores >= 0.8).all() and len(np.unique(proposed.scores)) == len(proposed)


@pytest.mark.parametrize("misses", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("false", [0.0, 0.5])
def test_misses_and_false_boxes_give_recall_and_precision(misses, false):
    true = spread()
    recall, precision = rates(true, Noise(0, misses, false).propose(true))
    assert recall == pytest.approx(1 - misses, abs=0.03)
    if misses < 1:
        assert precision == pytest.approx(2 * (1 - misses) / (2 * (1 - misses) + false), abs=0.03)
    else:
        assert precision == (1.0 if false == 0 else 0.0)


@pytest.mark.parametrize("jitter", [0.05, 0.15, 0.3])
def test_jitter_costs_the_recall_that_straying_edges_cost(jitter):
    """The expected recall is drawn for one box of side 1, since jitter is in sides of the box."""
    rng = np.random.default_rng(1)
    edges = np.array([1.0, 1, 2, 2]) + jitter * rng.standard_normal((40_000, 4))
    edges = np.sort(edges.reshape(-1, 2, 2), 1).reshape(-1, 4)  # the lower edges first
    expected = (overlap(edges, np.array([1.0, 1, 2, 2])) >= 0.5).mean()
    true = spread()
    true = true.at(np.arange(0, len(true), 2))  # whose boxes keep away from the frame's edges
    recall, precision = rates(true, Noise(jitter, 0, 0).propose(true))
    assert recall == pytest.approx(expected, abs=0.03) and precision == recall
    assert expected > 0.999 if jitter < 0.1 else 0.2 < expected < 0.97


def test_false_boxes_lie_apart_and_none_is_forced():
    true = crowd(200)
    false = Noise(0, 1, 2).propose(true)
    assert len(false) > 300 and false.nearest(true)[1].max() < 0.3
    sizes = (false.boxes[:, 2:] - false.boxes[:, :2]).round(9).tolist()
    assert {tuple(s) for s in sizes} <= {
        tuple(s) for s in (true.boxes[:, 2:] - true.boxes[:, :2]).round(9).tolist()
    }
    filled = Persons(
        np.zeros(1, int),
        np.array([902]),
        np.array([[0, 0, 1, 1.0]]),
        np.ones((1, 1), bool),
        np.ones(1),
    )
    assert len(Noise(0, 1, 9).propose(filled)) == 0


def test_a_draw_is_of_its_seed_and_key_frame_alone():
    true, noise = crowd(40), Noise(0.1, 0.2, 0.5)
    again, other = noise.propose(true), noise.propose(true, seed=1)
    assert np.array_equal(again.boxes, noise.propose(true).boxes)
    assert len(again) != len(other) or not np.array_equal(again.boxes, other.boxes)
    half = noise.propose(true.of(np.array([1, 3])))
    part = again.of(np.array([1, 3]))
    assert np.array_equal(half.boxes, part.boxes) and np.array_equal(half.scores, part.scores)
    assert len(noise.propose(true.at(np.zeros(len(true), bool)))) == 0
    assert (np.diff(again.frames) >= 0).all()


@pytest.mark.parametrize("wrong", [{"jitter": -1}, {"misses": 1.5}, {"false": float("nan")}])
def test_noise_that_cannot_be_is_refused(wrong):
    with pytest.raises(VsslError, match="a share of misses from 0 to 1"):
        Noise(**wrong)
