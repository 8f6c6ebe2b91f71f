"""The detector pools its boxes as the definition says, on a map that keeps what it was."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from vssl import models
from vssl.errors import VsslError
from vssl.models.detector import BoxHead, Detector, dilated, pooled

HALVING = ("r3d", "r2plus1d", "r3d18", "r2plus1d18", "r3d50", "r3d101", "r2d50")
CORNERS = [[0.1, 0.2, 0.45, 0.9], [0.0, 0.0, 1.0, 1.0], [0.62, 0.31, 0.64, 0.33]]


def two(name, seed=0, **options):
    """A net and its dilated twin with the same weights, and statistics that are not 0 and 1."""
    torch.manual_seed(seed)
    plain = models.build(name, 4, pool=True)
    for module in plain.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    fine = models.build(name, 4, pool=True)
    fine = dilated(fine, **options)
    fine.load_state_dict(plain.state_dict())
    return plain.eval(), fine.eval()


@pytest.mark.parametrize("name", HALVING)
def test_weights_fit_and_every_second_place_is_as_it_was(name):
    """It holds up to the edges, and for odd sizes of the map."""
    plain, fine = two(name)
    shapes = [{key: v.shape for key, v in net.state_dict().items()} for net in (plain, fine)]
    assert shapes[0] == shapes[1] and list(shapes[0]) == list(shapes[1])
    with torch.no_grad():
        for height, width in ((64, 96), (80, 112)):
            x = torch.randn(1, 3, 8, height, width)
            coarse, map_ = plain(x), fine(x)
            assert map_.shape[-2:] == (height // 16, width // 16)
            assert map_.shape[:3] == coarse.shape[:3]  # time is halved as before
            assert torch.allclose(map_[..., ::2, ::2], coarse, atol=1e-5)
            assert map_.std() > 0.01  # so that the comparison is of something


def test_a_spread_first_kernel_reads_other_places():
    plain, fine = two("r3d50", spread_first=True)
    x = torch.randn(1, 3, 4, 64, 64)
    with torch.no_grad():
        assert fine(x).shape[-2:] == (4, 4)
        assert not torch.allclose(fine(x)[..., ::2, ::2], plain(x), atol=1e-3)
    assert all(c.dilation[1:] == (2, 2) for c in convolutions(fine) if c.kernel_size[1] == 3)


def convolutions(net):
    return [m for m in net.blocks["stage5"].modules() if isinstance(m, nn.Conv3d)]


def test_only_the_last_stage_of_r3d50_changes():
    with torch.device("meta"):
        fine, plain = dilated(models.build("r3d50")), models.build("r3d50")
        maps = [list(m.shape[1:]) for m in fine.stages(torch.empty(1, 3, 32, 224, 224)).values()]
    assert maps[-2:] == [[1024, 16, 14, 14], [2048, 16, 14, 14]]
    assert models.parameters(fine) == models.parameters(plain) == 31_672_128
    spatial = [c for c in convolutions(fine) if c.kernel_size[1] == 3]
    assert [c.dilation for c in spatial] == [(1, 1, 1), (1, 2, 2), (1, 2, 2)]
    for stage in ("stem", "stage2", "stage3", "stage4"):
        assert str(fine.blocks[stage]) == str(plain.blocks[stage])


@pytest.mark.parametrize("name", ["c3d", "s3dg", "i3d"])
def test_a_net_whose_last_stage_has_no_such_convolution_is_refused(name):
    with pytest.raises(VsslError, match=f"last stage of {name} halves"):
        dilated(models.build(name, 4))


def test_a_net_is_not_dilated_twice():
    with pytest.raises(VsslError, match="nothing to dilate"):
        dilated(dilated(models.build("r3d", 4)))


def bilinear(picture, y, x):
    """The value of a picture [D, H, W] between its places, whose centres have whole numbers."""
    height, width = picture.shape[1:]
    if not (-1 <= y <= height and -1 <= x <= width):
        return torch.zeros(len(picture), dtype=picture.dtype)
    y, x = min(max(y, 0.0), height - 1.0), min(max(x, 0.0), width - 1.0)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    up, back = 1 - (y - top), 1 - (x - left)
    return (
        up * back * picture[:, top, left]
        + up * (1 - back) * picture[:, top, right]
        + (1 - up) * back * picture[:, bottom, left]
        + (1 - up) * (1 - back) * picture[:, bottom, right]
    )


def cell(picture, box, row, column, size):
    """The mean over one cell of a box, at points spread evenly in it."""
    height, width = picture.shape[1:]
    x1, y1, x2, y2 = (v * n - 0.5 for v, n in zip(box, (width, height) * 2, strict=True))
    h, w = (y2 - y1) / size, (x2 - x1) / size
    down, across = math.ceil(h), math.ceil(w)  # points on each side
    points = [
        (y1 + h * (row + (i + 0.5) / down), x1 + w * (column + (j + 0.5) / across))
        for i in range(down)
        for j in range(across)
    ]
    return sum(bilinear(picture, y, x) for y, x in points) / len(points)


def slow(feature_map, boxes, clips, linear, size):
    """The paper's order: RoIAlign at every step of time, the mean over time, the maximum."""
    features = []
    for box, clip in zip(boxes.tolist(), clips.tolist(), strict=True):
        steps = [
            torch.stack([cell(still, box, i // size, i % size, size) for i in range(size**2)])
            for still in feature_map[clip].unbind(1)  # each [D, H, W]
        ]
        cells = torch.stack(steps).mean(0)  # [size², D]
        features.append(cells.max(0).values)
    return torch.stack(features) @ linear.weight.T + linear.bias  # [R, K]


@pytest.mark.parametrize(("size", "places"), [(7, (5, 6)), (2, (6, 9))])
def test_the_head_is_the_papers_and_so_are_its_gradients(size, places):
    """At 2 x 2 a cell holds several places of the map, and so several points."""
    torch.manual_seed(0)
    head = BoxHead(3, dropout=0.0, size=size).build(4)
    boxes, clips = torch.tensor(CORNERS), torch.tensor([1, 0, 1])
    found, gradients = [], []
    for compute in (head, lambda m, b, c: slow(m, b, c, head.layers[1], size)):
        torch.manual_seed(1)
        feature_map = torch.randn(2, 4, 3, *places, requires_grad=True)
        logits = compute(feature_map, boxes, clips)
        wanted = [feature_map, *head.parameters()]
        gradients.append(torch.autograd.grad(logits.square().sum(), wanted))
        found.append(logits)
    assert torch.allclose(*found, atol=1e-5)
    for ours, theirs in zip(*gradients, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4) and ours.abs().sum() > 0


def test_a_box_reads_where_it_lies():
    still = torch.zeros(1, 1, 14, 14)
    still[0, 0, 3, 10] = 1
    row, column = 3.5 / 14, 10.5 / 14  # the middle of that place, in fractions of the frame
    around = torch.tensor([[column - 0.03, row - 0.03, column + 0.03, row + 0.03]])
    mirrored = around[:, [1, 0, 3, 2]]
    both = pooled(still, torch.cat([around, mirrored]), torch.tensor([0, 0]), 7)
    assert both[0] > 0.9 and both[1] == 0


def test_boxes_of_several_clips_and_none_at_all():
    torch.manual_seed(0)
    net = Detector(dilated(models.build("r3d", 4, pool=True)), BoxHead(6)).eval()
    x, boxes = torch.randn(2, 3, 8, 48, 64), torch.tensor(CORNERS)
    scores = net.scores(x, boxes, torch.tensor([0, 1, 1]))
    assert scores.shape == (3, 6) and (scores > 0).all() and (scores < 1).all()
    alone = net.scores(x[1:], boxes[1:], torch.tensor([0, 0]))
    assert torch.allclose(scores[1:], alone, atol=1e-5)
    assert not torch.allclose(scores[1], net.scores(x, boxes[1:2], torch.tensor([0]))[0])
    assert net.scores(x, boxes[:0], torch.zeros(0, dtype=torch.long)).shape == (0, 6)
    with pytest.raises(VsslError, match=r"\[R, 4\].* not \[3, 4\] and \[2\]"):
        net(x, boxes, torch.tensor([0, 1]))


def test_all_of_it_learns_and_half_precision_gives_whole_scores():
    torch.manual_seed(0)
    net = Detector(dilated(models.build("r3d", 4, pool=True)), BoxHead(6, dropout=0.0))
    x, boxes, clips = torch.randn(2, 3, 8, 48, 64), torch.tensor(CORNERS), torch.tensor([0, 1, 1])
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(x, boxes, clips)
    assert logits.dtype == torch.float32
    logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_a_head_takes_its_number_of_classes_later():
    head = BoxHead(80, dropout=0.25).sized(12)
    assert head == BoxHead(12, dropout=0.25) and head.build(16).layers[1].out_features == 12
