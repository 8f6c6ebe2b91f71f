"""The generator of views of segments (TCSVT 2021, III-G), and pre-training whose keys it makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import torch

from vssl import training
from vssl.augment import Augment
from vssl.augment.augment import Crop
from vssl.clips import Sampler, clips_of
from vssl.lab.cost import Work
from vssl.lab.data import Data
from vssl.lab.experiment import Experiment, Keyed, Net, PreTrain
from vssl.lab.learning import Computed, batches_of, kept, say_epoch
from vssl.lab.with_pretext import WithPretext
from vssl.methods import Segments
from vssl.objectives.synthesis import KeySynthesis, SeeingCoin, ViewSynthesis
from vssl.recipe import Recipe
from vssl.training import checkpoint

if TYPE_CHECKING:
    from vssl.lab.store import Run

Weights = tuple[float, float, float, float]  # of the photometric loss, KL, info-max and info-min
WEIGHTS: Weights = (1.0, 0.001, 3.0, 0.1)  # ours, of three that were tried (docs/pilots.md)


@dataclass(frozen=True)
class Synthesis(Keyed):
    """A generator of views, trained on the clips that a sampler draws.

    features   the backbone that info-min compares by; it stays as it begins.
    """

    sampler: Sampler
    augment: Augment
    features: Net
    data: Data
    recipe: Recipe
    weights: Weights = WEIGHTS
    seed: int = 0

    shared: ClassVar[bool] = True

    def describe(self) -> str:
        """One line for a plan."""
        on = self.data.title()
        return f"a generator of views for {self.features.name} on {on}, seed {self.seed}"

    def needs(self) -> tuple[Experiment, ...]:
        """What must be run first."""
        return ()

    def work(self) -> Work:
        """What goes through the net of info-min: each clip, and the view made of it."""
        clips = 2 * clips_of(self.sampler) * self.recipe.epochs * self.recipe.passes
        crop = self.augment.steps[0]
        assert isinstance(crop, Crop)
        (length,) = self.sampler.layout
        return Work(self.data, self.features, length, crop.size, self.data.counts()[0] * clips)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        """Train, and give the last epoch's metrics and the curves."""
        opened = self.data.open()
        model = self._model()
        batches = batches_of(opened, self.sampler, self.augment, self.recipe, self.seed)
        history = training.fit(model, batches, self.recipe, folder, report=say_epoch)
        return kept(folder, model, history) if training.is_first() else ({}, {})

    def model(self, run: Run) -> ViewSynthesis:
        """The trained estimator of flow and autoencoder."""
        model = self._model()
        model.load_state_dict(checkpoint.load(run.folder / "model.pt"))
        return model

    def net(self, run: Run) -> KeySynthesis:
        """What a pre-training needs of it: pairs of views in, pairs of views out."""
        return KeySynthesis(self.model(run).autoencoder)

    def _model(self) -> ViewSynthesis:
        backbone = self.features.build(self.seed)
        torch.manual_seed(self.seed)
        return ViewSynthesis(backbone, self.weights)


@dataclass(frozen=True)
class Synthesised(WithPretext):
    """As `PreTrain`, for a method whose sampler tosses a coin for each key."""

    pretext = SeeingCoin

    @classmethod
    def of(cls, start: PreTrain) -> Self:
        """A pre-training by segments, with a generator that is trained before it.

        The generator sees the videos an eighth as often, in batches of two or so: it needs steps
        more than clips, and costs several times as much a clip.
        """
        method, recipe = start.method, start.recipe
        assert isinstance(method, Segments)
        epochs = max(1, round(recipe.epochs / 8))
        ours = Recipe(
            "adamw", 3e-3, epochs=epochs, passes=recipe.passes, batch=max(2, recipe.batch // 32),
            warm_up=epochs / 20, precision=recipe.precision,
        )  # fmt: skip
        clip, augment = method.clip(start.length), method.augment(start.size)
        generator = Synthesis(clip, augment, start.net, start.data, ours, seed=start.seed)
        return super().of(replace(start, generator=generator))
