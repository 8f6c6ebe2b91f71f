"""Giving a trained net away: its folder, with a card made from the run's record and the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vssl.lab import key, trained
from vssl.lab.store import Run
from vssl.lab.trained import Trained
from vssl.models import shipped
from vssl.results import ledger


def export(name: str, to: Path, heads: bool = False) -> Path:
    """Write the backbone of a pre-training into a new folder, for `vssl.load`.

    name    of a run in the run store, or a unique beginning of it, or a kept file KEY.pt.
    heads   whether the heads of its pretext task come along, for `shipped.heads`.
    """
    source, folder = trained.find(name), to.expanduser().resolve()
    net = source.net
    about = {"name": net.name, "width": net.width, "pool": net.pool, "stem": net.stem}
    answering = source.heads() if heads else None
    shipped.write(folder, source.state(), about, source.clip(), card(source), answering)
    return folder


def card(source: Trained) -> str:
    """The model card: what it learnt from, how, on what, how well, and what it is not for."""
    net, clip, described = source.net, source.clip(), source.description
    parts = [
        f"# {net.name}, pre-trained by {described['method']['']} on {_titles(source)}",
        f"Made by the run `{source.key}` of vssl. Read it with\n\n"
        '```python\nimport vssl\n\nnet = vssl.load("FOLDER")  # this folder\n'
        "features = net.features(clips)  # clips [N, 3, T, H, W] -> [N, D]\n```",
        f"Clips are float RGB in [0, 1], {clip['frames']} frames of {clip['size']} x "
        f"{clip['size']} pixels, {_taken(clip['stride'])}.",
        "## What it learnt from\n\n" + _learnt_from(source),
        "## How\n\n"
        + _table(
            {
                "net": key.brief(described.get("net", {})).removeprefix("Net").strip("()"),
                "method": key.brief(described["method"]),
                "recipe": key.brief(described["recipe"]),
                "seed": source.field("seed"),
                "goes on from": _kinds(described, "start"),
                "views changed by": _kinds(described, "generator"),
            }
        ),
        "## Made on\n\n" + _made_on(source.record),
        "## The run's own numbers\n\n" + _metrics(source),
        "## Numbers of the ledger made from this run\n\n" + _numbers(source),
        "## What it must not be used for\n\n" + _limits(source),
        "## Licence\n\nMIT, as vssl. Who uses it should cite vssl and the paper of the method.",
        "## The whole description\n\n```json\n"
        + json.dumps(described, indent=1, ensure_ascii=False)
        + "\n```",
    ]
    return "\n\n".join(parts) + "\n"


def numbers(source: Trained) -> list[tuple[str, str, dict[str, Any]]]:
    """The ledger's numbers that this very run went into.

    The key alone would name other runs of the same description too, so commit, hardware, versions
    and minutes must agree. What cannot be told for certain is left out.
    """
    made = source.record
    if not made:
        return []
    minutes = Run(source.file.parent, source.metrics, made, computed=False).minutes
    return [
        (slug, profile, record)
        for slug, profile, record in ledger.made_from(source.key)
        if record["minutes"][source.key] == round(minutes, 2)
        and all(record[name] == made[name] for name in ("commit", "hardware", "versions"))
    ]


def _stands_in(source: Trained) -> bool:
    return any(data.stand_in for data in source.data)


def _titles(source: Trained) -> str:
    return " and ".join(dict.fromkeys(data.title() for data in source.data))


def _learnt_from(source: Trained) -> str:
    kinds = {
        data.title(): (
            "stand-in data: drawn puppets that take the place of real videos"
            if data.stand_in
            else "real videos"
        )
        for data in source.data
    }
    lines = [f"- {title}: {kind}." for title, kind in kinds.items()]
    frames = source.record.get("frames", {}).values()
    if failed := {name for made in frames for name in made["failed"]}:
        lines.append(f"- {len(failed)} videos of it could not be decoded, and were left out.")
    return "\n".join(lines)


def _limits(source: Trained) -> str:
    lines = ["For research and teaching only. It has not been tested for any other use."]
    if _stands_in(source):
        lines.append(
            "It learnt from drawn puppets (stand-in data). Nothing that it does says anything "
            "about real videos, and no number made with it is a number of a real dataset."
        )
    if not all(data.stand_in for data in source.data):
        lines.append("The terms of the videos that it learnt from hold for its use too.")
    return "\n".join(f"- {line}" for line in lines)


def _made_on(record: dict[str, Any]) -> str:
    if not record:
        return "Not known: these weights were kept without the record of their run."
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    changed = " (+: with changes that were not committed)" if record["commit"][-1:] == "+" else ""
    names = ("date", "hardware")
    return _table(
        {
            "commit": record["commit"] + changed,
            **{name: record[name] for name in names},
            "versions": versions,
            "digest of its code": record["code"],
        }
    )


def _metrics(source: Trained) -> str:
    if not source.metrics:
        return "Not known: these weights were kept without the record of their run."
    return "Of the last epoch, on the training videos; an accuracy is a share of 1.\n\n" + _table(
        {name: f"{value:.4g}" for name, value in sorted(source.metrics.items())}
    )


def _numbers(source: Trained) -> str:
    found = numbers(source)
    if not found:
        return "None is known to be of this very run."
    names = ("table", "profile", "row", "column", "seed", "value", "chance", "data")
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for slug, profile, one in found:
        chance = "" if one["chance"] is None else f"{one['chance']:.1f}"
        older = " (older code)" if one.get("older") else ""
        cells = (
            slug,
            profile,
            one["row"],
            one["column"],
            one["seed"],
            f"{one['value']:.1f}{older}",
        )
        lines.append(f"| {' | '.join(map(str, (*cells, chance, one['title'])))} |")
    return "\n".join(lines)


def _kinds(described: dict[str, Any], name: str) -> str:
    inside = described.get(name)
    return "" if inside is None else key.brief(inside)


def _table(rows: dict[str, Any]) -> str:
    """Names and values; what is empty is left out."""
    lines = [f"| {name} | {value} |" for name, value in rows.items() if value != ""]
    return "\n".join(["| | |", "|---|---|", *lines])


def _taken(stride: int) -> str:
    every = {2: "2nd", 3: "3rd"}.get(stride, f"{stride}th")
    return "one after the other" if stride == 1 else f"every {every} of the video"
