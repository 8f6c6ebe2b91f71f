"""A net that says what each person in a box does (CVRL's Table 5, on AVA).

The last map's mean over time is pooled in the boxes by RoIAlign. The paper pools every step in time
and takes the mean after it. A box is the same at all steps and RoIAlign is linear in the map, so
both orders give the same, and this one pools once instead of once a step. Then come the maximum
over each box, dropout and a linear layer. A person can do several things at once, so scores are
sigmoids.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor, nn

from vssl.errors import VsslError
from vssl.models.backbone import Backbone


def dilated(backbone: Backbone, spread_first: bool = False) -> Backbone:
    """Let the last stage keep the size of its input, and return the backbone, which is changed.

    The map is then twice as fine: a sixteenth of the frame in R3D-50, and in the small nets with
    their pool. Only strides and dilations change, so weights fit as they did. The convolution that
    halved the size now looks at every place. Those behind it look two places away, where the
    neighbours of the coarser map now lie. So every second place holds what the coarser map held.

    spread_first   also spreads the convolution that halved the size, as SlowFast's code does. It
                   then reads other places than in pre-training, and no place of the map is as it
                   was.
    """
    space = [m for m in backbone.blocks["stage5"].modules() if isinstance(m, nn.Conv3d)]
    if not any(conv.stride[1:] == (2, 2) for conv in space):
        raise VsslError(
            f"no convolution of the last stage of {backbone.name} halves the size of the map, so "
            "there is nothing to dilate; use the net as it is, or another one"
        )
    for conv in space:
        halves = conv.stride[1:] == (2, 2)
        conv.stride = (conv.stride[0], 1, 1)
        if conv.kernel_size[1:] != (1, 1) and (spread_first or not halves):
            time, *padding = (int(size) for size in conv.padding)
            conv.dilation = (conv.dilation[0], 2, 2)
            conv.padding = (time, 2 * padding[0], 2 * padding[1])
    return backbone


@dataclass(frozen=True)
class BoxHead:
    """RoIAlign to `size` x `size`, the maximum over them, dropout and a linear layer.

    The paper names no dropout; half is what SlowFast's detectors have.
    """

    outputs: int
    dropout: float = 0.5
    size: int = 7

    def sized(self, outputs: int) -> Self:
        """Return the same head with this number of outputs."""
        return replace(self, outputs=outputs)

    def build(self, dim: int) -> nn.Module:
        """Make the module, which maps a map, boxes and their clips to logits [R, outputs]."""
        return _BoxHead(dim, self)


class _BoxHead(nn.Module):
    def __init__(self, dim: int, head: BoxHead) -> None:
        super().__init__()
        self.size = head.size
        self.layers = nn.Sequential(nn.Dropout(head.dropout), nn.Linear(dim, head.outputs))

    def forward(self, feature_map: Tensor, boxes: Tensor, clips: Tensor) -> Tensor:
        with torch.autocast(feature_map.device.type, enabled=False):
            still = feature_map.float().mean(2)  # [N, D, H', W']
            return self.layers(pooled(still, boxes.float(), clips, self.size))  # [R, outputs]


def pooled(still: Tensor, boxes: Tensor, clips: Tensor, size: int) -> Tensor:
    """The maximum over each box of a map [N, D, H', W'], after RoIAlign to `size` x `size`: [R, D].

    Boxes [R, 4] are fractions x1, y1, x2, y2 of the frame, and `clips` [R] says of which clip each
    is. A cell of a box is the mean of as many points as the box has places of the map in it, on
    each side rounded up.
    """
    # Imported here, not above, because torchvision takes seconds to import.
    from torchvision.ops import roi_align

    height, width = still.shape[-2:]
    places = boxes * boxes.new_tensor([width, height, width, height])
    rois = torch.cat([clips[:, None].to(places.dtype), places], 1)  # [R, 5]
    cells = roi_align(still, rois, size, sampling_ratio=-1, aligned=True)  # [R, D, size, size]
    return cells.amax((2, 3))  # [R, D]


class Detector(nn.Module):
    """A backbone and a head on boxes; all of it is trained."""

    def __init__(self, backbone: Backbone, head: BoxHead) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head.build(backbone.dim)

    def forward(self, x: Tensor, boxes: Tensor, clips: Tensor) -> Tensor:
        """Logits [R, outputs] of boxes [R, 4] in clips [N, 3, T, H, W].

        Boxes are fractions x1, y1, x2, y2 of the frame; `clips` [R] says of which clip each is.
        """
        if boxes.ndim != 2 or boxes.shape[1] != 4 or clips.shape != boxes.shape[:1]:
            raise VsslError(
                "a detector wants boxes [R, 4] and the number of each one's clip [R], not "
                f"{list(boxes.shape)} and {list(clips.shape)}"
            )
        return self.head(self.backbone(x), boxes, clips)

    @torch.no_grad()
    def scores(self, x: Tensor, boxes: Tensor, clips: Tensor) -> Tensor:
        """How surely each box shows each class, in [0, 1], each class by itself: [R, outputs]."""
        return self(x, boxes, clips).float().sigmoid()
