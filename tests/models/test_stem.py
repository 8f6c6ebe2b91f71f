"""A stem whose filters start as differences in time."""

import pytest
import torch
from torch import nn

from vssl import models
from vssl.errors import VsslError
from vssl.lab import Net

SPANNING = [name for name in models.NAMES if name != "r2d50"]


def first_in_time(net):
    stem = net.blocks["stem"].modules()
    return next(m for m in stem if isinstance(m, nn.Conv3d) and m.kernel_size[0] > 1)


@pytest.mark.parametrize("name", SPANNING)
def test_every_second_filter_gives_zero_on_a_still_clip(name):
    torch.manual_seed(0)
    plain = models.build(name, 8)
    torch.manual_seed(0)
    net = models.build(name, 8, stem="differences")
    k, before = first_in_time(net).weight, first_in_time(plain).weight
    assert torch.allclose(k[::2].sum(2), torch.zeros(()), atol=1e-5)
    assert torch.allclose(k[::2], 3 * (before[::2] - before[::2].mean(2, keepdim=True)))
    assert torch.equal(k[1::2], before[1::2])
    changed = [n for n, v in net.state_dict().items() if not torch.equal(v, plain.state_dict()[n])]
    assert len(changed) == 1


def test_the_stem_is_part_of_a_nets_description():
    plain, other = Net("r3d", 8), Net("r3d", 8, stem="differences")
    start = first_in_time(plain.build(0)).weight
    assert not torch.equal(start, first_in_time(other.build(0)).weight)
    assert plain != other and Net("r3d", 8) == Net("r3d", 8, stem="plain")


@pytest.mark.parametrize(
    ("name", "stem", "line"),
    [("r2d50", "differences", "one frame at a time"), ("r3d", "fast", "not 'fast'")],
)
def test_an_impossible_stem_is_refused_in_one_line(name, stem, line):
    with pytest.raises(VsslError, match=line):
        models.build(name, 4, stem=stem)
