"""Contrastive Spatio-Temporal Pretext Learning (Zhang et al., AAAI 2022).

Two clips of one video share a part of its space and of its time, and a net tells how large a part:
spatio-temporal overlap rate prediction (STOR, Eq. 4). Beside it the net may tell how fast each clip
plays and how it is turned, and one of four schemes pulls the two clips together. L is the weighted
sum (Eq. 5).

What the paper leaves open, and what we chose:
- The weights of Eq. 5 and all numbers of the recipe are the public code's: contrast 0.1, every task
  1. The code adds the loss of playback and of rotation over the two clips; we take the mean, so
  their weight here is 2.
- The code's heads on R(2+1)D and S3D-G have one hidden layer, those on C3D, R3D and I3D are linear;
  `hidden` says which. The paper has "fully-connected heads". On C3D the code has no projector.
- The code turns a frame before it crops it, and mirrors it last. Then the overlap label speaks of
  two pictures that are turned against each other, and a mirrored quarter turn is the opposite one.
  We crop, mirror, turn, and change colours last: every label stays true.
- The paper tilts, recolours, greys and blurs, and gives no probabilities. In the code seven clips
  of ten go without; for the other three (`changed`) each step is drawn on its own, for all frames
  alike.
- The code draws each frame's grey from one of its three colours. We take the luma.
- The paper's jitter in time is the place in the video at which the first clip begins.
- The first clip's crop has 20 to 100 % of the frame, in the code. So large a crop leaves no room
  for one that it barely overlaps: we draw sizes that have room for every rate (`samplers.Overlap`).
- How clips are drawn where a part of STOR is left out is not said. We take the base augmentation:
  each clip is cropped for itself without the task of space, and lies anywhere without that of time.
- The code copies no weight into BYOL's target, which so starts as another random net. We copy.
- A batch of 60 is of videos. A recipe counts clips: 120.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from vssl import samplers
from vssl.augment import (
    Augment,
    Blur,
    BoxCrop,
    Flip,
    Grey,
    Jitter,
    RandomResizedCrop,
    Tilt,
    Together,
    Turn,
)
from vssl.clips import Sampler
from vssl.errors import VsslError
from vssl.methods.method import Labelled
from vssl.models.heads import MLP, Linear, Normalised
from vssl.objectives import BYOL, Classify, MoCo, Objective, Pair, SimCLR, SimSiam, Term, Weighted
from vssl.recipe import Recipe
from vssl.samplers.overlap import RATES

Scheme = Literal["SimCLR", "MoCo", "BYOL", "SimSiam"]
PLAYBACK = (1, 2, 4, 8)


@dataclass(frozen=True)
class CSTP:
    """The three tasks and the contrast, each of which can be left out; the defaults are all four.

    A task needs its augmentation, and an augmentation may stand without its task (Table 1).
    """

    contrast: Scheme | None = "BYOL"
    playback: bool = True  # tell the playback rate of each clip
    rotation: bool = True  # tell the turn of each clip
    spatial: bool = True  # tell the overlap in space; this and the next are STOR
    temporal: bool = True  # tell the overlap in time
    play: bool = True  # clips at 1, 2, 4 or 8 times the speed; False: all at their own
    turn: bool = True  # clips turned by quarters; False: all upright
    rates: tuple[float, ...] = RATES  # of overlap (Table 4)
    lambda_ctr: float = 0.1  # Eq. 5
    lambda_pcls: float = 2.0
    lambda_rcls: float = 2.0
    lambda_ocls: float = 1.0
    hidden: bool = True
    changed: float = 0.3  # the share of clips that may be tilted, recoloured, grey and blurred
    area: tuple[float, float] = (0.2, 1.0)  # of a crop, in shares of the frame
    pairs: int = 1  # of one video in a batch; more is ours, for small data

    def __post_init__(self) -> None:
        if self.contrast is not None and self.contrast not in get_args(Scheme):
            known = ", ".join(get_args(Scheme))
            raise VsslError(f"contrast is one of {known}, or None; not {self.contrast!r}")
        for task, needs, name in (
            (self.playback, self.play, "play"),
            (self.rotation, self.turn, "turn"),
        ):
            if task and not needs:
                raise VsslError(
                    f"there is nothing to tell where all clips are alike: set {name}=True, or leave"
                    " out the task"
                )
        if not (self.contrast or self.playback or self.rotation or self.spatial or self.temporal):
            raise VsslError("CSTP needs something to learn: a task, or a contrast")
        self.sampler()  # which refuses rates that cannot be met

    def sampler(self, length: int = 16) -> Sampler:
        """Two clips of one video that overlap, where there is a task of it; or several pairs."""
        one = samplers.Overlap(
            self.rates if self.spatial else None,
            self.rates if self.temporal else None,
            PLAYBACK if self.play else (1,),
            self.turn,
            self.area,
            length=length,
        )
        # The pairs of one video play at different rates, so its looks do not tell the rate.
        distinct = "playback" if self.play else None
        return samplers.Several(one, self.pairs, distinct) if self.pairs > 1 else one

    def test_sampler(self, length: int = 16) -> Sampler:
        """The same as in pre-training."""
        return self.sampler(length)

    def augment(self, size: int = 112) -> Augment:
        """The clip's own box; mirrored, turned by quarters, and then three in ten changed."""
        sigma = (0.1 * size / 112, 2.0 * size / 112)  # as wide as the code's, as a share
        looks = (
            Tilt(10),
            Jitter(0.4, 0.4, 0.4, 0.1, probability=0.8),
            Grey(0.2),
            Blur(0.5, sigma, radius=max(1, size // 20)),
        )
        # Without the task of space each clip is cropped for itself, at any scale.
        anywhere = RandomResizedCrop(size, self.area, aspect=(3 / 4, 4 / 3))
        crop = BoxCrop(size) if self.spatial else anywhere
        turn = [Turn()] if self.turn else []
        return Augment((crop, Flip(), *turn, Together(looks, self.changed)))

    def objective(self, length: int = 16) -> Objective:
        """L = lambda_ctr L_ctr + lambda_pcls L_pcls + lambda_rcls L_rcls + lambda_ocls L_ocls."""
        one, both = (512,) * self.hidden, (1024,) * self.hidden
        paces, overlaps = len(PLAYBACK), len(self.rates)
        tasks = (
            (self.playback, self.lambda_pcls, "playback", Classify("playback", _head(one, paces))),
            (self.rotation, self.lambda_rcls, "rotation", Classify("rotation", _head(one, 4))),
            (self.spatial, self.lambda_ocls, "spatial", Pair("spatial", _head(both, overlaps))),
            (self.temporal, self.lambda_ocls, "temporal", Pair("temporal", _head(both, overlaps))),
        )
        terms = [Term(name, weight, task) for wanted, weight, name, task in tasks if wanted]
        if self.contrast:
            # Alone it is the whole loss, and has its whole rate.
            terms.insert(0, Term("contrast", self.lambda_ctr if terms else 1.0, self._contrast()))
        return Weighted(tuple(terms))

    def _contrast(self) -> Objective:
        """Eq. 1, or Eq. 3 behind a predictor, with the code's projector: 512 -> 4096 -> 512."""
        projector = predictor = MLP((4096, 512))
        schemes: dict[Scheme | None, Objective] = {
            "SimCLR": SimCLR(projector),
            # A queue of whole batches, of 60 videos and of Kinetics' 128.
            "MoCo": MoCo(projector, queue=15_360),
            "BYOL": BYOL(projector, predictor),
            "SimSiam": SimSiam(projector, predictor),
        }
        return schemes[self.contrast]

    def recipe(self, data: str = "ucf101") -> Recipe:
        """300 epochs of SGD; the rate grows for half of them, then falls along half a cosine."""
        kinetics = data.startswith("kinetics")
        rate = 0.09 if kinetics else 0.03
        return Recipe(
            "sgd",
            rate=rate,
            momentum=0.9,
            weight_decay=5e-4,
            epochs=300,
            batch=256 if kinetics else 120,
            warm_up=150,
            warm_up_is="before",
            floor=1e-5 / rate,
            clip_gradient=18.0,
        )

    def fine_tune(self, net: str = "r2plus1d") -> Recipe:
        """100 epochs at 0.025.

        The code lowers the rate when the test list stops getting better. We do not look at the test
        list, and lower it along half a cosine.
        """
        return Recipe("sgd", 0.025, 0.9, 5e-4, epochs=100, batch=60)

    def labelled(self, data: str = "ucf101") -> Labelled:
        """Every fourth frame; a test video in windows side by side, whose logits are averaged."""
        jitter = Jitter(0.4, 0.4, 0.4, 0.1, probability=0.3)
        crop = RandomResizedCrop(area=(0.2, 1.0), aspect=(3 / 4, 4 / 3))
        return Labelled(
            self.fine_tune(),
            Augment((crop, jitter)),
            Normalised(Linear(1)),
            stride=4,
            test=samplers.Windows(),
            average="logits",
        )

    def varied(self, data: str = "ucf101") -> Labelled:
        """Labelled clips that are played and turned as `play` and `turn` say (Table 1, 1 to 4)."""
        usual = self.labelled(data)
        crop, *others = usual.augment.steps
        turn = [Turn()] if self.turn else []
        clip = samplers.Varied(strides=PLAYBACK if self.play else (usual.stride,), turned=self.turn)
        return replace(usual, augment=Augment((crop, *turn, *others)), clip=clip)


def _head(hidden: tuple[int, ...], classes: int) -> MLP | Linear:
    return MLP((*hidden, classes)) if hidden else Linear(classes)
