"""Inflation: a 3-D net that starts with the weights of a 2-D one.

CVRL's Table 2 has it as the baseline "ImageNet inflated". A kernel is repeated along time and
divided by its length in time. On a still clip it then gives what the 2-D kernel gives on the frame.

The whole net does the same only where the padding in time does not reach. Zeros are padded before
the first frame and behind the last, in the paper's code too, and every kernel that spans time
carries their effect one step further in. In the last map they reach 10 steps from either end in
R3D-50, and 27 in R3D-101. R3D-50 therefore needs a clip of 41 frames, whose map has 21 steps,
before a single step is free of them; the paper's clips of 16 and 32 frames have none.

The mean feature of a still clip of 16 frames lies 1/4 to 1/2 of its length away from the 2-D net's,
and that of 32 frames half as far. This was measured on R3D-50 with random weights, statistics and
images, not on trained weights.
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
# The errors in which a failed download or a damaged file can end.
PROBLEMS = (OSError, RuntimeError, EOFError, http.client.HTTPException, pickle.UnpicklingError)


def inflate(flat: nn.Module | Mapping[str, Tensor], backbone: Backbone) -> Backbone:
    """Give `backbone`, an R3D-50 or R3D-101, the weights of a 2-D ResNet, and return it.

    `flat` is a torchvision ResNet with as many bottleneck blocks, or its state, or our own r2d50.
    Kernels are inflated, batch normalisation is copied, and the classifier is left out. Clips must
    be scaled as the 2-D net's images were. Weights from elsewhere fit only if their net has its
    strides on the 3x3 kernels, as torchvision's has. This is not checked: shapes do not show it.
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
        if time:
            weight = weight.unsqueeze(2).expand(value.shape) / time  # [O, I, T, H, W]
        state[name] = weight
    # Not strict, because the batch counters are left out: with a fixed momentum nothing reads them.
    backbone.load_state_dict(state, strict=False)
    return backbone


def imagenet(name: str) -> Backbone:
    """Build "r3d50" or "r3d101" (`name`) with torchvision's ImageNet weights.

    Like any backbone, it takes clips in [0, 1]. The weights are torchvision's first version (76.1 %
    and 77.4 % on ImageNet), which is nearest to those of the paper's time. They are downloaded
    once, about 100 and 170 MB, into torch hub's folder.
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
    """Return torchvision's weights for `name` and the file in which a download is kept.

    Nothing is downloaded here.
    """
    if name not in BLOCKS:
        raise VsslError(
            f"there are ImageNet weights for {' and '.join(BLOCKS)}, not for {name!r}; choose one"
            " of those"
        )
    import torchvision  # here, not above: the import takes seconds

    weights = torchvision.models.get_model_weights(name.replace("r3d", "resnet"))["IMAGENET1K_V1"]
    return weights, Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rpartition("/")[2]


class Standardise(nn.Module):
    """Subtract the mean colour from pixels in [0, 1] and divide by the deviation.

    The ImageNet weights were trained on such images. This is a layer of its own, not folded into
    the first kernel, so that the padding around a clip has the mean colour, as in training, and is
    not black.
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
    """Return torchvision's name of a weight.

    It is `layer3.0.bn1.weight` for `blocks.stage4.0.norm1.weight`.
    """
    _, stage, place, rest = name.split(".", 3)
    if stage == "stem":
        return f"{'conv1' if place == '0' else 'bn1'}.{rest}"
    rest = rest.replace("norm", "bn").replace("shortcut", "downsample")
    return f"layer{int(stage[-1]) - 1}.{place}.{rest}"


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
    """Fetch weights into a file, whose name ends in the start of its hash.

    The file is whole or absent. The time limit applies to this connection only: torch hub's own
    download waits for ever, and the only limit that it accepts holds for the whole process.
    """
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        content = answer.read()
    found, wanted = hashlib.sha256(content).hexdigest(), file.stem.rpartition("-")[2]
    if not found.startswith(wanted):
        raise RuntimeError(f"what came has the hash {found[: len(wanted)]}, not {wanted}")
    with replacing(file) as temporary:
        temporary.write_bytes(content)
