"""The ledger: our numbers, committed, one record a run.

Means, spreads and verdicts are computed from the records.

`data/results/<paper>/<table>.<profile>.json` holds {"records": [...], "figures": {...}}. A notebook
of the demo, gpu or paper profile leaves what it measured in `runs/ledger/`; `vssl ledger --add`
moves it into the committed files, where a record of the same row, column and seed takes the place
of the old one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vssl import paths
from vssl.errors import VsslError
from vssl.files import locked, write_json

Record = dict[str, Any]


def path_of(slug: str, profile: str, pending: bool = False) -> Path:
    """The file of a table ("pace/table_1") at a profile.

    `pending` is what notebooks leave for `--add`.
    """
    return (paths.runs() / "ledger" if pending else paths.ledger()) / f"{slug}.{profile}.json"


def read(slug: str, profile: str, pending: bool = False) -> dict[str, Any]:
    """What the ledger has on a table at a profile; empty if nothing."""
    path = path_of(slug, profile, pending)
    if not path.exists():
        return {"records": [], "figures": {}}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise VsslError(
            f"the ledger file {path} is not JSON ({error}); restore it from git"
        ) from error


def leave(
    slug: str,
    profile: str,
    records: list[Record] | None = None,
    figures: dict[str, Any] | None = None,
) -> None:
    """Leave measured records and figure data for `vssl ledger --add`."""
    with locked(paths.runs() / "ledger" / ".lock"):
        kept = read(slug, profile, pending=True)
        write_json(
            path_of(slug, profile, pending=True),
            merged(kept, {"records": records or [], "figures": figures or {}}),
        )


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Both, the newer record of a row, column and seed winning.

    Sorted, so that a diff shows what changed.
    """

    def place(record: Record) -> tuple:
        return record["column"], record["row"], record["seed"]

    records = {place(r): r for r in [*old["records"], *new["records"]]}
    # Numbers of one row on another world (another digest) do not stand beside its new ones.
    worlds = {(r["column"], r["row"]): r["data"] for r in new["records"]}
    kept = [
        r
        for _, r in sorted(records.items(), key=lambda item: item[0])
        if worlds.get((r["column"], r["row"]), r["data"]) == r["data"]
    ]
    return {"records": kept, "figures": {**old["figures"], **new["figures"]}}


def add() -> list[str]:
    """Move everything that notebooks left into the committed ledger; gives a line a file."""
    moved = []
    folder = paths.runs() / "ledger"
    with locked(folder / ".lock"):
        for path in sorted(folder.rglob("*.json")):
            slug, profile, _ = str(path.relative_to(folder)).rsplit(".", 2)
            new = json.loads(path.read_text(encoding="utf-8"))
            write_json(path_of(slug, profile), merged(read(slug, profile), new))
            path.unlink()
            moved.append(
                f"{slug} ({profile}): {len(new['records'])} records, {len(new['figures'])} figures'"
                " data"
            )
    return moved


def entries() -> list[dict[str, Any]]:
    """One line of facts a committed file: slug, profile, rows, seeds, minutes, hardware."""
    found = []
    for path in sorted(paths.ledger().rglob("*.json")):
        if path.parent.name == "speed":
            continue  # of another kind: see vssl.results.speed
        slug, profile, _ = str(path.relative_to(paths.ledger())).rsplit(".", 2)
        records = read(slug, profile)["records"]
        # By name, so that a shared run counts once.
        minutes = {name: spent for record in records for name, spent in record["minutes"].items()}
        found.append(
            {
                "slug": slug,
                "profile": profile,
                "rows": len({record["row"] for record in records}),
                "seeds": sorted({record["seed"] for record in records}),
                "minutes": sum(minutes.values()),
                "hardware": sorted({record["hardware"] for record in records}),
            }
        )
    return found


def summary() -> str:
    """The ledger as lines of text."""
    lines = [
        f"{e['slug']:<28} {e['profile']:<6} {e['rows']:>2} rows  seeds"
        f" {', '.join(map(str, e['seeds']))}  {e['minutes']:.0f} min  {'; '.join(e['hardware'])}"
        for e in entries()
    ]
    return (
        "\n".join(lines)
        or "the ledger is empty: run `vssl reproduce --profile demo`, then `vssl ledger --add`"
    )
