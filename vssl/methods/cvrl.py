"""Spatiotemporal Contrastive Video Representation Learning (Qian et al., CVPR 2021).

Two clips of one video attract, clips of different videos repel (Eq. 1). What the two share is what
the network keeps: so they are drawn near each other more often than far apart (3.3, Algorithm 2),
and changed strongly, but every frame of a clip alike (Algorithm 1).

What the paper leaves open, and what we chose:
- The paper draws the interval from [0, T], the authors' code from the starts that leave room for a
  clip. `over` has both; the default is the code's.
- "Temporal augmentation off" (Table 9): two clips of the same frames. "Spatial augmentation off":
  the middle of the frame, unchanged.
- Algorithm 1 always blurs. The first public code passes arguments by which nothing is blurred, the
  later one blurs one clip always and the other one time in ten, and solarises that one: `blur` and
  `asymmetric`.
- A crop's aspect is drawn on a logarithmic scale, and contrast turns about the mean luma of the
  clip, as torchvision does for an image; the code turns each channel about its own mean.
- RandAugment (Table 12) takes the place of jitter, grey and blur; crop and flip stay. Its magnitude
  is not given: torchvision's 9.
- Weight decay is not given: the code's 1e-6, on kernels alone. Neither gives one for few labels,
  nor for Table 2's supervised row, which has `linear`'s recipe: ours is 0.
- The code sums the loss over both directions; Eq. 1 is the mean.
- LARS is not used: neither the paper nor its stored settings do.
- A batch of 1024 is of videos. A recipe counts clips: 2048.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from vssl import samplers
from vssl.augment import (
    Alternating,
    Augment,
    Blur,
    CentreCrop,
    Flip,
    Grey,
    Jitter,
    RandAugment,
    RandomResizedCrop,
    Solarise,
)
from vssl.clips import Sampler
from vssl.errors import VsslError
from vssl.methods.method import Labelled
from vssl.models.heads import Linear, Projection
from vssl.objectives import Objective, SimCLR
from vssl.recipe import Recipe


@dataclass(frozen=True)
class CVRL:
    """Contrast of two clips of a video, with its switches.

    The defaults are the paper's, at the 200 epochs of its ablations.
    """

    # The law of the interval between the two clips (Figure 3). None: no temporal augmentation.
    law: samplers.Law | None = samplers.LINEAR
    over: Literal["starts", "video"] = "starts"
    spatial: Literal["algorithm 1", "randaugment", "off"] = "algorithm 1"
    consistent: bool = True  # in time (Table 9)
    blur: float = 1.0  # probability
    asymmetric: bool = False  # one clip always blurred, the other rarely, but solarised
    hidden: int = 3  # layers of the projection head (Table 6)
    stride: int = 2
    batch: int = 1024  # videos (Table 7)
    epochs: int = 200  # (Table 8); 800 in Table 2

    def __post_init__(self) -> None:
        if self.spatial not in ("algorithm 1", "randaugment", "off"):
            raise VsslError(
                f"spatial is 'algorithm 1', 'randaugment' or 'off', not {self.spatial!r}"
            )
        if self.spatial != "algorithm 1" and (not self.consistent or self.asymmetric):
            raise VsslError(
                "consistent=False and asymmetric=True are variants of Algorithm 1: set"
                " spatial='algorithm 1'"
            )
        if self.blur != 1 and (self.spatial != "algorithm 1" or self.asymmetric):
            raise VsslError(
                "blur is Algorithm 1's on both clips: leave it out, or set spatial='algorithm 1'"
                " and asymmetric=False"
            )
        if not 0 <= self.blur <= 1:
            raise VsslError(f"blur is a probability, from 0 to 1, not {self.blur}")
        if self.batch < 1:
            raise VsslError(
                f"a batch is of 1 video or more, not of {self.batch}; 1024 is the paper's"
            )
        self.sampler(), self.objective(), self.recipe()  # each refuses what it cannot be made of

    def sampler(self, length: int = 16) -> Sampler:
        """Two clips of one video, an interval apart (3.3)."""
        return samplers.Interval(self.law, length, self.stride, self.over)

    def test_sampler(self, length: int = 16) -> Sampler:
        """The same as in pre-training."""
        return self.sampler(length)

    def augment(self, size: int = 224) -> Augment | Alternating:
        """Algorithm 1, or what a row of Tables 9 and 12 has in its place."""
        if self.spatial == "off":
            return Augment((CentreCrop(size),))
        if self.spatial == "randaugment":
            return Augment((RandomResizedCrop(size), Flip(), RandAugment()))
        if self.asymmetric:
            return Alternating(
                self._algorithm_1(size, blur=1.0, solarise=0.0),
                self._algorithm_1(size, blur=0.1, solarise=0.2),
            )
        return self._algorithm_1(size, self.blur)

    def _algorithm_1(self, size: int, blur: float, solarise: float | None = None) -> Augment:
        c = self.consistent
        scale = size / 224  # a blur is as wide as in the paper, as a share of the picture
        steps = (
            RandomResizedCrop(size, area=(0.3, 1.0), aspect=(0.5, 2.0), consistent=c),
            Flip(0.5, consistent=c),
            Jitter(0.8, 0.8, 0.8, 0.2, probability=0.8, consistent=c),
            Grey(0.2, consistent=c),
            Blur(blur, (0.1 * scale, 2.0 * scale), radius=max(1, size // 20), consistent=c),
        )
        return Augment(steps if solarise is None else (*steps, Solarise(solarise, consistent=c)))

    def objective(self, length: int = 16) -> Objective:
        """Eq. 1 behind a projection head."""
        return SimCLR(Projection(self.hidden))

    def recipe(self, data: str = "kinetics400") -> Recipe:
        """SGD at 0.32 for 1024 videos, and in proportion to them (4.1).

        The rate grows over five epochs, then falls along half a cosine.
        """
        return _sgd(0.32, self.batch, self.epochs, clips=2, weight_decay=1e-6, synchronise=True)

    def linear(self, data: str = "kinetics400") -> Recipe:
        """The linear layer on frozen features: 100 epochs at 32 (4.1).

        On UCF101 it is 50 epochs at 0.8, on HMDB51 50 at 0.2 (B.1).
        """
        own = {
            "kinetics400": (32.0, 100),
            "kinetics600": (32.0, 100),
            "ucf101": (0.8, 50),
            "hmdb51": (0.2, 50),
        }
        if data not in own:
            raise VsslError(f"there is no linear evaluation on {data!r}; choose {', '.join(own)}")
        rate, epochs = own[data]
        return _sgd(rate, 1024, epochs)

    def few_labels(self, share: float) -> Recipe:
        """The whole net on a share of the labels: 0.2 without warm-up (4.1).

        It learns for 100 epochs on 1 % of the labels, for 50 on 10 %.
        """
        return _sgd(0.2, 1024, 100 if share <= 0.01 else 50, warm_up=0)

    def fine_tune(self, net: str = "r3d50") -> Recipe:
        """The whole net on UCF101 or HMDB51: 50 epochs at 0.16 for 128 videos (4.1).

        No weight decay is given: we take the code's 1e-4.
        """
        return _sgd(0.16, 128, 50, weight_decay=1e-4, reference=128)

    def labelled(self, data: str = "kinetics400") -> Labelled:
        """Every second frame, crops of random area and aspect, flipped.

        Ten clips in three crops.
        """
        augment = Augment((RandomResizedCrop(), Flip()))
        return Labelled(self.fine_tune(), augment, Linear(1), stride=self.stride, crops=3)


def _sgd(
    rate: float,
    batch: int,
    epochs: int,
    clips: int = 1,
    warm_up: float = 5,
    weight_decay: float = 0.0,
    reference: int = 1024,
    **more: Any,
) -> Recipe:
    """SGD with momentum 0.9 on `batch` videos.

    The rate is in proportion to `batch` over `reference`.
    """
    rate = rate * batch / reference
    return Recipe(
        "sgd",
        rate,
        0.9,
        weight_decay,
        epochs,
        batch=clips * batch,
        warm_up=warm_up,
        decayed="kernels",
        **more,
    )
