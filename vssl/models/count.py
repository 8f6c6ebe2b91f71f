"""How large a backbone is: its parameters, and the multiplications it takes."""

from __future__ import annotations

import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from vssl.models.backbone import Backbone


def parameters(module: nn.Module) -> int:
    """Return the number of trained values in `module`."""
    return sum(parameter.numel() for parameter in module.parameters())


def macs(backbone: Backbone, frames: int = 16, size: int = 112) -> int:
    """Count the multiply-accumulates of one clip [3, frames, size, size].

    Convolutions and linear layers count. Nothing is computed, because stand-ins without storage
    replace the weights. The papers' "FLOPs" are these, plus under 1 % for normalisation, activation
    and pooling.
    """
    weights = {
        name: value.to("meta")
        for name, value in (*backbone.named_parameters(), *backbone.named_buffers())
    }
    # Two clips, because batch normalisation refuses a single value for a channel.
    clips = torch.empty(2, 3, frames, size, size, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        functional_call(backbone, weights, (clips,))
    return counter.get_total_flops() // 2 // len(clips)
