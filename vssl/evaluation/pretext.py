"""The pretext task itself, on test videos: the mean of an objective's metrics over test batches."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import torch

from vssl.augment import Augment, CentreCrop
from vssl.augment.augment import Crop
from vssl.objectives import Pretext
from vssl.progress import progress
from vssl.training.batches import Batches
from vssl.training.loop import device_here


@torch.inference_mode()
def pretext_metrics(
    model: Pretext, batches: Batches
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """The mean metrics of a model over the batches' videos, and the answers behind accuracies.

    Every readable video is asked once, the last batch may be smaller, and a batch counts by its
    clips. Accuracies are in percent. Beside each accuracy stand what one of the classes at random
    scores ("chance ...") and what the commonest class scores ("majority ...").
    """
    device = device_here()
    model.to(device).eval()
    sums: dict[str, float] = defaultdict(float)
    answers: dict[str, list[np.ndarray]] = defaultdict(list)
    count = max(1, -(-len(batches.videos) // batches.videos_a_batch))
    for videos in progress(np.array_split(batches.videos, count), "pretext test"):
        batch = batches.gather(0, videos)
        loss, metrics, answered = model(*batches.prepared(batch, device))
        for name, value in {"loss": loss, **metrics}.items():
            sums[name] += float(value) * batches.size(batch)
        for name, values in answered.items():
            answers[name].append(values.cpu().numpy())
    clips = len(batches.videos) * batches.clips_a_video
    means = {
        name: (100 if name.endswith("accuracy") else 1) * value / clips
        for name, value in sums.items()
    }
    joined = {name: np.concatenate(parts) for name, parts in answers.items()}
    for name, truth in joined.items():
        if name.endswith("truth"):
            accuracy = f"{name.removesuffix('truth')}accuracy"
            _, counts = np.unique(truth, return_counts=True)
            means[f"chance {accuracy}"] = 100 / len(counts)
            means[f"majority {accuracy}"] = 100 * counts.max() / counts.sum()
    return means, joined


def unrandomised(augment: Augment) -> Augment:
    """An augmentation without what is random in it: the middle of the frame, and no change.

    Steps that read what the sampler says of a clip (its box, its turns) stay: the task is in them.
    """
    crop, *others = augment.steps
    if not getattr(crop, "reads", ()):
        assert isinstance(crop, Crop)
        crop = CentreCrop(crop.size)
    return replace(augment, steps=(crop, *(step for step in others if getattr(step, "reads", ()))))
