"""What an experiment will cost, estimated before it is run.

Multiply-adds are counted from its description and divided by a rate.
"""

from __future__ import annotations

import functools
from typing import Any

import torch

from vssl import models
from vssl.clips import views
from vssl.lab.cost import Cost
from vssl.lab.data import Data
from vssl.lab.experiment import Net, PreTrain
from vssl.lab.labels import FineTune, Linear
from vssl.lab.mean import Mean
from vssl.lab.measures import Features, PretextTest
from vssl.recipe import Recipe

# A pass backward costs as much as two forward: gradients of the activations and of the weights.
BACKWARD = 2
OVERHEAD = 5.0  # seconds, mostly for imports, of a process that only reads features

# Multiply-adds per second. A GPU: 425 clips of 16 x 112 x 112 per second through R3D-18, the best
# end-to-end figure published for one H100. A core: measured on a 2-core AMD EPYC with narrow nets;
# wide nets do better.
GPU_RATE, CORE_RATE = 50e12, 40e9
RATES = {
    "smoke": (CORE_RATE, "one core"),
    "demo": (CORE_RATE, "one core"),
    "gpu": (GPU_RATE, "one H100-class GPU"),
    "paper": (GPU_RATE, "one H100-class GPU"),
}


def estimate(experiment: Any, profile: str) -> Cost:
    """Estimate the cost of one experiment on the machine that a profile is for."""
    data, sized, trained, read = _work(experiment)
    rate, where = RATES[profile]
    clips = f"{sized.length} x {sized.size} x {sized.size}"
    if not trained + read:
        return Cost(data.title(), data.source is not None, 0, clips, OVERHEAD, where)
    net = sized.net if isinstance(sized, PreTrain) else sized.start.net
    multiply_adds = _macs(net, sized.length, sized.size) * ((1 + BACKWARD) * trained + read)
    return Cost(
        data.title(),
        data.source is not None,
        trained + read,
        clips,
        OVERHEAD + multiply_adds / rate,
        where,
    )


def _work(experiment: Any) -> tuple[Data, Any, float, float]:
    """Its data, the part of it that has the size of its clips, and its clips.

    These are the number of clips that it trains on, and of those that only pass forward.
    """
    if isinstance(experiment, PreTrain):
        train, _ = experiment.data.counts()
        clips = train * views(experiment.sampler()) * _rounds(experiment.recipe)
        return experiment.data, experiment, clips, 0
    if isinstance(experiment, FineTune | Linear):
        train, test = experiment.data.counts()
        learnt = experiment.share * train * _rounds(experiment.recipe)
        tested = test * experiment.clips * experiment.crops
        if isinstance(experiment, Linear):  # its net is frozen
            return experiment.data, experiment, 0, learnt + tested
        return experiment.data, experiment, learnt, tested
    if isinstance(experiment, Features):
        return experiment.data, experiment, 0, sum(experiment.data.counts()) * experiment.clips
    if isinstance(experiment, Mean):
        return *_work(experiment.parts[0])[:2], 0, 0
    if isinstance(experiment, PretextTest):
        start = experiment.start
        _, test = start.data.counts()
        return start.data, start, 0, test * start.method.classes
    # Retrieval and probes are arithmetic on vectors.
    return experiment.features.data, experiment.features, 0, 0


def _rounds(recipe: Recipe) -> int:
    return recipe.epochs * recipe.passes


@functools.lru_cache(maxsize=32)
def _macs(net: Net, length: int, size: int) -> int:
    # Without storage: the widest nets would take gigabytes, and minutes to be drawn.
    with torch.device("meta"):
        return models.macs(net.build(seed=0), length, size)
