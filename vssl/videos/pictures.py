"""A decoder's frames as pictures: upright, in RGB, at one size.

Scaling gives the same bytes on every processor. Planes are turned into RGB by the fast code that
FFmpeg has for each kind of processor, so values may differ by up to three of 255 between kinds. If
that were exact too, it would take half as long again.
"""

from __future__ import annotations

import threading
import zlib
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from av import VideoFrame
    from av.sidedata.sidedata import SideDataContainer

_of_this_thread = threading.local()


class Renderer:
    """Turns frames into upright RGB arrays of one size.

    A thread keeps two scalers for all files that it reads, because setting one up costs as much as
    scaling four frames. The array is a view of the scaler's picture: copy it before the next frame.
    """

    def __init__(self, size: tuple[int, int] | None) -> None:
        from av.video.reformatter import Interpolation, VideoReformatter

        self.size = size  # None: that of the first frame, also for later ones
        if not hasattr(_of_this_thread, "scalers"):
            _of_this_thread.scalers = VideoReformatter(), VideoReformatter()
        self.scale, self.colour = _of_this_thread.scalers
        self.exact = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        self.size = self.size or shown_size(frame)
        transposed, mirrored, flipped = _turn(frame)
        width, height = self.size if transposed else self.size[::-1]
        if (width, height) != (frame.width, frame.height):
            # Scaling planes is twice as fast as scaling RGB. With as many rows of chroma as of
            # luma, no colour is lost.
            planes = "yuv422p" if frame.format.name == "yuv420p" else "rgb24"
            frame = self.scale.reformat(
                frame, width, height, planes, interpolation=self.exact, threads=1
            )
        picture = _pixels(self.colour.reformat(frame, format="rgb24", threads=1))  # [H, W, 3]
        if transposed:
            picture = picture.transpose(1, 0, 2)
        return picture[:: -1 if flipped else 1, :: -1 if mirrored else 1]


def _pixels(picture: VideoFrame) -> np.ndarray:
    """A view of an RGB picture's bytes, whose rows may be padded."""
    (plane,) = picture.planes
    return (
        np.frombuffer(memoryview(plane), np.uint8)
        .reshape(picture.height, plane.line_size)[:, : 3 * picture.width]
        .reshape(picture.height, -1, 3)
    )


def _turn(frame: VideoFrame) -> tuple[bool, bool, bool]:
    # PyAV annotates it as a dictionary of motion vectors alone.
    held = cast("SideDataContainer", frame.side_data)
    every = [held[place] for place in range(len(held))]
    matrix = next((data for data in every if data.type.name == "DISPLAYMATRIX"), None)
    return (False, False, False) if matrix is None else turn_of(bytes(matrix))


def turn_of(matrix: bytes) -> tuple[bool, bool, bool]:
    """What a display matrix of quarter turns and flips asks for.

    That is whether to transpose, then to mirror left and right, then to flip top and bottom.
    """
    # x' = a x + c y, y' = b x + d y
    a, b, _, c, d = (int(entry) for entry in np.frombuffer(matrix, "<i4", count=5))
    if abs(b) + abs(c) > abs(a) + abs(d):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


def shown_size(frame: VideoFrame) -> tuple[int, int]:
    """Height and width of a frame as it is shown."""
    return (frame.width, frame.height) if _turn(frame)[0] else (frame.height, frame.width)


def digest(frame: VideoFrame) -> int:
    """A checksum of a frame's first plane, by which two decodes are compared.

    The padding of its rows does not count.
    """
    plane = frame.planes[0]
    return zlib.crc32(
        np.frombuffer(memoryview(plane), np.uint8)
        .reshape(frame.height, plane.line_size)[:, : frame.width]
        .tobytes()
    )
