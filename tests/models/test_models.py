"""The backbones have the papers' exact sizes, match torchvision's nets and state their limits."""

from __future__ import annotations

import pytest
import torch

from vssl import models
from vssl.errors import VsslError
from vssl.models.inception import Gate

PARAMETERS = {
    "c3d": 27_661_440,
    "r3d": 14_361_792,
    "r2plus1d": 14_365_303,
    "r3d18": 33_371_472 - 205_200,  # torchvision's, less its 400-way classifier
    "r2plus1d18": 31_505_325 - 205_200,
    "s3dg": 9_125_072,
    "i3d": 12_697_264 - 410_000,  # less its 400-way classifier
    "r3d50": 31_672_128,
    "r3d101": 59_577_152,
    "r2d50": 25_557_032 - 2_049_000,  # torchvision's ResNet-50, less its 1000-way classifier
}
GIGA_MACS = {
    "c3d": "38.497",
    "r3d": "19.887",
    "r2plus1d": "21.362",
    "r3d18": "40.696",
    "s3dg": "4.04",
}
BOTTLENECK = [[64, 8, 28, 28], [256, 8, 28, 28], [512, 8, 14, 14], [1024, 8, 7, 7], [2048, 8, 4, 4]]
RESNET = [[64, 16, 56, 56], [64, 16, 56, 56], [128, 8, 28, 28], [256, 4, 14, 14], [512, 2, 7, 7]]
SHAPES = {
    "c3d": [[64, 16, 56, 56], [128, 8, 28, 28], [256, 4, 14, 14], [512, 2, 7, 7], [512, 2, 7, 7]],
    "r3d": RESNET,
    "r2plus1d": RESNET,
    "r3d18": RESNET,
    "r2plus1d18": RESNET,
    "s3dg": [[64, 8, 56, 56], [192, 8, 28, 28], [480, 8, 14, 14], [832, 4, 7, 7], [1024, 2, 4, 4]],
    "i3d": [[64, 8, 56, 56], [192, 8, 28, 28], [480, 8, 14, 14], [832, 4, 7, 7], [1024, 2, 4, 4]],
    "r3d50": BOTTLENECK,
    "r3d101": BOTTLENECK,
    "r2d50": [[d, 16, h, w] for d, _, h, w in BOTTLENECK],
}
POOLED = ("r3d50", "r3d101", "r2d50")  # these always have a pool after the stem
# The steps that are left of 8 and of 4 frames, in nets that halve the time once or never.
ENDS = {"r3d50": (4, 2), "r3d101": (4, 2), "r2d50": (8, 4)}


def on_meta(name, **options):
    with torch.device("meta"):
        return models.build(name, **options).eval()


@pytest.mark.parametrize("name", models.NAMES)
def test_size_and_shapes_are_the_papers(name):
    backbone = on_meta(name)
    assert models.parameters(backbone) == PARAMETERS[name]
    maps = backbone.stages(torch.empty(2, 3, 16, 112, 112, device="meta"))
    assert list(maps) == ["stem", "stage2", "stage3", "stage4", "stage5"]
    assert [list(m.shape[1:]) for m in maps.values()] == SHAPES[name]
    assert backbone.dim == SHAPES[name][-1][0]


@pytest.mark.parametrize(("name", "giga"), GIGA_MACS.items())
def test_multiply_accumulates_are_the_papers(name, giga):
    digits = len(giga.split(".")[1])
    assert f"{models.macs(on_meta(name), frames=16, size=112) / 1e9:.{digits}f}" == giga


def test_s3dg_has_the_papers_maps_and_cost_at_64_frames():
    backbone = on_meta("s3dg")
    maps = backbone.stages(torch.empty(1, 3, 64, 224, 224, device="meta"))
    assert [list(maps[s].shape[1:]) for s in ("stem", "stage3", "stage4", "stage5")] == [
        [64, 32, 112, 112],
        [480, 32, 28, 28],
        [832, 16, 14, 14],
        [1024, 8, 7, 7],
    ]
    assert f"{models.macs(backbone, frames=64, size=224) / 1e9:.1f}" == "64.2"


def test_factored_convolutions_have_the_papers_middle_widths():
    blocks = on_meta("r2plus1d").blocks
    assert blocks["stem"][0][0].out_channels == 83
    middles = [
        (b.conv1[0].out_channels, b.conv2[0].out_channels) for n, b in blocks.items() if n != "stem"
    ]
    assert middles == [(144, 144), (230, 288), (460, 576), (921, 1152)]
    shortcuts = [blocks[n].shortcut[0][0] for n in ("stage3", "stage4", "stage5")]
    assert [first.out_channels for first in shortcuts] == [42, 85, 170]


@pytest.mark.parametrize(("name", "original"), [("r3d18", "r3d_18"), ("r2plus1d18", "r2plus1d_18")])
def test_eighteen_layer_nets_are_torchvisions(name, original):
    import torchvision

    theirs, ours = getattr(torchvision.models.video, original)(), models.build(name)
    theirs.fc = torch.nn.Identity()
    state = theirs.state_dict()
    assert [v.shape for v in state.values()] == [v.shape for v in ours.state_dict().values()]
    ours.load_state_dict(dict(zip(ours.state_dict(), state.values(), strict=True)))
    clips = torch.randn(2, 3, 4, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval().features(clips), theirs.eval()(clips))


@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize("name", models.NAMES)
def test_the_smallest_clip_passes_and_a_smaller_one_is_refused(name, pool):
    backbone = on_meta(name, width=8, pool=pool)
    frames, side = backbone.minimum
    assert min(backbone(torch.empty(1, 3, frames, side, side, device="meta")).shape) > 0
    for shape, word in (((frames - 1, side, side), "frames"), ((frames, side, side - 1), "pixels")):
        if min(shape) == 0:
            continue
        clips = torch.empty(1, 3, *shape, device="meta")
        for call in (backbone, backbone.features, backbone.stages):
            with pytest.raises(VsslError, match=f"at least .* {word}"):
                call(clips)
        with pytest.raises(RuntimeError):  # so the limit is not stricter than the net needs
            for block in backbone.blocks.values():
                clips = block(clips)


def test_eight_frames_suit_every_net_and_only_c3d_needs_more_than_four():
    for name in models.NAMES:
        backbone = on_meta(name, width=8)
        of_eight, of_four = ENDS.get(name, (1, 1))
        eight = torch.empty(1, 3, 8, 112, 112, device="meta")
        four = torch.empty(1, 3, 4, 112, 112, device="meta")
        assert backbone(eight).shape[2] == of_eight
        if name == "c3d":
            with pytest.raises(VsslError, match="at least 8 frames"):
                backbone(four)
        else:
            assert backbone(four).shape[2] == of_four


@pytest.mark.parametrize("name", models.NAMES)
def test_any_memory_layout_gives_the_same_features(name):
    torch.manual_seed(0)
    backbone = models.build(name, width=8, pool=True).eval()
    clips = torch.randn(2, 3, 8, 32, 32)
    with torch.no_grad():
        expected = backbone.features(clips)
        last = backbone.stages(clips)["stage5"]
        torch.testing.assert_close(last.mean((2, 3, 4)), expected)
        torch.testing.assert_close(backbone(clips), last)
        backbone = backbone.to(memory_format=torch.channels_last_3d)
        features = backbone.features(clips.to(memory_format=torch.channels_last_3d))
        torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-5)
    assert expected.shape == (2, backbone.dim)
    assert expected.std() > 0


@pytest.mark.parametrize("name", models.NAMES)
def test_width_scales_every_layer_and_every_weight_learns(name):
    torch.manual_seed(0)
    backbone = models.build(name, width=8)
    assert backbone.dim * 8 == SHAPES[name][-1][0]
    maps = backbone.stages(torch.randn(2, 3, 8, 32, 32)).values()
    for stage_map, expected in zip(maps, SHAPES[name], strict=True):
        assert stage_map.shape[1] * 8 == expected[0]
    backbone.features(torch.randn(2, 3, 8, 32, 32)).square().sum().backward()
    assert [n for n, p in backbone.named_parameters() if p.grad is None] == []
    for width in (16, 32):
        assert on_meta(name, width=width).dim * 64 == SHAPES[name][-1][0] * width


def test_pool_halves_the_side_once_in_nets_that_have_no_pool_after_the_stem():
    for name in models.NAMES:
        plain, pooled = (
            on_meta(name, width=8, pool=p).stages(torch.empty(1, 3, 8, 64, 64, device="meta"))
            for p in (False, True)
        )
        assert [m.shape[3] for m in pooled.values()] == [
            m.shape[3] if name in POOLED else -(-m.shape[3] // 2) for m in plain.values()
        ]
        assert [m.shape[2] for m in pooled.values()] == [m.shape[2] for m in plain.values()]


def test_gate_weighs_channels_by_the_mean_of_the_clip():
    gate = Gate(2)
    with torch.no_grad():
        gate.linear.weight.copy_(torch.tensor([[0.0, 1.0], [0.0, 0.0]]))
        gate.linear.bias.zero_()
    x = torch.ones(1, 2, 1, 2, 2)
    x[0, 1] = torch.tensor([[[0.0, 2.0], [4.0, 6.0]]])  # its mean is 3
    out = gate(x)
    weight = torch.sigmoid(torch.tensor(3.0)).item()
    torch.testing.assert_close(out[0, 0], torch.full((1, 2, 2), weight))
    torch.testing.assert_close(out[0, 1], x[0, 1] / 2)


def test_wrong_input_is_refused_in_one_line():
    with pytest.raises(VsslError, match="c3d, r3d, r2plus1d, r3d18, r2plus1d18, s3dg"):
        models.build("r3d-18")
    with pytest.raises(VsslError, match="width of 4"):
        models.build("r3d", width=2)
    backbone = on_meta("r3d", width=8)
    for clips in (
        torch.zeros(3, 8, 32, 32),
        torch.zeros(1, 8, 3, 32, 32),
        torch.zeros(1, 3, 8, 32, 32, dtype=torch.uint8),
    ):
        with pytest.raises(VsslError, match=r"float clips \[N, 3, T, H, W\]"):
            backbone(clips)


def test_counting_does_not_change_the_net():
    backbone = models.build("s3dg", width=8)
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    assert models.macs(backbone, frames=8, size=32) > 0
    assert all(torch.equal(before[name], value) for name, value in backbone.state_dict().items())
