"""Clips that play in a notebook, as animated PNGs: every browser shows them; print is still."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vssl.clips import Box
from vssl.errors import VsslError
from vssl.figures import style
from vssl.figures.saving import described, fewer_colours, show

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 300_000  # of a picture that a notebook stores
BAND = 18  # pixels above each clip, for its name


def play(
    clips: Mapping[str, np.ndarray], name: str, *, alt: str, fps: float = 8, height: int = 96
) -> None:
    """Play clips uint8 [T, H, W, 3] of one length side by side, over and over, each with its name.

    `alt` describes in a sentence what is to be seen. A printed page shows the first frame.
    """
    alt = described(name, alt)
    show(animation(clips, name, fps, height), name, alt)


def animation(clips: Mapping[str, np.ndarray], name: str, fps: float, height: int) -> bytes:
    """The picture that `play` shows."""
    rows = {str(label): np.asarray(clip) for label, clip in clips.items()}
    if not rows or any(
        c.ndim != 4 or c.dtype != np.uint8 or c.shape[3] != 3 for c in rows.values()
    ):
        raise VsslError("a clip that plays wants uint8 frames [T, H, W, 3]")
    if len({clip.shape[0] for clip in rows.values()}) > 1:
        raise VsslError("clips that play side by side want as many frames each")
    length = len(next(iter(rows.values())))
    frames = [
        _frame({label: clip[t] for label, clip in rows.items()}, height) for t in range(length)
    ]
    png = _animated(frames, fps)
    if len(png) > MOST_BYTES:
        raise VsslError(
            f"the clips of {name} take {len(png) // 1000} kB, and a notebook stores"
            f" {MOST_BYTES // 1000} kB at most: play fewer frames, or smaller ones"
        )
    return png


def boxed(frames: np.ndarray, boxes: Sequence[Box]) -> np.ndarray:
    """Frames uint8 [T, H, W, 3] with boxes drawn on them: the first full, any other dashed."""
    from matplotlib.colors import to_rgb

    drawn = frames.copy()
    for number, (box, color) in enumerate(zip(boxes, style.PALETTE, strict=False)):
        where = crop(box, *frames.shape[1:3])
        inside: np.ndarray = np.zeros(frames.shape[1:3], dtype=bool)  # [H, W]
        inside[where] = True
        line = inside.copy()
        rows, columns = where
        line[rows.start + 2 : rows.stop - 2, columns.start + 2 : columns.stop - 2] = False
        if number:  # dashes, so that a box upon another is seen
            line &= np.add.outer(*map(np.arange, line.shape)) % 8 < 4
        drawn[:, line] = np.round(255 * np.array(to_rgb(color)))
    return drawn


def crop(box: Box, height: int, width: int) -> tuple[slice, slice]:
    """The rows and the columns of a frame that a box covers."""
    top, left = round(box.top * height), round(box.left * width)
    return (
        slice(top, top + max(1, round(box.height * height))),
        slice(left, left + max(1, round(box.width * width))),
    )


def packed(frames: np.ndarray) -> str:
    """Frames uint8 [T, H, W, 3] as a text, small enough for the ledger; `unpacked` reads it."""
    from PIL import Image

    length, height, width, _ = frames.shape
    sheet = Image.fromarray(frames.reshape(length * height, width, 3))
    buffer = io.BytesIO()
    sheet.save(buffer, "jpeg", quality=85)
    return f"{length} " + base64.b64encode(buffer.getvalue()).decode()


def unpacked(text: str) -> np.ndarray:
    """The frames of a text that `packed` made, [T, H, W, 3], as nearly as a JPEG keeps them."""
    from PIL import Image

    length, data = text.split(" ", 1)
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
    return sheet.reshape(int(length), -1, *sheet.shape[1:])


def flow(flows: np.ndarray, most: float) -> np.ndarray:
    """Flows [2, T, H, W] as pictures uint8 [T, H, W, 3]: white rests, and dark moves far.

    Colour says where to: orange right, blue left, and the more grey, the more up or down. `most` is
    the length, in pixels, that is darkest.
    """
    from matplotlib.colors import to_rgb

    right, down = flows  # [T, H, W]
    length = np.hypot(right, down)[..., None]  # [T, H, W, 1]
    strength = np.clip(length / most, 0, 1)
    across = (right[..., None] / np.maximum(length, 1e-9) + 1) / 2  # 0 is left, 1 is right
    left_end, right_end = (np.array(to_rgb(style.PALETTE[i])) for i in (0, 1))
    colour = across * right_end + (1 - across) * left_end
    return (255 * (1 - strength * (1 - colour))).round().astype(np.uint8)


def _frame(pictures: Mapping[str, np.ndarray], height: int) -> Image:
    """One moment of all clips side by side, with their names above."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(12)
    tiles = []
    for picture in pictures.values():
        tile = Image.fromarray(picture)
        tiles.append(tile.resize((round(tile.width * height / tile.height), height)))
    # A name may be longer than its clip is wide.
    widths = [
        max(tile.width, math.ceil(font.getlength(label)) + 4)
        for label, tile in zip(pictures, tiles, strict=True)
    ]
    canvas = Image.new("RGB", (sum(widths) + 4 * (len(widths) - 1), height + BAND), "white")
    left = 0
    for label, tile, width in zip(pictures, tiles, widths, strict=True):
        ImageDraw.Draw(canvas).text((left + 2, 2), label, fill="black", font=font)
        canvas.paste(tile, (left, BAND))
        left += width + 4
    return canvas


def _animated(frames: list[Image], fps: float) -> bytes:
    """An animated PNG of few colours, the same bytes for the same frames."""
    from PIL import Image

    # One palette for all frames, so that no colour flickers.
    strip = Image.new("RGB", (frames[0].width, sum(f.height for f in frames)))
    for number, frame in enumerate(frames):
        strip.paste(frame, (0, number * frame.height))
    palette = fewer_colours(strip, 64)
    few = [f.quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]
    buffer = io.BytesIO()
    few[0].save(
        buffer, "png", save_all=True, append_images=few[1:], duration=round(1000 / fps), loop=0
    )
    return buffer.getvalue()
