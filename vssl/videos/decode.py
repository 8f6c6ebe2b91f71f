"""Video files to frames.

Frame i is the i-th frame that a sequential decode shows, whatever the file says of itself.

Time stamps need not grow (B-frames in AVI), headers may hold no frame count or a wrong one, and a
seek lands where the container's index says. So nothing here counts by header or trusts a seek: a
read decodes from the start, or from an entry that was tried (see `vssl.videos.entries`), and stops
at the last frame asked for. Decoding costs a tenth of a millisecond for a frame of 320x240; turning
it into RGB costs nearly as much again, and only frames asked for pay it.

A file that breaks half way gives its good frames in `stream` and then raises `VideoError`;
`read_frames` raises if it needs a frame at or beyond the break, and `probe` raises always. A file
cut short so cleanly that the decoder sees an end is as long as it decodes.
"""

from __future__ import annotations

import bisect
import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vssl.errors import VideoError, VsslError
from vssl.videos.pictures import Renderer, digest, shown_size

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer

MOST_PIXELS = 2**26  # 8K has half of it; a damaged header can ask for a frame that fills the memory
SEEK = 8  # to open a file once more and seek in it costs about as much as decoding this many frames


@dataclass(frozen=True)
class Probe:
    """What a sequential decode finds in a file.

    Height and width as shown, after the rotation that the file asks for.
    """

    num_frames: int
    fps: float  # 0 where the file names no rate
    height: int
    width: int
    codec: str


class Entry(NamedTuple):
    """Where a decode may begin: after a seek to `time`, in the stream's own unit, the first key frame shown is frame `frame`.

    `digest` is that frame's: where it is another, the seek went astray, or the file has been replaced since.
    """

    frame: int
    time: int
    digest: int


class _Astray(Exception):
    """A seek that did not land where it did before."""


def probe(path: str | Path) -> Probe:
    """Decode the whole of `path` and say what is in it: the header's frame count is not to be trusted."""
    with opened(Path(path)) as film:
        frames = film.frames()
        first = next(frames)
        height, width = shown_size(first)
        num_frames = 1 + sum(1 for _ in frames)
        return Probe(
            num_frames, film.rate, height, width, film.video.codec_context.codec.canonical_name
        )


def claimed(path: str | Path) -> tuple[int, float]:
    """What the header of `path` claims, at no cost: frames (only to judge sizes by) and frames a second, each 0 where it is silent."""
    with opened(Path(path)) as film:
        video = film.video
        seconds = (
            float((video.duration or 0) * (video.time_base or 0))
            or (video.container.duration or 0) / 1e6
        )
        return video.frames or int(seconds * film.rate), film.rate


def stream(
    path: str | Path, height: int | None = None, width: int | None = None
) -> Iterator[np.ndarray]:
    """Yield every frame in turn as RGB uint8 [H, W, 3], resized where a size is asked for."""
    size = _size(height, width)
    with opened(Path(path)) as film:
        render = Renderer(size)
        for frame in film.frames():
            yield render(frame).copy()


def read_frames(
    path: str | Path,
    indices: Sequence[int] | np.ndarray,
    height: int | None = None,
    width: int | None = None,
    entries: Sequence[Entry] = (),
) -> np.ndarray:
    """Read the frames at `indices`, in that order and as often as they are named, as RGB uint8 [T, H, W, 3].

    `entries`, in order, are places to begin at: fewer frames are decoded, and the same ones returned. Should a seek go astray, the
    file is decoded from its start.
    """
    path, size = Path(path), _size(height, width)
    wanted = np.asarray(indices, dtype=np.int64).reshape(-1).tolist()  # [T]
    places: dict[int, list[int]] = {}  # frame -> where it goes in the result
    for place, number in enumerate(wanted):
        places.setdefault(number, []).append(place)
    sought = sorted(places) or [0]  # none asked for: the first frame still tells the size
    if sought[0] < 0:
        raise VideoError(
            f"{path} has no frame {sought[0]}: its {probe(path).num_frames} frames are counted"
            " from 0"
        )
    render, pixels = Renderer(size), None
    try:
        for number, frame in _decoded(path, sought, entries):
            if pixels is None:
                pixels = np.empty(
                    (len(wanted), *(size or shown_size(frame)), 3), np.uint8
                )  # [T, H, W, 3]
                render.size = pixels.shape[1:3]
            if number in places:
                picture = render(frame)
                for place in places[number]:
                    pixels[place] = picture
    except _Astray:
        return read_frames(path, indices, height, width)
    return pixels


def _decoded(
    path: Path, sought: list[int], entries: Sequence[Entry]
) -> Iterator[tuple[int, VideoFrame]]:
    """Frames with their numbers, the sought ones among them.

    The file is opened for each leg: so the seeks were tried.
    """
    for entry, numbers in _legs(sought, entries):
        with opened(path) as film:
            for number, frame in enumerate(film.frames(entry), entry.frame if entry else 0):
                yield number, frame
                if number == numbers[-1]:
                    break
            else:
                raise VideoError(
                    f"{path} has no frame {sought[-1]}: it has {number + 1} frames, counted from 0"
                )


def _legs(sought: list[int], entries: Sequence[Entry]) -> list[tuple[Entry | None, list[int]]]:
    """Which frames to decode from where: a leg for each entry worth a seek, the first from the start if none comes before it."""
    legs: list[tuple[Entry | None, list[int]]] = []
    for number in sought:
        found = bisect.bisect_right(entries, number, key=lambda entry: entry.frame)
        entry = entries[found - 1] if found else None
        begun = legs[-1][1][-1] if legs else 0
        if not legs or (entry is not None and entry.frame > begun + SEEK):
            legs.append((entry if entry is not None and entry.frame > begun + SEEK else None, []))
        legs[-1][1].append(number)
    return legs


@dataclass(frozen=True)
class Film:
    """An open file and its video stream, decoded from the start once and from entries as often as wanted."""

    path: Path
    container: InputContainer
    video: VideoStream

    @property
    def rate(self) -> float:
        """Frames a second, 0 where the file names none."""
        return float(self.video.average_rate or self.video.guessed_rate or 0)

    def frames(self, entry: Entry | None = None) -> Iterator[VideoFrame]:
        """The frames in order of showing: all of a file just opened, or from the key frame of an entry on."""
        return self._shown() if entry is None else self._checked(entry)

    def from_key(self, time: int) -> Iterator[VideoFrame]:
        """The frames from the first key frame on that a seek to `time` shows: those before it have lost what they were made from."""
        self.container.seek(time, stream=self.video)
        return itertools.dropwhile(lambda frame: not frame.key_frame, self._shown())

    def _checked(self, entry: Entry) -> Iterator[VideoFrame]:
        frames = self.from_key(entry.time)
        first = next(frames, None)
        if first is None or digest(first) != entry.digest:
            raise _Astray
        yield first
        yield from frames

    def _shown(self) -> Iterator[VideoFrame]:
        import av

        shown = 0
        try:
            for frame in self.container.decode(self.video):
                yield frame
                shown += 1
        except (av.FFmpegError, MemoryError) as error:
            reason = getattr(error, "strerror", None) or "out of memory"
            raise VideoError(f"{self.path} is broken after {shown} frames: {reason}") from error
        if shown == 0:
            raise VideoError(f"{self.path} has a video stream without a frame in it")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Film]:
    """Open `path` for decoding; every complaint of the decoder becomes a VideoError."""
    import av

    if not path.is_file():  # also keeps us from waiting for ever on a pipe
        raise VideoError(
            f"{path} is not a video file: "
            + ("it is a folder or a device" if path.exists() else "there is no such file")
        )
    try:
        with av.open(str(path.absolute()), metadata_errors="replace") as container:
            yield Film(path, container, _video_stream(container, path))
    except av.FFmpegError as error:
        raise VideoError(f"{path} cannot be decoded: {error.strerror}") from error


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first stream that moves: a cover picture is none."""
    from av.stream import Disposition

    moving = [
        video
        for video in container.streams.video
        if not video.disposition & Disposition.attached_pic
    ]
    if not moving:
        raise VideoError(f"{path} has no video stream")
    video = moving[0]
    if video.codec_context is None:
        raise VideoError(f"{path} holds a video that this decoder does not know")
    if video.width * video.height > MOST_PIXELS:
        raise VideoError(
            f"{path} claims frames of {video.width}x{video.height}, more than can be meant"
        )
    # More threads dead-lock beside torchvision when a decode stops early; workers are parallel
    # already.
    video.thread_count = 1
    video.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    return video


def _size(height: int | None, width: int | None) -> tuple[int, int] | None:
    if height is None and width is None:
        return None
    if height is None or width is None or height < 1 or width < 1:
        raise VsslError(
            f"a size is a height and a width of at least one pixel, not {height} x {width}"
        )
    return height, width
