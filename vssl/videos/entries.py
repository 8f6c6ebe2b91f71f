"""Entries: where the decode of a file may begin other than at its start, so that a clip from its end need not pay for all before it.

A container's own index cannot be taken at its word: seeks land elsewhere, time stamps repeat, and pictures around a key frame may need
what came before it. So each entry is tried once, in a file just opened as a reader will open it, against what the sequential decode
showed; and a reader looks once more whether it landed there.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from vssl.errors import VideoError
from vssl.videos.decode import Entry, Film, opened
from vssl.videos.pictures import digest

# Frames between two entries, or more: opening and seeking costs as much as decoding two thirds of
# them.
APART = 12
TRIED = 4  # frames shown from a key frame on: whatever reaches back beyond it comes first

Pictures = tuple[int, ...]  # the digests of a key frame and of the few that follow it


class Survey(NamedTuple):
    """What one look through a whole file finds."""

    num_frames: int
    rate: float  # frames a second, 0 where the file names none
    entries: tuple[Entry, ...]


def survey(path: str | Path) -> Survey:
    """Decode all of `path`: how many frames it shows, and its entries.

    Costs about two decodes where key frames are frequent.
    """
    path = Path(path)
    with opened(path) as film:
        rate = film.rate
        num_frames, keys = _look(film)
    times = _times(path) if len(keys) > 1 else []
    twice = {
        pictures for pictures, number in Counter(keys.values()).items() if number > 1
    }  # a still scene: no telling where one is
    frame_of = {pictures: frame for frame, pictures in keys.items() if pictures not in twice}
    expected = (
        list(keys) if len(keys) == len(times) else []
    )  # the n-th stamp should be of the n-th key frame
    entries: list[Entry] = []
    for number, time in enumerate(times):
        last = entries[-1].frame if entries else 0
        if expected and expected[number] - last < APART:
            continue
        with (
            contextlib.suppress(VideoError),
            opened(path) as film,
        ):  # a seek that fails is an entry less
            found = tuple(digest(frame) for frame in islice(film.from_key(time), TRIED))
            if frame_of.get(found, 0) - last >= APART:
                entries.append(Entry(frame_of[found], time, found[0]))
    return Survey(num_frames, rate, tuple(entries))


def _look(film: Film) -> tuple[int, dict[int, Pictures]]:
    """One sequential decode: the number of frames, and what each key frame and the few after it show."""
    seen: dict[int, list[int]] = {}
    sizes = set()
    number = -1
    for number, frame in enumerate(film.frames()):
        sizes.add((frame.height, frame.width))
        if frame.key_frame:
            seen[number] = []
        waiting = [
            digests
            for key, digests in islice(reversed(seen.items()), TRIED)
            if number - key < TRIED
        ]
        if waiting:
            shown = digest(frame)
            for digests in waiting:
                digests.append(shown)
    if len(sizes) > 1:
        return (
            number + 1,
            {},
        )  # a picture takes the size of the file's first, which a decode from an entry does not see
    return number + 1, {key: tuple(digests) for key, digests in seen.items()}


def _times(path: Path) -> list[int]:
    """The time stamps of the packets that hold key frames: the demuxer's, by which it seeks."""
    stamps = set()
    with opened(path) as film:
        for packet in film.container.demux(film.video):
            if packet.is_keyframe and packet.size:
                stamps.add(packet.dts if packet.dts is not None else packet.pts)
    return sorted(stamps - {None})
