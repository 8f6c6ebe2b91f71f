"""The videos that a benchmark reads: puppets, or a folder of real videos.

The puppets have the size of UCF101's videos and the codecs of the papers' datasets.
"""

from __future__ import annotations

import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from vssl import paths
from vssl.errors import VideoError, VsslError
from vssl.files import locked, replacing, write_text
from vssl.progress import progress
from vssl.videos import decode, puppets
from vssl.videos.datasets import Dataset, Video
from vssl.videos.puppets.film import render

ENDINGS = (".avi", ".mp4", ".mkv", ".mov", ".webm")
FEWEST = 8  # videos: they fill a batch with four clips each
SHORTEST = 16  # frames: those of a clip
MOST = 48  # videos of a folder: enough to measure, and read within a minute

# UCF101's files are MPEG-4 with a key frame every 12 frames. Kinetics comes as H.264, where an
# encoder puts one every 250 frames unless it is asked for more.
KINDS = {
    "MPEG-4, a key frame every 12": (
        "mpeg4",
        "avi",
        {"g": "12", "qscale": "3", "flags": "+qscale"},
    ),
    "H.264, a key frame every 12": (
        "libx264",
        "mp4",
        {"g": "12", "preset": "veryfast", "crf": "23"},
    ),
    "H.264, a key frame every 250": (
        "libx264",
        "mp4",
        {"g": "250", "preset": "veryfast", "crf": "23"},
    ),
}


@dataclass(frozen=True)
class Material:
    """Videos of one kind of file."""

    kind: str
    paths: tuple[Path, ...]

    def dataset(self, times: int = 1) -> Dataset:
        """The videos as a dataset of one class, with each video so many times."""
        videos = tuple(Video(path, 0, path.stem) for path in self.paths * times)
        every = np.arange(len(videos))
        return Dataset(
            "bench",
            self.paths[0].parent,
            ("any",),
            videos,
            ((every, every),),
            "of the moment",
            stand_in=True,
        )


def world(videos: int = 16) -> puppets.World:
    """Puppets at UCF101's size and length."""
    classes = ("JumpingJack", "Punch", "Run", "Walk")
    return replace(
        puppets.ucf101(),
        classes=classes,
        groups=videos // 4,
        clips=1,
        frames=(120, 240),
        height=240,
        width=320,
        seed=7,
    )


def drawn() -> list[Material]:
    """The puppets in every kind of file; the first call draws them, which takes about a minute."""
    scene = world()
    folder = (
        paths.data()
        / "puppets"
        / f"bench-{puppets.digest(scene)}-{zlib.crc32(repr(KINDS).encode()):08x}"
    )
    with locked(folder.with_name(f".{folder.name}.lock")):
        if not (folder / "whole").exists():
            shots = [
                (scene, name, group, folder)
                for name in scene.classes
                for group in range(1, scene.groups + 1)
            ]
            with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
                for _ in progress(pool.map(_draw, shots), "drawing puppets to read", len(shots)):
                    pass
            write_text(folder / "whole", "")
    return [
        Material(kind, tuple(sorted((folder / str(number)).glob("[!.]*"))))
        for number, kind in enumerate(KINDS)
    ]


def _draw(shot: tuple[puppets.World, str, int, Path]) -> None:
    """Draw one shot, and keep it in every kind of file."""
    scene, name, group, folder = shot
    frames = render(scene, name, group, 1)
    for number, (codec, ending, options) in enumerate(KINDS.values()):
        _encode(folder / str(number) / f"{name}_{group}.{ending}", frames, codec, options)


def _encode(path: Path, frames: np.ndarray, codec: str, options: dict[str, str]) -> None:
    import av

    with (
        replacing(path) as temporary,
        av.open(str(temporary), "w", format=path.suffix[1:]) as container,
    ):
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def found(folder: Path) -> list[Material]:
    """The videos below a folder that can be read, picked evenly if there are many."""
    every = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    some = (
        [every[place] for place in np.unique(np.linspace(0, len(every) - 1, MOST).astype(int))]
        if every
        else []
    )
    some = [path for path in progress(some, "looking at the videos") if _frames(path) >= SHORTEST]
    if len(some) < FEWEST:
        raise VsslError(
            f"{folder} holds {len(some)} readable videos of {SHORTEST} frames or more"
            f" ({', '.join(ENDINGS)}); name a folder with at least {FEWEST}"
        )
    return [Material(f"{len(some)} videos of {folder.name}", tuple(some))]


def _frames(path: Path) -> int:
    """How many frames a video has; 0 if it cannot be read."""
    try:
        return decode.probe(path).num_frames
    except VideoError:
        return 0
