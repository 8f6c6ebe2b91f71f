"""Augmentation of whole batches of uint8 clips, on any device, with the parameters of each clip drawn once and on the CPU.

An `Augment` is a tuple of steps. A step draws its parameters for one clip, `draw(rng, frames, height, width) -> [F, P]`, with
F = 1 (the same for every frame: consistent in time) or F = T (each frame its own), and applies them to a batch,
`apply(x, p)`, x [N, C, T, H, W] and p [N, F, P]. Drawing and applying are apart so that a clip's look depends on its own
random generator alone: not on the batch around it, the device, or the number of workers.
"""

from vssl.augment.augment import Augment, Pair, Step
from vssl.augment.blur import Blur
from vssl.augment.colour import Grey, Solarise
from vssl.augment.crops import CentreCrop, Flip, PlacedCrop, RandomCrop, RandomResizedCrop
from vssl.augment.jitter import Jitter
from vssl.augment.randaugment import RandAugment

__all__ = [
    "Augment",
    "Blur",
    "CentreCrop",
    "Flip",
    "Grey",
    "Jitter",
    "Pair",
    "PlacedCrop",
    "RandAugment",
    "RandomCrop",
    "RandomResizedCrop",
    "Solarise",
    "Step",
]
