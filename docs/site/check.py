"""The check of what was written: every link and anchor leads somewhere, every picture has words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

from vssl.errors import VsslError

MOST_BYTES = 2_000_000
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:")
VERBATIM = ("pre", "code", "script", "style")
LATEX = re.compile(r"\\(?:mathcal|frac|mathrm|text|sum|hat|log|exp|lambda|alpha|theta)\b")


class _Reader(HTMLParser):
    """Collect what a page links to, its anchors, and what a reader would stumble at."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.faults: list[str] = []
        self._verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._verbatim += tag in VERBATIM
        if "id" in values:
            self.anchors.append(values["id"])
        self.links += [values[name] for name in ("href", "src", "srcset") if name in values]
        if tag == "img" and not values.get("alt", "").strip():
            self.faults.append(f"the picture {values.get('src')} has no alt text")

    def handle_endtag(self, tag: str) -> None:
        self._verbatim -= tag in VERBATIM

    def handle_data(self, data: str) -> None:
        if not self._verbatim and (found := LATEX.search(data)):
            self.faults.append(f"a formula was left as it is: {found[0]}")


def check(files: Mapping[str, bytes]) -> list[str]:
    """Check all files of a site and return the addresses outside it, sorted.

    The first fault ends the build, with the page that has it.
    """
    pages = {name: _read(content) for name, content in files.items() if name.endswith(".html")}
    outside: set[str] = set()
    for name, page in pages.items():
        twice = sorted({one for one in page.anchors if page.anchors.count(one) > 1})
        faults = [*page.faults, *(f"the id {one!r} stands there twice" for one in twice)]
        for link in page.links:
            if OUTSIDE.match(link):
                outside.add(link)
                continue
            target, _, anchor = link.partition("#")
            if target and target not in files:
                faults.append(f"it links to {target}, which the site does not have")
            elif anchor and anchor not in pages[target or name].anchors:
                faults.append(f"it links to {link}, and there is no such anchor")
        if len(files[name]) > MOST_BYTES:
            faults.append(f"it has {len(files[name]):,} bytes; {MOST_BYTES:,} are the most")
        if faults:
            more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
            raise VsslError(f"{name}: {faults[0]}{more}; mend the notebook or page it comes from")
    return sorted(outside)


def _read(content: bytes) -> _Reader:
    page = _Reader()
    page.feed(content.decode())
    page.close()
    return page
