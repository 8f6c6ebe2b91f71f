"""Order and sampling rate of a clip's segments, with a contrast that aligns what it compares.

(IEEE Transactions on Circuits and Systems for Video Technology, 2021,
doi:10.1109/TCSVT.2021.3114209.)

A clip is made of segments of one video, each at a rate of its own, in a random order. In which
order are they shown (L_order, Eq. 4)? At which rate is each (L_sr, Eq. 7)? And which clip is of the
same video (L_ctr, Eq. 8)? There, two vectors are compared part by part, in whatever order their
parts are (shuffle similarity, Algorithm 1). Half of the time the other clip is a view that a net
made of the first (III-G). L is the weighted sum (Eq. 17).

What the paper leaves open, and what we chose (there is no public code):
- It projects to 128 numbers, which three segments do not divide. We take the next multiple: 129.
- What similarity is made of the distance of Algorithm 1 is not said, nor a temperature. We take
  minus the distance of vectors of length 1, and 0.07.
- Size of the queue and momentum of the target are not given: 2,048 and 0.999.
- The heads of order and rate are linear (III-H). Eq. 2 has two matrices, but nothing between them.
  The projection has a hidden layer of 512.
- The rates to be told are in the order in which the segments are shown. In the order of time, a net
  would have to solve the order first.
- All frames of a clip are cropped, mirrored and changed in colour alike; strengths are not given.
- Eq. 7 as a mean hardly is what Table IV reports: its 2.23 for rates 1 to 4 would be worse than a
  constant guess. A sum over the segments fits. Training uses the mean; our tables show both.
- The generator of views: its nets and the weights of its losses are ours.
- A second clip is drawn for the contrast alone (Tables VI to VIII have rows without it).
- A batch of 16 is of videos. A recipe counts clips: 32 with the contrast, 16 without.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vssl import samplers
from vssl.augment import Augment, Flip, Jitter, RandomCrop
from vssl.clips import Sampler, clips_of
from vssl.errors import VsslError
from vssl.losses import Cosine, Shuffle
from vssl.methods.method import Labelled
from vssl.models.heads import MLP, Linear
from vssl.objectives import Classify, Each, MoCo, Objective, Regress, Term, Weighted
from vssl.objectives.synthesis import SYNTHESISED
from vssl.recipe import Recipe

QUERY = (0,)  # the view whose order and rates are asked; view 1 is the key's clip


@dataclass(frozen=True)
class Segments:
    """The two tasks and the contrast, each of which can be left out; the defaults are all of it."""

    order: bool = True  # in which order are the segments shown?
    rate: bool = True  # at which rate is each of them?
    contrast: bool = True  # which clip is of the same video?
    shuffle: bool = True  # by shuffle similarity; False: by the cosine
    synthesise: bool = True  # half of the keys are made by a generator; it needs one
    count: int = 3  # n, segments of a clip (Table III)
    rates: tuple[int, int] = (1, 8)  # p (Table IV)
    classify: bool = False  # a class for every rate, in place of a number (Table V)
    lambda_1: float = 1.0  # Eq. 17: of L_order,
    lambda_2: float = 0.3  # of L_sr
    lambda_3: float = 1.0  # and of L_ctr
    queue: int = 2048
    momentum: float = 0.999
    temperature: float = 0.07
    strength: float = 0.4  # of the change of colours

    def __post_init__(self) -> None:
        if not (self.order or self.rate or self.contrast):
            raise VsslError(
                "Segments needs something to learn: order, rate or contrast must be True"
            )
        if not self.contrast and (self.shuffle or self.synthesise):
            raise VsslError(
                "shuffle and synthesise change the contrast, and there is none: set both to False"
            )

    def clip(self, length: int = 16) -> samplers.Segments:
        """One clip, with its order and rates."""
        return samplers.Segments(self.count, self.rates, length)

    def sampler(self, length: int = 16) -> Sampler:
        """A clip; for the contrast, a second one and the coin for a synthesised key."""
        if not self.contrast:
            return self.clip(length)
        return samplers.Coin(samplers.Repeat(self.clip(length), 2), SYNTHESISED)

    def test_sampler(self, length: int = 16) -> Sampler:
        """The same as in pre-training."""
        return self.sampler(length)

    def augment(self, size: int = 112) -> Augment:
        """Cropped, changed in colour and mirrored, all frames of a clip alike (IV-D)."""
        s = self.strength
        return Augment((RandomCrop(size), Jitter(s, s, s, 0.0), Flip()))

    def objective(self, length: int = 16) -> Objective:
        """L = lambda_1 L_order + lambda_2 L_sr + lambda_3 L_ctr (Eq. 17)."""
        slowest, fastest = self.rates
        values = fastest - slowest + 1 if self.classify else 1
        orders, told = self.clip(length).classes, Linear(self.count * values)
        rate: Objective = Regress("rates", told, QUERY, (slowest + fastest) / 2)  # Eq. 6 and 7
        if self.classify:
            rate = Each("rates", told, slowest, fastest, QUERY)
        order = Classify("order", Linear(orders), QUERY)  # Eq. 2 to 4
        terms = (
            (self.order, Term("order", self.lambda_1, order)),
            (self.rate, Term("rate", self.lambda_2, rate)),
            (self.contrast, Term("contrast", self.lambda_3, self._contrast())),
        )
        return Weighted(tuple(term for wanted, term in terms if wanted))

    def _contrast(self) -> Objective:
        """Eq. 8 with a queue, and Eq. 18 for the encoder of keys."""
        projected = -(-128 // self.count) * self.count  # the next number that has so many parts
        return MoCo(
            MLP((512, projected)),
            self.queue,
            self.momentum,
            self.temperature,
            Shuffle(self.count) if self.shuffle else Cosine(),
        )

    def recipe(self, data: str = "ucf101") -> Recipe:
        """300 epochs, a tenth of the rate after 200; on Kinetics 30, after 20."""
        epochs, videos = (30, 32) if data.startswith("kinetics") else (300, 16)
        return Recipe(
            "sgd", 1e-3, 0.9, 5e-4, epochs, batch=videos * clips_of(self.sampler()),
            schedule="steps", steps=(epochs * 2 // 3,),
        )  # fmt: skip

    def fine_tune(self, net: str = "r2plus1d") -> Recipe:
        """As in pre-training on UCF101, which is all that the paper says of it; a clip a video."""
        return replace(self.recipe(), batch=16)

    def labelled(self, data: str = "ucf101") -> Labelled:
        """Consecutive frames, and the mean of ten test clips' scores (IV-E)."""
        return Labelled(self.fine_tune(), self.augment(), Linear(1))
