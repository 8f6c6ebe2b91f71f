"""Heads have the papers' sizes and read the input that their description names."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vssl.errors import VsslError
from vssl.models.heads import MLP, ConvHead, Linear, Normalised, View, seen_by


def view(clips=4, dim=8):
    maps = torch.randn(clips, dim, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    return View(maps, maps.mean((2, 3, 4)))


def size(head, dim=512):
    with torch.device("meta"):
        return sum(p.numel() for p in head.build(dim).parameters())


@pytest.mark.parametrize(("outputs", "parameters"), [(2, 7_080_450), (15, 7_087_119)])
def test_cpnets_heads_have_the_papers_size(outputs, parameters):
    assert size(ConvHead(outputs)) == parameters


def test_cstps_heads_have_the_papers_size():
    assert size(MLP((512, 5))) == (512 * 512 + 512) + 2 * 512 + (512 * 5 + 5)
    assert size(MLP((1024, 5)), 1024) == (1024 * 1024 + 1024) + 2 * 1024 + (1024 * 5 + 5)


@pytest.mark.parametrize(
    "head", [Linear(3), MLP((6, 3)), ConvHead(3, 6), Normalised(Linear(3)), Normalised(MLP((6, 3)))]
)
def test_a_head_has_the_number_of_outputs_asked_for(head):
    assert head.outputs == 3 and head.build(8)(view()).shape == (4, 3)
    assert head.sized(7).build(8)(view()).shape == (4, 7) and head.sized(3) == head


def test_a_conv_head_takes_the_mean_of_its_convolution():
    torch.manual_seed(0)
    head, clips = ConvHead(3, width=6).build(8).eval(), view()
    conv, norm, _ = head.map
    found = F.relu(norm(F.conv3d(clips.map, conv.weight, conv.bias, padding=1)))
    assert torch.allclose(head(clips), head.linear(found.mean((2, 3, 4))), atol=1e-6)
    moved = View(clips.map.roll(1, 0), clips.feature)  # the head reads the map only
    assert torch.allclose(head(moved), head(clips).roll(1, 0), atol=1e-6)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_features_are_scaled_to_length_1_first(batch_norm):
    torch.manual_seed(0)
    head, clips = Normalised(Linear(3), batch_norm).build(8), view()
    longer = View(clips.map, 7 * clips.feature)
    assert torch.allclose(head(clips), head(longer), atol=1e-6)
    assert isinstance(head.norm, nn.BatchNorm1d if batch_norm else nn.Identity)
    unit = head.norm(F.normalize(clips.feature, dim=1))
    linear = head.head.layers[1]
    assert torch.allclose(head(clips), linear(unit), atol=1e-6)


@pytest.mark.parametrize("head", [Linear(4), ConvHead(4, 6), Normalised(Linear(4))])
def test_scores_are_in_float32_when_the_loop_is_in_half_precision(head):
    torch.manual_seed(0)
    built, clips = head.build(8), view()
    with torch.autocast("cpu", torch.bfloat16):
        assert built(clips).dtype == torch.float32
    if isinstance(head, Linear):
        with torch.autocast("cpu", torch.bfloat16):
            mixed = built(clips)
        assert torch.equal(mixed, built(clips))


def test_a_backbone_runs_once_for_both_map_and_feature():
    class Twice(nn.Module):
        passes = 0

        def forward(self, x):
            self.passes += 1
            return 2 * x

    net, x = Twice(), torch.rand(2, 3, 2, 4, 4)
    found = seen_by(net, x)
    assert net.passes == 1 and torch.equal(found.feature, (2 * x).mean((2, 3, 4)))


def test_an_empty_mlp_is_refused():
    with pytest.raises(VsslError, match=r"one layer or more, each of 1 unit or more; not \(\)"):
        MLP(())


def test_a_head_can_be_brought_to_half_precision():
    """As any module: nothing of ours stands in the way of torch's `half`."""
    head = Linear(3).build(8).half()
    assert {value.dtype for value in head.parameters()} == {torch.float16}
