"""The pretext model: a backbone under an objective, and the slow copy of it that some ask for."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from vssl.errors import VsslError
from vssl.models.heads import seen_by
from vssl.objectives.base import Objective, Outcome, Parts, Views, taken, views_read


class Pretext(nn.Module):
    """A backbone under an objective.

    layout      frames of each view of a sample, as `sampler.layout` has them.
    samples     how many samples of one video lie side by side (`samplers.Several`).
    generator   a net that makes views of views before the backbone sees them; it is not learnt
                here (`lab.PreTrain.generator`).

    All views of one length go through the backbone in one batch, so they share its batch
    statistics; views of another length follow in a batch of their own. A view that no objective
    reads does not go through it.
    """

    def __init__(
        self,
        backbone: nn.Module,
        objective: Objective,
        layout: Iterable[int],
        samples: int = 1,
        generator: nn.Module | None = None,
    ) -> None:
        super().__init__()
        layout = tuple(layout)
        self.groups, self.count, self.samples = groups_of(layout), len(layout), samples
        self.backbone = backbone
        dim = backbone.dim
        assert isinstance(dim, int)
        self.objective = objective.build(dim)
        self.read = views_read(self.objective, self.count)
        self.target = target_of(backbone, self.objective)
        self.generator = None if generator is None else generator.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Pretext:
        """Set the mode of all that is learnt; a generator stays as it was trained."""
        super().train(mode)
        if self.generator is not None:
            self.generator.eval()
        return self

    def forward(self, x: Tensor | tuple[Tensor, ...], labels: dict[str, Tensor]) -> Outcome:
        """Views of one length in a tensor [N, C, T, H, W], those of a sample side by side.

        Views of several lengths come as a tuple of tensors, one a length, in the order in which
        the lengths first stand in the layout. Labels are [B, ...] or [B, V, ...].
        """
        clips = x if isinstance(x, tuple) else (x,)
        self._check(clips)
        if self.generator is not None:
            with torch.no_grad():
                clips = tuple(self.generator(some) for some in clips)
        groups = tuple(
            (numbers, seen_by(self.backbone, some))
            for numbers, some in self.chosen(clips, self.read)
        )
        targets = {} if self.target is None else self.target(self, clips)
        views = Views(groups, self.count, labels, self._video(clips), targets)
        return self.objective(views)

    def chosen(
        self, clips: tuple[Tensor, ...], views: tuple[int, ...]
    ) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Of each length, those of the views that are asked for, and their clips."""
        for numbers, some in zip(self.groups, clips, strict=True):
            asked = tuple(number for number in numbers if number in views)
            if asked == numbers:
                yield numbers, some
            elif asked:
                yield asked, taken(some, numbers, asked)

    def _video(self, clips: tuple[Tensor, ...]) -> Tensor | None:
        """Which video each sample is of, [B]; None where no two are of the same."""
        if self.samples == 1:
            return None
        videos = len(clips[0]) // (self.samples * len(self.groups[0]))
        return torch.arange(videos, device=clips[0].device).repeat_interleave(self.samples)

    def _check(self, clips: tuple[Tensor, ...]) -> None:
        wanted = [self.samples * len(numbers) for numbers in self.groups]
        videos = {len(some) / each for some, each in zip(clips, wanted, strict=False)}
        if len(clips) != len(wanted) or len(videos) > 1 or not videos.pop().is_integer():
            raise VsslError(
                f"a batch holds {' + '.join(map(str, wanted))} clips of each video, by length, and "
                f"this one has {' + '.join(str(len(some)) for some in clips)} in all; the layout "
                "of the model must be the sampler's"
            )


class Target(nn.Module):
    """The slow copy of a backbone and a projector: m * target + (1 - m) * online before each pass.

    Only parameters move so. Batch norm's statistics are those of the target's own passes. It never
    gets a gradient; it is part of the model's state, so a resume finds it where it was.
    """

    def __init__(self, backbone: nn.Module, projector: nn.Module, asked: Any) -> None:
        super().__init__()
        self.backbone = copy.deepcopy(backbone).requires_grad_(False)
        self.projector = copy.deepcopy(projector).requires_grad_(False)
        self.momentum, self.views = asked.momentum, asked.target_views

    @torch.no_grad()
    def forward(self, model: Pretext, clips: tuple[Tensor, ...]) -> dict[int, Tensor]:
        """Move towards the online net (in training), and project the views that are asked for."""
        if self.training:
            self._move(model.backbone, learner(model.objective).projector)
        projected: dict[int, Tensor] = {}
        for numbers, some in model.chosen(clips, self.views):
            z = self.projector(seen_by(self.backbone, some)).unflatten(0, (-1, len(numbers)))
            projected |= {number: z[:, place] for place, number in enumerate(numbers)}  # [B, D']
        return projected

    def _move(self, backbone: nn.Module, projector: nn.Module) -> None:
        for slow, online in ((self.backbone, backbone), (self.projector, projector)):
            for mine, its in zip(slow.parameters(), online.parameters(), strict=True):
                mine.lerp_(its, 1 - self.momentum)


def groups_of(layout: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The numbers of the views of each length: (16, 16, 8) -> ((0, 1), (2,))."""
    if not layout:
        raise VsslError("a sample has one view or more; this layout has none")
    lengths = dict.fromkeys(layout)
    return tuple(
        tuple(number for number, length in enumerate(layout) if length == one) for one in lengths
    )


def learner(objective: nn.Module) -> Any:
    """The part of an objective that asks for a target, for it has a momentum; None without one."""
    found = [
        part
        for part in objective.modules()
        if isinstance(part, Parts) and hasattr(part.described, "momentum")
    ]
    if len(found) > 1:
        raise VsslError(
            f"{len(found)} terms ask for a target, and there is one for each model; leave one term"
        )
    return found[0] if found else None


def target_of(backbone: nn.Module, objective: nn.Module) -> Target | None:
    """The target of an objective that asks for one."""
    asked = learner(objective)
    return None if asked is None else Target(backbone, asked.projector, asked.described)
