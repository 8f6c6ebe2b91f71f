"""From a shot to pixels: the backdrop under the camera, the figure, light and grain.

Most of the time of drawing a video is spent here.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from vssl.videos.puppets.motion import SIDES
from vssl.videos.puppets.paint import Colour, shade
from vssl.videos.puppets.shot import Shot
from vssl.videos.puppets.world import World

FINE = 3  # the figure is drawn this many times larger and reduced, which smooths its edges
GRAIN = 32  # the grain of a frame is cut from an image that is larger by this many pixels
OUTLINE = (28, 24, 30)

LIMBS = tuple(
    (f"{side} {start}", f"{side} {end}", colour, width)
    for side in SIDES
    for start, end, colour, width in (
        ("shoulder", "elbow", "sleeve", 0.058),
        ("elbow", "hand", "skin", 0.052),
        ("hip", "knee", "trousers", 0.080),
        ("knee", "ankle", "shin", 0.064),
        ("ankle", "toe", "shoe", 0.052),
    )
)
TORSO = ("left shoulder", "right shoulder", "right hip", "left hip")


class Brush:
    """Draws strokes on the enlarged piece of one frame."""

    def __init__(
        self, piece: Image.Image, points: dict[str, tuple[float, float]], scale: float
    ) -> None:
        self.pen = ImageDraw.Draw(piece)
        self.points = points
        self.scale = scale  # pixels per body height

    def disc(self, x: float, y: float, across: float, down: float, colour: Colour) -> None:
        """Draw an ellipse with these half axes."""
        self.pen.ellipse((x - across, y - down, x + across, y + down), fill=colour)

    def stroke(self, start: str, end: str, width: float, colour: Colour) -> None:
        """Draw a line with round ends."""
        (x0, y0), (x1, y1) = self.points[start], self.points[end]
        self.pen.line((x0, y0, x1, y1), fill=colour, width=max(1, round(width)))
        half = width / 2
        self.pen.ellipse((x0 - half, y0 - half, x0 + half, y0 + half), fill=colour)
        self.pen.ellipse((x1 - half, y1 - half, x1 + half, y1 + half), fill=colour)


def _parts(
    brush: Brush, shot: Shot, depth: dict[str, float], grow: float, only: Colour | None
) -> None:
    """Draw the figure's parts from back to front.

    Each part is `grow` pixels wider on each side, and in its own colour unless `only` one is given.
    """
    body, colours, scale = shot.performer.looks.body, shot.performer.looks.colours, brush.scale
    thick = body.thickness * scale
    order = [
        ((depth[start] + depth[end]) / 2, index) for index, (start, end, _, _) in enumerate(LIMBS)
    ]
    order += [((depth["neck"] + depth["pelvis"]) / 2, -1), (depth["head"] + 0.001, -2)]
    if "stick" in depth:
        order.append(((depth["right hand"] + depth["stick"]) / 2, -3))
    for away, index in sorted(order):
        # Parts that are farther away are darker, so that crossing limbs can be told apart.
        light = 1 + max(-0.34, min(0.2, away * 1.7))
        if index >= 0:
            start, end, part, width = LIMBS[index]
            brush.stroke(start, end, width * thick + 2 * grow, only or shade(colours[part], light))
            if part == "skin":
                x, y = brush.points[end]
                brush.disc(
                    x,
                    y,
                    0.034 * thick + grow,
                    0.034 * thick + grow,
                    only or shade(colours["skin"], light),
                )
        elif index == -1:
            width = 0.088 * thick + 2 * grow
            brush.pen.polygon([brush.points[name] for name in TORSO], fill=only or colours["shirt"])
            for start, end in zip(TORSO, TORSO[1:] + TORSO[:1], strict=True):
                brush.stroke(start, end, width, only or colours["shirt"])
            brush.stroke("neck", "head", 0.05 * scale + 2 * grow, only or colours["skin"])
        elif index == -2:
            _head(brush, body.head * scale, grow, depth, colours, only)
        else:
            brush.stroke("right hand", "stick", 0.026 * scale + 2 * grow, only or colours["stick"])


def _head(
    brush: Brush,
    radius: float,
    grow: float,
    depth: dict[str, float],
    colours: dict[str, Colour],
    only: Colour | None,
) -> None:
    """Draw the hair as a disc, and over it the face where the nose is, unless it is turned away."""
    x, y = brush.points["head"]
    brush.disc(x, y, radius + grow, 1.1 * radius + grow, only or colours["hair"])
    if only is None and depth["nose"] > depth["head"] - 0.03:
        nose = brush.points["nose"]
        brush.disc(nose[0], nose[1] + 0.15 * radius, 0.24 * radius, 0.2 * radius, colours["skin"])
        x, y = x + 0.4 * (nose[0] - x), y + 0.4 * (nose[1] - y) + 0.12 * radius
        brush.disc(x, y, 0.78 * radius, 0.85 * radius, colours["skin"])


def _figure(frame: Image.Image, shot: Shot, index: int, outline: bool) -> None:
    """Draw shadow, figure and ball over one frame, enlarging only the piece that they cover."""
    scale = float(shot.scale[index])
    places = {name: place[index] for name, place in shot.points.items()}
    ball = None
    if shot.ball is not None and np.isfinite(shot.ball[1][index]).all():
        ball = shot.ball[1][index]
    reach = np.stack([*places.values()])
    shadow = (float(reach[:, 0].mean()), float(shot.ground[index]))
    if ball is not None:
        reach = np.concatenate([reach, ball[None]])
    margin = 0.14 * scale
    low = np.minimum(reach.min(0), shadow) - margin
    high = np.maximum(reach.max(0), shadow) + margin
    x0, y0 = max(0, int(low[0])), max(0, int(low[1]))
    x1, y1 = min(frame.width, int(high[0]) + 1), min(frame.height, int(high[1]) + 1)
    if x1 <= x0 or y1 <= y0:
        return
    piece = frame.crop((x0, y0, x1, y1)).resize(
        ((x1 - x0) * FINE, (y1 - y0) * FINE), Image.Resampling.NEAREST
    )
    points = {
        name: ((float(x) - x0) * FINE, (float(y) - y0) * FINE) for name, (x, y) in places.items()
    }
    brush = Brush(piece, points, scale * FINE)
    x, y, across = (
        (shadow[0] - x0) * FINE,
        (shadow[1] - y0) * FINE,
        0.2 * scale * FINE * (1 - 0.5 * min(1.0, float(shot.air[index]))),
    )
    ImageDraw.Draw(piece, "RGBA").ellipse(
        (x - across, y - 0.16 * across, x + across, y + 0.2 * across), fill=(10, 10, 15, 95)
    )
    depth = {name: float(away[index]) for name, away in shot.depth.items()}
    if outline:
        _parts(brush, shot, depth, 0.011 * scale * FINE, OUTLINE)
    _parts(brush, shot, depth, 0.0, None)
    if ball is not None and shot.ball is not None:
        radius = (0.066 if shot.ball[0] == "dribble" else 0.044) * scale * FINE
        x, y = (float(ball[0]) - x0) * FINE, (float(ball[1]) - y0) * FINE
        brush.disc(x, y, radius + FINE / 2, radius + FINE / 2, OUTLINE)
        brush.disc(x, y, radius, radius, shot.performer.looks.colours["ball"])
    frame.paste(piece.reduce(FINE), (x0, y0))


def draw(world: World, shot: Shot, *nearer: Shot) -> np.ndarray:
    """Draw every frame of a shot: uint8 [T, H, W, 3].

    Figures of other shots by the same camera stand before it, each nearer than the one before.
    """
    height, width, style = world.height, world.width, world.style
    rng = np.random.default_rng([*shot.key, 1])  # not the stream that planned the shot
    noise = np.clip(
        128 + rng.normal(0, style.grain, (height + GRAIN, width + GRAIN)).round(), 0, 255
    ).astype(np.uint8)
    grain = Image.merge("RGB", [Image.fromarray(noise)] * 3)
    corners = _vignette(height, width, style.vignette) if style.vignette else None
    levels = np.arange(256)
    frames = np.empty((len(shot.window), height, width, 3), np.uint8)
    for index, (left, top, step) in enumerate(shot.window.tolist()):
        frame = shot.performer.backdrop.image.transform(
            (width, height),
            Image.Transform.AFFINE,
            (step, 0, left, 0, step, top),
            Image.Resampling.BILINEAR,
        )
        for one in (shot, *nearer):
            _figure(frame, one, index, style.outline)
        frame = frame.point(
            np.clip(levels * shot.light[index][:, None], 0, 255).astype(np.uint8).ravel().tolist()
        )
        if corners is not None:
            frame = ImageChops.multiply(frame, corners)
        x, y = (int(place) for place in rng.integers(0, GRAIN, 2))
        frames[index] = np.asarray(
            ImageChops.add(frame, grain.crop((x, y, x + width, y + height)), 1, -128)
        )
    return frames


def _vignette(height: int, width: int, strength: float) -> Image.Image:
    """A picture to multiply a frame by, which darkens its corners by `strength`."""
    rows, columns = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    level = 255 * (1 - strength * ((rows**2 + columns**2) / 2) ** 1.5)
    return Image.merge("RGB", [Image.fromarray(level.astype(np.uint8))] * 3)
