"""Weights that others published, brought into our nets: only tensors are read, never code.

    pace         the code of the Pace paper: c3d, r3d, r2plus1d and s3dg; it reads BGR, 0 to 255
    vcop         the code of clip order prediction: c3d, r3d and r2plus1d; it reads RGB, 0 to 1
    torchvision  r3d_18 and r2plus1d_18, which learnt the labels of Kinetics-400; RGB, standardised

A net that comes out takes RGB from 0 to 1 like all of ours: its stem begins with what the others'
code does to the pixels. CVRL's published weights are TensorFlow's, which this does not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vssl.errors import VsslError
from vssl.models import build
from vssl.models.backbone import Backbone

# Parts of a name, and what we call them; all that match are replaced, in this order.
Names = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]

ONE_BLOCK: Names = (  # r3d and r2plus1d
    (r"^conv1\.", "stem.0."),
    (r"^bn1\.", "stem.1."),
    (r"^conv([2-5])\.block1\.", r"stage\1."),
    (r"\.bn([12])\.", r".norm\1."),
    (r"\.downsampleconv\.", ".shortcut.0."),
    (r"\.downsamplebn\.", ".shortcut.1."),
    (r"\.temporal_spatial_conv\.", "."),
    (r"\.spatial_conv\.", ".0."),
    (r"\.bn\.", ".1."),
    (r"\.temporal_conv\.", ".3."),
)
C3D: Names = (
    (r"^conv1\.", "stem.0."),
    (r"^bn1\.", "stem.1."),
    (r"^conv2\.", "stage2.0."),
    (r"^bn2\.", "stage2.1."),
    (r"^conv([345])a\.", r"stage\1.0."),
    (r"^bn([345])a\.", r"stage\1.1."),
    (r"^conv([345])b\.", r"stage\1.3."),
    (r"^bn([345])b\.", r"stage\1.4."),
)
S3DG: Names = (
    (r"^conv1\.conv1\.", "stem.0."),
    (r"^conv1\.bn1\.", "stem.1."),
    (r"^conv_2b\.conv1\.", "stage2.1."),
    (r"^conv_2b\.bn1\.", "stage2.2."),
    (r"^conv_2c\.conv1\.", "stage2.4."),
    (r"^conv_2c\.bn1\.", "stage2.5."),
    (r"^conv_2c\.conv2\.", "stage2.7."),
    (r"^conv_2c\.bn2\.", "stage2.8."),
    (r"^gating\.fc\.", "stage2.10.linear."),
    # A pool is the first layer of a stage, and its blocks are called b, c and so on.
    (r"^mixed_([345])([b-f])\.", lambda found: f"stage{found[1]}.{' bcdef'.index(found[2])}."),
    (r"\.conv_b0\.conv1\.", ".point.0."),
    (r"\.conv_b0\.bn1\.", ".point.1."),
    (r"\.gating_b0\.fc\.", ".point.3.linear."),
    (r"\.conv_b1_", ".first."),
    (r"\.conv_b2_", ".second."),
    (r"\.a\.conv1\.", ".0."),
    (r"\.a\.bn1\.", ".1."),
    (r"\.b\.conv1\.", ".3."),
    (r"\.b\.bn1\.", ".4."),
    (r"\.b\.conv2\.", ".6."),
    (r"\.b\.bn2\.", ".7."),
    (r"\.gating_b1\.fc\.", ".first.9.linear."),
    (r"\.gating_b2\.fc\.", ".second.9.linear."),
    (r"\.conv_b3_b\.conv1\.", ".pooled.1."),
    (r"\.conv_b3_b\.bn1\.", ".pooled.2."),
    (r"\.gating_b3\.fc\.", ".pooled.4.linear."),
)
TORCHVISION: Names = ((r"^layer([1-4])\.", lambda found: f"stage{int(found[1]) + 1}."),)

# A weight that only this net has, the net in our words, and its names. The first that fits counts.
NETS: tuple[tuple[str, str, Names], ...] = (
    ("conv1.temporal_spatial_conv.weight", "r3d", ONE_BLOCK),
    ("conv1.spatial_conv.weight", "r2plus1d", ONE_BLOCK),
    ("conv3a.weight", "c3d", C3D),
    ("conv_2c.conv2.weight", "s3dg", S3DG),
    ("layer1.0.conv1.0.0.weight", "r2plus1d18", TORCHVISION),
    ("layer1.0.conv1.0.weight", "r3d18", TORCHVISION),
)
CLASSIFIER = re.compile(r"(linear|fc\d*)\.")
WRAPPED = re.compile(r"(module\.)?(base_network\.)?")  # by several GPUs, and by VCOP's head
MEAN, DEVIATION = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)  # torchvision's


class Pixels(nn.Module):
    """What the code of others does to RGB clips in [0, 1] before its net sees them."""

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        mean: tuple[float, ...] = (0.0, 0.0, 0.0),
        deviation: tuple[float, ...] = (1.0, 1.0, 1.0),
        order: tuple[int, ...] = (0, 1, 2),
    ) -> None:
        super().__init__()
        self.order = list(order)
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(3, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Clips [N, 3, T, H, W] to clips of the same shape."""
        return ((x - self.mean) / self.deviation)[:, self.order]


def load(file: Path) -> Backbone:
    """Give the net of a file that the code of others wrote, in eval mode.

    Which code and which net it is, the names of its weights say. Its classifier is left out.
    """
    state = _state(file)
    inner = {WRAPPED.sub("", name, count=1): value for name, value in state.items()}
    found = next(((net, names) for sign, net, names in NETS if sign in inner), None)
    if found is None:
        raise VsslError(
            f"{file} has weights of no net that is known here: those of Pace's and VCOP's code, and"
            " torchvision's r3d_18 and r2plus1d_18"
        )
    net, names = found
    with torch.random.fork_rng(devices=[]):  # initial weights that are thrown away
        backbone = build(net)
    weights = {_ours(name, names): v for name, v in inner.items() if not CLASSIFIER.match(name)}
    _put(backbone, weights, file)
    backbone.blocks["stem"] = nn.Sequential(_pixels(state, names), backbone.blocks["stem"])
    return backbone.eval()


def _pixels(state: Mapping[str, Tensor], names: Names) -> Pixels:
    """What the code that wrote these weights does to pixels."""
    if names is TORCHVISION:
        return Pixels(MEAN, DEVIATION)
    if any("base_network." in name for name in state):  # VCOP's
        return Pixels()
    return Pixels(deviation=(1 / 255,) * 3, order=(2, 1, 0))  # Pace's


def _ours(name: str, names: Names) -> str:
    for pattern, replacement in names:
        name = re.sub(pattern, replacement, name)
    return f"blocks.{name}"


def _put(backbone: Backbone, weights: Mapping[str, Tensor], file: Path) -> None:
    """Load weights into a net; all of the net's must be there, and no others."""
    wanted = backbone.state_dict()
    if odd := sorted(wanted.keys() ^ weights.keys()):
        what = "lacks" if odd[0] in wanted else "has, and that net does not,"
        raise VsslError(f"{file} looks like {backbone.name}, but it {what} {odd[0]}")
    for name, value in wanted.items():
        if weights[name].shape != value.shape:
            raise VsslError(
                f"{file} looks like {backbone.name}, but {name} is {list(weights[name].shape)} and"
                f" not {list(value.shape)}"
            )
    backbone.load_state_dict(weights)


def _state(file: Path) -> dict[str, Tensor]:
    """The weights of a file, alone or among other things that a training kept."""
    try:
        found: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise VsslError(
            f"{file} cannot be read as weights alone ({type(error).__name__}); it may be damaged,"
            " or hold code, which is never run"
        ) from error
    for name in ("state_dict", "model_state_dict", "model"):
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise VsslError(f"{file} holds no weights by their names")
    return found
