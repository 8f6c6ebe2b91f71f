"""What every experiment that trains has in common: its batches, its lines of progress, its end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import nn

from vssl import training
from vssl.augment import Alternating, Augment
from vssl.clips import Sampler
from vssl.lab.data import Opened
from vssl.progress import say
from vssl.recipe import Recipe
from vssl.training import checkpoint

Computed = tuple[dict[str, float], dict[str, np.ndarray]]


def readable(opened: Opened) -> int:
    """How many training videos could be decoded."""
    return int((opened.frames.num_frames[opened.train] > 0).sum())


def batches_of(
    opened: Opened, sampler: Sampler, augment: Augment | Alternating, recipe: Recipe, seed: int
) -> training.Batches:
    """The training videos of a set, as a recipe wants them, read from where that is quickest."""
    device = training.device_here()
    frames, where = training.placed(opened.frames, opened.train, device)
    if device.type == "cuda":  # on a CPU there is no choice to speak of
        say(where)
    return training.Batches(
        frames,
        opened.train,
        sampler,
        augment,
        recipe.batch,
        recipe.passes,
        seed,
        opened.actions,
    )


def say_epoch(record: dict[str, float]) -> None:
    """One line an epoch on stderr; silent in a notebook, like all progress."""
    accuracies = [
        f"{name.replace('_', ' ')} {value:.1%}"
        for name, value in record.items()
        if name.endswith("accuracy")
    ]
    parts = ", ".join([f"loss {record['loss']:.3f}", *accuracies])
    say(f"epoch {record['epoch']}: {parts} ({record['seconds']:.0f} s)")


def kept(folder: Path, model: nn.Module, history: list[dict[str, float]]) -> Computed:
    """The end of a training: the weights alone, the curves, and the last epoch's record."""
    state = {
        name: value
        for name, value in model.state_dict().items()
        if not name.startswith("generator.")  # it has a run of its own
    }
    checkpoint.save(folder / "model.pt", state)
    curves = {
        f"curve_{name}": np.array([record[name] for record in history]) for name in history[-1]
    }
    metrics = {name: value for name, value in history[-1].items() if name not in ("epoch", "rate")}
    return metrics, curves
