"""Entries: where the decode of a file may begin other than at its start, so that a clip from its end need not pay for all before it.

A container's own index cannot be taken at its word: seeks land elsewhere, time stamps repeat, and pictures around a key frame may need
what came before it. So each entry is tried once, when the file is surveyed, against what the sequential decode showed.
"""

from __future__ import annotations

import contextlib
import zlib
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vssl.errors import VideoError
from vssl.videos.decode import Entry, Film, opened

if TYPE_CHECKING:
    from av import VideoFrame

APART = 8  # frames: a seek costs about as much as decoding half of them
TRIED = 4  # frames shown from a key frame on: whatever reaches back beyond it comes first

Pictures = tuple[int, ...]  # the digests of a key frame and of the few that follow it


class Survey(NamedTuple):
    """What one look through a whole file finds."""

    num_frames: int
    rate: float  # frames a second, 0 where the file names none
    entries: tuple[Entry, ...]


def survey(path: str | Path) -> Survey:
    """Decode all of `path`: how many frames it shows, and its entries. Costs a decode and a half where every twelfth frame is a key."""
    path = Path(path)
    with opened(path) as film:
        rate = film.rate
        num_frames, keys = _look(film)
    twice = {pictures for pictures, times in Counter(keys.values()).items() if times > 1}  # a still scene: no telling where one is
    frame_of = {pictures: frame for frame, pictures in keys.items() if pictures not in twice}
    entries: list[Entry] = []
    if len(keys) > 1:
        with opened(path) as film:
            for time in _times(film):
                with contextlib.suppress(VideoError):  # a seek that fails is an entry less
                    found = tuple(_digest(frame) for frame in islice(film.frames(Entry(0, time)), TRIED))
                    frame = frame_of.get(found, 0)
                    if frame - (entries[-1].frame if entries else 0) >= APART:
                        entries.append(Entry(frame, time))
    return Survey(num_frames, rate, tuple(entries))


def _look(film: Film) -> tuple[int, dict[int, Pictures]]:
    """One sequential decode: the number of frames, and what each key frame and the few after it show."""
    seen: dict[int, list[int]] = {}
    number = -1
    for number, frame in enumerate(film.frames()):
        if frame.key_frame:
            seen[number] = []
        waiting = [digests for key, digests in islice(reversed(seen.items()), TRIED) if number - key < TRIED]
        if waiting:
            digest = _digest(frame)
            for digests in waiting:
                digests.append(digest)
    return number + 1, {key: tuple(digests) for key, digests in seen.items()}


def _times(film: Film) -> list[int]:
    """The time stamps of the packets that hold key frames: the demuxer's, by which it seeks."""
    packets = [packet for packet in film.container.demux(film.video) if packet.is_keyframe and packet.size]
    times = [packet.dts if packet.dts is not None else packet.pts for packet in packets]
    return sorted({time for time in times if time is not None})


def _digest(frame: VideoFrame) -> int:
    """A number for a frame's first plane, without the padding of its rows."""
    plane = frame.planes[0]
    return zlib.crc32(np.frombuffer(plane, np.uint8).reshape(frame.height, plane.line_size)[:, : frame.width].tobytes())
