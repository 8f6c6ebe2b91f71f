"""A net has the memory layout that won the races in the speed ledger."""

from statistics import median

import pytest
import torch
from torch import nn

from vssl import models
from vssl.objectives import Pretext, SimCLR
from vssl.results import speed

CPU, GPU = torch.device("cpu"), torch.device("cuda")
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last_3d": torch.channels_last_3d}


def races():
    """Return backbone -> layout -> the seconds of each round of a training step on a CPU."""
    found: dict[str, dict[str, list[float]]] = {}
    for record in speed.read():
        if record["stage"] == "step" and record["core"] and record["kind"] == "core":
            name = record["case"].split(",")[0]
            found.setdefault(name, {})[record["layout"]] = record["core"]
    return found


def test_a_cpu_uses_the_layout_that_won():
    assert len(races()) >= 6
    for name, rounds in races().items():
        ratios = [
            a / b for a, b in zip(rounds["contiguous"], rounds["channels_last_3d"], strict=True)
        ]
        chosen = models.layout_of(models.build(name, 4), CPU)
        if min(ratios) > 1 or max(ratios) < 1:  # the same layout won every round
            won = "channels_last_3d" if median(ratios) > 1 else "contiguous"
            assert chosen == LAYOUTS[won], name
    for name, ratio in (("r2plus1d", 0.95), ("r2plus1d18", 0.95)):
        rounds = races()[name]
        assert median(rounds["contiguous"]) / median(rounds["channels_last_3d"]) < ratio
        assert models.layout_of(models.build(name, 4), CPU) == LAYOUTS["contiguous"]


@pytest.mark.parametrize("name", models.NAMES)
def test_a_gpu_uses_channels_last(name):
    net = Pretext(models.build(name, 4), SimCLR(), (16, 16))
    assert models.layout_of(net, GPU) == torch.channels_last_3d


def test_the_backbone_is_found_inside_a_model_and_other_models_get_the_default():
    net = Pretext(models.build("r2plus1d", 4), SimCLR(), (16, 16))
    assert models.layout_of(net, CPU) == torch.contiguous_format
    assert models.layout_of(nn.Linear(2, 2), CPU) == torch.channels_last_3d
