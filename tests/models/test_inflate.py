"""An inflated net computes on a still clip what the 2-D net computes on the frame."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
import urllib.error
import urllib.request
from importlib import import_module

import pytest
import torch
from torch import nn

from vssl import models
from vssl.errors import VsslError

inflation = import_module("vssl.models.inflate")

BLOCKS = {"r3d50": (3, 4, 6, 3), "r3d101": (3, 4, 23, 3)}
# How many steps at either end of the last map the padding reaches: one for the stem, and one for
# each kernel of three frames.
REACH = {"r3d50": 10, "r3d101": 27}
FILE = "resnet50-0676ba61.pth"


def flat_net(name, width=8):
    """Make torchvision's ResNet, but narrow, with random weights and statistics.

    Its layers are replaced, because its constructor can only make them 64 channels wide.
    """
    from torchvision.models.resnet import Bottleneck, ResNet

    torch.manual_seed(0)
    net = ResNet(Bottleneck, [1, 1, 1, 1], num_classes=5)
    net.inplanes = width
    net.conv1, net.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
    for place, number in enumerate(BLOCKS[name]):
        setattr(
            net,
            f"layer{place + 1}",
            net._make_layer(Bottleneck, width << place, number, stride=2 if place else 1),
        )
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            # As torchvision does.
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(module, nn.BatchNorm2d):
            for value in (module.weight, module.running_var):
                nn.init.uniform_(value, 0.5, 1.5)
            for value in (module.bias, module.running_mean):
                nn.init.normal_(value, 0, 0.5)
    return net.double().eval()


def flat_maps(net, images):
    """Return the map after each stage of a torchvision ResNet."""
    x = net.maxpool(net.relu(net.bn1(net.conv1(images))))
    maps = [x]
    for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
        maps.append(x := layer(x))
    return maps


def still(images, frames):
    return images.unsqueeze(2).expand(-1, -1, frames, -1, -1)  # [N, 3, T, H, W]


@pytest.mark.parametrize("name", ["r3d50", "r3d101"])
@torch.no_grad()
def test_a_still_clip_gives_the_2d_nets_features_where_no_padding_reaches(name):
    flat, images, reach = flat_net(name), torch.randn(2, 3, 64, 48).double(), REACH[name]
    backbone = models.inflate(flat, models.build(name, width=8).double()).eval()
    # The maps have 2 * reach + 1 steps, and the padding does not reach the one in the middle.
    maps = backbone.stages(still(images, 4 * reach + 1)).values()
    for ours, theirs in zip(maps, flat_maps(flat, images), strict=True):
        assert ours.shape[2] == 2 * reach + 1
        torch.testing.assert_close(ours[:, :, reach], theirs, rtol=1e-10, atol=1e-10)
    assert not torch.allclose(ours[:, :, 0], theirs, rtol=0.1)


@torch.no_grad()
def test_the_padding_reaches_exactly_as_far_as_documented():
    flat, images, reach = flat_net("r3d50"), torch.randn(2, 3, 64, 64).double(), REACH["r3d50"]
    backbone = models.inflate(flat, models.build("r3d50", width=8).double()).eval()
    theirs = flat_maps(flat, images)[-1]
    ours = backbone(still(images, 4 * reach + 5))
    off = [((step - theirs).norm() / theirs.norm()).item() for step in ours.unbind(2)]
    assert len(off) == 2 * reach + 3
    assert max(off[reach:-reach]) < 1e-12
    assert min(off[reach - 1], off[-reach]) > 1e-10


@torch.no_grad()
def test_mean_features_are_off_by_a_quarter_at_16_frames_and_half_as_far_at_32():
    flat, images = flat_net("r3d50"), torch.randn(2, 3, 64, 64).double()
    backbone = models.inflate(flat, models.build("r3d50", width=8).double()).eval()
    theirs = flat_maps(flat, images)[-1].mean((2, 3))
    off = {
        frames: ((backbone.features(still(images, frames)) - theirs).norm() / theirs.norm()).item()
        for frames in (16, 32)
    }
    assert off == pytest.approx({16: 0.26, 32: 0.13}, rel=0.1)


def test_every_weight_and_statistic_comes_from_the_2d_net():
    flat = flat_net("r3d50")
    # Old files have no batch counters.
    state = {
        name: value
        for name, value in flat.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    backbone = models.build("r3d50", width=8).double()
    assert models.inflate(state, backbone) is backbone
    theirs = [value for name, value in state.items() if not name.startswith("fc.")]
    ours = [
        value
        for name, value in backbone.state_dict().items()
        if not name.endswith("num_batches_tracked")
    ]
    # torchvision's layers come in the same order.
    for mine, value in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.sum(2) if mine.ndim == 5 else mine, value)
        if mine.ndim == 5:  # a kernel, of which every frame is the same
            assert torch.equal(mine, mine[:, :, :1].expand_as(mine))


@pytest.mark.parametrize(
    ("net", "flat", "line"),
    [
        ("r3d", {}, "fit r3d50 and r3d101, not r3d;"),
        (
            "r3d50",
            {"state_dict": {}},
            "lacks conv1.weight, unlike r3d50; take .* 3, 4, 6, 3 bottleneck blocks",
        ),
        ("r3d50", "resnet18", "lacks layer1.0.conv3.weight, unlike r3d50"),
        (
            "r3d101",
            "resnet50",
            "lacks layer3.6.conv1.weight, unlike r3d101; take .* 3, 4, 23, 3 bottleneck blocks",
        ),
        ("r3d50", "resnet101", "has layer3.6.conv1.weight, unlike r3d50"),
        (
            "r3d50",
            "resnet50",
            r"conv1.weight of the 2-D net is \[64, 3, 7, 7\], but this r3d50 needs \[8, 3, 7, 7\]",
        ),
    ],
)
def test_a_2d_net_that_does_not_fit_is_refused_in_one_line_and_changes_nothing(net, flat, line):
    import torchvision

    backbone = models.build(net, width=8)
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    if isinstance(flat, str):
        with torch.device("meta"):
            flat = getattr(torchvision.models, flat)()
    with pytest.raises(VsslError, match=line) as problem:
        models.inflate(flat, backbone)
    assert "\n" not in str(problem.value)
    assert all(torch.equal(before[name], value) for name, value in backbone.state_dict().items())


def test_a_net_that_spans_time_is_not_inflated():
    with pytest.raises(VsslError, match="one frame at a time, and r3d50 sees several; take r2d50"):
        models.inflate(models.build("r3d50", width=4), models.build("r3d50", width=4))


@pytest.mark.parametrize("flat", ["resnext50_32x4d", "wide_resnet50_2"])
def test_grouped_and_wide_nets_are_refused_by_their_shapes(flat):
    import torchvision

    with torch.device("meta"):
        theirs, ours = getattr(torchvision.models, flat)(), models.build("r3d50")
        with pytest.raises(
            VsslError,
            match=(
                r"layer1.0.conv1.weight of the 2-D net is \[128, 64, 1, 1\], but .* \[64, 64,"
                r" 1, 1\]"
            ),
        ):
            models.inflate(theirs, ours)


@pytest.fixture
def checkpoints(tmp_path, monkeypatch):
    """An empty checkpoint folder of torch hub, on a machine without a network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def offline(*arguments, **options):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@torch.no_grad()
def test_imagenet_weights_give_torchvisions_features_of_the_standardised_frame(checkpoints):
    import torchvision

    torch.manual_seed(0)
    flat = torchvision.models.resnet50().eval()
    torch.save(flat.state_dict(), checkpoints / FILE)
    images = torch.rand(2, 3, 32, 32)
    colours = torchvision.transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    ours = models.imagenet("r3d50").eval()(still(images, 41))
    (checkpoints / FILE).unlink()  # pytest keeps its folders, and this is 100 MB
    theirs = flat_maps(flat, colours(images))[-1]
    assert theirs.std() > 0
    torch.testing.assert_close(
        ours[:, :, 10], theirs, rtol=1e-4, atol=1e-4 * theirs.abs().max().item()
    )


def test_imagenet_weights_that_cannot_be_downloaded_are_reported_in_one_line(checkpoints):
    with pytest.raises(VsslError, match="could not be downloaded") as problem:
        models.imagenet("r3d50")
    line = str(problem.value)
    assert f"fetch https://download.pytorch.org/models/{FILE} by hand" in line
    assert f"put the file into {checkpoints}" in line
    assert "Name or service not known" in line and "\n" not in line
    assert socket.getdefaulttimeout() is None
    with pytest.raises(VsslError, match=r"resnet101-63fe2227\.pth"):
        models.imagenet("r3d101")
    for function in (models.imagenet, models.imagenet_weights):
        with pytest.raises(VsslError, match="for r3d50 and r3d101, not for 'r3d'"):
            function("r3d")


@pytest.fixture
def server(checkpoints, monkeypatch):
    """Start a local server of weights: `server(answer)` returns the URL where it answers so."""
    monkeypatch.undo()
    monkeypatch.setenv("TORCH_HOME", str(checkpoints.parents[1]))
    started = []

    def start(answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self)

            def log_message(self, *arguments):
                pass

        started.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=started[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{started[-1].server_port}/weights"

    yield start
    for one in started:
        one.shutdown()


def test_what_is_downloaded_is_whole_or_absent(server, tmp_path):
    content = b"weights" * 1000

    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(content)

    url = server(answer)
    digest = hashlib.sha256(content).hexdigest()
    right, wrong = tmp_path / f"net-{digest[:8]}.pth", tmp_path / "net-00000000.pth"
    inflation._download(url, right)
    assert right.read_bytes() == content
    with pytest.raises(RuntimeError, match=f"has the hash {digest[:8]}, not 00000000"):
        inflation._download(url, wrong)
    assert not wrong.exists()


def test_a_server_that_hangs_is_given_up_without_a_limit_on_other_connections(
    server, tmp_path, monkeypatch
):
    limits, release = [], threading.Event()

    def answer(handler):
        limits.append(socket.getdefaulttimeout())
        release.wait(20)

    monkeypatch.setattr(inflation, "PATIENCE", 0.3)
    url = server(answer)
    with pytest.raises(OSError, match="timed out"):
        inflation._download(url, tmp_path / "net-00000000.pth")
    release.set()
    assert limits == [None]  # connections of other threads had no time limit meanwhile


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04 half a download"])
def test_a_damaged_file_of_imagenet_weights_is_reported_in_one_line(checkpoints, content):
    (checkpoints / FILE).write_bytes(content)
    with pytest.raises(VsslError, match=f"{FILE} is damaged .*; delete it") as problem:
        models.imagenet("r3d50")
    assert "\n" not in str(problem.value)


def test_our_own_2d_net_inflates_too_and_gives_its_features_on_a_still_clip():
    torch.manual_seed(0)
    flat, deep = models.build("r2d50", 4).double().eval(), models.build("r3d50", 4).double().eval()
    for module in flat.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    frame = torch.rand(1, 3, 1, 32, 32, dtype=torch.double)
    assert all(value.shape[2] == 1 for value in flat.state_dict().values() if value.ndim == 5)
    with torch.no_grad():
        steps = models.inflate(flat, deep)(still(frame[:, :, 0], 41))
        # Step 10 is the only one that no padding in time reaches.
        assert torch.allclose(steps[:, :, 10], flat(frame)[:, :, 0], rtol=1e-10)
