"""A frame store in memory, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vssl.videos.store import part_of


@dataclass
class MemoryFrames:
    """Random frames of a few videos, with the interface of a frame store."""

    lengths: tuple[int, ...]
    height: int = 40
    width: int = 44
    pixels: list[np.ndarray] = field(init=False)

    def __post_init__(self):
        rng = np.random.default_rng(0)
        self.num_frames = np.array(self.lengths)
        self.pixels = [
            rng.integers(0, 256, (n, self.height, self.width, 3), dtype=np.uint8)
            for n in self.lengths
        ]

    def gather(self, video, frames, window=None, out=None):
        return part_of(self.pixels[video][frames], window, out)
