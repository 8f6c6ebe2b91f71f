"""Write the report as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from vssl.shelf import summary as summaries
from vssl.shelf.outcomes import WORDS, Report, memory, provenance, span


def markdown(report: Report) -> str:
    """Write the report as Markdown."""
    lines = ["# Report", "", f"{report.summary()}; finished {report.finished}.", ""]
    lines += [runs, ""] if (runs := summaries.runs(report.counts)) else []
    results = summaries.summarise(report.outcomes)
    if compared := results.compared():
        lines += ["## Beside the ledger", "", f"{compared}.", ""]
        lines += [f"- {_cell(line)}" for line in results.differing()]
        lines += [""] if results.differing() else []
    if results.tables:
        corrected = results.corrected()
        lines += [
            "## Results",
            "",
            f"{results.lead()}.{f' {corrected}.' if corrected else ''}",
            "",
            *_markdown_table(summaries.COLUMNS, summaries.rows(results)),
        ]
    lines += ["## Overview", ""]
    rows = [[o.notebook, WORDS[o.status], span(o.minutes), memory(o)] for o in report.outcomes]
    lines += _markdown_table(["notebook", "status", "time", "peak memory"], rows)
    for outcome in report.outcomes:
        lines += [f"## {summaries.heading(outcome)}", "", f"{outcome.question}", ""]
        state = f"{WORDS[outcome.status]}" + (f": {outcome.reason}" if outcome.reason else "")
        lines += [
            f"Status: {_cell(state)}"
            + (f" (log: `{outcome.log}`)" if outcome.log and not outcome.succeeded else ""),
            "",
        ]
        for table in outcome.record.get("tables", []):
            lines += [f"### {table['title']}", ""]
            lines += _markdown_table(table["columns"], table["rows"])
            lines += [table["caption"], ""] if table.get("caption") else []
            if claims := table.get("claims"):
                lines += _markdown_table(
                    summaries.COLUMNS, [summaries.cells(claim) for claim in claims]
                )
        if pairs := provenance(outcome.record):
            lines += [f"- {name}: {value}" for name, value in pairs] + [""]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [columns, ["---"] * len(columns), *rows]
    return [f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines] + [""]


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
