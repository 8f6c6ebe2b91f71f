"""What a race has found is kept at once, whatever becomes of the next one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import run
from vssl.results import speed
from vssl.results.speed import OURS, Row

ROW = Row("loss", "first race", OURS, "pairs", 8, (0.1, 0.2), (0.1, 0.2))


def test_a_race_that_breaks_off_takes_no_finished_race_with_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("VSSL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("VSSL_LEDGER", str(tmp_path / "ledger"))

    def stage(_setting):
        yield ROW
        yield replace(ROW, case="second race")
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "STAGES", {"loss": stage})
    with pytest.raises(KeyboardInterrupt):
        run.bench(["loss"], rounds=2, keep=True)
    assert {record["case"] for record in speed.read()} == {"first race", "second race"}
