"""When something happens in long videos: BMN on frozen features (CPNet's Table 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from vssl import training
from vssl.errors import VsslError
from vssl.evaluation import localization
from vssl.lab.cost import Work
from vssl.lab.experiment import Experiment, Keyed
from vssl.lab.learning import Computed, kept, say_epoch
from vssl.lab.measures import Features
from vssl.losses import boundaries
from vssl.models.bmn import BMN, Scores
from vssl.objectives.base import Outcome
from vssl.recipe import Recipe
from vssl.training.batches import shuffled
from vssl.videos.untrimmed import Untrimmed

if TYPE_CHECKING:
    from vssl.lab.store import Run

# Lin et al. (ICCV 2019), whose framework the paper follows: a tenth of the rate for two epochs.
BMN_RECIPE = Recipe(
    "adam", 1e-3, weight_decay=1e-4, epochs=9, batch=16, schedule="steps", steps=(7,)
)


@dataclass(frozen=True)
class Localise(Keyed):
    """Train BMN on frozen features of long videos, and see how many actions it finds in others.

    features   of evenly spread clips, as many a video as BMN has positions (100 in the paper).

    Beside its recall stands that of a list of proposals that looks at no video, chosen by the
    actions of the training videos.
    """

    features: Features
    recipe: Recipe = BMN_RECIPE
    layer: str = "p5"

    shared: ClassVar[bool] = True

    def describe(self) -> str:
        """One line for a plan."""
        return f"localisation by {self.layer}: {self.features.describe()}"

    def needs(self) -> tuple[Experiment, ...]:
        """What must be run first."""
        return (self.features,)

    def work(self) -> Work:
        """Nothing goes through the backbone. Of BMN the map of proposals is most of the work."""
        a_cell = 512 * 128 + 2 * 9 * 128 * 128  # of the map's convolutions
        videos = self.features.data.counts()[0] * self.recipe.epochs * self.recipe.passes
        learnt = 3 * videos * self.features.clips**2 * a_cell
        return self.features.work()._replace(forward=0, beside=learnt)

    def compute(self, folder: Path, inputs: tuple[Run, ...]) -> Computed:
        """Train, propose, and give AR@AN, its curve against AN, and what was proposed and why."""
        dataset = self.features.data.open().dataset
        if not isinstance(dataset, Untrimmed):
            raise VsslError(
                f"{self.features.data.title()} does not say when its actions happen; localise in"
                " activitynet"
            )
        arrays, found = inputs[0].arrays, inputs[0].arrays[self.layer]  # [n, T, D]
        videos, test = arrays["videos"], arrays["test"]
        positions, seed = found.shape[1], self.features.start.seed
        fractions = [dataset.segments(v) / dataset.durations[v] for v in videos]  # [G, 2] each
        learnt = [fractions[n] for n in np.flatnonzero(~test)]
        batch = min(self.recipe.batch, len(learnt))
        batches = Stored(found[~test], _targets(learnt, positions), batch, seed)
        torch.manual_seed(seed)
        model = Localiser(BMN(found.shape[2], positions))
        history = training.fit(model, batches, self.recipe, folder, report=say_epoch)
        if not training.is_first():
            return {}, {}
        metrics, curves = kept(folder, model, history)
        names = [dataset.videos[v].name for v in videos[test]]
        actions = {name: fractions[n] for name, n in zip(names, np.flatnonzero(test), strict=True)}
        starts, ends, proposals = _found(model.net, found[test])  # [n, T] twice, and a list of n
        proposed = dict(zip(names, proposals, strict=True))
        recall = localization.average_recall(actions, proposed)
        blind = localization.blind(np.concatenate(learnt), positions)
        least = localization.average_recall(actions, dict.fromkeys(names, blind))
        metrics |= recall.metrics()
        metrics |= {f"chance {name}": value for name, value in least.metrics().items()}
        metrics["unreadable"] = inputs[0].metrics["unreadable"]
        most = max(len(one.scores) for one in proposals)
        return metrics, curves | {
            "recall": recall.recall,
            "blind": least.recall,
            "videos": videos[test],
            "starts": starts,
            "ends": ends,
            "proposals": np.stack([_filled(one, most) for one in proposals]),  # [n, P, 3]
        }


class Localiser(nn.Module):
    """BMN with its loss, for `fit`."""

    def __init__(self, net: BMN) -> None:
        super().__init__()
        self.net = net

    def forward(self, features: Tensor, labels: dict[str, Tensor]) -> Outcome:
        """Features [N, T, D] and BMN's labels of N videos to the loss and its parts."""
        wanted = boundaries.Targets(labels["start"], labels["end"], labels["iou"])
        loss, parts = boundaries.localisation(self.net(features), wanted)
        return Outcome(loss, {f"{name}_loss": part.detach() for name, part in parts.items()})


@dataclass(frozen=True)
class Stored:
    """Batches of features that were computed before, with BMN's labels."""

    features: np.ndarray  # [n, T, D]
    targets: boundaries.Targets  # of n videos
    batch: int = 16
    seed: int = 0
    rank: int = 0
    ranks: int = 1

    def __len__(self) -> int:
        """Batches an epoch; the last, incomplete one is left out."""
        return len(self.features) // self.batch

    def share(self, rank: int, ranks: int) -> Self:
        """The same batches, of which each of `ranks` processes gets a part."""
        return replace(self, rank=rank, ranks=ranks)

    def epoch(self, epoch: int, device: torch.device) -> Iterator[np.ndarray]:
        """The rows of each batch, in an order that is drawn anew in each epoch."""
        rows = np.arange(len(self.features))
        return iter(shuffled(rows, self.batch, epoch, self.seed, self.rank, self.ranks))

    def prepared(
        self, batch: np.ndarray, device: torch.device, layout: torch.memory_format
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Features [N, T, D] and labels, on the device."""
        labels = {name: value[batch].to(device) for name, value in self.targets._asdict().items()}
        return torch.from_numpy(self.features[batch]).to(device), labels

    def size(self, batch: Any) -> int:
        """How many videos a batch holds."""
        return len(batch)


def _targets(fractions: list[np.ndarray], positions: int) -> boundaries.Targets:
    each = [boundaries.targets(torch.from_numpy(some), positions) for some in fractions]
    return boundaries.Targets(*map(torch.stack, zip(*each, strict=True)))


def _found(
    net: BMN, features: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[localization.Proposals]]:
    """Of each video: how surely an action begins and ends at each position, and its proposals.

    Proposals are in fractions of the video.
    """
    device = next(net.parameters()).device
    net.eval()
    starts, ends, proposals = [], [], []
    with torch.inference_mode():
        for one in features:
            scores: Scores = net(torch.from_numpy(one[None]).to(device))
            start, end, regression, classification = (part[0].cpu().numpy() for part in scores)
            starts.append(start)
            ends.append(end)
            proposals.append(localization.proposals(start, end, regression, classification))
    return np.stack(starts), np.stack(ends), proposals


def _filled(one: localization.Proposals, most: int) -> np.ndarray:
    """Start, end and score of each proposal, [most, 3]; rows that are missing are NaN."""
    rows = np.full((most, 3), np.nan)
    rows[: len(one.scores)] = np.column_stack([one.segments, one.scores])
    return rows
