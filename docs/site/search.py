"""The index of the search, as a script, since a page opened from a disk may not fetch."""

from __future__ import annotations

import json
from collections.abc import Iterable

from docs.site.page import Page


def index(pages: Iterable[Page]) -> str:
    """List the sections of all pages: the page's title, the heading, the address, the words."""
    rows = []
    for page in pages:
        for place, (heading, words) in enumerate(page.sections):
            address = page.file if not place else f"{page.file}#{heading.anchor}"
            rows.append([page.title, heading.text if place else "", address, words])
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"window.vsslIndex = [\n{lines}\n];\n"
