"""The report of a run of notebooks: Markdown, JSON, and one HTML page that needs nothing beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

from vssl import files
from vssl.shelf import summary as summaries
from vssl.shelf.markdown import markdown
from vssl.shelf.outcomes import SIGNS, WORDS, Outcome, Report, memory, provenance, span

NUMBER = re.compile(r"[\s\d.,%±+\-–−]*(\(\d+ seeds?\))?|not run")


def write(folder: Path, report: Report) -> Path:
    """Write the report in its three forms into `folder`; gives the path of the HTML page."""
    results = summaries.summarise(report.outcomes)
    opening = (
        {"claims": results.to_dict()} if results.tables else {}
    )  # the file is sorted by name, so this comes first
    files.write_json(folder / "report.json", opening | asdict(report))
    files.write_text(folder / "report.md", markdown(report))
    files.write_text(folder / "report.html", html(report))
    return folder / "report.html"


def html(report: Report) -> str:
    """The report as one page: no script, no font, no picture from elsewhere.

    Light and dark, wide and narrow.
    """
    title, style = (
        f"vssl report: {report.profile}",
        (Path(__file__).parent / "report.css").read_text(encoding="utf-8"),
    )
    runs = summaries.runs(report.counts)
    overview = [
        '<tr><th scope="row"><a'
        f' href="#{escape(o.notebook)}">{escape(o.notebook)}</a><small>{escape(o.title)}</small></th><td>{_status(o)}</td><td'
        f" class=number>{span(o.minutes)}</td><td class=number>{memory(o)}</td></tr>"
        for o in report.outcomes
    ]
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<header>",
            f"<p class=kicker>vssl reproduce · {escape(report.profile)}</p>\n<h1>Report</h1>",
            (
                f"<p class=lead>{escape(report.summary())}.</p>\n<p class=quiet>Finished"
                f" {escape(report.finished)}.</p>"
            ),
            f"<p class=quiet>{escape(runs)}</p>" if runs else "",
            f"</header>\n<main>{_results(report)}",
            '<section aria-labelledby="overview">\n<h2 id="overview">Overview</h2>',
            _scroll(
                "overview",
                '<table class=overview><thead><tr><th scope="col">notebook</th><th'
                ' scope="col">status</th><th scope="col" class=number>time</th><th scope="col"'
                " class=number>peak memory</th></tr></thead><tbody>"
                + "".join(overview)
                + "</tbody></table>",
            ),
            "</section>",
            *[_section(outcome) for outcome in report.outcomes],
            "</main>\n</body>\n</html>\n",
        ]
    )


def _results(report: Report) -> str:
    """What the page opens with; nothing where no notebook has a table."""
    results = summaries.summarise(report.outcomes)
    if not results.tables:
        return ""
    title = '\n<section aria-labelledby="results">\n<h2 id="results">Results</h2>'
    return f"{title}\n<p>{escape(results.lead())}.</p>\n{_scroll('results', summaries.html(results))}\n</section>"


def _status(outcome: Outcome) -> str:
    return (
        f'<span class="badge {outcome.status}"><span'
        f' aria-hidden="true">{SIGNS[outcome.status]}</span> {WORDS[outcome.status]}</span>'
    )


def _section(outcome: Outcome) -> str:
    """One notebook of the page."""
    name = escape(outcome.notebook)
    parts = [
        (
            f'<section aria-labelledby="{name}">\n<p class=kicker>{name}</p>\n<h2'
            f' id="{name}">{escape(outcome.title)}</h2>'
        ),
        f"<p>{escape(outcome.question)}</p>",
        f"<p class=facts>{' '.join(_facts(outcome))}</p>",
    ]
    if outcome.reason:
        log = (
            f"<br><span class=quiet>Log: <code>{escape(outcome.log)}</code></span>"
            if outcome.log
            else ""
        )
        parts.append(f"<p class=reason><strong>Why:</strong> {escape(outcome.reason)}{log}</p>")
    for table in outcome.record.get("tables", []):
        parts.append(f"<h3>{escape(table['title'])}</h3>")
        parts.append(
            _table(table["title"], table["columns"], table["rows"], table.get("caption", ""))
        )
        if claims := table.get("claims"):
            rows = [summaries.cells(claim) for claim in claims]
            parts.append(
                f"<h4>Claims</h4>\n{_table('claims of ' + table['title'], summaries.COLUMNS, rows)}"
            )
    if pairs := provenance(outcome.record):
        items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
        parts.append(
            f"<details><summary>Where these numbers come from</summary><dl>{items}</dl></details>"
        )
    return "\n".join(part for part in parts if part) + "\n</section>"


def _facts(outcome: Outcome) -> list[str]:
    """What there is to say of a run in one line: its status, cost, and where to look."""
    facts = [_status(outcome)]
    if outcome.status == "kept":
        facts.append(
            f"<span>on {escape(outcome.finished)}, unchanged since and not run again</span>"
        )
    if outcome.minutes is not None:
        facts.append(f"<span>{span(outcome.minutes)}</span>")
    if "memory_mb" in outcome.record:
        facts.append(f"<span>{memory(outcome)} of memory</span>")
    links = (("executed notebook", outcome.executed), ("log", outcome.log))
    return facts + [f'<a href="{escape(target)}">{name}</a>' for name, target in links if target]


def _table(
    label: str, columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str = ""
) -> str:
    """A table with headed columns and rows.

    A column of numbers is set to the right, a verdict gets its sign.
    """
    classes = [_class([str(row[at]) for row in rows]) if at else "" for at in range(len(columns))]
    heads = [
        f'<th scope="col"{klass}>{escape(str(column))}</th>'
        for column, klass in zip(columns, classes, strict=True)
    ]
    head = "".join(heads if columns[0] else ["<td></td>", *heads[1:]])  # a corner heads nothing
    body = []
    for row in rows:
        first, *rest = row
        cells = "".join(
            f"<td{klass}>{_value(cell)}</td>" for cell, klass in zip(rest, classes[1:], strict=True)
        )
        body.append(f'<tr><th scope="row">{escape(str(first))}</th>{cells}</tr>')
    below = f"<p class=caption>{escape(caption)}</p>" if caption else ""
    return (
        _scroll(
            label, f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        )
        + below
    )


def _class(cells: Sequence[str]) -> str:
    """How a column is set: numbers to the right, what is short on one line."""
    if all(NUMBER.fullmatch(cell) for cell in cells):
        return " class=number"
    return " class=short" if all(len(cell) <= 20 for cell in cells) else ""


def _value(cell: object) -> str:
    text = str(cell)
    if text in summaries.VERDICTS:
        return summaries.verdict(text)
    number, _, seeds = text.partition(" (")
    return (
        f"{escape(number)} <small>({escape(seeds)}</small>"
        if seeds and NUMBER.fullmatch(text)
        else escape(text)
    )


def _scroll(label: str, table: str) -> str:
    """Let a wide table scroll by itself, by keyboard too, so that the page never does."""
    return (
        f'<div class=scroll role="region" aria-label="{escape(label)}" tabindex="0">{table}</div>'
    )
