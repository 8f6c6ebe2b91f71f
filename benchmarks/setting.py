"""The setting that all stages share: what to read, and how long to measure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.material import Material

HEIGHT, WIDTH, LENGTH, CROP = 128, 172, 16, 112  # a clip as four of the five papers read it


@dataclass(frozen=True)
class Setting:
    """The videos to read and how long to measure; `cuda` where there is a GPU to measure on."""

    material: tuple[Material, ...]
    rounds: int = 5
    seed: int = 0
    cuda: bool = False

    @property
    def kind(self) -> str:
        """The seconds that count: the clock's on a GPU, whose work takes no processor time."""
        return "wall" if self.cuda else "core"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A temporary folder on the disk that frame stores lie on."""
        from vssl import paths

        paths.data().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".bench-", dir=paths.data()) as folder:
            yield Path(folder)
