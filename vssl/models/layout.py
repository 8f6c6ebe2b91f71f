"""The memory layout of a net and its clips, chosen by the net and the device."""

from __future__ import annotations

import torch
from torch import nn

from vssl.models.backbone import Backbone

# The nets that train faster on a CPU without channels last, by the median rounds of training steps
# in the speed ledger. These factored nets are slower with channels last, because their kernels span
# either space or time. The nets with full 3-D kernels are faster with it, and s3dg is the same.
# r3d50, r3d101 and r2d50 were not raced; their kernels are full.
CONTIGUOUS_ON_CPU = ("r2plus1d", "r2plus1d18")


def layout_of(model: nn.Module, device: torch.device) -> torch.memory_format:
    """Return the memory layout in which a model trains fastest on a device.

    On CUDA it is channels_last_3d for every net, because the kernels for half precision need it.
    """
    names = {part.name for part in model.modules() if isinstance(part, Backbone)}
    if device.type == "cpu" and names & set(CONTIGUOUS_ON_CPU):
        return torch.contiguous_format
    return torch.channels_last_3d
