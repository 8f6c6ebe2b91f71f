"""A stored notebook becomes the body of a page: prose, code and what the code gave."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import nbformat

from docs.site import highlight
from docs.site.pictures import KINDS, Picture, decoded
from docs.site.prose import Heading, Prose, scrolling, words_of
from vssl.errors import VsslError

# A cell with one of these tags or ids shows its code folded, under these words.
FOLDED = {
    "parameters": "The parameters",
    "exercise": "One answer; write your own first",
    "check": "The check of that answer",
    "hide-input": "The code of this picture or table",
    "stamp": "The code of the stamp",
}
SLIDERS = "The sliders of this cell work in JupyterLab; here its code is shown."
NAME = re.compile(r"\b([a-z]\w*(?:\.\w+)+)")


@dataclass
class Body:
    """A notebook's page without its frame."""

    html: str = ""
    headings: list[Heading] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)  # pictures, by their path on the site
    names: list[str] = field(default_factory=list)  # of the package, in the order of their use
    sections: list[tuple[Heading, str]] = field(default_factory=list)  # words below each heading


def body(path: Path, prose: Prose) -> Body:
    """Render the cells of a notebook, without running any."""
    page = Body()
    for cell in _read(path).cells:
        if cell.cell_type == "markdown":
            before = len(prose.headings)
            html = prose.render(cell.source)
            _keep_words(page, html, prose.headings[before:])
        elif cell.cell_type == "code":
            html = _code(cell, path, page)
            page.names += [name for name in NAME.findall(cell.source) if name not in page.names]
        else:
            html = highlight.plain(cell.source)
        page.html += html
    page.headings = prose.headings
    return page


def _read(path: Path) -> Any:
    """Read a notebook, or say in one line that it is none."""
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise VsslError(f"the manifest lists {path.stem}, but there is no {path}") from None
    except Exception as error:  # nbformat raises many kinds
        why = " ".join(str(error).split())[:100]
        raise VsslError(f"{path} cannot be read as a notebook: {why}") from None


def _keep_words(page: Body, html: str, headings: list[Heading]) -> None:
    """Keep the words of a cell below the heading that they stand under."""
    pieces = re.split(r"<h\d id=\"[^\"]+\">.*?</h\d>", html, flags=re.DOTALL)
    if page.sections and (words := words_of(pieces[0])):
        heading, kept = page.sections[-1]
        page.sections[-1] = (heading, f"{kept} {words}".strip())
    page.sections += [(one, words_of(text)) for one, text in zip(headings, pieces[1:], strict=True)]


def _code(cell: Any, path: Path, page: Body) -> str:
    """Render a code cell: its code, folded if a tag says so, and its outputs."""
    where = f"{path.stem}, cell {cell.id}"
    tags = [*cell.metadata.get("tags", []), cell.id]
    code = highlight.code(cell.source)
    outputs = "".join(_outputs(cell.outputs, where, f"{path.stem}-{cell.id}", page))
    if folded := next((words for tag, words in FOLDED.items() if tag in tags), None):
        code = f'<details class="fold"><summary>{folded}</summary>{code}</details>\n'
    if "control" in tags:
        code += f'<p class="aside">{SLIDERS}</p>\n'
    if "stamp" in tags:
        outputs = f'<details class="fold"><summary>What this run was</summary>{outputs}</details>'
    return f'<div class="cell" id="cell-{escape(cell.id)}">{code}{outputs}</div>\n'


def _outputs(outputs: Iterable[Any], where: str, name: str, page: Body) -> Iterator[str]:
    for number, output in enumerate(outputs):
        if output.output_type == "error":
            raise VsslError(f"{where}: it holds an error; run the notebook again before the site")
        if output.output_type == "stream":
            if output.text.strip():
                yield highlight.plain(output.text, "output")
            continue
        yield _shown(output, where, f"{name}-{number}" if number else name, page)


def _shown(output: Any, where: str, name: str, page: Body) -> str:
    """Render the richest form of a display that a page without a script can show."""
    data = output.data
    for kind in KINDS:
        if kind in data:
            alt = output.get("metadata", {}).get(kind, {}).get("alt", "").strip()
            if not alt:
                raise VsslError(f"{where}: a picture has no alt text; figures.save writes it")
            picture = Picture(name, kind, decoded(kind, data[kind]), alt)
            page.files |= picture.files()
            return picture.html()
    if "application/vnd.jupyter.widget-view+json" in data:
        return ""
    if "text/html" in data:
        return f'<div class="result">{scrolling(data["text/html"])}</div>\n'
    return highlight.plain(data["text/plain"], "output") if "text/plain" in data else ""
