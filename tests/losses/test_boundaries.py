"""BMN's labels and losses are those of slow readings, and defined where their formulas are not."""

import math

import pytest
import torch

from vssl.errors import VsslError
from vssl.losses import boundaries
from vssl.losses.boundaries import Targets, targets
from vssl.models.bmn import Scores

T = 20


def slow_targets(segments, positions):
    """The definition, cell by cell: three maps of numbers."""

    def shared(a, b, c, d):
        return max(0.0, min(b, d) - max(a, c))

    gap = 1 / positions
    bounds = []
    for side in (0, 1):
        row = []
        for i in range(positions):
            low, high = (i - 0.5) * gap, (i + 0.5) * gap
            windows = [(s[side] - 1.5 * gap, s[side] + 1.5 * gap) for s in segments]
            row.append(max(shared(low, high, *window) / (high - low) for window in windows))
        bounds.append(row)
    iou = [[0.0] * positions for _ in range(positions)]
    for i in range(positions):
        for j in range(i, positions):
            low, high = i * gap, (j + 1) * gap
            for s, e in segments:
                common = shared(low, high, s, e)
                iou[i][j] = max(iou[i][j], common / (high - low + e - s - common))
    return [torch.tensor(x) for x in (*bounds, iou)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("positions", [5, 20])
def test_labels_are_the_definition(seed, positions):
    rng = torch.Generator().manual_seed(seed)
    segments = torch.rand(seed + 1, 2, generator=rng, dtype=torch.double).sort(1).values
    found = targets(segments, positions)
    for mine, slow in zip(found, slow_targets(segments.tolist(), positions), strict=True):
        assert mine.dtype == torch.float32 and torch.allclose(mine, slow, atol=1e-6)


def test_labels_of_a_video_by_hand():
    found = targets(torch.tensor([[0.2, 0.5]], dtype=torch.double), 10)
    assert found.start.nonzero().flatten().tolist() == [1, 2, 3] and found.start.max() == 1
    assert found.end.nonzero().flatten().tolist() == [4, 5, 6]
    assert found.iou[2, 4].item() == pytest.approx(1)  # from 0.2 to 0.5
    assert found.iou[2, 5].item() == pytest.approx(3 / 4)
    assert (found.iou.tril(-1) == 0).all()


def test_a_video_without_actions_has_labels_of_0():
    found = targets(torch.zeros(0, 2), 10)
    assert [part.shape for part in found] == [(10,), (10,), (10, 10)]
    assert all((part == 0).all() for part in found)
    with pytest.raises(VsslError, match=r"pairs of a start and an end, \[G, 2\], not \[3\]"):
        targets(torch.zeros(3))


def test_an_action_beyond_the_end_ends_there():
    assert torch.equal(
        targets(torch.tensor([[0.5, 1.2]])).iou, targets(torch.tensor([[0.5, 1]])).iou
    )


def batch(videos=3, seed=0):
    """Scores with gradients, in one tensor for each part, and labels of several videos."""
    rng = torch.Generator().manual_seed(seed)
    shapes = ((videos, T), (videos, T), (videos, T, T), (videos, T, T))
    scores = [torch.rand(s, generator=rng).clamp(0.01, 0.99).requires_grad_() for s in shapes]
    each = [targets(torch.rand(2, 2, generator=rng).sort(1).values, T) for _ in range(videos)]
    return Scores(*scores), Targets(*(torch.stack(part) for part in zip(*each, strict=True)))


def weighted(score, positive, cells):
    """The weighted cross-entropy as the papers write it, over a list of places."""
    r = len(cells) / sum(bool(positive[c]) for c in cells)
    total = 0
    for c in cells:
        total = total + (
            0.5 * r * torch.log(score[c])
            if positive[c]
            else 0.5 * r / (r - 1) * torch.log(1 - score[c])
        )
    return -total / len(cells)


def same(mine, slow, leaf):
    """Equal values and equal gradients."""
    assert mine.item() == pytest.approx(slow.item(), rel=1e-4)
    pair = [torch.autograd.grad(loss, leaf)[0] for loss in (mine, slow)]
    assert torch.allclose(*pair, atol=1e-5)


@pytest.mark.parametrize("side", ["start", "end"])
def test_the_loss_of_boundaries_is_the_papers(side):
    scores, wanted = batch()
    score, target = getattr(scores, side), getattr(wanted, side)
    cells = [(n, t) for n in range(3) for t in range(T)]
    same(boundaries.boundary(score, target), weighted(score, target > 0.5, cells), score)


def test_the_loss_of_classification_is_the_papers():
    scores, wanted = batch()
    wanted.iou[0, 3, 9] = 0.95  # at least one positive
    cells = [(n, i, j) for n in range(3) for i in range(T) for j in range(i, T)]
    score = scores.classification
    same(
        boundaries.classification(score, wanted.iou),
        weighted(score, wanted.iou > 0.9, cells),
        score,
    )


def bands(iou):
    """The places of good, middling and poor proposals."""
    places = [(n, i, j) for n in range(len(iou)) for i in range(T) for j in range(i, T)]
    good = [c for c in places if iou[c] > 0.7]
    middle = [c for c in places if 0.3 < iou[c] <= 0.7]
    return good, middle, [c for c in places if 0 < iou[c] <= 0.3]


def test_the_loss_of_regression_weighs_each_cell_by_its_chance():
    scores, wanted = batch()
    good, middle, poor = bands(wanted.iou)
    error = weight = torch.zeros(())
    for places in (good, middle, poor):
        chance = min(1, len(good) / len(places))
        for c in places:
            error = error + chance * (scores.regression[c] - wanted.iou[c]) ** 2
            weight = weight + chance
    assert len(good) < len(middle) and len(good) < len(poor)
    loss = boundaries.regression(scores.regression, wanted.iou)
    same(loss, 0.5 * error / weight, scores.regression)


def test_the_loss_of_regression_can_draw_its_cells():
    scores, wanted = batch()
    good, middle, poor = bands(wanted.iou)

    def drawn(seed):
        rng = torch.Generator().manual_seed(seed)
        loss = boundaries.regression(scores.regression, wanted.iou, rng)
        (grad,) = torch.autograd.grad(loss, scores.regression)
        return loss, [[c for c in places if grad[c] != 0] for places in (good, middle, poor)]

    loss, taken = drawn(0)
    assert taken[0] == good
    spread = 4 * math.sqrt(len(good))
    assert all(abs(len(some) - len(good)) < spread for some in taken[1:])
    cells = [c for some in taken for c in some]
    slow = 0.5 * sum((scores.regression[c] - wanted.iou[c]) ** 2 for c in cells) / len(cells)
    same(
        boundaries.regression(scores.regression, wanted.iou, torch.Generator().manual_seed(0)),
        slow,
        scores.regression,
    )
    again, different = drawn(0), drawn(1)
    assert torch.equal(loss, again[0]) and taken == again[1] and taken != different[1]
    # The mean over draws is about what the loss without draws gives.
    mean = sum(drawn(seed)[0].item() for seed in range(40)) / 40
    assert mean == pytest.approx(
        boundaries.regression(scores.regression, wanted.iou).item(), rel=0.05
    )


def test_the_whole_loss_weighs_regression_ten_times():
    scores, wanted = batch()
    total, parts = boundaries.localisation(scores, wanted)
    expected = parts["start"] + parts["end"] + 10 * parts["regression"] + parts["classification"]
    assert total.item() == pytest.approx(expected.item())
    drawn = [
        boundaries.localisation(scores, wanted, torch.Generator().manual_seed(3))[0] for _ in "ab"
    ]
    assert torch.equal(*drawn) and not torch.equal(drawn[0], total)


def test_losses_are_defined_without_positives_and_at_certain_scores():
    scores, _ = batch(1)
    nothing = targets(torch.zeros(0, 2), T)
    wanted = Targets(*(part[None] for part in nothing))
    total, parts = boundaries.localisation(scores, wanted)
    assert parts["regression"] == 0 and parts["start"].item() == pytest.approx(
        -0.5 * torch.log(1 - scores.start).mean().item(), rel=1e-5
    )
    grads = torch.autograd.grad(total, scores)
    assert all(grad.isfinite().all() for grad in grads)
    everywhere = boundaries.boundary(scores.start, torch.ones(1, T))
    assert everywhere.item() == pytest.approx(
        -0.5 * torch.log(scores.start).mean().item(), rel=1e-5
    )
    certain = torch.tensor([[0.0, 1.0]], requires_grad=True)
    loss = boundaries.boundary(certain, torch.tensor([[1.0, 0.0]]))
    assert loss.isfinite() and torch.autograd.grad(loss, certain)[0].isfinite().all()


def test_losses_are_in_full_precision():
    scores, wanted = batch()
    with torch.autocast("cpu", torch.bfloat16):
        mixed, _ = boundaries.localisation(scores, wanted)
    assert torch.equal(mixed, boundaries.localisation(scores, wanted)[0])
