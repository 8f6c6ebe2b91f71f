"""Pictures: files beside the pages, each with its words, and a still beside each that plays."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from html import escape

from PIL import Image

KINDS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/svg+xml": "svg",
}


@dataclass(frozen=True)
class Picture:
    """A picture of a page, and the first of its frames if it plays."""

    name: str  # the file's name, without its ending
    kind: str  # a mime type
    content: bytes
    alt: str

    def files(self) -> dict[str, bytes]:
        """The files to write, by their path on the site."""
        files = {self._path(): self.content}
        if still := self._still():
            files[self._path("still", "png")] = still
        return files

    def html(self) -> str:
        """The picture as a figure of the page, loaded with it: one loaded later would not print."""
        alt, size = escape(self.alt), self._size()
        if self._still() is None:
            image = f'<img src="{self._path()}" alt="{alt}"{size}>'
            return f'<figure class="card">{image}</figure>\n'
        still = self._path("still", "png")
        return (
            '<figure class="card"><picture class="plays">'
            f'<source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
            f'<img src="{self._path()}" alt="{alt}"{size}></picture>'
            f'<img class="printed" src="{still}" alt="{alt}"{size}></figure>\n'
        )

    def _path(self, more: str = "", ending: str = "") -> str:
        name = f"{self.name}-{more}" if more else self.name
        return f"pictures/{name}.{ending or KINDS[self.kind]}"

    def _size(self) -> str:
        """Width and height, so that the page does not jump when the picture comes."""
        if self.kind == "image/svg+xml":
            return ""
        width, height = Image.open(io.BytesIO(self.content)).size
        return f' width="{width}" height="{height}"'

    def _still(self) -> bytes | None:
        """The first frame as a PNG, or none of a picture that stands still."""
        if self.kind == "image/svg+xml":
            return None
        image = Image.open(io.BytesIO(self.content))
        if getattr(image, "n_frames", 1) == 1:
            return None
        image.seek(0)
        still = io.BytesIO()
        image.convert("RGB").save(still, "png", optimize=True)
        return still.getvalue()


def decoded(kind: str, data: str) -> bytes:
    """The bytes of a picture as a notebook holds it."""
    return data.encode() if kind == "image/svg+xml" else base64.b64decode(data)
