"""What numbers may be called: the words on a table's face, and the line of where they come from."""

from __future__ import annotations

from collections.abc import Sequence

from vssl.results.ledger import Record, minutes

NAMED = 3  # videos that could not be decoded are named up to so many


def face(profile: str, records: Sequence[Record], own: bool) -> str:
    """What every number of a table is: profile, data, seeds, and which videos are left out."""
    if not records:
        return f"{profile} profile: not run yet"
    seeds = ", ".join(map(str, sorted({record["seed"] for record in records})))
    data = " and ".join(sorted({record["title"] for record in records}, reverse=True))
    text = f"{'' if own else 'from the ledger: '}{profile} profile, {data}, seeds {seeds}"
    text += ", of older code" if any(record.get("older") for record in records) else ""
    text += "; ± is a 95 % interval over seeds"
    failed = sorted({name for record in records for name in record.get("failed", ())})
    if not failed:
        return text
    some = ", ".join(failed[:NAMED]) + (", …" if len(failed) > NAMED else "")
    return f"{text}; {left_out(len(failed))} ({some})"


def left_out(count: int) -> str:
    """Say that so many videos could not be decoded."""
    videos, are = ("1 video", "is") if count == 1 else (f"{count} videos", "are")
    return f"{videos} that could not be decoded {are} left out"


def line(records: Sequence[Record]) -> str:
    """Where numbers come from: commits, dates, machines, hours; empty where there is no number."""
    if not records:
        return ""
    commits = sorted({record["commit"] for record in records})
    dates = sorted({record["date"] for record in records})
    machines = sorted({record["hardware"] for record in records})
    shown = ", ".join(commits[:3]) + (f" and {len(commits) - 3} more" if len(commits) > 3 else "")
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    older = sum(bool(record.get("older")) for record in records)
    parts = [
        f"commit{'s' * (len(commits) > 1)} {shown}",
        when,
        " and ".join(machines),
        f"{minutes(records) / 60:.1f} hours of computing",
    ]
    if older:
        parts.append(f"{older} of {len(records)} numbers are of older code")
    return f"Made by {'; '.join(parts)}."


def worlds(profile: str, records: Sequence[Record]) -> dict[str, str]:
    """What the numbers of each column hold for, as a verdict names it: column -> words."""
    titles: dict[str, set[str]] = {}
    for record in records:
        title = record["title"]
        name = f"puppets ({profile})" if title.startswith("puppets") else title
        titles.setdefault(record["column"], set()).add(name)
    return {column: " and ".join(sorted(names)) for column, names in titles.items()}
