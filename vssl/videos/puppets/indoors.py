"""Indoor scenes; each function paints over the wall and the floor of a canvas."""

from __future__ import annotations

import numpy as np

from vssl.videos.puppets.paint import Canvas, hsv, shade


def gym(canvas: Canvas) -> None:
    dark, stripe = shade(canvas.upper, 0.8), hsv(canvas.rng.random(), 0.5, 0.6)
    for x in np.arange(canvas.between(0, 20), canvas.width, canvas.between(26, 42)):
        canvas.line(x, 0, x, canvas.horizon, fill=dark)
    for x in np.arange(canvas.between(0, 60), canvas.width, canvas.between(110, 150)):
        for rung in range(9):
            y = canvas.horizon - (8 + 5 * rung) * canvas.unit
            canvas.line(x, y, x + 22 * canvas.unit, y, fill=hsv(0.09, 0.5, 0.6))
    canvas.box(0, canvas.horizon - 6 * canvas.unit, canvas.width, canvas.horizon, stripe)
    canvas.floor_lines((235, 235, 225), (10, 28, 48))


def room(canvas: Canvas) -> None:
    for _ in range(6):
        x, y, wide, tall = (
            canvas.somewhere(40),
            canvas.between(20, 46),
            canvas.between(16, 32),
            canvas.between(14, 28),
        )
        canvas.box(x, y, x + wide, y + tall, hsv(canvas.rng.random(), 0.45, 0.8), (95, 75, 60))
        canvas.line(x + wide / 2, y, x + wide / 2, y + tall, fill=(95, 75, 60))
    for _ in range(3):
        x, wide, tall = canvas.somewhere(40), canvas.between(24, 44), canvas.between(16, 24)
        canvas.box(
            x,
            canvas.horizon - tall,
            x + wide,
            canvas.horizon + 2 * canvas.unit,
            hsv(canvas.rng.random(), 0.4, 0.5),
        )
    canvas.line(0, canvas.horizon, canvas.width, canvas.horizon, fill=(95, 75, 60), width=2)
    for seam in np.arange(0, canvas.width, 26 * canvas.unit):
        canvas.line(
            seam,
            canvas.horizon,
            seam + (seam - canvas.width / 2) * 0.7,
            canvas.height,
            fill=shade(canvas.ground, 0.82),
        )


def studio(canvas: Canvas) -> None:
    for _ in range(14):
        colour = shade(canvas.ground, canvas.rng.uniform(0.9, 1.1))
        canvas.disc(
            canvas.somewhere(),
            canvas.rng.uniform(0, canvas.height),
            canvas.between(18, 46),
            canvas.between(18, 46),
            colour,
        )
    for _ in range(16):
        x, y, size = canvas.somewhere(), canvas.rng.uniform(0, canvas.height), canvas.between(2, 5)
        canvas.disc(x, y, size, size, shade(canvas.ground, canvas.rng.uniform(0.75, 1.25)))


def stage(canvas: Canvas) -> None:
    for x in np.arange(canvas.between(0, 9), canvas.width, 9 * canvas.unit):
        fold = shade(canvas.upper, canvas.rng.uniform(0.72, 1.12))
        canvas.box(x, 0, x + 6 * canvas.unit, canvas.horizon, fold)
    canvas.box(0, canvas.horizon - 2 * canvas.unit, canvas.width, canvas.horizon, (214, 176, 92))
    canvas.floor_lines(shade(canvas.ground, 0.8), (5, 13, 24, 38, 56))


def corridor(canvas: Canvas) -> None:
    canvas.box(
        0, canvas.horizon - 22 * canvas.unit, canvas.width, canvas.horizon, shade(canvas.upper, 0.8)
    )
    for x in np.arange(canvas.between(0, 40), canvas.width, canvas.between(56, 84)):
        door = hsv(canvas.rng.random(), 0.35, 0.62)
        canvas.box(
            x,
            canvas.horizon - 48 * canvas.unit,
            x + 24 * canvas.unit,
            canvas.horizon,
            door,
            shade(door, 0.6),
        )
        canvas.disc(
            x + 20 * canvas.unit,
            canvas.horizon - 23 * canvas.unit,
            canvas.unit,
            canvas.unit,
            (235, 215, 120),
        )
    canvas.floor_lines(shade(canvas.ground, 1.16), (9, 26, 50))


def tiles(canvas: Canvas) -> None:
    """Tiles from edge to edge, over wall and floor alike, without a horizon."""
    step = 13 * canvas.unit
    for x in np.arange(0, canvas.width, step):
        for y in np.arange(0, canvas.height, step):
            if canvas.rng.random() < 0.3:
                canvas.box(
                    x, y, x + step, y + step, shade(canvas.ground, canvas.rng.uniform(0.84, 1.14))
                )
    for x in np.arange(0, canvas.width, step):
        canvas.line(x, 0, x, canvas.height, fill=shade(canvas.ground, 0.78))
    for y in np.arange(0, canvas.height, step):
        canvas.line(0, y, canvas.width, y, fill=shade(canvas.ground, 0.78))
