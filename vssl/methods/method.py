"""What a method is, as far as the lab needs to know, and how a paper treats labelled clips."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Protocol, get_args

from vssl.augment import Alternating, Augment
from vssl.augment.augment import Crop
from vssl.clips import Sampler
from vssl.errors import VsslError
from vssl.models.heads import Scores
from vssl.objectives import Objective
from vssl.recipe import Recipe
from vssl.samplers import RandomClip, Uniform, Varied, Windows

Average = Literal["softmax", "logits"]


@dataclass(frozen=True)
class Labelled:
    """How a paper treats labelled clips; sizes and numbers of clips are set by who uses it.

    recipe    of the training.
    augment   of training clips; a test clip is cropped in the middle, or in `crops` places.
    head      on the backbone; it is given as many outputs as there are classes.
    stride    from one frame of a clip to the next, in training and in the test.
    clip      the sampler of training clips; None: anywhere in the video, at the stride.
    test      which clips of a test video are looked at; their scores are averaged.
    average   of what: the softmax or the logits of each clip.
    """

    recipe: Recipe
    augment: Augment
    head: Scores
    stride: int = 1
    test: Uniform | Windows = Uniform(10)
    crops: int = 1
    average: Average = "softmax"
    clip: RandomClip | Varied | None = None

    def __post_init__(self) -> None:
        if self.average not in get_args(Average):
            raise VsslError(f"clips are averaged by 'softmax' or 'logits', not {self.average!r}")
        if self.crops not in (1, 3):
            raise VsslError(f"a clip is tested on 1 crop or on 3, not on {self.crops}")

    @property
    def test_clips(self) -> int:
        """How many clips a test video has; about ten, as usual, where its length decides."""
        return 10 if isinstance(self.test, Windows) else len(self.test.layout)

    def augment_at(self, size: int) -> Augment:
        """The augmentation with its crop at another size."""
        crop, *others = self.augment.steps
        assert isinstance(crop, Crop)
        return Augment((replace(crop, size=size), *others))

    def clip_at(self, length: int) -> Sampler:
        """The sampler of training clips of so many frames."""
        if self.clip is None:
            return RandomClip(length, self.stride)
        return replace(self.clip, length=length)

    def test_at(self, length: int) -> Sampler:
        """The sampler of test clips of so many frames, at the stride of the training clips."""
        return replace(self.test, length=length, stride=self.stride)


class Method(Protocol):
    """A frozen dataclass: how clips are drawn and changed, what is learnt of them, and how."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def sampler(self, length: int = 16) -> Sampler:
        """The paper's sample of one video, in clips of `length` frames."""
        ...

    def test_sampler(self, length: int = 16) -> Sampler:
        """The sample by which the pretext task is tested.

        It has every class, where that can be drawn.
        """
        ...

    def augment(self, size: int = 112) -> Augment | Alternating:
        """What is done to a clip on its way to the network, which sees `size` x `size` pixels."""
        ...

    def objective(self, length: int = 16) -> Objective:
        """The heads and their losses, for clips of `length` frames."""
        ...

    def recipe(self, data: str = "ucf101") -> Recipe:
        """The paper's pre-training."""
        ...

    def labelled(self, data: str = "ucf101") -> Labelled:
        """How the paper treats labelled clips."""
        ...
