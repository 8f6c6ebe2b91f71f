"""Video files to frames; frame i is the i-th frame that a sequential decode shows.

Time stamps may go back (B-frames in AVI), headers may hold no frame count or a wrong one, and a
seek lands where the container's index says. So nothing here counts by header or trusts a seek: a
read decodes from the start, or from an entry that was tried (see `vssl.videos.entries`), and stops
at the last frame asked for. To decode a frame of 320x240 costs a tenth of a millisecond. To turn it
into RGB costs nearly as much again, which only the frames asked for pay.

Of a file that is broken somewhere, `stream` gives the good frames and then raises `VideoError`.
`read_frames` raises if it needs a frame at or beyond the break, and `probe` always raises. A file
that was cut so that the decoder sees an ordinary end is as long as it decodes.
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

MOST_PIXELS = 2**26  # twice 8K; a damaged header can ask for a frame that fills the memory
SEEK = 8  # opening a file again and seeking in it costs as much as decoding this many frames


@dataclass(frozen=True)
class Probe:
    """What a sequential decode finds in a file.

    Height and width are as shown, after the rotation that the file asks for.
    """

    num_frames: int
    fps: float  # 0 where the file names no rate
    height: int
    width: int
    codec: str


class Entry(NamedTuple):
    """A place in a file where decoding may begin.

    After a seek to `time`, in the stream's own unit, the first key frame shown is frame `frame`,
    and `digest` is the digest of its pixels. If another digest is found there, the seek went astray
    or the file was replaced.
    """

    frame: int
    time: int
    digest: int


class _Astray(Exception):
    """A seek landed elsewhere than when the entry was made."""


def probe(path: str | Path) -> Probe:
    """Decode all of `path` and say what is in it, since a header's frame count may be wrong."""
    with opened(Path(path)) as film:
        frames = film.frames()
        first = next(frames)
        height, width = shown_size(first)
        num_frames = 1 + sum(1 for _ in frames)
        return Probe(
            num_frames, film.rate, height, width, film.video.codec_context.codec.canonical_name
        )


def claimed(path: str | Path) -> tuple[int, float]:
    """The number of frames and the frames per second that the header claims, without decoding.

    Each is 0 where the header does not say. The number of frames is good for estimates only.
    """
    with opened(Path(path)) as film:
        video = film.video
        seconds = (
            float((video.duration or 0) * (video.time_base or 0))
            or (film.container.duration or 0) / 1e6
        )
        return video.frames or int(seconds * film.rate), film.rate


def stream(
    path: str | Path, height: int | None = None, width: int | None = None
) -> Iterator[np.ndarray]:
    """Yield every frame in turn as RGB uint8 [H, W, 3], resized if a size is given."""
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
    """Read the frames at `indices`, in any order, also repeated: RGB uint8 [T, H, W, 3].

    Decoding may begin at `entries`, which are in order: fewer frames are decoded and the same ones
    returned. If a seek goes astray, the file is decoded from its start.
    """
    path, size = Path(path), _size(height, width)
    wanted = np.asarray(indices, dtype=np.int64).reshape(-1).tolist()  # [T]
    places: dict[int, list[int]] = {}  # frame -> where it goes in the result
    for place, number in enumerate(wanted):
        places.setdefault(number, []).append(place)
    sought = sorted(places) or [0]  # where no frame is asked for, the first still gives the size
    if sought[0] < 0:
        raise VideoError(
            f"{path} has no frame {sought[0]}: "
            f"its {probe(path).num_frames} frames are counted from 0"
        )
    render = Renderer(size)
    pixels: np.ndarray | None = None
    try:
        for number, frame in _decoded(path, sought, entries):
            if pixels is None:
                render.size = size or shown_size(frame)
                pixels = np.empty((len(wanted), *render.size, 3), np.uint8)  # [T, H, W, 3]
            if number in places:
                picture = render(frame)
                for place in places[number]:
                    pixels[place] = picture
    except _Astray:
        return read_frames(path, indices, height, width)
    assert pixels is not None  # a frame was sought, and one that is not there raises
    return pixels


def _decoded(
    path: Path, sought: list[int], entries: Sequence[Entry]
) -> Iterator[tuple[int, VideoFrame]]:
    """Frames with their numbers, among them the sought ones.

    The file is opened anew for each leg, because that is how the seeks of entries were tried.
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
    """Which frames to decode from which entry: a new leg begins where a seek saves time.

    The first leg begins at the file's start, unless an entry comes before its frames.
    """
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
    """An open file and its video stream.

    It can be decoded from its start once, and from entries as often as needed.
    """

    path: Path
    container: InputContainer
    video: VideoStream

    @property
    def rate(self) -> float:
        """Frames per second; 0 where the file names no rate."""
        return float(self.video.average_rate or self.video.guessed_rate or 0)

    def frames(self, entry: Entry | None = None) -> Iterator[VideoFrame]:
        """The frames in the order shown: all of a file just opened, or those from an entry on."""
        return self._shown() if entry is None else self._checked(entry)

    def from_key(self, time: int) -> Iterator[VideoFrame]:
        """The frames after a seek to `time`, from the first key frame on.

        Frames before it cannot be decoded, because they depend on frames before the seek.
        """
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
    """Open `path` for decoding; every error of the decoder becomes a VideoError."""
    import av

    if not path.is_file():  # a pipe would be waited for without end
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
    """The first video stream that is not a cover picture."""
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
    # More threads dead-lock beside torchvision when a decode stops early. Workers run in parallel
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
