"""The stamp prints where numbers come from and shows the runner that a notebook has finished."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import pytest

from vssl.results.stamp import stamp


@dataclass(frozen=True)
class Scale:
    profile: str = "demo"
    seeds: tuple[int, ...] = (0, 2)


class Table:
    def to_dict(self):
        return {
            "title": "A table",
            "caption": "",
            "columns": ["", "ours"],
            "rows": [["pace", "1.0"]],
            "claims": [],
        }


def test_the_stamp_prints_where_numbers_come_from(capsys, monkeypatch):
    monkeypatch.delenv("VSSL_RECORD", raising=False)
    stamp("100_pace", Scale(), tables=[Table()])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "notebook  100_pace, profile demo, seeds 0, 2"
    heads = [line.split()[0] for line in lines]
    assert heads == ["notebook", "commit", "versions", "machine", "cost"]
    assert f"python {sys.version.split()[0]}" in lines[2] and "numpy" in lines[2]


def test_the_stamp_writes_the_record_that_the_runner_waits_for(tmp_path, monkeypatch):
    monkeypatch.setenv("VSSL_RECORD", str(tmp_path / "record.json"))
    monkeypatch.setenv("VSSL_RUN_ID", "run-7")
    stamp("100_pace", Scale(), tables=[Table()], figures=["pace_idea"])
    record = json.loads((tmp_path / "record.json").read_text())
    assert (record["run"], record["executable"]) == ("run-7", sys.executable)
    assert (record["notebook"], record["profile"], record["seeds"]) == ("100_pace", "demo", [0, 2])
    assert record["tables"] == [Table().to_dict()] and record["figures"] == ["pace_idea"]
    assert record["minutes"] > 0 and record["memory_mb"] > 10


@pytest.mark.parametrize("only", ["VSSL_RECORD", "VSSL_RUN_ID"])
def test_the_stamp_writes_nothing_outside_a_run(tmp_path, monkeypatch, only):
    for name in ("VSSL_RECORD", "VSSL_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(only, str(tmp_path / "record.json"))
    stamp("100_pace", Scale())
    assert list(tmp_path.iterdir()) == []
