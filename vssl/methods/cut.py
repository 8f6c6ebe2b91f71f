"""Any method, with discontinuity localisation beside it (CPNet, AAAI 2022, Table 6)."""

from __future__ import annotations

from dataclasses import dataclass

from vssl.augment import Alternating, Augment
from vssl.clips import Sampler
from vssl.methods.method import Labelled, Method
from vssl.models.heads import ConvHead
from vssl.objectives import Classify, Objective, Term, with_term
from vssl.recipe import Recipe
from vssl.samplers import Discontinuity


@dataclass(frozen=True)
class WithCut:
    """The clips of `base` lose `gap` frames out of their middle, and where is one task more.

    `base` draws clips that are longer by the gap, so what it asks stays what it was; everything
    but sampler and objective is its own. `views` names the clips that are cut (None: all).
    """

    base: Method
    gap: int = 8
    weight: float = 1.0
    views: tuple[int, ...] | None = None

    def sampler(self, length: int = 16) -> Sampler:
        """The base's sample, with a cut."""
        return Discontinuity(self.base.sampler(length + self.gap), self.gap, self.views)

    def test_sampler(self, length: int = 16) -> Sampler:
        """The base's, with a cut."""
        drawn = self.base.test_sampler(length + self.gap)
        return Discontinuity(drawn, self.gap, self.views)

    def augment(self, size: int = 112) -> Augment | Alternating:
        """The base's."""
        return self.base.augment(size)

    def objective(self, length: int = 16) -> Objective:
        """The base's, and the place of the cut as a class: length - 1 of them."""
        cut = Classify("cut", ConvHead(length - 1), self.views)
        return with_term(self.base.objective(length), "base", Term("cut", self.weight, cut))

    def recipe(self, data: str = "ucf101") -> Recipe:
        """The base's."""
        return self.base.recipe(data)

    def labelled(self, data: str = "ucf101") -> Labelled:
        """The base's."""
        return self.base.labelled(data)
