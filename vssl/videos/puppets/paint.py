"""Colours, textures, and the canvas that a scene is painted on."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """A colour from hue, saturation and value in [0, 1]; hue wraps, the others are clipped."""
    red, green, blue = colorsys.hsv_to_rgb(
        hue % 1, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)
    )
    return int(255 * red), int(255 * green), int(255 * blue)


def shade(colour: Colour, factor: float) -> Colour:
    """The colour, made darker (factor below 1) or lighter."""
    red, green, blue = (max(0, min(255, int(part * factor))) for part in colour)
    return red, green, blue


def desaturate(colour: Colour, saturation: float) -> Colour:
    """The colour with this share of its saturation left."""
    grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    red, green, blue = (int(max(0, min(255, grey + (part - grey) * saturation))) for part in colour)
    return red, green, blue


def distance(one: Colour, two: Colour) -> float:
    """Roughly how different two colours look, from 0 to 255."""
    red, green, blue = (float(a) - float(b) for a, b in zip(one, two, strict=True))
    return float(np.sqrt((2 * red**2 + 4 * green**2 + 3 * blue**2) / 9))


def clouds(rng: np.random.Generator, height: int, width: int, sizes: tuple[int, ...]) -> np.ndarray:
    """Smooth noise [height, width] of mean 0 and deviation 1, in patches of these pixel sizes."""
    total = np.zeros((height, width), np.float32)
    for size in sizes:
        coarse = rng.integers(
            0, 256, (max(2, height // size + 2), max(2, width // size + 2)), dtype=np.uint8
        )
        total += size * np.asarray(
            Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.float32
        )
    return (total - total.mean()) / (total.std() + 1e-6)


@dataclass
class Canvas:
    """A backdrop that is being painted.

    `upper` fills it down to the horizon and `ground` below, and a scene paints over both. A frame
    is 96 `unit`s high; lengths are in units, so that a scene looks the same at every size.
    """

    height: int
    width: int
    unit: float
    upper: Colour
    ground: Colour
    rng: np.random.Generator
    horizon: int  # 0: there is no horizon, and the ground fills the picture
    image: Image.Image = field(init=False)
    pen: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        rows = np.arange(self.height, dtype=np.float32)[:, None, None]
        upper, ground = (np.array(one, np.float32) for one in (self.upper, self.ground))
        if self.horizon:
            light = np.where(
                rows < self.horizon,
                0.8 + 0.25 * rows / self.horizon,
                0.75 + 0.4 * (rows - self.horizon) / self.height,
            )
            colour = np.where(rows < self.horizon, upper, ground)
        else:
            light, colour = 0.88 + 0.2 * rows / self.height, ground
        rough = np.where(rows < self.horizon, 4.0, 8.0)
        sizes = tuple(max(2, int(size * self.unit)) for size in (4, 8, 16, 32))
        pixels = (
            light * colour + rough * clouds(self.rng, self.height, self.width, sizes)[:, :, None]
        )
        self.image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        self.pen = ImageDraw.Draw(self.image)

    def somewhere(self, margin: float = 0.0) -> int:
        """A random column."""
        return int(self.rng.integers(0, max(1, self.width - int(margin * self.unit))))

    def between(self, low: float, high: float) -> float:
        """A random length between `low` and `high` units, in pixels."""
        return float(self.rng.uniform(low, high)) * self.unit

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        fill: Colour,
        outline: Colour | None = None,
    ) -> None:
        """Fill a rectangle."""
        self.pen.rectangle(
            [left, top, max(left, right), max(top, bottom)], fill=fill, outline=outline
        )

    def disc(self, x: float, y: float, across: float, down: float, fill: Colour) -> None:
        """Fill an ellipse with these half axes."""
        self.pen.ellipse([x - across, y - down, x + across, y + down], fill=fill)

    def line(self, *points: float, fill: Colour, width: float = 1.0) -> None:
        """Draw a line through x, y, x, y, ..."""
        self.pen.line(points, fill=fill, width=max(1, round(width * self.unit)))

    def scatter(
        self, count: int, factor: float, size: float = 1.6, colour: Colour | None = None
    ) -> None:
        """Scatter flat specks over the ground, by which the camera's motion can be seen.

        They are larger and wider apart towards the camera.
        """
        depth = self.height - self.horizon
        for _ in range(count):
            near = float(self.rng.random()) ** 0.8
            tone = shade(colour or self.ground, factor * float(self.rng.uniform(0.85, 1.15)))
            across = self.between(0.6, 1.0) * size * (0.5 + 1.2 * near)
            self.disc(self.somewhere(), self.horizon + near * depth, across, across * 0.45, tone)

    def floor_lines(self, colour: Colour, rows: tuple[int, ...]) -> None:
        """Draw lines `rows` units below the horizon, and darker lines into the depth."""
        for row in rows:
            y = self.horizon + row * self.unit
            self.line(0, y, self.width, y, fill=colour)
        for x in np.arange(-self.width, 2 * self.width, 34 * self.unit):
            # The lines would meet 60 units above the horizon.
            spread = (self.height - self.horizon) / (60 * self.unit)
            end = x + (x - self.width / 2) * spread
            self.line(x, self.horizon, end, self.height, fill=shade(self.ground, 0.85))
