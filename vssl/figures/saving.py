"""Figures on disk: an SVG and a PNG, and beside them the alt text that describes them.

Their bytes depend on nothing but the figure, so drawing it again changes no committed file.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import sys
from typing import TYPE_CHECKING, Any

from vssl import files, paths
from vssl.errors import VsslError
from vssl.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

MOST_BYTES = 60_000  # a larger PNG gets fewer colours, since notebooks store their pictures
SMOKE = "smoke profile: every line ran, the numbers mean nothing"


def save(
    fig: Figure,
    name: str,
    *,
    alt: str,
    smoke: bool = False,
    empty: bool = False,
    small: bool = False,
    note: str = "",
    colours: int = 256,
) -> None:
    """Write `fig` to figures/<name>.svg, .png and .json, show it in a notebook, and close it.

    The JSON holds the alt text and the digest of the PNG. `alt` describes the figure in a sentence
    for readers who cannot see it. `note` is printed on the figure: its profile, data and seeds.
    A smoke figure says that it is one and goes to figures/smoke/, so that it never replaces a real
    one. An `empty` figure, in which nothing of ours has been measured yet, goes there too; its note
    should say so. `small` reduces the colours whatever the size, for notebooks of many figures, to
    as many as `colours` says: 64 do for frames of one drawn video.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise VsslError(
            f"a figure cannot be called {name!r}; use letters, digits, _ and -, no ending"
        )
    alt = described(name, alt)
    style.use()
    if face := "; ".join(part for part in (SMOKE if smoke else "", note) if part):
        fig.supxlabel(face, x=0.99, ha="right", fontsize=style.SMALL, color=style.GREY)
    png = _bytes(fig, "png", metadata={"Software": None}, pil_kwargs={"optimize": True})
    png = _fewer_colours(png, colours) if small or len(png) > MOST_BYTES else png
    svg = _bytes(fig, "svg", metadata={"Date": None, "Creator": None, "Description": alt})
    folder = paths.figures() / "smoke" if smoke or empty else paths.figures()
    for ending, content in (("png", png), ("svg", svg)):
        with files.replacing(folder / f"{name}.{ending}") as temporary:
            temporary.write_bytes(content)
    files.write_json(
        folder / f"{name}.json", {"alt": alt, "sha256": hashlib.sha256(png).hexdigest()}
    )
    show(png, name, alt)
    # A figure that the caller made with pyplot would stay open and be shown a second time.
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(fig)


def _fewer_colours(png: bytes, colours: int) -> bytes:
    """The same picture in so many colours; 256 cannot be told from all, at a fifth of the size."""
    from PIL import Image

    small = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    fewer_colours(picture, colours).save(small, "png", optimize=True)
    return small.getvalue()


def fewer_colours(picture: Image, colours: int) -> Image:
    """A picture of so many colours, with its palette.

    The colours are spread over all that the picture has, and then moved to where most pixels are.
    That costs a second for a figure. Without it, a figure of frames takes twice the bytes, and rare
    colours, such as clothes, change.
    """
    from PIL import Image

    spread = Image.Quantize.MAXCOVERAGE
    return picture.quantize(colours, spread, kmeans=1, dither=Image.Dither.NONE)


def _bytes(fig: Figure, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    fig.savefig(buffer, format=kind, **options)
    return buffer.getvalue()


def described(name: str, alt: str) -> str:
    """The alt text of a figure in one line; one that says nothing is refused."""
    alt = " ".join(alt.split())
    if len(alt) < 20:
        raise VsslError(
            f"figure {name} has no alt text worth the name ({alt!r}); say in a sentence what is to"
            " be seen (20 characters or more)"
        )
    return alt


def show(png: bytes, name: str, alt: str) -> None:
    """Display the image if this runs in a notebook.

    The plain text beside it holds only the figure's name, so a new run does not change it.
    """
    if "ipykernel" not in sys.modules:
        return
    from IPython import get_ipython
    from IPython.display import display

    if getattr(get_ipython(), "kernel", None) is not None:
        image = {"image/png": base64.b64encode(png).decode(), "text/plain": f"<figure {name}>"}
        display(image, metadata={"image/png": {"alt": alt}}, raw=True)
