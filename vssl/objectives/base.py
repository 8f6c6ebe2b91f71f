"""What objectives have in common: what they read, what they give, and how a description is built.

An objective is one frozen class. Its fields say what is learnt, `build(dim)` makes the module with
its weights once the width of the backbone is known, and `outcome(parts, views)` is the loss, with
the weights in `parts`. `objective.build(dim)(views)` gives an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from vssl.errors import VsslError
from vssl.models.heads import View

Chosen = tuple[int, ...] | None  # numbers of the views that an objective reads; None: all


@dataclass(frozen=True, eq=False)
class Views:
    """The backbone's pass over a batch of B samples of V views, done once and shared by all.

    groups    the numbers of the views of one shape, and what the backbone made of them, the views
              of a sample side by side: N = B * so many. Views that nobody reads are left out.
    count     V, how many views a sample has.
    labels    name -> [B, ...] where the sampler gives one for the sample, [B, V, ...] where it
              gives one for each clip.
    video     [B], which video each sample is of, where some are of the same; None: all differ.
    targets   number of a view -> [B, D'], its projection by the target net.
    """

    groups: tuple[tuple[tuple[int, ...], View], ...]
    count: int
    labels: Mapping[str, Tensor] = field(default_factory=dict)
    video: Tensor | None = None
    targets: Mapping[int, Tensor] = field(default_factory=dict)

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the views that are here, in order."""
        return tuple(sorted(number for numbers, _ in self.groups for number in numbers))

    @property
    def samples(self) -> int:
        """B."""
        numbers, view = self.groups[0]
        return len(view.feature) // len(numbers)

    def view(self, chosen: Chosen = None) -> View:
        """The chosen views of all samples in one batch, N = B * so many.

        All must have one shape.
        """
        chosen = self._known(chosen)
        for numbers, view in self.groups:
            if chosen == numbers:
                return view
            if set(chosen) <= set(numbers):
                return View(*(taken(part, numbers, chosen) for part in view))
        raise VsslError(
            f"the views {chosen} are not of one length, so no head reads them in one batch; name "
            "views of one length"
        )

    def features(self, chosen: Chosen = None) -> Tensor:
        """The pooled features of the chosen views, [B, V, D], whatever the views' lengths."""
        chosen = self._known(chosen)
        for numbers, view in self.groups:
            if chosen == numbers:
                return view.feature.unflatten(0, (-1, len(numbers)))
        of = {
            number: view.feature.unflatten(0, (-1, len(numbers)))[:, place]  # [B, D]
            for numbers, view in self.groups
            for place, number in enumerate(numbers)
        }
        return torch.stack([of[number] for number in chosen], 1)

    def label(self, name: str, chosen: Chosen = None, axes: int = 0) -> Tensor:
        """A label of each chosen view, [N, ...], with N = B * so many as in `view`.

        `axes` is how many axes one label has: 0 for a number. A label of the sample counts for all
        of its views.
        """
        value, chosen = self._label(name), self._known(chosen)
        if value.ndim == 1 + axes:
            return value.repeat_interleave(len(chosen), 0)
        if value.ndim == 2 + axes and value.shape[1] == self.count:
            return value[:, list(chosen)].flatten(0, 1)
        raise VsslError(
            f"the label {name!r} of {self.samples} samples of {self.count} views has the "
            f"shape {list(value.shape)}; this objective reads one of {axes} axes for each sample "
            "or each view"
        )

    def sample_label(self, name: str, axes: int = 0) -> Tensor:
        """A label of each sample, [B, ...]."""
        value = self._label(name)
        if value.ndim == 1 + axes:
            return value
        raise VsslError(
            f"the label {name!r} has the shape {list(value.shape)}, and this objective reads one "
            f"of {axes} axes for each sample; let the sampler give it once"
        )

    def _label(self, name: str) -> Tensor:
        if name not in self.labels:
            raise VsslError(
                f"the sampler gives no label {name!r}; it gives {', '.join(self.labels) or 'none'}"
            )
        return self.labels[name]

    def _known(self, chosen: Chosen) -> tuple[int, ...]:
        if chosen is None:
            return self.numbers
        if not set(chosen) <= set(self.numbers):
            raise VsslError(
                f"an objective reads the views {chosen}, and here are {self.numbers}; sample more, "
                "or name others"
            )
        return chosen


def taken(part: Tensor, numbers: tuple[int, ...], chosen: tuple[int, ...]) -> Tensor:
    """Of rows [N, ...] in which the views `numbers` of a sample lie side by side, the chosen."""
    places = [numbers.index(number) for number in chosen]
    return part.unflatten(0, (-1, len(numbers)))[:, places].flatten(0, 1)


class Outcome(NamedTuple):
    """The loss to minimise, and what to report.

    metrics   detached scalars; the loss itself is reported by whoever asked for it.
    answers   of objectives that choose among classes: "predicted" and "truth", [N] each.
    """

    loss: Tensor
    metrics: dict[str, Tensor]
    answers: dict[str, Tensor] = {}  # noqa: RUF012  never changed


class Objective(Protocol):
    """A frozen description of heads and their loss."""

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        ...


class Parts(nn.Module):
    """An objective with its weights: what the description names stands here, under those names.

    Modules are learnt, tensors are buffers (kept in checkpoints, not learnt), and plain values are
    attributes.
    """

    def __init__(self, objective: Any, **parts: object) -> None:
        super().__init__()
        self.described = objective
        for name, part in parts.items():
            if isinstance(part, Tensor):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)

    def forward(self, views: Views) -> Outcome:
        """What the description makes of a batch."""
        return self.described.outcome(self, views)


def held(module: nn.Module, *inputs: Tensor) -> Any:
    """What a module makes of its inputs, held still: gradients pass through it to the inputs alone.

    So a term can use a net that must not learn from it, and one optimiser serves all terms.
    """
    still = {name: value.detach() for name, value in module.named_parameters()}
    return torch.func.functional_call(module, still, inputs)


def views_read(objective: nn.Module, count: int) -> tuple[int, ...]:
    """The numbers of the views, of `count`, that some part of a built objective reads.

    An objective reads those in its field `views`, or in `online_views` where it has that; with
    neither it reads all.
    """
    read: set[int] = set()
    for part in objective.modules():
        if isinstance(part, Parts):
            views = getattr(part.described, "views", None)
            views = getattr(part.described, "online_views", views)
            read |= set(range(count) if views is None else views)
    return tuple(sorted(read))


def right(scores: Tensor, truth: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The accuracy of scores [N, K] as a metric, and the answers behind it."""
    predicted = scores.detach().argmax(1)  # [N]
    accuracy = (predicted == truth).float().mean()
    return {"accuracy": accuracy}, {"predicted": predicted, "truth": truth}
