"""How a net and its clips lie in memory, chosen by the net and the device."""

from __future__ import annotations

import torch
from torch import nn

from vssl.models.backbone import Backbone

# On a CPU, as the median rounds of training steps in the speed ledger have it. The factored nets
# take more time with channels last, because their kernels span either space or time; the nets with
# full 3-D kernels take less. s3dg is even. r3d50, r3d101 and r2d50 were not raced: their kernels
# are full.
CONTIGUOUS_ON_CPU = ("r2plus1d", "r2plus1d18")


def layout_of(model: nn.Module, device: torch.device) -> torch.memory_format:
    """The memory layout in which a model trains fastest on a device.

    On CUDA it is channels_last_3d for every net: the kernels for half precision want it.
    """
    names = {part.name for part in model.modules() if isinstance(part, Backbone)}
    if device.type == "cpu" and names & set(CONTIGUOUS_ON_CPU):
        return torch.contiguous_format
    return torch.channels_last_3d
