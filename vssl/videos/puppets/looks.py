"""How a performer looks: proportions, clothes, and colours that stand out from the scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vssl.videos.puppets.paint import Colour, desaturate, distance, hsv
from vssl.videos.puppets.skeleton import Body


@dataclass(frozen=True)
class Looks:
    """A performer's body and the colour of each part."""

    body: Body
    colours: dict[str, Colour]


def _standing_out(draw: Callable[[], Colour], behind: Colour, enough: float) -> Colour:
    """Draw colours until one is `enough` apart from what is behind it; else the best of sixteen."""
    best = draw()
    for _ in range(15):
        if distance(best, behind) >= enough:
            break
        candidate = draw()
        best = max(best, candidate, key=lambda colour: distance(colour, behind))
    return best


def looks(rng: np.random.Generator, behind: tuple[Colour, Colour], saturation: float) -> Looks:
    """Choose looks that stand out from the colours behind the upper and the lower half."""

    def about(value: float, spread: float) -> float:
        return value * float(rng.uniform(1 - spread, 1 + spread))

    body = Body(
        trunk=about(0.30, 0.08),
        head=about(0.074, 0.10),
        shoulders=about(0.106, 0.12),
        hips=about(0.062, 0.15),
        arm=about(0.17, 0.06),
        leg=about(0.245, 0.06),
        thickness=float(rng.uniform(0.9, 1.4)),
    )
    upper, lower = behind
    shirt = _standing_out(
        lambda: hsv(rng.random(), rng.uniform(0.35, 0.95), rng.uniform(0.3, 1.0)), upper, 75
    )
    trousers = _standing_out(
        lambda: hsv(rng.random(), rng.uniform(0.2, 0.8), rng.uniform(0.12, 0.9)), lower, 75
    )
    skin = _standing_out(
        lambda: hsv(0.06 + 0.025 * rng.random(), rng.uniform(0.3, 0.6), rng.uniform(0.3, 0.98)),
        upper,
        60,
    )
    colours = {
        "shirt": shirt,
        "trousers": trousers,
        "skin": skin,
        "hair": _standing_out(
            lambda: hsv(rng.random() * 0.13, 0.6, rng.uniform(0.05, 0.85)), skin, 70
        ),
        "shoe": _standing_out(
            lambda: hsv(rng.random(), 0.5 * rng.random(), rng.random()), lower, 50
        ),
        "ball": _standing_out(lambda: hsv(rng.random(), 0.9, 0.95), lower, 75),
        "stick": _standing_out(lambda: hsv(0.1, 0.3, rng.random()), upper, 75),
    }
    colours["sleeve"] = shirt if rng.random() < 0.5 else skin
    colours["shin"] = skin if rng.random() < 0.4 and distance(skin, lower) > 50 else trousers
    return Looks(body, {part: desaturate(colour, saturation) for part, colour in colours.items()})
