"""Video files to frames. Frame i is the i-th frame that a sequential decode shows, whatever the file says of itself.

Time stamps need not grow (B-frames in AVI), headers may hold no frame count or a wrong one, and a seek lands where the container's
index says. So nothing here seeks or counts by header: a read decodes from the start and stops at the last frame asked for. Decoding
costs a tenth of a millisecond for a frame of 320x240; turning it into RGB costs as much again, and only frames asked for pay it.

A file that breaks half way gives its good frames in `stream` and then raises `VideoError`; `read_frames` raises if it needs a
frame at or beyond the break, and `probe` raises always. A file cut short so cleanly that the decoder sees an end is as long as it decodes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vssl.errors import VideoError, VsslError

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer
    from av.video.reformatter import VideoReformatter

MOST_PIXELS = 2**26  # 8K has half of it; a damaged header can ask for a frame that fills the memory


@dataclass(frozen=True)
class Probe:
    """What a sequential decode finds in a file; height and width as shown, after the rotation that the file asks for."""

    num_frames: int
    fps: float  # 0 where the file names no rate
    height: int
    width: int
    codec: str


def probe(path: str | Path) -> Probe:
    """Decode the whole of `path` and say what is in it: the header's frame count is not to be trusted."""
    with _opened(Path(path)) as (video, frames):
        first = next(frames)
        height, width = _shown_size(first)
        num_frames = 1 + sum(1 for _ in frames)
        return Probe(num_frames, _rate(video), height, width, video.codec_context.codec.canonical_name)


def claimed(path: str | Path) -> tuple[int, float]:
    """What the header of `path` claims, at no cost: frames (only to judge sizes by) and frames a second, each 0 where it is silent."""
    with _opened(Path(path)) as (video, _):
        seconds = float((video.duration or 0) * (video.time_base or 0)) or (video.container.duration or 0) / 1e6
        return video.frames or int(seconds * _rate(video)), _rate(video)


def stream(path: str | Path, height: int | None = None, width: int | None = None) -> Iterator[np.ndarray]:
    """Yield every frame in turn as RGB uint8 [H, W, 3], resized where a size is asked for."""
    size = _size(height, width)
    with _opened(Path(path)) as (_, frames):
        render = _Renderer(size)
        for frame in frames:
            yield render(frame)


def read_frames(path: str | Path, indices: Sequence[int] | np.ndarray, height: int | None = None, width: int | None = None) -> np.ndarray:
    """Read the frames at `indices`, in that order and as often as they are named, as RGB uint8 [T, H, W, 3]."""
    path, size = Path(path), _size(height, width)
    wanted = np.asarray(indices, dtype=np.int64).reshape(-1)  # [T]
    if len(wanted) and wanted.min() < 0:
        raise VideoError(f"{path} has no frame {wanted.min()}: its {probe(path).num_frames} frames are counted from 0")
    last = int(wanted.max(initial=0))
    order = np.argsort(wanted, kind="stable")
    with _opened(path) as (_, frames):
        render, pixels, place, shown = _Renderer(size), None, 0, 0
        for number, frame in enumerate(frames):
            if pixels is None:
                pixels = np.empty((len(wanted), *(size or _shown_size(frame)), 3), np.uint8)  # [T, H, W, 3]
                render.size = pixels.shape[1:3]
            if place < len(order) and wanted[order[place]] == number:
                picture = render(frame)
                while place < len(order) and wanted[order[place]] == number:
                    pixels[order[place]] = picture
                    place += 1
            shown = number + 1
            if number == last:
                break
    if pixels is None or last >= shown:
        raise VideoError(f"{path} has no frame {last}: it has {shown} frames, counted from 0")
    return pixels


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[VideoStream, Iterator[VideoFrame]]]:
    """Open `path` for one sequential decode; every complaint of the decoder becomes a VideoError."""
    import av

    if not path.is_file():  # also keeps us from waiting for ever on a pipe
        raise VideoError(f"{path} is not a video file: " + ("it is a folder or a device" if path.exists() else "there is no such file"))
    try:
        with av.open(str(path.absolute()), metadata_errors="replace") as container:
            video = _video_stream(container, path)
            frames = _frames(container, video, path)
            try:
                yield video, frames
            finally:
                frames.close()  # before the container: the decoder must not be used after it
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


def _frames(container: InputContainer, video: VideoStream, path: Path) -> Iterator[VideoFrame]:
    import av

    shown = 0
    try:
        for frame in container.decode(video):
            yield frame
            shown += 1
    except (av.FFmpegError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "out of memory"
        raise VideoError(f"{path} is broken after {shown} frames: {reason}") from error
    if shown == 0:
        raise VideoError(f"{path} has a video stream without a frame in it")


def _rate(video: VideoStream) -> float:
    return float(video.average_rate or video.guessed_rate or 0)


def _size(height: int | None, width: int | None) -> tuple[int, int] | None:
    if height is None and width is None:
        return None
    if height is None or width is None or height < 1 or width < 1:
        raise VsslError(f"a size is a height and a width of at least one pixel, not {height} x {width}")
    return height, width


class _Renderer:
    """Frames to upright RGB arrays of one size, by one scaler: setting one up for each frame costs more than the scaling."""

    def __init__(self, size: tuple[int, int] | None) -> None:
        from av.video.reformatter import Interpolation, VideoReformatter

        self.size = size  # None: the size of the first frame, should a later one differ
        self.scaler: VideoReformatter = VideoReformatter()
        # A resize gives the same bytes on every processor, for 9 % of the speed.
        self.exact = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        self.size = self.size or _shown_size(frame)
        transposed, mirrored, flipped = _turn(frame)
        width, height = self.size if transposed else self.size[::-1]
        interpolation = None if (width, height) == (frame.width, frame.height) else self.exact
        picture = self.scaler.reformat(frame, width, height, "rgb24", interpolation=interpolation, threads=1).to_ndarray()  # [H, W, 3]
        if transposed:
            picture = picture.transpose(1, 0, 2)
        return np.ascontiguousarray(picture[:: -1 if flipped else 1, :: -1 if mirrored else 1])


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
