"""Code with its words coloured, by Pygments."""

from __future__ import annotations

from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

_FORMATTER: HtmlFormatter = HtmlFormatter(nowrap=True)


def code(source: str, language: str = "python") -> str:
    """Render a piece of code as a `pre` that scrolls by itself."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return plain(source)
    marked = highlight(source.rstrip("\n"), lexer, _FORMATTER).rstrip("\n")
    return f'<pre class="code"><code>{marked}</code></pre>\n'


def plain(text: str, kind: str = "code") -> str:
    """Render text as it stands, in a `pre` of a class of its own."""
    lines = text.rstrip("\n")
    return f'<pre class="{kind}"><code>{escape(lines, quote=False)}</code></pre>\n'
