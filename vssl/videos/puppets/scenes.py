"""The scenes that figures act in: painted backdrops, most of them with a horizon, three without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from vssl.videos.puppets import indoors, outdoors
from vssl.videos.puppets.paint import Canvas, Colour, hsv

Tone = tuple[float, float, float]  # hue, saturation, value


@dataclass(frozen=True)
class Scene:
    """A kind of scene; each backdrop of the kind is painted differently."""

    upper: Tone
    ground: Tone
    paint: Callable[[Canvas], None]
    horizon: bool = True


@dataclass(frozen=True)
class Backdrop:
    """A painted scene, wider than a frame; its mirror image continues it, over and over."""

    image: Image.Image
    period: int  # columns after which it repeats
    spot: float  # the column where the figure stands
    contact: float  # the row of its feet
    behind: tuple[Colour, Colour]  # mean colour behind the figure's upper and lower half


SCENES = {
    "park": Scene((0.56, 0.42, 0.95), (0.29, 0.45, 0.58), outdoors.park),
    "beach": Scene((0.55, 0.35, 0.95), (0.12, 0.42, 0.86), outdoors.beach),
    "forest": Scene((0.58, 0.16, 0.84), (0.24, 0.42, 0.46), outdoors.forest),
    "gym": Scene((0.11, 0.14, 0.84), (0.08, 0.48, 0.62), indoors.gym),
    "street": Scene((0.70, 0.42, 0.42), (0.62, 0.14, 0.50), outdoors.street),
    "bricks": Scene((0.03, 0.34, 0.70), (0.08, 0.10, 0.56), outdoors.bricks),
    "room": Scene((0.45, 0.18, 0.86), (0.09, 0.46, 0.58), indoors.room),
    "stadium": Scene((0.57, 0.50, 0.85), (0.02, 0.52, 0.60), outdoors.stadium),
    "studio": Scene((0.6, 0.2, 0.7), (0.6, 0.2, 0.7), indoors.studio, horizon=False),
    "lawn": Scene((0.3, 0.45, 0.6), (0.29, 0.45, 0.56), outdoors.lawn, horizon=False),
    "desert": Scene((0.08, 0.35, 0.92), (0.09, 0.48, 0.76), outdoors.desert),
    "snow": Scene((0.58, 0.30, 0.84), (0.58, 0.05, 0.93), outdoors.snow),
    "stage": Scene((0.98, 0.62, 0.52), (0.08, 0.42, 0.58), indoors.stage),
    "corridor": Scene((0.14, 0.12, 0.80), (0.58, 0.12, 0.56), indoors.corridor),
    "harbour": Scene((0.57, 0.22, 0.90), (0.07, 0.34, 0.60), outdoors.harbour),
    "tiles": Scene((0.5, 0.16, 0.74), (0.5, 0.16, 0.74), indoors.tiles, horizon=False),
}


def backdrop(
    name: str, height: int, width: int, saturation: float, rng: np.random.Generator
) -> Backdrop:
    """Paint a scene for frames of this size, with random hues, objects and spot to stand on."""
    scene = SCENES[name]
    tall, wide = int(height * 1.7), int(width * 2.6)
    horizon = int(tall * rng.uniform(0.47, 0.54))
    hue = 1.0 if not scene.horizon and name != "lawn" else 0.03  # a studio may have any colour

    def tone(base: Tone) -> Colour:
        return hsv(
            base[0] + rng.normal(0, hue),
            base[1] * rng.uniform(0.8, 1.2),
            base[2] * rng.uniform(0.9, 1.07),
        )

    canvas = Canvas(
        tall,
        wide,
        height / 96,
        tone(scene.upper),
        tone(scene.ground),
        rng,
        horizon if scene.horizon else 0,
    )
    scene.paint(canvas)
    pixels = np.asarray(canvas.image, np.float32)
    grey = pixels @ np.array([0.3, 0.59, 0.11], np.float32)
    pixels = np.clip(grey[:, :, None] + saturation * (pixels - grey[:, :, None]), 0, 255).astype(
        np.uint8
    )
    contact = horizon + (tall - horizon) * rng.uniform(0.28, 0.5)
    rows = [int(contact - share * height) for share in (0.7, 0.33)] + [int(contact)]
    upper, lower = (_mean(pixels[rows[i] : rows[i + 1]]) for i in range(2))
    flipped = pixels[:, ::-1]
    endless = np.concatenate([pixels, flipped, pixels[:, : int(width * 1.25)]], 1)
    spot = rng.uniform(0, 2 * wide)
    return Backdrop(Image.fromarray(endless), 2 * wide, spot, contact, (upper, lower))


def _mean(pixels: np.ndarray) -> Colour:
    red, green, blue = (int(part) for part in pixels.mean((0, 1)))
    return red, green, blue
