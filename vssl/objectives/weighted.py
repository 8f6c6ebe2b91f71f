"""A sum of objectives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from vssl.errors import VsslError
from vssl.objectives.base import Objective, Outcome, Parts, Views


@dataclass(frozen=True)
class Term:
    """One objective of a sum: its name, which stands before its metrics, and its weight."""

    name: str
    weight: float
    objective: Objective


@dataclass(frozen=True)
class Weighted:
    """A sum of objectives, each with its weight (Eq. 4 of Pace Prediction).

    The metrics of a term carry its name, with its own loss among them: the term "pace" reports
    "pace_loss" and "pace_accuracy". So two terms of one kind can stand side by side.
    """

    terms: tuple[Term, ...]
    online_views: ClassVar[tuple[int, ...]] = ()  # none itself: its terms say which they read

    def __post_init__(self) -> None:
        names = [term.name for term in self.terms]
        if not names or len(set(names)) < len(names):
            raise VsslError(
                "a sum of objectives has terms of different names, not"
                f" {', '.join(names) or 'none'}"
            )

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        return Parts(self, terms=nn.ModuleList(term.objective.build(dim) for term in self.terms))

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        outcomes = {t.name: part(views) for t, part in zip(self.terms, parts.terms, strict=True)}
        losses = [term.weight * outcomes[term.name].loss for term in self.terms]
        metrics: dict[str, Tensor] = {}
        answers: dict[str, Tensor] = {}
        for name, (loss, reported, answered) in outcomes.items():
            metrics[f"{name}_loss"] = loss.detach()
            metrics |= {f"{name}_{metric}": value for metric, value in reported.items()}
            answers |= {f"{name}_{answer}": value for answer, value in answered.items()}
        return Outcome(torch.stack(losses).sum(), metrics, answers)


def with_term(objective: Objective, name: str, added: Term) -> Weighted:
    """An objective with one term more; if it is no sum yet, it becomes the term `name` of one."""
    if isinstance(objective, Weighted):
        return Weighted((*objective.terms, added))
    return Weighted((Term(name, 1.0, objective), added))
