"""Self-supervised Video Representation Learning by Pace Prediction (Wang, Jiao, Liu; ECCV 2020).

Play a video at a pace drawn from a few, and let the network tell which: it must know how things move (Eq. 1). Beside it, two
contrasts: clips of one video attract (same context, Eq. 2), or clips of one pace do (same pace, Eq. 3); L is their weighted sum (Eq. 4).

What the paper leaves open, and what we chose:
- The code jitters the colours of every frame on its own, which the paper does not say; `jitter=True` does so too.
- The code feeds BGR in [0, 255]; we feed RGB in [0, 1]. Batch norm makes the two equal up to the first layer's scale.
- The code's weight decay is 5e-3, ten times its peers'; the paper gives none. We keep the code's.
- A batch of 30: clips or videos? We count clips, so that every row of a table costs the same a step.
- How strongly colours are jittered is in the code only (0.8, 0.8, 0.8, 0.2). `strength` is a share of that.
- The extra layer "adds about 4k parameters": 512 -> 8 is the only width that fits. `layer` takes any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, Self

from vssl import samplers
from vssl.augment import Augment, Flip, Jitter, RandomCrop
from vssl.clips import Sampler
from vssl.errors import VsslError
from vssl.objectives import Classify, Contrast, Objective, Weighted
from vssl.recipe import Recipe


@dataclass(frozen=True)
class Pace:
    """Pace prediction with its switches; the defaults are the paper's best setting without contrast (Table 1, last but one row)."""

    paces: tuple[Fraction | int, ...] = (1, 2, 3, 4)
    jitter: bool = True
    predict: bool = True  # lambda_cls: 1, or 0 where a row of Table 2 leaves pace prediction out
    contrast: Literal["context", "pace"] | None = None  # Eq. 2 or Eq. 3
    lambda_ctr: float = 0.1  # Eq. 4
    layer: int | None = None  # "+ fc" of Table 2
    short: Literal["loop", "fit"] = "loop"
    play: Literal["forward", "random", "signed"] = "forward"
    strength: float = 1.0  # of the jitter

    def __post_init__(self) -> None:
        if not self.predict and self.contrast is None:
            raise VsslError(
                "Pace needs something to learn: set predict=True, or contrast='context' or 'pace'"
            )

    @property
    def classes(self) -> int:
        """How many paces there are to tell apart: M of Eq. 1."""
        return self._clip().classes

    @property
    def most_together(self) -> int:
        """As many clips of one video as there are paces."""
        return self.classes

    def sampler(self, length: int = 16) -> Sampler:
        """One clip a video, or two where clips of one video must attract (Algorithm 1, n = 2)."""
        clip = self._clip(length)
        return samplers.Repeat(clip, 2) if self.contrast == "context" else clip

    def several(self, length: int, count: int) -> Sampler:
        """`count` clips of one video, each at a pace of its own: for small data, and for a test of every pace."""
        return samplers.Repeat(self._clip(length), count, distinct="pace")

    def _clip(self, length: int = 16) -> samplers.Pace:
        return samplers.Pace(self.paces, length, self.short, self.play)

    def augment(self, size: int = 112) -> Augment:
        """One crop and one flip a clip; colours jittered frame by frame."""
        s = self.strength
        jitter = Jitter(0.8 * s, 0.8 * s, 0.8 * s, 0.2 * s, consistent=False)
        return Augment((RandomCrop(size), Flip(), *([jitter] if self.jitter else [])))

    def jittered(self, strength: float) -> Self:
        """The same method with its jitter at a share of the code's; as it is where it has none."""
        return replace(self, strength=strength) if self.jitter else self

    def objective(self) -> Objective:
        """L = lambda_cls L_cls + lambda_ctr L_ctr (Eq. 4)."""
        terms: list[tuple[float, Objective]] = []
        if self.predict:
            terms.append((1.0, Classify("pace", self.classes)))
        if self.contrast:
            terms.append(
                (self.lambda_ctr if self.predict else 1.0, Contrast(self.contrast, self.layer))
            )
        return Weighted(tuple(terms))

    def recipe(self, data: str = "ucf101") -> Recipe:
        """18 passes of the tenfold list (of the plain list of Kinetics-400), the rate divided by 10 every 6 (4.1)."""
        passes = 1 if data == "kinetics400" else 10
        return Recipe(
            "sgd",
            rate=1e-3,
            momentum=0.9,
            weight_decay=5e-3,
            epochs=18,
            passes=passes,
            batch=30,
            steps=(6, 12),
        )

    def fine_tune(self, net: str = "r2plus1d") -> Recipe:
        """As pre-training, from a rate of 3e-3 (0.01 for S3D-G); epochs and weight decay are not in the paper: VCOP's 5e-4."""
        rate = 1e-2 if net == "s3dg" else 3e-3
        return Recipe(
            "sgd",
            rate=rate,
            momentum=0.9,
            weight_decay=5e-4,
            epochs=18,
            passes=10,
            batch=30,
            steps=(6, 12),
        )
