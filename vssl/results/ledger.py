"""The ledger: our numbers, committed, one record a number.

Means, spreads and verdicts are computed from the records.

`data/results/<paper>/<table>.<profile>.json` holds

    records   the numbers, each with what made it
    rows      column -> the rows that the table wants
    figures   the data of figures

What is measured is left in a folder of the same shape, `runs/ledger/`, which git ignores. `vssl
ledger --add` takes it into the committed files: numbers of clean commits and of planned seeds only.
A number that other code or other videos made stays, marked as older, until the planned seeds of its
row are there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from vssl import manifest, paths
from vssl.errors import VsslError
from vssl.files import locked, write_json

Record = dict[str, Any]
Content = dict[str, Any]
Status = Literal["complete", "running", "older code", "not run"]


def pending_folder() -> Path:
    """Where measured numbers are left for `vssl ledger --add`."""
    return paths.runs() / "ledger"


def path_of(slug: str, profile: str, pending: bool = False) -> Path:
    """The file of a table ("pace/table_1") at a profile, committed or `pending`."""
    return (pending_folder() if pending else paths.ledger()) / f"{slug}.{profile}.json"


def read(slug: str, profile: str, pending: bool = False) -> Content:
    """What the ledger has on a table at a profile; empty if nothing."""
    return _read(path_of(slug, profile, pending))


def _read(path: Path) -> Content:
    empty: Content = {"records": [], "rows": {}, "figures": {}}
    if not path.exists():
        return empty
    try:
        return empty | json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise VsslError(
            f"the ledger file {path} is not JSON ({error}); restore it from git"
        ) from error


def leave(
    slug: str,
    profile: str,
    records: Sequence[Record] = (),
    figures: dict[str, Any] | None = None,
    rows: dict[str, list[str]] | None = None,
) -> None:
    """Leave measured records and figure data for `vssl ledger --add`."""
    with locked(pending_folder() / ".lock"):
        kept = read(slug, profile, pending=True)
        new = {"records": list(records), "figures": figures or {}, "rows": rows or {}}
        write_json(path_of(slug, profile, pending=True), merged(kept, new))


def place(record: Record) -> tuple[str, str, int]:
    """Where a record stands in its table."""
    return record["column"], record["row"], record["seed"]


def merged(old: Content, new: Content, planned: Sequence[int] = ()) -> Content:
    """Both; the newer record of a place wins.

    All numbers of a row are of one code and of the same videos. Those of `old` that differ in this
    from the row's new ones are marked as older, and leave when the `planned` seeds of their row are
    there. Everything is sorted, so that a diff shows what changed.
    """
    made = {(r["column"], r["row"]): (r["code"], r["data"]) for r in new["records"]}
    current: dict[tuple, Record] = {}
    older: dict[tuple, Record] = {}
    for record in old["records"]:
        mine = record["code"], record["data"]
        if record.get("older") or made.get(place(record)[:2], mine) != mine:
            older[place(record)] = record | {"older": True}
        else:
            current[place(record)] = record
    for record in new["records"]:
        current[place(record)] = record
    older = {
        where: record
        for where, record in older.items()
        if not planned or not all((*where[:2], seed) in current for seed in planned)
    }
    records = sorted(
        [*current.values(), *older.values()], key=lambda r: (*place(r), bool(r.get("older")))
    )
    return {
        "records": records,
        "rows": {**old["rows"], **new["rows"]},
        "figures": {**old["figures"], **new["figures"]},
    }


def add(source: Path | None = None) -> list[str]:
    """Take what was measured into the committed ledger; gives a line a file.

    What is taken leaves the pending files, and stays where it is in another `source`: a folder of
    records that came from another machine.
    """
    folder = source or pending_folder()
    if not folder.is_dir() and source:
        raise VsslError(f"there is no folder {folder}; give one that holds <paper>/<table>.json")
    lines = []
    with locked(pending_folder() / ".lock"):
        for path, slug, profile in _files(folder):
            found = _read(path)
            planned = manifest.planned(slug, profile)
            taken = [record for record in found["records"] if not _refused(record, planned)]
            refused = Counter(filter(None, (_refused(r, planned) for r in found["records"])))
            figures = {} if refused else found["figures"]
            new = {"records": taken, "rows": found["rows"], "figures": figures}
            if taken or figures:
                old = read(slug, profile)
                write_json(path_of(slug, profile), merged(old, new, planned))
            if source is None:
                path.unlink()
            line = f"{slug} ({profile}): {len(taken)} records, {len(figures)} figures' data"
            line += "".join(f"; {refused[why]} left out, of {why}" for why in sorted(refused))
            lines.append(line)
    return lines


def _refused(record: Record, planned: Sequence[int]) -> str:
    """Why a record is not taken into the ledger; empty if it is."""
    if record["commit"].endswith("+") or record["commit"] == "unknown":
        return "a tree with changes"
    return "seeds not planned" if planned and record["seed"] not in planned else ""


def minutes(records: Iterable[Record]) -> float:
    """Minutes of computing behind records; a run that many of them needed counts once."""
    spent = {key: took for record in records for key, took in record["minutes"].items()}
    return sum(spent.values())


def _files(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """The tables of a folder: each file, with its slug and its profile."""
    for path in sorted(folder.rglob("*.json")):
        inside = path.relative_to(folder)
        parts = str(inside).rsplit(".", 2)
        if inside.parts[0] != "speed" and len(parts) == 3:  # speed is of another kind
            yield path, parts[0], parts[1]


def present(slug: str, profile: str) -> dict[tuple[str, str, int], Record]:
    """The numbers of a table that are not older, committed or pending, by their places."""
    found = {}
    for pending in (False, True):
        for record in read(slug, profile, pending)["records"]:
            if not record.get("older"):
                found[place(record)] = record
    return found


def status(slug: str, profile: str) -> tuple[Status, str]:
    """How far the committed numbers of a table are, in a word and in a few.

    A table is complete if every row that it wants has every planned seed.
    """
    content, planned = read(slug, profile), manifest.planned(slug, profile)
    records = content["records"]
    there = {place(record) for record in records if not record.get("older")}
    wanted = {
        (column, row, seed)
        for column, rows in content["rows"].items()
        for row in rows
        for seed in planned
    }
    if wanted and wanted <= there:
        return "complete", f"complete, {len(planned)} seeds"
    if wanted & there:
        return "running", f"{len(wanted & there)} of {len(wanted)} numbers"
    if records:
        return "older code", f"0 of {len(planned)} seeds, older numbers shown"
    return "not run", "not run"


def entries() -> list[dict[str, Any]]:
    """One line of facts a committed file: slug, profile, rows, seeds, minutes, hardware, status."""
    found = []
    for _, slug, profile in _files(paths.ledger()):
        records = read(slug, profile)["records"]
        found.append(
            {
                "slug": slug,
                "profile": profile,
                "rows": len({record["row"] for record in records}),
                "seeds": sorted({record["seed"] for record in records}),
                "minutes": minutes(records),
                "hardware": sorted({record["hardware"] for record in records}),
                "status": status(slug, profile)[1],
            }
        )
    return found


def made_from(key: str, pending: bool = False) -> Iterator[tuple[str, str, Record]]:
    """The committed numbers that needed a run of this key: slug, profile and record of each.

    Or those that are `pending`. A key names a description. Which of several runs of it a number
    needed, its record says.
    """
    for path, slug, profile in _files(pending_folder() if pending else paths.ledger()):
        for record in _read(path)["records"]:
            if key in record["minutes"]:
                yield slug, profile, record


def summary() -> str:
    """The ledger as lines of text."""
    lines = [
        f"{e['slug']:<28} {e['profile']:<6} {e['rows']:>2} rows  seeds"
        f" {', '.join(map(str, e['seeds']))}  {e['minutes']:.0f} min  {'; '.join(e['hardware'])} "
        f" ({e['status']})"
        for e in entries()
    ]
    return (
        "\n".join(lines)
        or "the ledger is empty: run `vssl fill --profile demo`, then `vssl ledger --add`"
    )
