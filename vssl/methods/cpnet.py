"""Self-supervised Spatiotemporal Representation Learning by Exploiting Video Continuity.

(Liang, Quader, Chi, Chen, Dai, Lu, Wang; AAAI 2022.) The net is called CPNet.

Frames are taken out of the middle of a clip. Is a clip whole or cut (continuity justification,
Eq. 1)? Where was it cut (discontinuity localisation, Eq. 2)? And what was taken out? Of that the
net draws no picture: the cut clip shall lie near its missing section (missing section
approximation, Eq. 3). L is the weighted sum (Eq. 4).

What the paper leaves open, and what we chose (there is no public code):
- Margin and temperature of Eq. 3 are not given: 0.2 and 0.07. Its heads follow CoCLR, which has
  0.07.
- Momentum and weight decay are not given: 0.9 and 5e-4, as with VCOP.
- A batch of 32 is of videos. A recipe counts clips: 96, for each video has three.
- Augmentation is named without strengths. Each clip is augmented for itself, and all its frames
  alike: a jitter frame by frame would hide the cut, or make one where there is none.
- A video may be too short for two clips without a common frame. We draw the pair that shares
  fewest, and leave out no video.
- Eq. 1 adds the losses of the two clips. We take their mean, so its weight here is 2.
- Tasks that are left out (Table 1) change the loss and not the clips. So rows see the same videos
  cut at the same places.
"""

from __future__ import annotations

from dataclasses import dataclass

from vssl import samplers
from vssl.augment import Augment, BoxCrop, Flip, Jitter, RandomResizedCrop
from vssl.clips import Sampler
from vssl.errors import VsslError
from vssl.methods.method import Labelled
from vssl.models.heads import ConvHead, Linear
from vssl.objectives import Classify, MissingSection, Objective, Reconstruct, Term, Weighted
from vssl.recipe import Recipe

CONTINUOUS, DISCONTINUOUS = 0, 1  # the numbers of the clips that the tasks read


@dataclass(frozen=True)
class CPNet:
    """The three tasks, each of which can be left out; the defaults are all three."""

    justify: bool = True  # L_J: is this clip whole or cut?
    localise: bool = True  # L_L: where was it cut?
    approximate: bool = True  # L_E: what was taken out?
    gap: int = 8  # l_m, frames that are taken out (Table 1)
    omega: float = 0.5  # of the triplet in L_E; 0 is CPNet- of Table 1
    margin: float = 0.2
    temperature: float = 0.07
    w1: float = 1.0  # Eq. 4: of L_J,
    w2: float = 1.0  # of L_L
    w3: float = 0.1  # and of L_E
    area: tuple[float, float] = (0.5, 1.0)  # of a crop, in shares of the frame
    strength: float = 0.4  # of the change of colours
    # Ours, for small data: so many cuts of one window share a batch, all in one crop; and every
    # frame is made brighter or darker by up to this share, so that brightness does not tell a cut.
    cuts: int = 1
    flicker: float = 0.0

    def __post_init__(self) -> None:
        if not (self.justify or self.localise or self.approximate):
            raise VsslError(
                "CPNet needs something to learn: justify, localise or approximate must be True"
            )

    def sampler(self, length: int = 16) -> Sampler:
        """A continuous clip, a discontinuous one, and its missing section (3.2)."""
        three = samplers.Continuity(length, self.gap, self.cuts)
        return samplers.OneBox(three, self.area) if self.cuts > 1 else three

    def test_sampler(self, length: int = 16) -> Sampler:
        """The same, with one cut: there are as many whole clips as cut ones."""
        one = samplers.Continuity(length, self.gap)
        return samplers.OneBox(one, self.area) if self.cuts > 1 else one

    def augment(self, size: int = 112) -> Augment:
        """Cut out at any scale, mirrored, and changed in colour, all frames of a clip alike."""
        s = self.strength
        anywhere = RandomResizedCrop(size, self.area, aspect=(3 / 4, 4 / 3))
        crop = BoxCrop(size) if self.cuts > 1 else anywhere
        flicker = Jitter(self.flicker, 0.0, 0.0, 0.0, probability=1.0, consistent=False)
        jitter = Jitter(s, s, s, s / 4)
        return Augment((crop, Flip(), jitter, *([flicker] if self.flicker else [])))

    def objective(self, length: int = 16) -> Objective:
        """L = w1 L_J + w2 L_L + w3 L_E (Eq. 4), with the heads of Table 7."""
        whole_or_cut = (CONTINUOUS, DISCONTINUOUS)
        justify = Classify("discontinuous", ConvHead(2), whole_or_cut)  # Eq. 1
        localise = Classify("cut", ConvHead(length - 1), (DISCONTINUOUS,))  # Eq. 2
        missing = MissingSection(ConvHead(128), self.omega, self.margin, self.temperature)  # Eq. 3
        terms = (
            (self.justify, Term("justification", 2 * self.w1, justify)),
            (self.localise, Term("localisation", self.w2, localise)),
            (self.approximate, Term("approximation", self.w3, missing)),
        )
        return Weighted(tuple(term for wanted, term in terms if wanted))

    def recipe(self, data: str = "ucf101") -> Recipe:
        """200 epochs, a tenth of the rate after 100 and 150; on Kinetics 40, after 20 and 30."""
        if data.startswith("kinetics"):
            return _sgd(epochs=40, steps=(20, 30), batch=3 * 64)
        return _sgd(epochs=200, steps=(100, 150), batch=3 * 32)

    def fine_tune(self, net: str = "r2plus1d") -> Recipe:
        """200 epochs, a tenth of the rate after 80 and 160, whatever the net."""
        return _sgd(epochs=200, steps=(80, 160), batch=16)

    def labelled(self, data: str = "ucf101") -> Labelled:
        """Consecutive frames, one linear layer, and the mean of ten test clips' scores (4.1)."""
        crop = RandomResizedCrop(area=self.area, aspect=(3 / 4, 4 / 3))
        return Labelled(self.fine_tune(), Augment((crop, Flip())), Linear(1))


@dataclass(frozen=True)
class CRNet:
    """CPNet with the missing section's pixels in place of its features (Appendix H, Eq. 5).

    Only a picture that is cut and coloured like the clip can be drawn from it. So all clips of a
    sample share one crop, and none is mirrored or changed in colour.
    """

    base: CPNet = CPNet(approximate=False)
    w3: float = 1.0  # Eq. 5: not given

    def sampler(self, length: int = 16) -> Sampler:
        """CPNet's clips in one crop."""
        three = samplers.Continuity(length, self.base.gap, self.base.cuts)
        return samplers.OneBox(three, self.base.area)

    def test_sampler(self, length: int = 16) -> Sampler:
        """The same, with one cut."""
        return samplers.OneBox(samplers.Continuity(length, self.base.gap), self.base.area)

    def augment(self, size: int = 112) -> Augment:
        """The crop alone."""
        return Augment((BoxCrop(size),))

    def objective(self, length: int = 16) -> Objective:
        """L = w1 L_J + w2 L_L + w3 L_R (Eq. 5)."""
        tasks = self.base.objective(length)
        assert isinstance(tasks, Weighted)
        drawn = Term("reconstruction", self.w3, Reconstruct(views=(DISCONTINUOUS,)))
        return Weighted((*tasks.terms, drawn))

    def recipe(self, data: str = "ucf101") -> Recipe:
        """CPNet's."""
        return self.base.recipe(data)

    def labelled(self, data: str = "ucf101") -> Labelled:
        """CPNet's."""
        return self.base.labelled(data)


def _sgd(epochs: int, steps: tuple[int, int], batch: int) -> Recipe:
    return Recipe(
        "sgd",
        rate=0.01,
        momentum=0.9,
        weight_decay=5e-4,
        epochs=epochs,
        batch=batch,
        schedule="steps",
        steps=steps,
    )
