"""RandAugment (Cubuk et al., 2020): a few operators drawn from fourteen.

They are torchvision's own, and the same for every frame of a clip.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vssl.augment.augment import Source
from vssl.errors import VsslError

OPERATORS = (
    *("Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness"),
    *("Color", "Contrast", "Sharpness", "Posterize", "Solarize", "AutoContrast", "Equalize"),
)
FILL = [0.5, 0.5, 0.5]  # what comes into the picture from outside: grey


@dataclass(frozen=True)
class RandAugment:
    """`count` operators in a row, drawn from `OPERATORS`, all at one magnitude of 0 to 30.

    Each has a drawn sign.

    Strengths are torchvision's. Operators that look at the whole picture (Contrast, AutoContrast,
    Equalize) look at the whole clip: looking frame by frame, they would change from frame to frame.
    """

    count: int = 2
    magnitude: int = 9

    def __post_init__(self) -> None:
        if not 0 <= self.magnitude <= 30:
            raise VsslError(
                f"RandAugment's magnitude is a number from 0 to 30, not {self.magnitude}"
            )

    def draw(self, rng: np.random.Generator, source: Source) -> np.ndarray:
        kinds = rng.integers(len(OPERATORS), size=self.count)
        signs = rng.choice([-1, 1], self.count)
        return np.concatenate([kinds, signs])[None]  # [1, 2 * count]

    def apply(self, x: Tensor, p: Tensor) -> Tensor:
        clips = x.transpose(1, 2).clone()  # [N, T, C, H, W]
        for place in range(self.count):
            drawn = p[:, 0, [place, self.count + place]]  # [N, 2]: operator and sign
            for kind, sign in drawn.unique(dim=0).tolist():  # all clips that drew the same, at once
                rows = (drawn == torch.tensor([kind, sign])).all(1).nonzero()[:, 0]
                clips[rows] = operate(clips[rows], OPERATORS[int(kind)], sign * self.magnitude / 30)
        return clips.transpose(1, 2)  # [N, C, T, H, W]


def operate(clips: Tensor, name: str, strength: float) -> Tensor:
    """One operator on clips [..., T, C, H, W] in [0, 1].

    Strength in [-1, 1], the sign of which matters only where there are two ways.
    """
    # Imported here, not above, because torchvision takes seconds to import.
    from torchvision.transforms.v2 import functional as v2

    share = abs(strength)
    frames, _, height, width = clips.shape[-4:]
    if name in ("ShearX", "ShearY"):
        turn = math.degrees(math.atan(0.3 * strength))
        shear = [turn, 0.0] if name == "ShearX" else [0.0, turn]
        return v2.affine(
            clips, angle=0.0, translate=[0, 0], scale=1.0, shear=shear, fill=FILL, center=[0.0, 0.0]
        )
    if name in ("TranslateX", "TranslateY"):
        move = (
            [int(150 / 331 * width * strength), 0]
            if name == "TranslateX"
            else [0, int(150 / 331 * height * strength)]
        )
        return v2.affine(clips, angle=0.0, translate=move, scale=1.0, shear=[0.0, 0.0], fill=FILL)
    if name == "Rotate":
        return v2.rotate(clips, 30.0 * strength, fill=FILL)
    if name == "Brightness":
        return v2.adjust_brightness(clips, 1 + 0.9 * strength)
    if name == "Color":
        return v2.adjust_saturation(clips, 1 + 0.9 * strength)
    if name == "Sharpness":
        return v2.adjust_sharpness(clips, 1 + 0.9 * strength)
    if name == "Posterize":
        return v2.posterize((clips * 255).round().byte(), 8 - round(4 * share)) / 255
    if name == "Solarize":
        return v2.solarize(clips, 1 - share)
    # All frames of a clip, one below the other.
    tall = clips.transpose(-4, -3).flatten(-3, -2)  # [..., C, T * H, W]
    if name == "Contrast":
        tall = v2.adjust_contrast(tall, 1 + 0.9 * strength)
    elif name == "AutoContrast":
        tall = v2.autocontrast(tall)
    elif name == "Equalize":
        tall = v2.equalize((tall * 255).round().byte()) / 255
    return tall.unflatten(-2, (frames, height)).transpose(-4, -3)
