"""Outdoor scenes; each function paints over the sky and the ground of a canvas."""

from __future__ import annotations

import numpy as np

from vssl.videos.puppets.paint import Canvas, hsv, shade


def park(canvas: Canvas) -> None:
    for _ in range(9):
        x, tall = canvas.somewhere(), canvas.between(20, 46)
        foot = canvas.horizon + canvas.between(-1, 4)
        canvas.box(
            x - 2 * canvas.unit, foot - tall * 0.6, x + 2 * canvas.unit, foot, hsv(0.07, 0.5, 0.32)
        )
        leaves = hsv(0.30 + canvas.rng.normal(0, 0.04), 0.5, canvas.rng.uniform(0.3, 0.55))
        canvas.disc(x, foot - tall * 0.8, tall * 0.32, tall * 0.34, leaves)
        canvas.disc(
            x - tall * 0.12, foot - tall * 0.9, tall * 0.16, tall * 0.14, shade(leaves, 1.18)
        )
    canvas.scatter(150, 0.82)
    canvas.scatter(30, 1.0, 0.9, (240, 225, 110))


def beach(canvas: Canvas) -> None:
    sea = hsv(0.54 + canvas.rng.normal(0, 0.02), 0.55, 0.62)
    canvas.box(0, canvas.horizon - 14 * canvas.unit, canvas.width, canvas.horizon, sea)
    for _ in range(40):
        x, y = canvas.somewhere(), canvas.horizon - canvas.between(1, 13)
        canvas.line(x, y, x + canvas.between(4, 10), y, fill=shade(sea, 1.3))
    for _ in range(5):
        x, foot, colour = (
            canvas.somewhere(),
            canvas.horizon + canvas.between(2, 6),
            hsv(canvas.rng.random(), 0.7, 0.9),
        )
        canvas.line(x, foot, x, foot - 20 * canvas.unit, fill=(120, 90, 60))
        canvas.pen.pieslice(
            [
                x - 11 * canvas.unit,
                foot - 28 * canvas.unit,
                x + 11 * canvas.unit,
                foot - 8 * canvas.unit,
            ],
            180,
            360,
            fill=colour,
        )
    canvas.disc(
        canvas.somewhere(),
        canvas.between(12, 22),
        8 * canvas.unit,
        8 * canvas.unit,
        (255, 244, 200),
    )
    canvas.scatter(140, 0.86)


def forest(canvas: Canvas) -> None:
    for row in range(2):
        for _ in range(14):
            x, tall = canvas.somewhere(), canvas.between(26, 52)
            foot = canvas.horizon + (2 + 2 * row) * canvas.unit
            green = hsv(
                0.36 + canvas.rng.normal(0, 0.04), 0.45, canvas.rng.uniform(0.26, 0.4) + 0.08 * row
            )
            for tier in range(3):
                high, wide = foot - tall * (0.15 + 0.27 * tier), tall * (0.26 - 0.06 * tier)
                canvas.pen.polygon(
                    [(x - wide, high), (x + wide, high), (x, high - tall * 0.36)], fill=green
                )
            canvas.box(
                x - canvas.unit, foot - tall * 0.15, x + canvas.unit, foot, hsv(0.07, 0.5, 0.25)
            )
    canvas.scatter(170, 0.8, 2.0)


def street(canvas: Canvas) -> None:
    """A city at night, with pavement and haze bright enough for people to be seen."""
    for _ in range(22):
        x, wide, tall = canvas.somewhere(), canvas.between(14, 30), canvas.between(22, 62)
        wall = hsv(0.64, 0.28, canvas.rng.uniform(0.2, 0.34))
        canvas.box(x, canvas.horizon - tall, x + wide, canvas.horizon, wall)
        for _ in range(9):
            left, top = (
                x + canvas.rng.uniform(0.1, 0.8) * wide,
                canvas.horizon - canvas.rng.uniform(0.12, 0.95) * tall,
            )
            canvas.box(left, top, left + 1.4 * canvas.unit, top + 2 * canvas.unit, (245, 222, 130))
    for lamp in np.arange(canvas.between(0, 50), canvas.width, canvas.between(60, 90)):
        canvas.line(
            lamp,
            canvas.horizon + 2 * canvas.unit,
            lamp,
            canvas.horizon - 40 * canvas.unit,
            fill=(60, 60, 75),
        )
        canvas.disc(
            lamp,
            canvas.horizon - 41 * canvas.unit,
            3 * canvas.unit,
            2.4 * canvas.unit,
            (255, 240, 190),
        )
        canvas.disc(
            lamp,
            canvas.horizon + 14 * canvas.unit,
            18 * canvas.unit,
            6 * canvas.unit,
            shade(canvas.ground, 1.22),
        )
    canvas.scatter(70, 0.85)


def bricks(canvas: Canvas) -> None:
    joint, step = shade(canvas.upper, 0.76), 7 * canvas.unit
    for row, y in enumerate(np.arange(0, canvas.horizon, step)):
        canvas.line(0, y, canvas.width, y, fill=joint)
        for x in np.arange((row % 2) * step, canvas.width, 2 * step):
            canvas.line(x, y, x, min(y + step, canvas.horizon), fill=joint)
            if canvas.rng.random() < 0.12:
                brick = shade(canvas.upper, canvas.rng.uniform(0.8, 1.15))
                canvas.box(x + 1, y + 1, x + 2 * step - 1, min(y + step, canvas.horizon) - 1, brick)
    canvas.line(
        0,
        canvas.horizon + 5 * canvas.unit,
        canvas.width,
        canvas.horizon + 5 * canvas.unit,
        fill=shade(canvas.ground, 1.2),
        width=2,
    )
    canvas.scatter(90, 0.8)


def lawn(canvas: Canvas) -> None:
    """Grass from edge to edge, seen from above, without a horizon."""
    for _ in range(12):
        canvas.disc(
            canvas.somewhere(),
            canvas.rng.uniform(0, canvas.height),
            canvas.between(20, 50),
            canvas.between(8, 18),
            shade(canvas.ground, 1.09),
        )
    for _ in range(420):
        x, y = canvas.somewhere(), canvas.rng.uniform(0, canvas.height)
        canvas.line(
            x,
            y,
            x + canvas.between(-1.5, 1.5),
            y - canvas.between(2, 4),
            fill=shade(canvas.ground, canvas.rng.uniform(0.72, 1.25)),
        )
    canvas.scatter(40, 1.0, 0.9, (250, 245, 225))


def desert(canvas: Canvas) -> None:
    for _ in range(5):
        x, wide = canvas.somewhere(), canvas.between(40, 90)
        canvas.disc(
            x,
            canvas.horizon + canvas.unit,
            wide,
            wide * 0.2,
            shade(canvas.ground, canvas.rng.uniform(0.8, 0.95)),
        )
    canvas.box(
        0, canvas.horizon, canvas.width, canvas.horizon + canvas.unit, shade(canvas.ground, 0.9)
    )
    for _ in range(8):
        x, foot, tall = (
            canvas.somewhere(),
            canvas.horizon + canvas.between(0, 5),
            canvas.between(10, 22),
        )
        canvas.line(x, foot, x, foot - tall, fill=(70, 110, 65), width=3)
        canvas.line(
            x,
            foot - tall * 0.5,
            x + tall * 0.3,
            foot - tall * 0.5,
            x + tall * 0.3,
            foot - tall * 0.8,
            fill=(70, 110, 65),
            width=2,
        )
    canvas.scatter(150, 0.8, 1.8)


def snow(canvas: Canvas) -> None:
    for _ in range(7):
        x, wide, tall = canvas.somewhere(), canvas.between(30, 60), canvas.between(24, 50)
        rock = hsv(0.6, 0.18, canvas.rng.uniform(0.45, 0.6))
        canvas.pen.polygon(
            [(x - wide, canvas.horizon), (x + wide, canvas.horizon), (x, canvas.horizon - tall)],
            fill=rock,
        )
        cap = [
            (x - wide * 0.35, canvas.horizon - tall * 0.65),
            (x + wide * 0.35, canvas.horizon - tall * 0.65),
            (x, canvas.horizon - tall),
        ]
        canvas.pen.polygon(cap, fill=(236, 240, 248))
    canvas.scatter(130, 0.88, 2.2)


def harbour(canvas: Canvas) -> None:
    water = hsv(0.55, 0.4, 0.58)
    canvas.box(0, canvas.horizon - 12 * canvas.unit, canvas.width, canvas.horizon, water)
    for _ in range(7):
        x, deck, colour = (
            canvas.somewhere(),
            canvas.horizon - canvas.between(3, 8),
            hsv(canvas.rng.random(), 0.6, 0.75),
        )
        wide = canvas.between(9, 18)
        canvas.pen.polygon(
            [
                (x - wide, deck - 4 * canvas.unit),
                (x + wide, deck - 4 * canvas.unit),
                (x + wide * 0.7, deck),
                (x - wide * 0.7, deck),
            ],
            fill=colour,
        )
        canvas.line(x, deck - 4 * canvas.unit, x, deck - canvas.between(22, 40), fill=(70, 60, 55))
    for pile in np.arange(0, canvas.width, 20 * canvas.unit):
        canvas.box(
            pile,
            canvas.horizon - 9 * canvas.unit,
            pile + 2 * canvas.unit,
            canvas.horizon + 2 * canvas.unit,
            (110, 84, 60),
        )
    canvas.floor_lines(shade(canvas.ground, 0.8), (4, 12, 23, 37, 54))


def stadium(canvas: Canvas) -> None:
    stand = canvas.horizon - 34 * canvas.unit
    canvas.box(0, stand, canvas.width, canvas.horizon - 5 * canvas.unit, shade(canvas.upper, 0.62))
    for _ in range(int(canvas.width * 1.8 / canvas.unit)):
        x, y = canvas.somewhere(), canvas.rng.uniform(stand, canvas.horizon - 7 * canvas.unit)
        canvas.disc(
            x,
            y,
            0.9 * canvas.unit,
            1.0 * canvas.unit,
            hsv(canvas.rng.random(), 0.5, canvas.rng.uniform(0.5, 0.95)),
        )
    canvas.floor_lines((245, 236, 230), (7, 20, 36, 55))
