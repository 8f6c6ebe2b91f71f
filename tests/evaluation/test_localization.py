"""Proposals, soft-NMS and AR@AN equal slow, literal readings of their definitions."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.errors import VsslError
from vssl.evaluation.localization import (
    THRESHOLDS,
    Proposals,
    average_recall,
    blind,
    overlap,
    proposals,
    soft_nms,
)
from vssl.losses import boundaries
from vssl.models.bmn import BMN


def iou_of(a, b):
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    union = (a[1] - a[0]) + (b[1] - b[0]) - shared
    return shared / union if union > 0 else 0.0


def slow_curve(actions, found):
    """ActivityNet's definition, one video, threshold, AN and action at a time."""
    names = [name for name in actions if len(actions[name])]
    ranked = {}
    for name in names:
        some = found.get(name, Proposals(np.zeros((0, 2)), np.zeros(0)))
        order = sorted(range(len(some.scores)), key=lambda k: -some.scores[k])
        ranked[name] = [tuple(some.segments[k]) for k in order]
    proposed = sum(len(some) for some in ranked.values())
    if not proposed:
        return [0.0] * 100
    ratio = 100.0 * len(names) / proposed
    ranked = {name: s[: min(int(len(s) * ratio), len(s))] for name, s in ranked.items()}
    total = sum(len(some) for some in ranked.values())
    curve = []
    for percent in range(1, 101):
        share = percent / 100.0 * (100.0 * len(names) / total)
        recalls = []
        for threshold in THRESHOLDS:
            matches = positives = 0
            for name in names:
                some = ranked[name][: min(int(len(ranked[name]) * share), len(ranked[name]))]
                for action in actions[name]:
                    positives += 1
                    matches += any(iou_of(action, one) >= threshold for one in some)
            recalls.append(matches / positives)
        curve.append(sum(recalls) / len(recalls))
    return curve


def slow_area(curve):
    return sum((a + b) / 2 for a, b in pairwise(curve)) / 100


# Whole numbers, so that segments touch, coincide and have no length, and scores tie.
segment = st.tuples(st.integers(0, 12), st.integers(0, 8)).map(lambda s: (s[0], s[0] + s[1]))
scored = st.tuples(segment, st.integers(0, 5))
video = st.tuples(st.lists(segment, max_size=3), st.lists(scored, max_size=12), st.booleans())


def world(videos):
    """Actions and proposals by name; a video that is told so is not among the proposals."""
    actions = {str(n): np.array(a, float).reshape(-1, 2) for n, (a, _, _) in enumerate(videos)}
    found = {
        str(n): Proposals(
            np.array([s for s, _ in p], float).reshape(-1, 2), np.array([x for _, x in p], float)
        )
        for n, (_, p, there) in enumerate(videos)
        if there
    }
    return actions, found


@settings(max_examples=60, deadline=None)
@given(st.lists(video, min_size=1, max_size=4).filter(lambda vs: any(v[0] for v in vs)))
def test_average_recall_is_the_definition(videos):
    actions, found = world(videos)
    curve = average_recall(actions, found)
    expected = slow_curve(actions, found)
    assert np.allclose(curve.recall, expected, atol=1e-12)
    assert curve.area == pytest.approx(slow_area(expected), abs=1e-12)


@pytest.mark.parametrize("sizes", [(100, 100, 100), (150, 40, 110), (300, 5, 0), (60, 60, 30)])
def test_average_recall_is_the_definition_with_many_proposals(sizes):
    rng = np.random.default_rng(sum(sizes))
    actions, found = {}, {}
    for n, size in enumerate(sizes):
        actions[str(n)] = np.sort(rng.random((3, 2)))
        found[str(n)] = Proposals(np.sort(rng.random((size, 2))), rng.random(size))
    curve = average_recall(actions, found)
    assert np.allclose(curve.recall, slow_curve(actions, found), atol=1e-12)
    assert (np.diff(curve.recall) >= 0).all() and curve.recall[-1] > 0


def perfect(actions, copies=100):
    return {
        name: Proposals(np.resize(segments, (copies, 2)), np.ones(copies))
        for name, segments in actions.items()
    }


def test_a_perfect_detector_gives_1_and_an_empty_one_0():
    actions = {name: np.array([[1.0, 2.0 + n]]) for n, name in enumerate("abc")}
    curve = average_recall(actions, perfect(actions))
    assert (curve.recall == 1).all() and curve.area == pytest.approx(0.99)
    assert curve.metrics() == pytest.approx(
        {"AR@1": 100, "AR@5": 100, "AR@10": 100, "AR@100": 100, "AUC": 99}
    )
    for nothing in ({}, {"a": Proposals(np.zeros((0, 2)), np.zeros(0))}):
        curve = average_recall(actions, nothing)
        assert (curve.recall == 0).all() and curve.area == 0


def test_one_proposal_at_an_iou_of_three_quarters():
    curve = average_recall(
        {"a": np.array([[0.0, 4.0]])}, {"a": Proposals(np.array([[0.0, 3.0]]), np.ones(1))}
    )
    # 0.5 to 0.75 are six of the ten thresholds; the only proposal is taken from AN = 1 on.
    assert np.allclose(curve.recall, 0.6) and curve.at(1) == pytest.approx(0.6)


def test_a_number_of_proposals_is_a_share_of_each_videos_own():
    """Of 150 and 50 proposals, AN = 1 takes one of the first video and none of the second."""
    actions = {"a": np.array([[0.0, 1.0]]), "b": np.array([[0.0, 1.0]])}
    found = {name: perfect(actions, copies)[name] for name, copies in (("a", 150), ("b", 50))}
    curve = average_recall(actions, found)
    assert curve.at(1) == 0.5 and curve.at(2) == 1


def test_videos_without_actions_do_not_count_and_those_without_proposals_do():
    actions = {"a": np.array([[0.0, 1.0]]), "b": np.array([[0.0, 1.0]])}
    found = {"a": perfect(actions)["a"]}
    assert average_recall(actions, found).at(100) == 0.5
    more = actions | {"c": np.zeros((0, 2))}
    there = found | {"c": perfect(actions)["a"], "not asked for": perfect(actions)["a"]}
    assert np.array_equal(average_recall(more, there).recall, average_recall(actions, found).recall)
    with pytest.raises(VsslError, match="no video has an action"):
        average_recall({"c": np.zeros((0, 2))}, there)


def test_proposals_that_cannot_be_ranked_are_refused():
    actions = {"a": np.array([[0.0, 1.0]])}
    with pytest.raises(VsslError, match="not a finite number"):
        average_recall(actions, {"a": Proposals(np.zeros((1, 2)), np.array([np.nan]))})
    with pytest.raises(VsslError, match=r"a has 2 scores for proposals of shape \(1, 2\)"):
        average_recall(actions, {"a": Proposals(np.zeros((1, 2)), np.ones(2))})
    with pytest.raises(VsslError, match="at 1 to 100 proposals a video, not at 0"):
        average_recall(actions, {}).at(0)


def slow_nms(segments, scores, keep):
    left = dict(enumerate(scores))
    taken = []
    while left and len(taken) < keep:
        best = max(left, key=lambda k: (left[k], -k))
        taken.append((best, left.pop(best)))
        width = segments[best][1] - segments[best][0]
        for k in left:
            iou = iou_of(segments[best], segments[k])
            if iou > 0.5 + 0.4 * width:
                left[k] *= math.exp(-(iou**2) / 0.4)
    return taken


@settings(max_examples=60, deadline=None)
@given(st.lists(scored, max_size=15), st.integers(1, 10))
def test_soft_nms_is_the_definition(some, keep):
    segments = np.array([s for s, _ in some], float).reshape(-1, 2) / 20
    scores = np.array([x for _, x in some], float)
    taken, lowered = soft_nms(segments, scores, keep)
    expected = slow_nms(segments.tolist(), scores.tolist(), keep)
    assert taken.tolist() == [k for k, _ in expected]
    assert np.allclose(lowered, [score for _, score in expected])
    assert (np.diff(lowered) <= 0).all() and scores.dtype == float


def test_proposals_are_every_cell_that_ends_before_the_end():
    rng = np.random.default_rng(0)
    start, end = rng.random((2, 9)).astype(np.float32)
    regression, classification = rng.random((2, 9, 9)).astype(np.float32)
    cells = {}
    for i in range(9):
        for j in range(i, 9):
            if j + 1 < 9:
                score = float(start[i]) * end[j + 1] * classification[i, j] * regression[i, j]
                cells[i / 9, (j + 1) / 9] = score
    expected = slow_nms(list(cells), list(cells.values()), 20)
    found = proposals(start, end, regression, classification, duration=30, keep=20)
    assert len(cells) == 36 and found.segments.shape == (20, 2)
    assert np.allclose(found.segments, [30 * np.array(list(cells)[k]) for k, _ in expected])
    assert np.allclose(found.scores, [score for _, score in expected])
    everything = proposals(start, end, regression, classification)
    assert len(everything.scores) == 36  # fewer than are asked for


def test_a_blind_list_takes_what_finds_most_of_what_is_left():
    rng = np.random.default_rng(0)
    actions = np.sort(rng.random((12, 2)))
    found = blind(actions, positions=7, keep=5)
    cells = [(i / 7, (j + 1) / 7) for i in range(6) for j in range(i, 6)]

    def total(some):
        return sum(
            any(iou_of(action, one) >= threshold for one in some)
            for action in actions
            for threshold in THRESHOLDS
        )

    chosen = []
    for _ in range(5):
        left = [cell for cell in cells if cell not in chosen]
        chosen.append(max(left, key=lambda cell: total([*chosen, cell])))
    assert np.allclose(found.segments, chosen)
    assert (np.diff(found.scores) < 0).all()
    assert len(blind(actions, positions=7).scores) == 21  # all that there are
    assert len(blind(np.zeros((0, 2)), positions=7, keep=3).scores) == 3


def test_overlap_is_the_iou():
    a = np.array([[0.0, 2.0], [0.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    b = np.array([[1.0, 3.0], [2.0, 3.0], [1.0, 1.0], [0.0, 1.0]])
    assert np.allclose(overlap(a, b), [1 / 3, 0, 0, 1])


def acting(videos, positions, seed):
    """Features of videos, of which the first number is high while an action goes on."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(videos, positions, 8))
    bounds = np.array([np.sort(rng.choice(positions, 2, False)) for _ in range(videos)])
    for one, (start, end) in zip(features, bounds, strict=True):
        one[start:end, 0] += 6
    return torch.tensor(features, dtype=torch.float32), bounds[:, None] / positions


def test_bmn_learns_to_find_actions_that_its_features_show():
    """The way from labels to AR@AN: after 15 steps most actions of other videos are found."""
    torch.manual_seed(0)
    positions = 10
    net = BMN(8, positions)
    features, segments = acting(24, positions, seed=0)
    each = [boundaries.targets(torch.from_numpy(one), positions) for one in segments]
    wanted = boundaries.Targets(*(torch.stack(part) for part in zip(*each, strict=True)))
    others, truth = acting(40, positions, seed=1)

    def found():
        with torch.no_grad():
            scores = [part.numpy() for part in net(others)]
        best = {str(n): proposals(*(part[n] for part in scores)) for n in range(len(others))}
        return average_recall({str(n): one for n, one in enumerate(truth)}, best)

    before = found()
    adam = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(15):
        loss, _ = boundaries.localisation(net(features), wanted)
        adam.zero_grad()
        loss.backward()
        adam.step()
    after = found()
    assert before.at(5) < 0.5 and after.at(5) > 0.8
