"""Eq. 3 of CPNet agrees with a slow reference; a reconstruction sees the pixels it is to draw."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vssl.errors import VsslError
from vssl.models.decoder import Decoder
from vssl.models.heads import ConvHead, Linear, View
from vssl.objectives import MissingSection, Reconstruct, SeeingPixels, Term, Views, Weighted


def batch(videos=5, dim=8, video=None, seed=0):
    """Continuous and discontinuous clips of one length, and shorter missing sections."""
    rng = torch.Generator().manual_seed(seed)
    pair = torch.randn(2 * videos, dim, 2, 3, 3, generator=rng, requires_grad=True)
    short = torch.randn(videos, dim, 1, 3, 3, generator=rng, requires_grad=True)
    groups = (
        ((0, 1), View(pair, pair.mean((2, 3, 4)))),
        ((2,), View(short, short.mean((2, 3, 4)))),
    )
    return Views(groups, 3, {}, video), (pair, short)


def slow(e_c, e_d, e_m, objective, video):
    """Eq. 3, one video after the other."""

    def sim(u, v):
        return u @ v / (u.norm() * v.norm())

    total = 0
    for i in range(len(e_d)):
        triplet = objective.margin - (sim(e_d[i], e_m[i]) - sim(e_d[i], e_c[i]))
        positive = torch.exp(sim(e_d[i], e_c[i]) / objective.temperature)
        negative = sum(
            torch.exp(sim(e_d[i], other[j]) / objective.temperature)
            for j in range(len(e_d))
            if video[j] != video[i]
            for other in (e_d, e_c)
        )
        contrast = -torch.log(positive / (positive + negative))
        total = total + objective.omega * F.relu(triplet) + (1 - objective.omega) * contrast
    return total / len(e_d)


@pytest.mark.parametrize("omega", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("video", [None, [0, 0, 1, 2, 2]], ids=["all differ", "some are of one"])
def test_it_equals_the_slow_reference_with_its_gradients(omega, video):
    torch.manual_seed(0)
    objective = MissingSection(Linear(6), omega=omega, margin=0.3, temperature=0.5)
    head = objective.build(8)
    views, leaves = batch(video=None if video is None else torch.tensor(video))
    outcome = head(views)
    e = head.head(views.view((0, 1))).unflatten(0, (-1, 2))
    e_m = head.head(views.view((2,)))
    expected = slow(e[:, 0], e[:, 1], e_m, objective, video or range(5))
    assert outcome.loss.item() == pytest.approx(expected.item(), rel=1e-5)
    found = torch.autograd.grad(outcome.loss, leaves, retain_graph=True, allow_unused=True)
    wanted = torch.autograd.grad(expected, leaves, allow_unused=True)
    for ours, theirs in zip(found, wanted, strict=True):
        if theirs is None or not theirs.any():
            assert ours is None or not ours.any()
        else:
            assert torch.allclose(ours, theirs, atol=1e-5)


def test_without_the_triplet_the_missing_section_is_not_read():
    assert MissingSection(omega=0.0).views == (0, 1) and MissingSection().views == (0, 1, 2)
    outcome = MissingSection(Linear(4), omega=0.0).build(8)(batch()[0])
    assert "triplet" not in outcome.metrics and "nearer" not in outcome.metrics
    with pytest.raises(VsslError, match="from 0 to 1"):
        MissingSection(omega=2.0)


def test_heads_have_the_parameters_of_the_paper():
    sizes = {2: 7_080_450, 15: 7_087_119, 128: 7_145_088}
    for outputs, size in sizes.items():
        with torch.device("meta"):
            head = ConvHead(outputs).build(512)
        assert sum(p.numel() for p in head.parameters()) == size


def test_the_decoder_draws_the_papers_missing_section_without_interpolation():
    with torch.device("meta"):
        decoder = Decoder().build(512)
        drawn = decoder.layers(torch.empty(2, 512, 2, 7, 7))
    assert list(drawn.shape) == [2, 3, 8, 112, 112]
    small = Decoder().build(4)
    assert small(torch.randn(2, 4, 2, 2, 2), (8, 40, 40)).shape == (2, 3, 8, 40, 40)


class Tiny(nn.Module):
    """A backbone of 8 channels that halves time and space twice."""

    dim = 8

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(3, 8, 4, stride=4)

    def forward(self, x):
        return self.conv(x).relu()


@pytest.mark.parametrize("gap", [8, 4], ids=["as long as the clips", "shorter"])
def test_a_reconstruction_learns_to_draw_the_view_it_does_not_see(gap):
    torch.manual_seed(0)
    objective = Weighted((Term("reconstruction", 1.0, Reconstruct()),))
    model = SeeingPixels(Tiny(), objective, (8, 8, gap))
    rng = torch.Generator().manual_seed(0)
    films = torch.rand(4, 3, 1, 1, 1, generator=rng).expand(4, 3, 8, 16, 16)  # one colour each
    shade = torch.linspace(0.2, 1, 16)
    clips = (films * shade)[:, None].repeat(1, 2 + (gap == 8), 1, 1, 1, 1).flatten(0, 1)
    x = clips if gap == 8 else (clips, (films * shade)[:, :, :gap])
    seen = []
    model.backbone.register_forward_hook(lambda _m, inputs, _o: seen.append(inputs[0].shape))
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    curve = []
    for _ in range(60):
        outcome = model(x, {})
        optimizer.zero_grad()
        outcome.loss.backward()
        optimizer.step()
        curve.append(outcome.metrics["reconstruction_loss"].item())
    assert curve[-1] < 0.3 * curve[0] and math.isfinite(curve[-1])
    assert set(seen) == {torch.Size([4, 3, 8, 16, 16])}  # the discontinuous clips alone


def test_a_reconstruction_without_pixels_says_how_to_train_it():
    with pytest.raises(VsslError, match=r"lab\.Reconstruction\.of"):
        Reconstruct().build(8)(batch()[0])
    with pytest.raises(VsslError, match="its objective 0"):
        SeeingPixels(Tiny(), MissingSection(Linear(4)), (8, 8, 8))(torch.rand(6, 3, 8, 16, 16), {})
