"""Inflation: a 3-D net that starts with the weights of a 2-D one, as the baseline "ImageNet inflated" of CVRL's Table 2.

A kernel is repeated along time and divided by its length in time, so that on a still clip it gives
what the 2-D kernel gives on the frame. So does the whole net, wherever no padding in time is felt.
The zeros before the first and behind the last frame are felt one step further in with every kernel
that spans time: by 10 steps of the last map at either end in R3D-50, by 27 in R3D-101. So the map
of 41 frames, 21 steps, is R3D-50's first with a step out of reach, and the paper's clips of 16 and
32 frames have none; its code pads with zeros too. The mean feature of a still clip of 16 frames
lies 1/4 to 1/2 of its length away from the 2-D net's, that of 32 frames half as far (R3D-50 with
random weights, over random statistics and images; no trained weights were measured).
"""

from __future__ import annotations

import hashlib
import http.client
import pickle
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vssl.errors import VsslError
from vssl.files import replacing
from vssl.models.backbone import Backbone
from vssl.models.bottleneck import BLOCKS, r3d50, r3d101

PATIENCE = 30.0  # seconds without a byte until a download is given up
# What a download and a damaged file end in.
PROBLEMS = (OSError, RuntimeError, EOFError, http.client.HTTPException, pickle.UnpicklingError)


def inflate(flat: nn.Module | Mapping[str, Tensor], backbone: Backbone) -> Backbone:
    """Give `backbone`, an R3D-50 or R3D-101, the weights of a 2-D ResNet, and return it.

    `flat` is a torchvision ResNet with as many bottleneck blocks, or its state, or our own r2d50.
    Kernels are inflated, batch normalisation is copied, the classifier is left out. Clips must be
    scaled as the 2-D net's images were. Weights from elsewhere fit if strides are on the 3x3
    kernels, as torchvision has them: shapes cannot tell.
    """
    if backbone.name not in BLOCKS:
        raise VsslError(
            f"2-D weights fit {' and '.join(BLOCKS)}, not {backbone.name}; build one of those"
        )
    given = flat.state_dict() if isinstance(flat, nn.Module) else flat
    if isinstance(flat, Backbone):  # its kernels have one frame of time, and our names
        if any(value.ndim == 5 and value.shape[2] > 1 for value in given.values()):
            raise VsslError(
                f"a net to inflate sees one frame at a time, and {flat.name} sees several; take"
                " r2d50 or a torchvision ResNet"
            )
        counted = {
            name: value for name, value in given.items() if not name.endswith("num_batches_tracked")
        }
        given = {
            _flat_name(name): value[:, :, 0] if value.ndim == 5 else value
            for name, value in counted.items()
        }
    own = {
        name: value
        for name, value in backbone.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    names = {name: _flat_name(name) for name in own}
    _same_layers(given, list(names.values()), backbone)
    state = {}
    for name, value in own.items():
        weight, time = given[names[name]], value.shape[2] if value.ndim == 5 else 0
        wanted = [*value.shape[:2], *value.shape[3:]] if time else list(value.shape)
        if list(weight.shape) != wanted:
            raise VsslError(
                f"{names[name]} of the 2-D net is {list(weight.shape)}, but this {backbone.name}"
                f" needs {wanted}; take nets of the same width, with ungrouped kernels"
            )
        state[name] = (
            weight.unsqueeze(2).expand(value.shape) / time if time else weight
        )  # [O, I, H, W] -> [O, I, T, H, W]
    backbone.load_state_dict(
        state, strict=False
    )  # the batch counters are left: with a fixed momentum nothing reads them
    return backbone


def imagenet(name: str) -> Backbone:
    """R3D-50 or R3D-101 (`name` is "r3d50" or "r3d101") with torchvision's ImageNet weights, for clips in [0, 1] like any backbone.

    The weights are the first version (76.1 % and 77.4 % on ImageNet), nearest to those of the
    paper's time. They are downloaded once, about 100 and 170 MB, into torch hub's folder.
    """
    weights, file = imagenet_weights(name)
    try:
        if not file.exists():
            _download(weights.url, file)
        state = torch.load(file, map_location="cpu", weights_only=True)
    except PROBLEMS as problem:
        reason = (str(problem) or type(problem).__name__).splitlines()[0]
        if file.exists():
            raise VsslError(
                f"{file} is damaged ({reason}); delete it, and it will be downloaded again"
            ) from problem
        raise VsslError(
            f"the ImageNet weights of {name} could not be downloaded ({reason}); fetch"
            f" {weights.url} by hand and put the file into {file.parent}"
        ) from problem
    backbone = inflate(state, {"r3d50": r3d50, "r3d101": r3d101}[name]())
    preset = weights.transforms()
    stem = backbone.blocks["stem"]
    assert isinstance(stem, nn.Sequential)
    stem.insert(0, Standardise(preset.mean, preset.std))
    return backbone


def imagenet_weights(name: str) -> tuple[Any, Path]:
    """torchvision's weights for `name`, and the file that they are kept in once downloaded.

    Nothing is downloaded here.
    """
    if name not in BLOCKS:
        raise VsslError(
            f"there are ImageNet weights for {' and '.join(BLOCKS)}, not for {name!r}; choose one"
            " of those"
        )
    import torchvision  # here, not above: it takes seconds

    weights = torchvision.models.get_model_weights(name.replace("r3d", "resnet"))["IMAGENET1K_V1"]
    return weights, Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rpartition("/")[2]


class Standardise(nn.Module):
    """Pixels in [0, 1] less the mean colour, over the deviation: what ImageNet weights were trained on.

    It is a layer, not folded into the first kernel, so that the padding around a clip has the mean
    colour, as in training, and not black.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: list[float], deviation: list[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None, None])
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None, None])

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation


def _flat_name(name: str) -> str:
    """torchvision's name of a weight: `layer3.0.bn1.weight` for `blocks.stage4.0.norm1.weight`."""
    _, stage, place, rest = name.split(".", 3)
    if stage == "stem":
        return f"{'conv1' if place == '0' else 'bn1'}.{rest}"
    return f"layer{int(stage[-1]) - 1}.{place}.{rest.replace('norm', 'bn').replace('shortcut', 'downsample')}"


def _same_layers(given: Mapping[str, Tensor], wanted: list[str], backbone: Backbone) -> None:
    missing = [name for name in wanted if name not in given]
    spare = [
        name
        for name in given
        if name not in wanted
        and not name.startswith("fc.")
        and not name.endswith("num_batches_tracked")
    ]
    if missing or spare:
        what = f"lacks {missing[0]}" if missing else f"has {spare[0]}"
        raise VsslError(
            f"the 2-D net {what}, unlike {backbone.name}; take a torchvision ResNet with"
            f" {', '.join(map(str, BLOCKS[backbone.name]))} bottleneck blocks"
        )


def _download(url: str, file: Path) -> None:
    """Fetch weights into a file, which is whole or absent; its name ends in the start of its hash.

    The patience is that of this connection alone. torch hub's own download waits for ever, and the
    only limit that one can set for it holds for the whole process.
    """
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        content = answer.read()
    found, wanted = hashlib.sha256(content).hexdigest(), file.stem.rpartition("-")[2]
    if not found.startswith(wanted):
        raise RuntimeError(f"what came has the hash {found[: len(wanted)]}, not {wanted}")
    with replacing(file) as temporary:
        temporary.write_bytes(content)
