"""What an experiment will cost, estimated before it is run: multiply-adds counted from its description, over a rate."""

from __future__ import annotations

import functools
from typing import Any

import torch

from vssl import models
from vssl.clips import clips_of
from vssl.lab.cost import Cost
from vssl.lab.data import Data
from vssl.lab.experiment import Net, PreTrain
from vssl.lab.labels import FineTune, LinearEvaluation
from vssl.lab.mean import Mean
from vssl.lab.measures import Features, PretextTest
from vssl.recipe import Recipe

BACKWARD = (
    2  # a step back costs two passes forward: gradients of the activations and of the weights
)
OVERHEAD = 5.0  # seconds, of a process that only reads features: mostly imports

# Multiply-adds a second. A GPU: what 425 clips a second of 16 x 112 x 112 through R3D-18 take, the best end-to-end figure published for
# one H100. A core: as seen on a 2-core AMD EPYC with narrow nets; wide ones do better.
GPU_RATE, CORE_RATE = 50e12, 40e9
RATES = {
    "smoke": (CORE_RATE, "one core"),
    "demo": (CORE_RATE, "one core"),
    "gpu": (GPU_RATE, "one H100-class GPU"),
    "paper": (GPU_RATE, "one H100-class GPU"),
}


def estimate(experiment: Any, profile: str) -> Cost:
    """Count the work of one experiment, over the rate of the machine that a profile is for; nothing is computed."""
    data, sized, trained, seen = _work(experiment)
    rate, where = RATES[profile]
    clips = f"{sized.length} x {sized.size} x {sized.size}"
    if not trained + seen:
        return Cost(data.title(), data.source is not None, 0, clips, OVERHEAD, where)
    net = sized.net if isinstance(sized, PreTrain) else sized.start.net
    multiply_adds = _macs(net, sized.length, sized.size) * ((1 + BACKWARD) * trained + seen)
    return Cost(
        data.title(),
        data.source is not None,
        trained + seen,
        clips,
        OVERHEAD + multiply_adds / rate,
        where,
    )


def _work(experiment: Any) -> tuple[Data, Any, float, float]:
    """Its data, what has the size of its clips, and how many clips it trains on and only looks at."""
    if isinstance(experiment, PreTrain):
        clips = clips_of(experiment.sampler())
        return (
            experiment.data,
            experiment,
            experiment.data.counts()[0] * clips * _rounds(experiment.recipe),
            0,
        )
    if isinstance(experiment, FineTune | LinearEvaluation):
        train, test = experiment.data.counts()
        seen, looked = (
            experiment.share * train * _rounds(experiment.labelled.recipe),
            test * len(experiment.labelled.test.layout) * experiment.labelled.crops,
        )
        frozen = isinstance(experiment, LinearEvaluation)
        return experiment.data, experiment, 0 if frozen else seen, looked + (seen if frozen else 0)
    if isinstance(experiment, Features):
        return experiment.data, experiment, 0, sum(experiment.data.counts()) * experiment.clips
    if isinstance(experiment, Mean):
        return *_work(experiment.parts[0])[:2], 0, 0
    if isinstance(experiment, PretextTest):
        start = experiment.start
        return (
            start.data,
            start,
            0,
            start.data.counts()[1] * clips_of(start.method.test_sampler(start.length)),
        )
    return (
        experiment.features.data,
        experiment.features,
        0,
        0,
    )  # retrieval and probe: arithmetic on vectors


def _rounds(recipe: Recipe) -> int:
    return recipe.epochs * recipe.passes


@functools.lru_cache(maxsize=32)
def _macs(net: Net, length: int, size: int) -> int:
    with torch.device(
        "meta"
    ):  # without storage: the widest nets would take gigabytes, and minutes to draw
        return models.macs(net.build(seed=0), length, size)
