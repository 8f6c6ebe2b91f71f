"""How cost grows with the size of the work, and whether memory grows over ten thousand steps."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.augment import pictures
from benchmarks.setting import Setting
from benchmarks.step import training_step
from benchmarks.timing import race
from vssl import files, losses, methods, models
from vssl.augment import Source
from vssl.results.speed import Row
from vssl.samplers import RandomClip
from vssl.training import Batches, Recipe, fit
from vssl.videos import journal
from vssl.videos.store import FrameStore, part_of


def run(setting: Setting) -> Iterator[Row]:
    """Measure what one unit costs at each size of each thing that grows, with a row a size."""
    with setting.scratch() as folder:
        for axis, unit, points in (
            _videos(),
            _frames(folder),
            _lengths(),
            _widths(),
            _pairs(),
            _threads(),
        ):
            timings = race(
                {str(value): work for value, (work, _) in points.items()},
                max(2, setting.rounds - 2),
            )
            kind = "wall" if "threads" in axis else "core"
            for value, (_, amount) in points.items():
                timing = timings[str(value)]
                yield Row(
                    "growth",
                    axis,
                    str(value),
                    unit,
                    amount,
                    timing.wall,
                    timing.core,
                    kind=kind,
                    more={"value": value},
                )
    yield from memory()


# From a size to the work at that size and the number of units in it.
Points = dict[int, tuple[Callable[[], object], int]]
CLIPS = 64


def _videos() -> tuple[str, str, Points]:
    def point(videos: int) -> tuple[Callable[[], object], int]:
        batches = Batches(
            Made(videos, 40),
            np.arange(videos),
            RandomClip(16),
            methods.Pace(jitter=False).augment(32),
            10,
        )
        return (
            lambda: sum(batches.size(batch) for batch in batches.epoch(0)),
            videos,
        )  # with the epoch's own shuffling

    return (
        "clips of an epoch over so many videos",
        "clips",
        {videos: point(videos) for videos in (100, 400, 1_600, 6_400)},
    )


def _frames(folder: Path) -> tuple[str, str, Points]:
    def point(frames: int) -> tuple[Callable[[], object], int]:
        store, rng = _blank(folder / str(frames), frames), np.random.default_rng(0)
        sampler = RandomClip(16)
        return (
            lambda: [store.gather(0, sampler(frames, rng).clips[0].frames) for _ in range(CLIPS)],
            CLIPS,
        )

    return (
        "clips from a video of so many frames",
        "clips",
        {frames: point(frames) for frames in (100, 400, 1_600, 6_400)},
    )


def _blank(folder: Path, frames: int) -> FrameStore:
    """A frame store of one black video."""
    files.write_json(
        folder / "index.json",
        {
            **{
                "format": journal.FORMAT,
                "key": "blank",
                "kept": True,
                "height": 64,
                "width": 86,
                "total": frames,
            },
            **{"first": [0], "num_frames": [frames], "fps": [25.0], "entries": [[]], "failed": {}},
            **{"checksums": [""], "sizes": [0], "changed": {}},
        },
    )
    (folder / "frames.u8").write_bytes(bytes(frames * 64 * 86 * 3))
    return FrameStore(folder)


def _lengths() -> tuple[str, str, Points]:
    clips = pictures(0)[:4]  # [N, T, H, W, C]
    augment = methods.Pace().augment(112)

    def point(length: int) -> tuple[Callable[[], object], int]:
        long = clips.repeat(1, -(-length // clips.shape[1]), 1, 1, 1)[:, :length]
        drawn = [
            augment.draw(np.random.default_rng(n), Source(*long.shape[1:4]))
            for n in range(len(long))
        ]
        return lambda: augment.apply(long, drawn), len(long) * length

    return (
        "frames augmented in clips of so many",
        "frames",
        {length: point(length) for length in (4, 8, 16, 32, 64)},
    )


def _widths() -> tuple[str, str, Points]:
    def point(width: int) -> tuple[Callable[[], object], int]:
        backbone = models.build("r3d", width=width, pool=True)
        return training_step(backbone, torch.rand(2, 3, 8, 56, 56), last=True), 2

    return (
        "training steps of r3d so many channels wide",
        "clips",
        {width: point(width) for width in (8, 16, 32, 64)},
    )


def _pairs() -> tuple[str, str, Points]:
    def point(videos: int) -> tuple[Callable[[], object], int]:
        z = torch.randn(videos, 2, 128)
        return lambda: losses.info_nce(z.clone().requires_grad_()).backward(), 1

    return (
        "InfoNCE over so many pairs",
        "losses",
        {videos: point(videos) for videos in (128, 256, 512, 1024, 2048)},
    )


def _threads() -> tuple[str, str, Points]:
    def point(ahead: int) -> tuple[Callable[[], object], int]:
        batches = Batches(
            Made(64, 40), np.arange(64), RandomClip(16), methods.Pace(jitter=False).augment(112), 16
        )
        return lambda: [batch.groups for batch in batches.epoch(0, ahead=ahead)], 64

    return (
        "clips gathered by so many threads",
        "clips",
        {ahead: point(ahead) for ahead in (0, 1, 2, 4)},
    )


class Made:
    """Frames in memory with the interface of a frame store; all videos share the same frames."""

    height, width = 128, 172

    def __init__(self, videos: int, frames: int) -> None:
        self.num_frames = np.full(videos, frames)
        self.pixels = np.zeros(
            (min(frames, 400), self.height, self.width, 3), np.uint8
        )  # [frames, H, W, 3]

    def gather(
        self,
        video: int,
        frames: np.ndarray,
        window: tuple[int, int, int, int] | None = None,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Do as `FrameStore.gather` does; the first 400 frames repeat in a longer video."""
        return part_of(self.pixels[np.asarray(frames) % len(self.pixels)], window, out)


class _Small(Made):
    height, width = 16, 16


class _Tiny(nn.Module):
    """A backbone of one convolution, because only the loop around it is of interest.

    Ten thousand steps of a larger one would take minutes.
    """

    dim = 6

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv3d(3, 6, 3, stride=4), nn.BatchNorm3d(6), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # [N, D, T', H', W']


def memory(steps: int = 10_000, looks: int = 10) -> Iterator[Row]:
    """Measure the memory of this process a few times while a tiny net trains.

    A leak of a kilobyte a step would be visible.
    """
    from vssl.objectives import Pretext

    method = methods.Pace(jitter=False)
    torch.manual_seed(0)
    model = Pretext(_Tiny(), method.objective(), (4,))
    each = steps // looks
    batches = Batches(
        _Small(4, 40), np.arange(4), method.sampler(4), method.augment(16), 2, passes=each // 2
    )
    megabytes: list[float] = []
    objects: list[int] = []

    def look(_: object) -> None:
        gc.collect()
        megabytes.append(_resident())
        objects.append(len(gc.get_objects()))

    recipe = Recipe(epochs=looks, passes=each // 2, batch=2, rate=1e-6)
    with tempfile.TemporaryDirectory() as folder:
        history = fit(model, batches, recipe, Path(folder), device=torch.device("cpu"), report=look)
    seconds = sum(record["seconds"] for record in history)
    note = (
        f"{megabytes[0]:.0f} MB and {objects[0]:,} objects after {each:,} steps,"
        f" {megabytes[-1]:.0f} MB and {objects[-1]:,} after {steps:,}"
    )
    more = {"megabytes": megabytes, "objects": objects, "steps": each}
    wall = (seconds,)
    yield Row(
        "growth",
        "memory over training steps",
        f"{looks} looks",
        "steps",
        steps,
        wall,
        wall,
        kind="wall",
        note=note,
        more=more,
    )


def _resident() -> float:
    """The megabytes of memory that this process holds now."""
    import resource
    import sys

    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20
    except OSError:  # other systems than Linux report only the peak
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (2**20 if sys.platform == "darwin" else 2**10)
