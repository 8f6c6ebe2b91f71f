"""The frame store: building it, and what a gather from it costs beside decoding."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from vssl.bench import peers
from vssl.bench.decode import opencv_capture
from vssl.bench.material import Material
from vssl.bench.rows import OURS, Row, absent, rows
from vssl.bench.setting import CROP, HEIGHT, LENGTH, WIDTH, Setting
from vssl.bench.timing import race
from vssl.videos import decode
from vssl.videos.entries import survey
from vssl.videos.store import FrameStore

GATHERED, DECODED = 2000, 16  # clips a round: a round of each should take about as long
COPY = "a plain copy of as many bytes"
TIMES = 2  # a video is stored so often: starting a process is not the point


def build(setting: Setting) -> Iterator[Row]:
    """All frames of all videos to one file of pixels at 128 x 172, by one process."""
    for material in setting.material[:2]:
        with setting.scratch() as folder:
            works: dict[str, Callable[[], None]] = {
                OURS: lambda folder=folder, material=material: _built(material, folder / "store", TIMES),
                "plain PyAV": lambda folder=folder, material=material: _written(material, folder / "plain", _pyav),
            }
            module, version = peers.find("OpenCV")
            if module is not None:
                read = _opencv(module)
                works[f"OpenCV {version}"] = lambda folder=folder, material=material, read=read: _written(material, folder / "opencv", read)
            total = _built(material, folder / "store", TIMES).total
            case = f"{HEIGHT}x{WIDTH}, {material.kind}"
            yield from rows("store", case, "frames", total, race(works, max(2, setting.rounds - 3)))
            yield from absent("store", case, "frames", {} if module is not None else {"OpenCV": version})


def gather(setting: Setting) -> Iterator[Row]:
    """Random clips with a random crop, into one batch's memory: from the store, and decoded on the fly."""
    material = setting.material[0]
    with setting.scratch() as folder:
        store = _built(material, folder / "store")
        entries = {path: survey(path).entries for path in material.paths}
        rng = np.random.default_rng(setting.seed)
        jobs = []
        for video in rng.choice(np.flatnonzero(store.num_frames >= LENGTH), GATHERED).tolist():
            frames = int(rng.integers(store.num_frames[video] - LENGTH + 1)) + np.arange(LENGTH)
            window = int(rng.integers(HEIGHT - CROP + 1)), int(rng.integers(WIDTH - CROP + 1)), CROP, CROP
            jobs.append((video, frames, window))
        batch = np.empty((32, LENGTH, CROP, CROP, 3), np.uint8)  # [N, T, H, W, C]

        def gathered(some=jobs) -> None:
            for place, (video, frames, window) in enumerate(some):
                store.gather(video, frames, window, batch[place % 32])

        def plainly(some=jobs) -> None:
            """Whole frames first, then stacked, then cut: three copies."""
            for first in range(0, len(some), 32):
                part = some[first : first + 32]
                whole = np.stack([store.gather(video, frames) for video, frames, _ in part])  # [N, T, H, W, C]
                for place, (_, _, (top, left, height, width)) in enumerate(part):
                    batch[place] = whole[place, :, top : top + height, left : left + width]

        def decoded(some=jobs[:DECODED]) -> None:
            for place, (video, frames, (top, left, height, width)) in enumerate(some):
                path = material.paths[video]
                whole = decode.read_frames(path, frames, HEIGHT, WIDTH, entries[path])
                batch[place % 32] = whole[:, top : top + height, left : left + width]

        gathered(jobs[:8])
        kept = batch[:8].copy()
        for other in (plainly, decoded):
            other(jobs[:8])
            assert np.array_equal(batch[:8], kept), "the same clips, whatever gathers them"
        size = batch[0].nbytes
        flat = store.pixels.reshape(-1)

        def copied(some=jobs) -> None:
            """As many bytes as they lie: what this machine's memory allows."""
            for place, (video, frames, _) in enumerate(some):
                begin = min(int(store.first[video] + frames[0]) * HEIGHT * WIDTH * 3, flat.size - size)
                batch[place % 32].reshape(-1)[:] = flat[begin : begin + size]

        works = {OURS: gathered, "whole frames, stacked, then cut": plainly, "decoded on the fly": decoded, COPY: copied}
        timings = race(works, setting.rounds, share={"decoded on the fly": DECODED / GATHERED})
        case = f"{LENGTH}x{CROP}x{CROP} crops of {HEIGHT}x{WIDTH}, {material.kind}"
        speed = {name: f"{GATHERED * size / 1e9 / min(timings[name].core):.1f} GB a core-second at best" for name in (OURS, COPY)}
        yield from rows("gather", case, "clips", GATHERED, timings, notes=speed)


def _built(material: Material, folder: Path, times: int = 1) -> FrameStore:
    shutil.rmtree(folder, ignore_errors=True)
    return FrameStore.build(material.dataset(times), HEIGHT, WIDTH, folder, workers=1)


def _written(material: Material, target: Path, read: Callable[[Path], Iterator[np.ndarray]]) -> None:
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


def _opencv(module) -> Callable[[Path], Iterator[np.ndarray]]:
    module.setNumThreads(1)

    def read(path: Path) -> Iterator[np.ndarray]:
        capture = opencv_capture(module, path)
        while (found := capture.read())[0]:
            yield module.cvtColor(module.resize(found[1], (WIDTH, HEIGHT)), module.COLOR_BGR2RGB)
        capture.release()

    return read
