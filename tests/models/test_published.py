"""Published weights: nets of the others' layouts, with made-up weights, say the same in ours."""

import pytest
import torch
from torch import Tensor, nn

import vssl
from vssl.errors import VsslError

MEAN, DEVIATION = [0.43216, 0.394666, 0.37645], [0.22803, 0.22145, 0.216989]


class Named(nn.Module):
    """Layers under the names of others' code, called one after the other."""

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = layer(x)
        return x


def whole(inputs, outputs, kernel, stride, padding):
    conv = nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False)
    return Named(temporal_spatial_conv=conv)


def parted(inputs, outputs, kernel, stride, padding):
    t, d = kernel[0], kernel[1]
    middle = (t * d * d * inputs * outputs) // (d * d * inputs + t * outputs)
    space, time = (1, *stride[1:]), (stride[0], 1, 1)
    return Named(
        spatial_conv=nn.Conv3d(inputs, middle, (1, d, d), space, (0, *padding[1:]), bias=False),
        bn=nn.BatchNorm3d(middle),
        relu=nn.ReLU(),
        temporal_conv=nn.Conv3d(middle, outputs, (t, 1, 1), time, (padding[0], 0, 0), bias=False),
    )


class Block(nn.Module):
    """A residual block with VCOP's names."""

    def __init__(self, conv, inputs, outputs, stride) -> None:
        super().__init__()
        three, one = ((3,) * 3, (1,) * 3), (1,) * 3
        if stride > 1:
            self.downsampleconv = conv(inputs, outputs, one, (stride,) * 3, (0,) * 3)
            self.downsamplebn = nn.BatchNorm3d(outputs)
        self.conv1 = conv(inputs, outputs, three[0], (stride,) * 3, one)
        self.bn1 = nn.BatchNorm3d(outputs)
        self.conv2 = conv(outputs, outputs, three[0], one, one)
        self.bn2 = nn.BatchNorm3d(outputs)

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if hasattr(self, "downsampleconv"):
            x = self.downsamplebn(self.downsampleconv(x))
        return (x + y).relu()


def one_block(conv):
    widths = (64, 64, 128, 256, 512)
    return Named(
        conv1=conv(3, 64, (3, 7, 7), (1, 2, 2), (1, 3, 3)),
        bn1=nn.BatchNorm3d(64),
        relu1=nn.ReLU(),
        **{
            f"conv{n}": Named(block1=Block(conv, widths[n - 2], widths[n - 1], 1 if n == 2 else 2))
            for n in (2, 3, 4, 5)
        },
    )


WIDTHS = {"1": 64, "2": 128, "3a": 256, "3b": 256, "4a": 512, "4b": 512, "5a": 512, "5b": 512}


def c3d():
    layers, inputs = {}, 3
    for name, width in WIDTHS.items():
        layers[f"conv{name}"] = nn.Conv3d(inputs, width, 3, padding=1)
        layers[f"bn{name}"], layers[f"relu{name}"] = nn.BatchNorm3d(width), nn.ReLU()
        if name in ("1", "2", "3b", "4b"):
            layers[f"pool{name}"] = nn.MaxPool3d((1, 2, 2) if name == "1" else 2)
        inputs = width
    return Named(**layers)


def separable(inputs, outputs, kernel, stride=1, padding=0, parts=False):
    """A convolution of S3D's code: STConv3D."""
    if not parts:
        conv = nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False)
        return Named(conv1=conv, bn1=nn.BatchNorm3d(outputs), relu=nn.ReLU())
    return Named(
        conv1=nn.Conv3d(inputs, outputs, (1, 3, 3), padding=(0, 1, 1), bias=False),
        bn1=nn.BatchNorm3d(outputs),
        relu=nn.ReLU(),
        conv2=nn.Conv3d(outputs, outputs, (3, 1, 1), padding=(1, 0, 0), bias=False),
        bn2=nn.BatchNorm3d(outputs),
        relu2=nn.ReLU(),
    )


class Gating(nn.Module):
    def __init__(self, width) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        return self.fc(x.mean((2, 3, 4))).sigmoid()[:, :, None, None, None] * x


class Mixed(nn.Module):
    """An inception block with the names of S3D's code."""

    def __init__(self, inputs, b0, a1, b1, a2, b2, b3) -> None:
        super().__init__()
        self.conv_b0 = separable(inputs, b0, 1)
        self.conv_b1_a, self.conv_b1_b = separable(inputs, a1, 1), separable(a1, b1, 3, parts=True)
        self.conv_b2_a, self.conv_b2_b = separable(inputs, a2, 1), separable(a2, b2, 3, parts=True)
        self.pool, self.conv_b3_b = nn.MaxPool3d(3, 1, 1), separable(inputs, b3, 1)
        for number, width in enumerate((b0, b1, b2, b3)):
            self.add_module(f"gating_b{number}", Gating(width))

    def forward(self, x):
        branches = (
            self.gating_b0(self.conv_b0(x)),
            self.gating_b1(self.conv_b1_b(self.conv_b1_a(x))),
            self.gating_b2(self.conv_b2_b(self.conv_b2_a(x))),
            self.gating_b3(self.conv_b3_b(self.pool(x))),
        )
        return torch.cat(branches, 1)


def same(kernel, stride):
    far = [k - s for k, s in zip(kernel, stride, strict=True)]
    padding = [p for size in reversed(far) for p in (size // 2, size - size // 2)]
    return nn.Sequential(
        nn.ConstantPad3d(padding, 0.0), nn.MaxPool3d(kernel, stride, ceil_mode=True)
    )


def s3dg():
    flat = ((1, 3, 3), (1, 2, 2))
    return Named(
        conv1=separable(3, 64, (3, 7, 7), 2, (1, 3, 3)),
        maxpool_2a=same(*flat),
        conv_2b=separable(64, 64, 1),
        conv_2c=separable(64, 192, 3, parts=True),
        gating=Gating(192),
        maxpool_3a=same(*flat),
        mixed_3b=Mixed(192, 64, 96, 128, 16, 32, 32),
        mixed_3c=Mixed(256, 128, 128, 192, 32, 96, 64),
        maxpool_4a=same((3, 3, 3), (2, 2, 2)),
        mixed_4b=Mixed(480, 192, 96, 208, 16, 48, 64),
        mixed_4c=Mixed(512, 160, 112, 224, 24, 64, 64),
        mixed_4d=Mixed(512, 128, 128, 256, 24, 64, 64),
        mixed_4e=Mixed(512, 112, 144, 288, 32, 64, 64),
        mixed_4f=Mixed(528, 256, 160, 320, 32, 128, 128),
        maxpool_5a=same((2, 2, 2), (2, 2, 2)),
        mixed_5b=Mixed(832, 256, 160, 320, 32, 128, 128),
        mixed_5c=Mixed(832, 384, 192, 384, 48, 128, 128),
    )


NETS = {
    "r3d": lambda: one_block(whole),
    "r2plus1d": lambda: one_block(parted),
    "c3d": c3d,
    "s3dg": s3dg,
}


def trained(make, size=32):
    """A net of others with weights and statistics that are all different."""
    torch.manual_seed(0)
    net = make()
    net(torch.rand(2, 3, 16, size, size))  # batch statistics of its own
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm3d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
    return net.eval()


def alike(net, file, x, seen):
    """Whether the net of a file says of clips what the others' net says of the pixels it sees."""
    with torch.inference_mode():
        wanted, found = net(seen), vssl.load(file)(x)
    return found.shape == wanted.shape and torch.allclose(found, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", NETS)
def test_a_net_of_paces_code_says_the_same_of_its_pixels(name, tmp_path):
    net, x = trained(NETS[name]), torch.rand(2, 3, 16, 32, 32)
    state = {f"module.{key}": value for key, value in net.state_dict().items()}
    state["module.linear.weight"] = torch.rand(4, 512)
    torch.save({"epoch": 17, "state_dict": state, "opt_dict": {}}, tmp_path / "epoch-18.pth.tar")
    assert alike(net, tmp_path / "epoch-18.pth.tar", x, 255 * x.flip(1))  # BGR from 0 to 255


def test_a_net_of_vcops_code_reads_plain_pixels(tmp_path):
    net, x = trained(NETS["r2plus1d"]), torch.rand(2, 3, 16, 32, 32)
    state = {f"base_network.{key}": value for key, value in net.state_dict().items()}
    torch.save(state | {"fc7.weight": torch.rand(512, 1024)}, tmp_path / "model.pt")
    assert alike(net, tmp_path / "model.pt", x, x)
    assert vssl.load(tmp_path / "model.pt").name == "r2plus1d"


@pytest.mark.parametrize("name", ["r3d_18", "r2plus1d_18"])
def test_a_net_of_torchvision_reads_standardised_pixels(name, tmp_path):
    from torchvision.models import video

    made = trained(lambda: getattr(video, name)(weights=None))
    torch.save(made.state_dict(), tmp_path / "net.pth")
    maps = nn.Sequential(made.stem, made.layer1, made.layer2, made.layer3, made.layer4)
    x = torch.rand(2, 3, 8, 32, 32)
    mean, deviation = (torch.tensor(one).view(3, 1, 1, 1) for one in (MEAN, DEVIATION))
    assert alike(maps, tmp_path / "net.pth", x, (x - mean) / deviation)


def test_torchvisions_numbers_are_those_that_it_publishes():
    from torchvision.models.video import R3D_18_Weights

    wanted = R3D_18_Weights.DEFAULT.transforms()
    assert (wanted.mean, wanted.std) == (MEAN, DEVIATION)


def test_a_file_of_no_known_net_is_refused_in_a_line(tmp_path):
    def refused(content, words):
        torch.save(content, tmp_path / "x.pth")
        with pytest.raises(VsslError, match=words) as caught:
            vssl.load(tmp_path / "x.pth")
        assert "\n" not in str(caught.value)

    state = trained(c3d).state_dict()
    refused({"encoder.weight": torch.rand(2)}, "no net that is known here")
    refused([1, 2], "no weights by their names")
    refused({**state, "conv9.weight": torch.rand(1)}, "looks like c3d, but it has")
    refused({k: v for k, v in state.items() if k != "bn5b.bias"}, "lacks blocks.stage5.4.bias")
    refused({**state, "bn1.bias": torch.rand(3)}, r"stem.1.bias is \[3\] and not \[64\]")
    (tmp_path / "y.pth").write_bytes(b"no weights")
    with pytest.raises(VsslError, match="cannot be read as weights alone"):
        vssl.load(tmp_path / "y.pth")


class Evil:
    def __reduce__(self):
        return print, ("code was run",)


def test_code_in_a_file_is_never_run(tmp_path, capsys):
    torch.save({"state_dict": Evil()}, tmp_path / "x.pth")
    with pytest.raises(VsslError, match="cannot be read as weights alone"):
        vssl.load(tmp_path / "x.pth")
    assert "code was run" not in capsys.readouterr().out
