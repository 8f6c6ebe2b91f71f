"""From experiments, or from the committed ledger, to a table."""

from __future__ import annotations

from dataclasses import replace

from vssl import manifest
from vssl.lab.store import run
from vssl.results import ledger, provenance
from vssl.results.numbers import Numbers
from vssl.results.reported import beside
from vssl.results.tables import Table, Values

Reported = tuple[str, dict[str, str]]  # ("pace/table_4:Top1", our row -> the paper's slug)


def table(
    numbers: Numbers,
    title: str,
    *,
    reported: dict[str, Reported] | None = None,
    show: str = "demo",
) -> Table:
    """Run what is not in the store, and show it.

    At the smoke profile run everything, but show the ledger's `show` profile.

    `reported`: column -> ("pace/table_4:Top1", row -> slug), the file and column of the paper's
    numbers and which of its rows stand beside ours.
    """
    scale, rows, asked = numbers.scale, numbers.rows(), numbers.rows(asked=True)
    records = [place.record(run(place.experiment)) for place in numbers.places()]
    papers = {column: beside(where, slugs) for column, (where, slugs) in (reported or {}).items()}
    if scale.profile == "smoke":
        return from_ledger(numbers.slug, title, show, rows, papers, asked)
    ledger.leave(numbers.slug, scale.profile, records, rows=asked)
    own = _table(numbers.slug, title, scale.profile, rows, papers, records, asked, own=True)
    known = from_ledger(numbers.slug, title, scale.profile, rows, asked=asked)
    return replace(own, known=known.values)


def from_ledger(
    slug: str,
    title: str,
    profile: str,
    rows: dict[str, list[str]],
    papers: dict[str, dict[str, float]] | None = None,
    asked: dict[str, list[str]] | None = None,
) -> Table:
    """The table as the committed ledger has it; a row that was never run says so.

    Which rows can be run at its profile is written there too; until it is, `asked` says so.
    """
    content = ledger.read(slug, profile)
    records = [r for r in content["records"] if r["row"] in rows.get(r["column"], ())]
    asked = content["rows"] or asked or rows
    return _table(slug, title, profile, rows, papers or {}, records, asked, own=False)


def _table(
    slug: str,
    title: str,
    profile: str,
    rows: dict[str, list[str]],
    papers: dict[str, dict[str, float]],
    records: list[ledger.Record],
    asked: dict[str, list[str]],
    own: bool,
) -> Table:
    """A table of records: `own` ones of this run, or those of the ledger."""
    absent = {
        (column, row)
        for column, names in rows.items()
        for row in names
        if row not in asked.get(column, names)
    }
    values: Values = {column: {row: {} for row in names} for column, names in rows.items()}
    older: Values = {column: {row: {} for row in names} for column, names in rows.items()}
    for record in records:
        shown = older if record.get("older") else values
        shown[record["column"]][record["row"]][record["seed"]] = record["value"]
    return Table(
        slug,
        title,
        provenance.face(profile, records, own),
        values,
        papers,
        _chances(records),
        profile=profile,
        hours=ledger.minutes(records) / 60,
        older=older,
        absent=frozenset(absent),
        planned=() if own else manifest.planned(slug, profile),
        worlds=provenance.worlds(profile, records),
        provenance=provenance.line(records),
    )


def _chances(records: list[ledger.Record]) -> dict[str, dict[str, float]]:
    levels: dict[str, dict[str, float]] = {}
    for record in records:
        if record.get("chance") is not None:
            levels.setdefault(record["column"], {})[record["row"]] = record["chance"]
    return levels
