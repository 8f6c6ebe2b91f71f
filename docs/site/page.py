"""A page of the site before it is written, and the templates that frame it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from docs.site.prose import Heading, contents, words_of


@dataclass
class Page:
    """A page: its place, its body, and what the frame and the search need to know of it."""

    file: str  # such as 100_pace.html
    title: str
    head: str = ""  # what stands above the table of contents: the title, and facts
    html: str = ""
    headings: list[Heading] = field(default_factory=list)
    sections: list[tuple[Heading, str]] = field(default_factory=list)  # for the search
    group: str = ""  # where it stands in the list at the side
    before: Page | None = None
    after: Page | None = None

    @property
    def contents(self) -> list[Heading]:
        """The headings below the title."""
        return contents(self.headings)


def sections(html: str, headings: list[Heading]) -> list[tuple[Heading, str]]:
    """The words below each heading of a page."""
    pieces = re.split(r"<h\d id=\"[^\"]+\">.*?</h\d>", html, flags=re.DOTALL)
    return [(one, words_of(text)) for one, text in zip(headings, pieces[1:], strict=True)]


def parted(html: str) -> tuple[str, str]:
    """A page's title as it is written, and what comes below it."""
    found = re.match(r"\s*(<h1 .*?</h1>)", html, re.DOTALL)
    return (found[1], html[found.end() :]) if found else ("", html)


def frame(template: str, **values: Any) -> str:
    """Fill a template; every value is escaped unless it is marked safe there."""
    return _ENVIRONMENT.get_template(template).render(values)


_ENVIRONMENT = Environment(
    loader=PackageLoader("docs.site"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
