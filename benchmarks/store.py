"""The frame store: what building it costs, and what a gather from it costs beside decoding."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.decode import opencv_capture
from benchmarks.material import Material
from benchmarks.setting import CROP, HEIGHT, LENGTH, WIDTH, Setting
from benchmarks.timing import race
from vssl.results.races import COPY
from vssl.results.speed import OURS, Row, absent, rows
from vssl.videos import decode
from vssl.videos.entries import survey
from vssl.videos.store import FrameStore

GATHERED, DECODED = 2000, 16  # clips in a round, so that both kinds of round take about as long
FLY = "decoded on the fly"
TIMES = 2  # a video is stored twice, so that the start of a process weighs less


def build(setting: Setting) -> Iterator[Row]:
    """Race the ways to write all frames at 128 x 172 into one file of pixels, in one process."""
    for material in setting.material[:2]:
        with setting.scratch() as folder:
            works: dict[str, Callable[[], None]] = {
                OURS: lambda folder=folder, material=material: _built(
                    material, folder / "store", TIMES
                ),
                "plain PyAV": lambda folder=folder, material=material: _written(
                    material, folder / "plain", _pyav
                ),
            }
            module, version = peers.find("OpenCV")
            if module is not None:
                read = _opencv(module)
                works[f"OpenCV {version}"] = lambda folder=folder, material=material, read=read: (
                    _written(material, folder / "opencv", read)
                )
            total = _built(material, folder / "store", TIMES).total
            case = f"{HEIGHT}x{WIDTH}, {material.kind}"
            yield from rows("store", case, "frames", total, race(works, max(2, setting.rounds - 3)))
            yield from absent(
                "store", case, "frames", {} if module is not None else {"OpenCV": version}
            )


def gather(setting: Setting) -> Iterator[Row]:
    """Race the ways to bring random crops of random clips into the memory of a batch."""
    material = setting.material[0]
    with setting.scratch() as folder:
        ways = _Ways(
            material, _built(material, folder / "store"), np.random.default_rng(setting.seed)
        )
        works = {
            OURS: ways.gathered,
            "whole frames, stacked, then cut": ways.plainly,
            FLY: ways.decoded,
            COPY: ways.copied,
        }
        batches = []
        for way in (ways.gathered, ways.plainly, ways.decoded):
            way(8)
            batches.append(ways.batch[:8].copy())
        assert all(np.array_equal(batches[0], other) for other in batches[1:]), (
            "the ways give different clips"
        )
        timings = race(works, setting.rounds, share={FLY: DECODED / GATHERED})
        case = f"{LENGTH}x{CROP}x{CROP} crops of {HEIGHT}x{WIDTH}, {material.kind}"
        size = GATHERED * ways.batch[0].nbytes / 1e9
        speed = {
            name: f"{size / min(timings[name].core):.1f} GB a core-second at best"
            for name in (OURS, COPY)
        }
        yield from rows("gather", case, "clips", GATHERED, timings, notes=speed)


class _Ways:
    """Random crops of random clips, and four ways to bring them into a batch's memory."""

    def __init__(self, material: Material, store: FrameStore, rng: np.random.Generator) -> None:
        self.store, self.paths = store, material.paths
        self.entries = {path: survey(path).entries for path in material.paths}
        self.jobs = []
        for video in rng.choice(np.flatnonzero(store.num_frames >= LENGTH), GATHERED).tolist():
            frames = int(rng.integers(store.num_frames[video] - LENGTH + 1)) + np.arange(LENGTH)
            window = (
                int(rng.integers(HEIGHT - CROP + 1)),
                int(rng.integers(WIDTH - CROP + 1)),
                CROP,
                CROP,
            )
            self.jobs.append((video, frames, window))
        self.batch = np.empty((32, LENGTH, CROP, CROP, 3), np.uint8)  # [N, T, H, W, C]

    def gathered(self, number: int | None = None) -> None:
        """Gather the crops as the loader does."""
        for place, (video, frames, window) in enumerate(self.jobs[:number]):
            self.store.gather(video, frames, window, self.batch[place % 32])

    def plainly(self, number: int | None = None) -> None:
        """Gather whole frames, stack them, then cut them, which makes three copies."""
        jobs = self.jobs[:number]
        for first in range(0, len(jobs), 32):
            some = jobs[first : first + 32]
            clips = [self.store.gather(video, frames) for video, frames, _ in some]
            whole = np.stack(clips)  # [N, T, H, W, C]
            for place, (_, _, (top, left, height, width)) in enumerate(some):
                self.batch[place] = whole[place, :, top : top + height, left : left + width]

    def decoded(self, number: int | None = None) -> None:
        """Decode the clips from their files; only a few, because this is so much slower."""
        for place, (video, frames, (top, left, height, width)) in enumerate(
            self.jobs[: number or DECODED]
        ):
            path = self.paths[video]
            whole = decode.read_frames(path, frames, HEIGHT, WIDTH, self.entries[path])
            self.batch[place % 32] = whole[:, top : top + height, left : left + width]

    def copied(self, number: int | None = None) -> None:
        """Copy as many bytes in one piece a clip, to show what this machine's memory allows."""
        flat, size = self.store.pixels.reshape(-1), self.batch[0].nbytes
        for place, (video, frames, _) in enumerate(self.jobs[:number]):
            begin = min(
                int(self.store.first[video] + frames[0]) * HEIGHT * WIDTH * 3, flat.size - size
            )
            self.batch[place % 32].reshape(-1)[:] = flat[begin : begin + size]


def _built(material: Material, folder: Path, times: int = 1) -> FrameStore:
    shutil.rmtree(folder, ignore_errors=True)
    return FrameStore.build(material.dataset(times), HEIGHT, WIDTH, folder, workers=1)


def _written(
    material: Material, target: Path, read: Callable[[Path], Iterator[np.ndarray]]
) -> None:
    with open(target, "wb") as file:
        for path in material.paths * TIMES:
            for picture in read(path):
                file.write(picture.tobytes())


def _pyav(path: Path) -> Iterator[np.ndarray]:
    import av

    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.thread_count = 1
        for frame in container.decode(video):
            yield frame.reformat(WIDTH, HEIGHT, "rgb24").to_ndarray()


def _opencv(module: Any) -> Callable[[Path], Iterator[np.ndarray]]:
    module.setNumThreads(1)

    def read(path: Path) -> Iterator[np.ndarray]:
        capture = opencv_capture(module, path)
        while (found := capture.read())[0]:
            yield module.cvtColor(module.resize(found[1], (WIDTH, HEIGHT)), module.COLOR_BGR2RGB)
        capture.release()

    return read
