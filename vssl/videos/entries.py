"""Entries: places in a file, other than its start, where decoding may begin.

With them a clip from the end of a file costs less than decoding all before it. A container's own
index cannot be trusted: seeks land elsewhere, time stamps repeat, and pictures around a key frame
may need what came before it. So each entry is tried once, in a file that was just opened, as a
reader will open it, and compared with what the sequential decode showed. A reader checks again that
it landed there.
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

APART = 12  # frames between two entries, at least; a seek costs as much as decoding eight frames
TRIED = 4  # frames compared from a key frame on; those that need earlier frames come first

Pictures = tuple[int, ...]  # the digests of a key frame and of the few that follow it


class Survey(NamedTuple):
    """What a look through a whole file finds."""

    num_frames: int
    rate: float  # frames per second, 0 where the file names none
    entries: tuple[Entry, ...]


def survey(path: str | Path) -> Survey:
    """Decode all of `path`, and find how many frames it shows, and its entries.

    It costs about as much as two decodes where key frames are frequent.
    """
    path = Path(path)
    with opened(path) as film:
        rate = film.rate
        num_frames, keys = _look(film)
    times = _times(path) if len(keys) > 1 else []
    # In a still scene several key frames look the same, so none of them can be recognised.
    twice = {pictures for pictures, number in Counter(keys.values()).items() if number > 1}
    frame_of = {pictures: frame for frame, pictures in keys.items() if pictures not in twice}
    # The n-th time stamp should be that of the n-th key frame.
    expected = list(keys) if len(keys) == len(times) else []
    entries: list[Entry] = []
    for number, time in enumerate(times):
        last = entries[-1].frame if entries else 0
        if expected and expected[number] - last < APART:
            continue
        # Where a seek fails, there is no entry.
        with contextlib.suppress(VideoError), opened(path) as film:
            found = tuple(digest(frame) for frame in islice(film.from_key(time), TRIED))
            if frame_of.get(found, 0) - last >= APART:
                entries.append(Entry(frame_of[found], time, found[0]))
    return Survey(num_frames, rate, tuple(entries))


def _look(film: Film) -> tuple[int, dict[int, Pictures]]:
    """Decode once: the number of frames, and what each key frame and the few after it show."""
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
        # Pictures are brought to the size of the file's first one, which a decode from an entry
        # does not see.
        return number + 1, {}
    return number + 1, {key: tuple(digests) for key, digests in seen.items()}


def _times(path: Path) -> list[int]:
    """The time stamps by which the demuxer seeks, of the packets that hold key frames."""
    stamps = set()
    with opened(path) as film:
        for packet in film.container.demux(film.video):
            if packet.is_keyframe and packet.size:
                stamps.add(packet.dts if packet.dts is not None else packet.pts)
    return sorted(stamp for stamp in stamps if stamp is not None)
