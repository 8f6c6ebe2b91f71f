"""Write the report of a run of notebooks: Markdown, JSON, and one HTML page without other files.

The markup of the page is in `templates/`; this module prepares what the templates show.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from vssl import files
from vssl.shelf import summary as summaries
from vssl.shelf.markdown import markdown
from vssl.shelf.outcomes import SIGNS, WORDS, Report, memory, provenance, span

NUMBER = re.compile(r"[\s\d.,%±+\-–−]*(\(\d+ seeds?\))?|not run")
SHORT = 20  # characters that a cell may have to be kept on one line


def write(folder: Path, report: Report) -> Path:
    """Write the report in its three forms into `folder` and return the path of the HTML page."""
    results = summaries.summarise(report.outcomes)
    # The file is sorted by name, so the claims come first.
    claims = {"claims": results.to_dict()} if results.tables else {}
    files.write_json(folder / "report.json", claims | asdict(report))
    files.write_text(folder / "report.md", markdown(report))
    files.write_text(folder / "report.html", html(report))
    return folder / "report.html"


def html(report: Report) -> str:
    """Render the report as one page, which loads no script, font or picture."""
    return render(
        "report.html",
        report=report,
        results=summaries.summarise(report.outcomes),
        runs=summaries.runs(report.counts),
    )


def render(template: str, **values: Any) -> str:
    """Render one of the templates; every value is escaped."""
    return _ENVIRONMENT.get_template(template).render(values)


def _column_kinds(rows: Sequence[Sequence[object]], count: int) -> list[str | None]:
    """Name the CSS class of each of `count` columns.

    Numbers are aligned to the right, and short cells stay on one line. The first column holds the
    names of the rows and has no class.
    """
    columns = [[str(row[index]) for row in rows] for index in range(1, count)]
    return [None, *map(_kind, columns)]


def _kind(cells: Sequence[str]) -> str | None:
    if all(map(_is_numeric, cells)):
        return "number"
    return "short" if all(map(_is_short, cells)) else None


def _is_numeric(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def _is_short(text: str) -> bool:
    return len(text) <= SHORT


def _split_bracket(text: str) -> tuple[str, str]:
    """Split "26.6 ± 1.2 (3 seeds)" into the number and the bracket, which may be empty."""
    number, _, bracket = text.partition(" (")
    return number, f"({bracket}" if bracket else ""


_ENVIRONMENT = Environment(
    loader=PackageLoader("vssl.shelf"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals |= {
    "SIGNS": SIGNS,
    "WORDS": WORDS,
    "VERDICTS": summaries.VERDICTS,
    "COLUMNS": summaries.COLUMNS,
}
_ENVIRONMENT.filters |= {
    "span": span,
    "memory": memory,
    "provenance": provenance,
    "cells": summaries.cells,
    "column_kinds": _column_kinds,
    "split_bracket": _split_bracket,
    "verdict_of": summaries.verdict_of,
}
_ENVIRONMENT.tests |= {"numeric": _is_numeric, "short": _is_short}
