"""Pre-training in which the pixels of a clip are the answer (CRNet, Appendix H of CPNet)."""

from __future__ import annotations

from dataclasses import dataclass

from vssl.lab.with_pretext import WithPretext
from vssl.objectives import SeeingPixels


@dataclass(frozen=True)
class Reconstruction(WithPretext):
    """As `PreTrain`, for a method that draws the pixels of one of its clips."""

    pretext = SeeingPixels
