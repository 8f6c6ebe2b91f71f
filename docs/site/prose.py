"""Markdown becomes HTML: headings with anchors, formulas, tables that scroll, links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape, unescape

from mistune import HTMLRenderer, Markdown
from mistune.plugins.formatting import strikethrough
from mistune.plugins.table import table
from nbconvert.filters.markdown_mistune import MathBlockParser, MathInlineParser

from docs.site import formulas, highlight

TAG = re.compile(r"<[^>]+>")
TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
CAPTION = re.compile(r"<caption>(.*?)(?:<br|</caption>)", re.DOTALL)
EMPTY_HEADER = re.compile(r"<th(?: scope=\"col\")?></th>")

Follow = Callable[[str], str | None]  # where a link leads on the site; None: nowhere
Known = Callable[[str], str | None]  # the page of a name in code; None: no page


@dataclass(frozen=True)
class Heading:
    """A heading of a page, and the anchor that leads to it."""

    level: int
    text: str  # without tags
    anchor: str


@dataclass
class Prose:
    """A renderer of one page's Markdown, which keeps the page's headings as they come."""

    follow: Follow = lambda target: target
    known: Known = lambda name: None
    raise_by: int = 0  # a page inside a page: its headings go so many levels down
    headings: list[Heading] = field(default_factory=list)

    def render(self, text: str) -> str:
        """Render a piece of Markdown."""
        return scrolling(str(self._markdown(text)))

    def __post_init__(self) -> None:
        plugins = (table, strikethrough)
        self._markdown = Markdown(
            _Renderer(self), MathBlockParser(), MathInlineParser(hard_wrap=False), plugins
        )

    def anchor(self, words: str) -> str:
        """Make an anchor of a heading's words that no other heading of the page has."""
        taken = {heading.anchor for heading in self.headings}
        plain = re.sub(r"[^\w]+", "-", words.lower()).strip("-") or "section"
        more = (plain if number == 1 else f"{plain}-{number}" for number in range(1, 10_000))
        return next(name for name in more if name not in taken)


class _Renderer(HTMLRenderer):
    """Write HTML as the site wants it."""

    def __init__(self, page: Prose) -> None:
        super().__init__(escape=False)
        self.page = page

    def heading(self, text: str, level: int, **attrs: object) -> str:
        level = min(level + self.page.raise_by, 6)
        words = words_of(text)
        anchor = self.page.anchor(words)
        self.page.headings.append(Heading(level, words, anchor))
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        target = self.page.follow(url)
        return text if target is None else f'<a href="{escape(target)}">{text}</a>'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        target = self.page.follow(url) or url
        return f'<img class="drawn" src="{escape(target)}" alt="{words_of(text)}">'

    def codespan(self, text: str) -> str:
        target = self.page.known(text)
        code = f"<code>{escape(text, quote=False)}</code>"
        return code if target is None else f'<a class="name" href="{escape(target)}">{code}</a>'

    def block_code(self, code: str, info: str | None = None) -> str:
        words = (info or "").split()
        return highlight.code(code, words[0]) if words else highlight.plain(code)

    def block_html(self, html: str) -> str:
        return formulas.in_html(html)

    def inline_html(self, html: str) -> str:
        return formulas.in_html(html)

    def inline_math(self, text: str) -> str:
        return formulas.mathml(text)

    def block_math(self, text: str) -> str:
        return formulas.mathml(text, block=True)

    def latex_environment(self, name: str, body: str) -> str:
        return formulas.mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", block=True)

    def paragraph(self, text: str) -> str:
        alone = re.fullmatch(r"\s*<div class=\"formula\">(?:(?!<div).)*</div>\s*", text, re.DOTALL)
        if alone:
            return f"{text}\n"
        # A formula on a line of its own may stand in a paragraph, where HTML allows no block.
        return f"<p>{re.sub(r'<(/?)div', _inline, text)}</p>\n"


def _inline(found: re.Match[str]) -> str:
    return f"<{found[1]}span"


def scrolling(html: str) -> str:
    """Put each table into a box that scrolls by itself, so that the page never does."""
    return TABLE.sub(_boxed, html)


def _boxed(found: re.Match[str]) -> str:
    caption = CAPTION.search(found[0])
    name = escape(words_of(caption[1])) if caption else "table"
    cells = EMPTY_HEADER.sub("<td></td>", found[0])
    cells = re.sub(r"<th(?=>| style)", '<th scope="col"', cells)
    return f'<div class="scroll" role="group" aria-label="{name}">{cells}</div>'


def words_of(html: str) -> str:
    """The words of a piece of HTML, without tags and on one line."""
    return " ".join(unescape(TAG.sub("", html)).split())


def contents(headings: Iterable[Heading]) -> list[Heading]:
    """The headings that a table of contents shows: those below the title, two levels deep."""
    return [heading for heading in headings if heading.level in (2, 3)]
