"""Action recognition: the ten-clip test, the linear probe, and the rates that need no net."""

from __future__ import annotations

from typing import Literal, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from vssl.clips import Sampler
from vssl.evaluation.features import by_video, over_clips
from vssl.models.heads import seen_by
from vssl.training.batches import Batches, Frames
from vssl.training.loop import device_here

Net = TypeVar("Net", bound=nn.Module)


def chance(train_labels: np.ndarray, test_labels: np.ndarray) -> dict[str, float]:
    """What blind guessing scores, in percent.

    "chance" is one of the classes at random, "majority" always the commonest training class.
    """
    classes, counts = np.unique(train_labels, return_counts=True)
    majority = classes[counts.argmax()]
    return {"chance": 100 / len(classes), "majority": 100 * float((test_labels == majority).mean())}


def recognise(
    backbone: nn.Module,
    head: nn.Module,
    frames: Frames,
    videos: np.ndarray,
    sampler: Sampler,
    size: int,
    average: Literal["softmax", "logits"] = "softmax",
    crops: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """The scores of each video, [n, K], and the n readable videos.

    They are the mean over its clips of the softmax (the papers) or of the logits (VCOP's code).
    """
    head.to(device_here()).eval()

    def compute(x: Tensor) -> Tensor:
        logits = head(seen_by(backbone, x)).float()  # [N, K]
        return logits.softmax(1) if average == "softmax" else logits

    return by_video(*over_clips(backbone, compute, frames, videos, sampler, size, crops=crops))


def top(scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Top-1 and top-5 of scores [n, K], in percent, and what as many blind guesses score.

    Top-k counts the videos whose class is among the k highest.
    """
    order = np.argsort(-scores, axis=1, kind="stable") == labels[:, None]  # [n, K]
    ours = {f"top{k}": 100 * float(order[:, :k].any(1).mean()) for k in (1, 5)}
    return ours | {f"chance top{k}": min(100.0, 100 * k / scores.shape[1]) for k in (1, 5)}


def linear_probe(
    train: np.ndarray,
    train_labels: np.ndarray,
    test: np.ndarray,
    test_labels: np.ndarray,
    strength: float = 0.05,
) -> tuple[float, np.ndarray]:
    """Top-1 in percent of a logistic regression on frozen features, and its predictions [n].

    Features are [n, V, D].

    The clips of a video are averaged; each feature is standardised with the training set's mean and
    deviation. `strength` is scikit-learn's C, fixed beforehand: nothing is chosen on the test
    videos.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    probe.fit(train.mean(1).astype(np.float64), train_labels)
    predicted = probe.predict(test.mean(1).astype(np.float64))
    return 100 * float((predicted == test_labels).mean()), predicted


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How many videos of each class (row) were taken for each class (column), [K, K]."""
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(labels, predicted, labels=np.arange(classes))


@torch.no_grad()
def calibrate(backbone: Net, batches: Batches, count: int = 6) -> Net:
    """Give a random net the batch statistics of real clips, and return it in evaluation mode.

    A new net normalises with mean 0 and variance 1. With the mean over `count` batches instead it
    is the fairer of the random baselines. Evaluation mode is the mode that uses these statistics;
    another pass in training mode would change them. Each norm keeps its own momentum.
    """
    norms = [
        module
        for module in backbone.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm)
    ]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches that follow
    device = device_here()
    backbone.to(device).train()
    try:
        for _, batch in zip(range(count), batches.epoch(0), strict=False):
            (x,), _ = batches.prepared(batch, device)
            backbone(x)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        backbone.eval()
    return backbone
