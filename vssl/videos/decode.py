"""Video files to frames. Frame i is the i-th frame that a sequential decode shows, whatever the file says of itself.

Time stamps need not grow (B-frames in AVI), headers may hold no frame count or a wrong one, and a seek lands where the container's
index says. So nothing here counts by header or trusts a seek: a read decodes from the start, or from an entry that was tried (see
`vssl.videos.entries`), and stops at the last frame asked for. Decoding costs a tenth of a millisecond for a frame of 320x240; turning
it into RGB costs nearly as much again, and only frames asked for pay it.

A file that breaks half way gives its good frames in `stream` and then raises `VideoError`; `read_frames` raises if it needs a
frame at or beyond the break, and `probe` raises always. A file cut short so cleanly that the decoder sees an end is as long as it decodes.
"""

from __future__ import annotations

import bisect
import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vssl.errors import VideoError, VsslError

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer

MOST_PIXELS = 2**26  # 8K has half of it; a damaged header can ask for a frame that fills the memory
SEEK = 4  # a seek costs about as much as decoding this many frames


@dataclass(frozen=True)
class Probe:
    """What a sequential decode finds in a file; height and width as shown, after the rotation that the file asks for."""

    num_frames: int
    fps: float  # 0 where the file names no rate
    height: int
    width: int
    codec: str


class Entry(NamedTuple):
    """Where a decode may begin: after a seek to `time`, in the stream's own unit, the first key frame shown is frame `frame`."""

    frame: int
    time: int


def probe(path: str | Path) -> Probe:
    """Decode the whole of `path` and say what is in it: the header's frame count is not to be trusted."""
    with opened(Path(path)) as film:
        frames = film.frames()
        first = next(frames)
        height, width = _shown_size(first)
        num_frames = 1 + sum(1 for _ in frames)
        return Probe(num_frames, film.rate, height, width, film.video.codec_context.codec.canonical_name)


def claimed(path: str | Path) -> tuple[int, float]:
    """What the header of `path` claims, at no cost: frames (only to judge sizes by) and frames a second, each 0 where it is silent."""
    with opened(Path(path)) as film:
        video = film.video
        seconds = float((video.duration or 0) * (video.time_base or 0)) or (video.container.duration or 0) / 1e6
        return video.frames or int(seconds * film.rate), film.rate


def stream(path: str | Path, height: int | None = None, width: int | None = None) -> Iterator[np.ndarray]:
    """Yield every frame in turn as RGB uint8 [H, W, 3], resized where a size is asked for."""
    size = _size(height, width)
    with opened(Path(path)) as film:
        render = _Renderer(size)
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

    `entries`, in order, are places of this very file to begin at: fewer frames are decoded, and the same ones returned.
    """
    path, size = Path(path), _size(height, width)
    places: dict[int, list[int]] = {}  # frame -> where it goes in the result
    for place, number in enumerate(np.asarray(indices, dtype=np.int64).reshape(-1).tolist()):
        places.setdefault(number, []).append(place)
    sought = sorted(places) or [0]  # none asked for: the first frame still tells the size
    if sought[0] < 0:
        raise VideoError(f"{path} has no frame {sought[0]}: its {probe(path).num_frames} frames are counted from 0")
    with opened(path) as film:
        render, pixels = _Renderer(size), None
        for entry, numbers in _legs(sought, entries):
            ahead = iter(numbers)
            number = next(ahead)
            for shown, frame in enumerate(film.frames(entry), entry.frame if entry else 0):
                if pixels is None:
                    pixels = np.empty((sum(map(len, places.values())), *(size or _shown_size(frame)), 3), np.uint8)  # [T, H, W, 3]
                    render.size = pixels.shape[1:3]
                if shown == number:
                    picture = render(frame)
                    for place in places.get(number, ()):
                        pixels[place] = picture
                    if (number := next(ahead, None)) is None:
                        break
            else:
                raise VideoError(f"{path} has no frame {sought[-1]}: it has {shown + 1} frames, counted from 0")
    return pixels


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
        """The frames in order of showing, from the start of a file just opened or from the key frame of an entry."""
        import av

        shown = entry.frame if entry else 0
        first, begun = shown, entry is None
        try:
            if entry:
                self.container.seek(entry.time, stream=self.video)
            for frame in self.container.decode(self.video):
                begun = begun or frame.key_frame  # what a seek shows before its key frame has lost what it was made from
                if begun:
                    yield frame
                    shown += 1
        except (av.FFmpegError, MemoryError) as error:
            reason = getattr(error, "strerror", None) or "out of memory"
            raise VideoError(f"{self.path} is broken after {shown} frames: {reason}") from error
        if shown == first:
            raise VideoError(f"{self.path} has a video stream without a frame in it" + (f" after {entry}" if entry else ""))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Film]:
    """Open `path` for decoding; every complaint of the decoder becomes a VideoError."""
    import av

    if not path.is_file():  # also keeps us from waiting for ever on a pipe
        raise VideoError(f"{path} is not a video file: " + ("it is a folder or a device" if path.exists() else "there is no such file"))
    try:
        with av.open(str(path.absolute()), metadata_errors="replace") as container:
            yield Film(path, container, _video_stream(container, path))
    except av.FFmpegError as error:
        raise VideoError(f"{path} cannot be decoded: {error.strerror}") from error


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first stream that moves: a cover picture is none."""
    from av.stream import Disposition

    moving = [video for video in container.streams.video if not video.disposition & Disposition.attached_pic]
    if not moving:
        raise VideoError(f"{path} has no video stream")
    video = moving[0]
    if video.codec_context is None:
        raise VideoError(f"{path} holds a video that this decoder does not know")
    if video.width * video.height > MOST_PIXELS:
        raise VideoError(f"{path} claims frames of {video.width}x{video.height}, more than can be meant")
    video.thread_count = 1  # more threads dead-lock beside torchvision when a decode stops early; workers are parallel already
    video.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    return video


def _size(height: int | None, width: int | None) -> tuple[int, int] | None:
    if height is None and width is None:
        return None
    if height is None or width is None or height < 1 or width < 1:
        raise VsslError(f"a size is a height and a width of at least one pixel, not {height} x {width}")
    return height, width


_of_this_thread = threading.local()


class _Renderer:
    """Frames to upright RGB arrays of one size.

    By the thread's own two scalers, for all files it reads: setting one up costs as much as scaling four frames.
    The array is a view of the scaler's picture: copy it, or copy from it, before the next.
    """

    def __init__(self, size: tuple[int, int] | None) -> None:
        from av.video.reformatter import Interpolation, VideoReformatter

        self.size = size  # None: the size of the first frame, should a later one differ
        if not hasattr(_of_this_thread, "scalers"):
            _of_this_thread.scalers = VideoReformatter(), VideoReformatter()
        self.scale, self.colour = _of_this_thread.scalers
        # A resize gives the same bytes on every processor, for 9 % of the speed.
        self.exact = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        self.size = self.size or _shown_size(frame)
        transposed, mirrored, flipped = _turn(frame)
        width, height = self.size if transposed else self.size[::-1]
        if (width, height) != (frame.width, frame.height):
            # The scaler is twice as fast at planes as at RGB; four rows of chroma for four of luma, so that no colour is lost on the way.
            planes = "yuv422p" if frame.format.name == "yuv420p" else "rgb24"
            frame = self.scale.reformat(frame, width, height, planes, interpolation=self.exact, threads=1)
        picture = _pixels(self.colour.reformat(frame, format="rgb24", threads=1))  # [H, W, 3]
        if transposed:
            picture = picture.transpose(1, 0, 2)
        return picture[:: -1 if flipped else 1, :: -1 if mirrored else 1]


def _pixels(picture: VideoFrame) -> np.ndarray:
    """A view of an RGB picture's bytes; its rows may be padded."""
    (plane,) = picture.planes
    return np.frombuffer(plane, np.uint8).reshape(picture.height, plane.line_size)[:, : 3 * picture.width].reshape(picture.height, -1, 3)


def _turn(frame: VideoFrame) -> tuple[bool, bool, bool]:
    every = [frame.side_data[place] for place in range(len(frame.side_data))]
    matrix = next((data for data in every if data.type.name == "DISPLAYMATRIX"), None)
    return (False, False, False) if matrix is None else turn_of(bytes(matrix))


def turn_of(matrix: bytes) -> tuple[bool, bool, bool]:
    """Whether to transpose, then mirror left-right, then flip top-bottom, for a display matrix of quarter turns and flips."""
    a, b, _, c, d = (int(entry) for entry in np.frombuffer(matrix, "<i4", count=5))  # x' = a x + c y, y' = b x + d y
    if abs(b) + abs(c) > abs(a) + abs(d):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


def _shown_size(frame: VideoFrame) -> tuple[int, int]:
    return (frame.width, frame.height) if _turn(frame)[0] else (frame.height, frame.width)
