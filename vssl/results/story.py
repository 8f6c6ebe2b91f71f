"""What a figure is drawn from: the data of this run, or at smoke that of the committed ledger.

So a reader of a notebook that ran at smoke still sees real learning.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from vssl.lab.profile import find, world
from vssl.lab.scale import Scale
from vssl.results import ledger, provenance
from vssl.videos import puppets

OWN = "smoke's own numbers, which mean nothing"


@dataclass(frozen=True)
class Shown:
    """Data to draw, one line that says what it is, and the frames of the videos it speaks of."""

    data: dict[str, Any]
    source: str
    scale: Scale
    # The profile whose puppets the ledger's videos are; None: this run's own data.
    drawn_from: str | None

    @property
    def smoke(self) -> bool:
        """Whether these are a smoke run's own data, which mean nothing."""
        return self.scale.profile == "smoke" and self.drawn_from is None

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def frames(
        self, name: str, indices: list[int] | np.ndarray, data: str | None = None
    ) -> np.ndarray:
        """Frames of a video of a set, uint8 [T, H, W, 3]; of the scale's own, if none is named.

        The ledger's videos are not on a reader's disk: they are drawn again, the same to the pixel.
        """
        data = data or self.scale.sizes.data
        if self.drawn_from is not None:
            return _draw(data, name, self.drawn_from)[np.asarray(indices)]
        opened = self.scale.data(data).open()
        numbers = {video.name: number for number, video in enumerate(opened.dataset.videos)}
        return opened.frames.gather(numbers[name], np.asarray(indices))

    def crops(self, name: str, indices: list[int] | np.ndarray) -> np.ndarray:
        """The middle of those frames that a net sees in a test, uint8 [T, S, S, 3]."""
        frames = self.frames(name, indices)
        sizes = self.scale.sizes if self.drawn_from is None else find(self.drawn_from)
        side = round(frames.shape[1] * sizes.size / sizes.height)
        top, left = (frames.shape[1] - side) // 2, (frames.shape[2] - side) // 2
        return frames[:, top : top + side, left : left + side]


def shown(
    slug: str,
    name: str,
    scale: Scale,
    data: dict[str, Any],
    seeds: tuple[int, ...] | None = None,
    show: str = "demo",
    of: str = "",
) -> Shown:
    """The data a figure shows: arrays and plain values.

    It is of these `seeds` and `of` these videos; of those of the scale, where none are named.

    Beyond smoke, `data` is left for the ledger and given back. At smoke it was computed so that
    every line runs, and the ledger's data of the same figure is given instead, where there is any.
    """
    if scale.profile != "smoke":
        used = scale.seeds if seeds is None else seeds
        which = f", seed{'s' * (len(used) > 1)} {', '.join(map(str, used))}" if used else ""
        source = f"{scale.profile} profile, {of or scale.data().title()}{which}{_left_out(scale)}"
        ledger.leave(slug, scale.profile, figures={name: {"title": source, "data": _plain(data)}})
        return Shown(data, source, scale, None)
    kept = ledger.read(slug, show)["figures"].get(name)
    if kept is None:
        return Shown(data, f"not in the ledger yet: {OWN}", scale, None)
    if set(kept["data"]) != set(data):
        return Shown(data, f"not in the ledger yet in this form: {OWN}", scale, None)
    return Shown(
        {key: _array(value) for key, value in kept["data"].items()},
        f"from the ledger: {kept['title']}",
        scale,
        show,
    )


def _left_out(scale: Scale) -> str:
    """How many videos could not be decoded; empty where all could."""
    failed = (scale.data().contents() or {"failed": ()})["failed"]
    return f"; {provenance.left_out(len(failed))}" if failed else ""


@functools.lru_cache(maxsize=64)
def _draw(dataset: str, name: str, profile: str) -> np.ndarray:
    return puppets.frames_of(world(dataset, profile), name)


def _plain(value: Any) -> Any:
    """Arrays as lists, floats with four digits: enough for any figure, and small in git."""
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _array(value: Any) -> Any:
    """Lists of numbers back to arrays; everything else as it is."""
    if isinstance(value, dict):
        return {key: _array(item) for key, item in value.items()}
    if (
        isinstance(value, list)
        and value
        and isinstance(np.asarray(value).flat[0], np.number | np.bool_)
    ):
        return np.asarray(value)
    return value
