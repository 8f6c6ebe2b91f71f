"""Augmentation of whole batches of uint8 clips, on any device.

An `Augment` is a tuple of steps. A step draws its parameters for one clip, `draw(rng, source) ->
[F, P]`, once and on the CPU, with F = 1 (the same for every frame: consistent in time) or F = T
(each frame its own). It applies them to a batch, `apply(x, p)`, x [N, C, T, H, W] and p [N, F, P].
Drawing and applying are apart, so a clip's look depends on its own random generator alone: not on
the batch around it, the device, or the number of workers.
"""

from vssl.augment.augment import Alternating, Augment, Source, Step
from vssl.augment.blur import Blur
from vssl.augment.colour import Grey, Solarise
from vssl.augment.crops import BoxCrop, CentreCrop, PlacedCrop, RandomCrop, RandomResizedCrop
from vssl.augment.jitter import Jitter
from vssl.augment.moves import Flip, Tilt, Turn
from vssl.augment.persons import ScaledCrop, WholeFrame, follow
from vssl.augment.randaugment import RandAugment
from vssl.augment.together import Together

__all__ = [
    "Alternating",
    "Augment",
    "Blur",
    "BoxCrop",
    "CentreCrop",
    "Flip",
    "Grey",
    "Jitter",
    "PlacedCrop",
    "RandAugment",
    "RandomCrop",
    "RandomResizedCrop",
    "ScaledCrop",
    "Solarise",
    "Source",
    "Step",
    "Tilt",
    "Together",
    "Turn",
    "WholeFrame",
    "follow",
]
