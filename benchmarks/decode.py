"""Random clips from files: 16 frames at 128 x 172 from anywhere in a video, decoded on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.material import Material
from benchmarks.setting import HEIGHT, LENGTH, WIDTH, Setting
from benchmarks.timing import once, race
from vssl.results.races import DECODER_ALONE
from vssl.results.speed import OURS, Row, absent, brief, rows
from vssl.videos import decode
from vssl.videos.entries import survey

Read = Callable[[Path, int], np.ndarray]
CLIPS = 24  # in a round
# Frames are compared by their mean difference, on a scale of 255. A reader shows another frame than
# ours if what it shows is closer by this much to a neighbour of our frame than to our frame.
CLOSER = 0.2
# It also does if it is further than this from our frame. Scalers alone differ by a level or two.
UNLIKE = 12.0


def run(setting: Setting) -> Iterator[Row]:
    """Race all readers on the same clips, for each kind of file."""
    for material in setting.material:
        yield from _race(material, setting)


def _race(material: Material, setting: Setting) -> Iterator[Row]:
    readers, missing = _readers()
    surveys = {}
    _, surveyed = once(lambda: surveys.update({path: survey(path) for path in material.paths}))
    rng = np.random.default_rng(setting.seed)
    long = [path for path in material.paths if surveys[path].num_frames >= LENGTH]
    jobs = [
        (path, int(rng.integers(surveys[path].num_frames - LENGTH + 1)))
        for path in rng.choice(np.array(long, object), CLIPS)
    ]
    ours: dict[str, Read] = {
        OURS: lambda path, start: decode.read_frames(
            path, range(start, start + LENGTH), HEIGHT, WIDTH, surveys[path].entries
        ),
        "vssl, from the start of the file": lambda path, start: decode.read_frames(
            path, range(start, start + LENGTH), HEIGHT, WIDTH
        ),
    }
    floor: dict[str, Read] = {
        DECODER_ALONE: lambda path, start: _decoded(
            path, range(start, start + LENGTH), surveys[path].entries
        )
    }
    notes = {name: _differs(ours[OURS], read, jobs) for name, read in readers.items()}
    frames = sum(found.num_frames for found in surveys.values())
    notes[OURS] = (
        f"files were surveyed before, once, at {brief(frames / surveyed)} frames a core-second"
    )
    works = {name: _work(read, jobs) for name, read in {**ours, **readers, **floor}.items()}
    case = f"{LENGTH} frames at {HEIGHT}x{WIDTH}, {material.kind}"
    yield from rows("decode", case, "clips", CLIPS, race(works, setting.rounds), notes=notes)
    yield from absent("decode", case, "clips", missing)


def _work(read: Read, jobs: list[tuple[Path, int]]) -> Callable[[], None]:
    def work() -> None:
        for path, start in jobs:
            read(path, start)

    return work


def _differs(ours: Read, theirs: Read, jobs: list[tuple[Path, int]]) -> str:
    """How a reader's frames differ from ours, which are those of a sequential decode.

    The text is empty if they do not differ.
    """
    others = 0
    for path, start in jobs:
        expected = ours(path, start).astype(np.int16)  # [T, H, W, C]
        found = theirs(path, start).astype(np.int16)  # [T, H, W, C]
        if found.shape != expected.shape:
            return f"gives {found.shape}, not {expected.shape}"
        away = {
            shift: np.abs(found[2:-2] - expected[2 + shift : LENGTH - 2 + shift]).mean()
            for shift in range(-2, 3)
        }
        others += away[0] > min(min(away.values()) + CLOSER, UNLIKE)
    return f"shows other frames in {others} of {len(jobs)} clips" if others else ""


def _decoded(path: Path, numbers: range, entries: tuple[decode.Entry, ...]) -> None:
    """Do only what no reader can leave out: the decoder's own work from the nearest entry on."""
    with decode.opened(path) as film:
        entry = max((entry for entry in entries if entry.frame <= numbers[0]), default=None)
        for number, _ in enumerate(film.frames(entry), entry.frame if entry else 0):
            if number == numbers[-1]:
                break


def _readers() -> tuple[dict[str, Read], dict[str, str]]:
    """The libraries that can be used here, and the reason for each of the others.

    Each reads on one thread, as in a worker of a loader.
    """
    found: dict[str, Read] = {"plain PyAV": _pyav}
    missing = {}
    for name, makers in {
        "torchcodec": {"": _torchcodec("exact"), ", seeks approximate": _torchcodec("approximate")},
        "decord": {"": _decord},
        "OpenCV": {"": _opencv},
    }.items():
        module, version = peers.find(name)
        if module is None:
            missing[name] = version
        else:
            found |= {f"{name} {version}{how}": make(module) for how, make in makers.items()}
    return found, missing


def _pyav(path: Path, start: int) -> np.ndarray:
    """The loop that anybody would write."""
    import av

    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.thread_count = 1
        pictures = []
        for number, frame in enumerate(container.decode(video)):
            if number >= start:
                pictures.append(frame.reformat(WIDTH, HEIGHT, "rgb24").to_ndarray())
            if len(pictures) == LENGTH:
                return np.stack(pictures)
    raise AssertionError("the survey counted more frames")


def _torchcodec(mode: str) -> Callable[[Any], Read]:
    """Exact: it looks through the packets of a file whenever it opens one.

    Approximate: it trusts the header's frame rate.
    """

    def make(module: Any) -> Read:
        from torchvision.transforms.v2 import functional

        def read(path: Path, start: int) -> np.ndarray:
            decoder = module.VideoDecoder(str(path), num_ffmpeg_threads=1, seek_mode=mode)
            frames = decoder.get_frames_in_range(start, start + LENGTH).data  # [T, C, H, W]
            return (
                functional.resize(frames, [HEIGHT, WIDTH]).permute(0, 2, 3, 1).numpy()
            )  # faster than its own resize

        return read

    return make


def opencv_capture(module: Any, path: Path) -> Any:
    """A file opened by OpenCV to be decoded on one thread.

    Its `setNumThreads` does not affect the decoder.
    """
    return module.VideoCapture(str(path), module.CAP_FFMPEG, [module.CAP_PROP_N_THREADS, 1])


def _decord(module: Any) -> Read:
    def read(path: Path, start: int) -> np.ndarray:
        reader = module.VideoReader(str(path), width=WIDTH, height=HEIGHT, num_threads=1)
        return reader.get_batch(range(start, start + LENGTH)).asnumpy()

    return read


def _opencv(module: Any) -> Read:
    module.setNumThreads(1)

    def read(path: Path, start: int) -> np.ndarray:
        capture = opencv_capture(module, path)
        capture.set(module.CAP_PROP_POS_FRAMES, start)
        pictures = [module.resize(capture.read()[1], (WIDTH, HEIGHT)) for _ in range(LENGTH)]
        capture.release()
        return np.stack([module.cvtColor(picture, module.COLOR_BGR2RGB) for picture in pictures])

    return read
