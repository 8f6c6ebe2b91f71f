"""Formulas: LaTeX becomes MathML, which browsers draw without a script."""

from __future__ import annotations

import re
from functools import lru_cache

from latex2mathml.converter import convert

from vssl.errors import VsslError

IN_HTML = re.compile(r"(?<![\\$])\$(?=\S)([^$\n]+?)(?<=\S)\$(?![\d$])")
# A function's name wants a little room before its argument, which the library does not leave.
NAMED = re.compile(r"(<mi>(?:log|exp|max|min|arg|sin|cos)</mi>)(?=<m(?!o\b))")


@lru_cache(maxsize=4096)
def mathml(latex: str, block: bool = False) -> str:
    """Turn a formula into MathML, in the line or in a block of its own."""
    latex = latex.strip()
    try:
        made = convert(latex, display="block" if block else "inline")
    except Exception as error:  # the library has many errors, and no common one
        raise _refused(latex, type(error).__name__) from error
    if unknown := re.search(r"\\[A-Za-z]+", made):  # the library passes on what it does not know
        raise _refused(latex, f"{unknown[0]} is not known")
    made = NAMED.sub(r'\1<mspace width="0.17em"></mspace>', made)
    return f'<div class="formula">{made}</div>' if block else made


def in_html(html: str) -> str:
    """Turn the formulas in a piece of hand-written HTML into MathML."""
    return IN_HTML.sub(lambda found: mathml(found[1]), html)


def _refused(latex: str, why: str) -> VsslError:
    shown = " ".join(latex.split())
    return VsslError(f"the formula ${shown}$ cannot become MathML ({why}); write it more plainly")
