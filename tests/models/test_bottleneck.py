"""CVRL's video encoders are those of the paper's Tables 1 and 2 and of its code."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from vssl import models
from vssl.models.bottleneck import Bottleneck

# Trained parameters, running statistics, and Table 2's "#params", which is their sum.
SIZES = {
    ("r3d50", 64): (31_672_128, 53_120, "31.7"),
    ("r3d101", 64): (59_577_152, 105_344, "59.7"),
    ("r3d50", 128): (126_488_192, 106_240, "126.6"),
    ("r3d50", 256): (505_552_128, 212_480, "505.8"),
}


def on_meta(name="r3d50", width=64):
    with torch.device("meta"):
        return models.build(name, width).eval()


@pytest.mark.parametrize(
    ("net", "sizes"), SIZES.items(), ids=["R3D-50", "R3D-101", "R3D-50 (2x)", "R3D-50 (4x)"]
)
def test_parameters_are_those_of_table_2(net, sizes):
    backbone, (trained, statistics, paper) = on_meta(*net), sizes
    assert models.parameters(backbone) == trained
    running = [value for name, value in backbone.named_buffers() if "running" in name]
    assert sum(value.numel() for value in running) == statistics
    assert f"{(trained + statistics) / 1e6:.1f}" == paper


@pytest.mark.parametrize("frames", [16, 32])  # in pre-training, and in everything else
def test_output_sizes_are_those_of_table_1(frames):
    backbone, steps = on_meta(), frames // 2
    clips = torch.empty(1, 3, frames, 224, 224, device="meta")
    stem, maps = backbone.blocks["stem"], list(backbone.stages(clips).values())
    assert list(stem[0](clips).shape[1:]) == [64, steps, 112, 112]  # conv1
    assert [list(m.shape[1:]) for m in maps] == [
        [64, steps, 56, 56],  # pool1
        [256, steps, 56, 56],  # conv2
        [512, steps, 28, 28],  # conv3
        [1024, steps, 14, 14],  # conv4
        [2048, steps, 7, 7],  # conv5
    ]
    assert list(backbone.features(clips).shape) == [1, 2048]
    assert backbone.dim == 2048


def test_multiply_accumulates_are_45_billion_and_deeper_nets_take_more():
    assert models.macs(on_meta(), 16, 224) == 45_516_455_936
    assert models.macs(on_meta(), 32, 224) == 2 * 45_516_455_936
    assert models.macs(on_meta("r3d101"), 16, 224) == 89_189_646_336


@pytest.mark.parametrize(("name", "numbers"), [("r3d50", (3, 4, 6, 3)), ("r3d101", (3, 4, 23, 3))])
def test_kernels_are_those_of_table_1(name, numbers):
    blocks = on_meta(name).blocks
    assert (blocks["stem"][0].kernel_size, blocks["stem"][0].stride) == ((5, 7, 7), (2, 2, 2))
    assert (blocks["stem"][3].kernel_size, blocks["stem"][3].stride) == ((1, 3, 3), (1, 2, 2))
    for stage, (number, time) in enumerate(zip(numbers, (1, 1, 3, 3), strict=True), start=2):
        found = list(blocks[f"stage{stage}"])
        assert len(found) == number
        for place, block in enumerate(found):
            stride = (1, 2, 2) if stage > 2 and place == 0 else (1, 1, 1)
            convolutions = (block.conv1, block.conv2, block.conv3)
            assert [c.kernel_size for c in convolutions] == [(time, 1, 1), (1, 3, 3), (1, 1, 1)]
            assert [c.stride for c in convolutions] == [(1, 1, 1), stride, (1, 1, 1)]
            projections = [((1, 1, 1), stride)] if place == 0 else []
            assert [(c.kernel_size, c.stride) for c in block.shortcut[:1]] == projections
    assert all(c.bias is None for c in blocks.modules() if isinstance(c, nn.Conv3d))


def test_a_block_adds_its_input_before_its_last_relu():
    torch.manual_seed(0)
    block = Bottleneck(8, 2, time=3, stride=1, project=False).eval()
    nn.init.zeros_(block.norm3.weight)  # so that the three convolutions add zero
    x = torch.randn(1, 8, 4, 5, 5)
    assert torch.equal(block(x), x.relu())


def test_weights_start_as_the_papers_code_draws_them():
    torch.manual_seed(0)
    kernels = [
        m.weight
        for m in models.build("r3d50", width=16).modules()
        if isinstance(m, nn.Conv3d) and m.weight.numel() > 20_000
    ]
    assert len(kernels) > 20
    for weight in kernels:
        scaled = weight.detach() * weight[0].numel() ** 0.5  # a variance of 1 / fan-in becomes 1
        assert abs(scaled.std() - 1) < 0.02
        # The normal is cut at two of its deviations, and the cut scales its deviation by 0.8796.
        assert 2.2 < scaled.abs().max() < 2 / 0.8796 + 1e-3
