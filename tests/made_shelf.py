"""Cells of a small made shelf, for the tests of the site."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image


def png(frames: int = 1) -> str:
    """A picture of so many frames, as a notebook holds it."""
    images = [Image.new("RGB", (8, 6), (40 * place, 0, 0)) for place in range(frames)]
    file = io.BytesIO()
    more: dict[str, Any] = (
        {"save_all": True, "append_images": images[1:], "duration": 100} if frames > 1 else {}
    )
    images[0].save(file, "png", **more)
    return base64.b64encode(file.getvalue()).decode()


def markdown(source: str, name: str) -> dict:
    """A cell of words."""
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def code(source: str, name: str, *tags: str, outputs: tuple[dict, ...] = ()) -> dict:
    """A cell of code with what it gave."""
    return {
        "cell_type": "code",
        "execution_count": 1,
        "id": name,
        "metadata": {"tags": list(tags)},
        "outputs": list(outputs),
        "source": source,
    }


def display(data: dict, alt: str | None = None) -> dict:
    """What a cell shows."""
    metadata = {} if alt is None else {kind: {"alt": alt} for kind in data if "image" in kind}
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def claims(*verdicts: str) -> str:
    """A table of claims, as the notebooks store it."""
    heads = "".join(
        f'<th scope="col">{word}</th>' for word in ("claim", "in", "the paper", "ours", "verdict")
    )
    rows = "".join(
        f'<tr><th scope="row">claim {place}</th><td>R@1</td><td>2 &gt; 1</td><td>+1</td>'
        f"<td>{words}</td></tr>"
        for place, words in enumerate(verdicts)
    )
    return (
        f"<table><caption>T</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )
