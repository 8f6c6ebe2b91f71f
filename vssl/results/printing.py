"""Rows of text as a table: for a terminal, and for a page."""

from __future__ import annotations

import html


def html_table(columns: list[str], rows: list[list[str]], caption: str = "") -> str:
    """A table whose first column names the rows, readable by a screen reader."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    body = ""
    for first, *rest in rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        body += f'<tr><th scope="row" style="text-align:left">{html.escape(first)}</th>{cells}</tr>'
    top = f"<caption>{caption}</caption><thead><tr>{head}</tr></thead>"
    return f"<table>{top}<tbody>{body}</tbody></table>"


def plain_table(lines: list[list[str]]) -> str:
    """Columns side by side: the first one begins at the left, the others end at the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
