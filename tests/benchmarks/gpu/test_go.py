"""On a bare GPU machine every part has its own time, and leaves what it found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time

import pytest

from benchmarks.gpu import go
from benchmarks.gpu.go import Part


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def carried(parts, out, seconds=60.0):
    seen = []
    code = go.run(parts, out, seconds, dict(os.environ), lambda *_: seen.append(1))
    summary = json.loads((out / "summary.json").read_text())
    return code, {one["part"]: one["end"] for one in summary}, len(seen)


def test_a_part_that_fails_or_hangs_does_not_stop_the_next(tmp_path):
    late = f"import time; time.sleep(3); open({str(tmp_path / 'late')!r}, 'w')"
    child = "import subprocess, sys, time; "
    child += f"subprocess.Popen([sys.executable, '-c', {late!r}])"
    parts = [
        Part("fails", script("print('said'); raise SystemExit(3)"), 20),
        Part("hangs", script(f"{child}; time.sleep(60)"), 1.5),
        Part("absent", ["/nowhere/python"], 20),
        Part("last", script("print('the last words')"), 20),
    ]
    begin = time.monotonic()
    code, ends, collected = carried(parts, tmp_path)
    assert code == 1 and time.monotonic() - begin < 15 and collected == 4
    assert ends["fails"] == "ended with code 3" and ends["hangs"] == "too long"
    assert ends["absent"].startswith("could not start") and ends["last"] == "well"
    log = (tmp_path / "log.txt").read_text()
    assert "said" in log and "the last words" in log
    time.sleep(3)
    assert not (tmp_path / "late").exists(), "its children are killed with it"


def test_the_last_part_is_told_the_time_that_is_left(tmp_path):
    part = Part("fill", script("import sys; print('told', sys.argv[1:])"), 1000)
    assert carried([part], tmp_path, seconds=50)[0] == 0
    assert "told ['--within', '30s']" in (tmp_path / "log.txt").read_text()


def test_nothing_begins_when_the_time_is_over(tmp_path):
    part = Part("late", script("print('begun')"), 20)
    assert carried([part], tmp_path, seconds=2)[1] == {"late": "no time left"}


def test_what_comes_home_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(go, "MOST_BYTES", 10_000)
    out = tmp_path / "out"
    out.mkdir()
    (out / "log.txt").write_bytes(b"first" + bytes(50_000) + b"last")
    (out / "large.bin").write_bytes(bytes(20_000))
    for number in range(10):
        (out / f"more-{number}.txt").write_text("x")
    (out / "folder").mkdir()
    go.bound(out)
    log = (out / "log.txt").read_bytes()
    assert len(log) <= 10_000 and log.startswith(b"first") and log.endswith(b"last")
    assert not (out / "large.bin").exists() and len(list(out.iterdir())) == go.MOST_FILES


def test_records_and_rows_are_packed_when_they_are_there(tmp_path):
    env = {"VSSL_RUNS": str(tmp_path / "runs"), "VSSL_LEDGER": str(tmp_path / "ledger")}
    out = tmp_path / "out"
    out.mkdir()
    go.collect(out, env)
    assert list(out.iterdir()) == []
    record = tmp_path / "runs" / "ledger" / "pace" / "table_1.gpu.json"
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    go.collect(out, env)
    with tarfile.open(out / "records.tar.gz") as file:
        assert "ledger/pace/table_1.gpu.json" in file.getnames()


def test_it_needs_nothing_but_the_standard_library():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import go; print(len(go.parts(8, 16, 80)))"
    folder = os.path.dirname(go.__file__)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, folder], capture_output=True, text=True
    )
    assert done.stdout == "8\n", done.stderr


def test_the_parts_before_the_last_leave_it_a_fifth_of_the_time():
    *early, last = go.parts(8, 16, 80)
    assert last.name == "fill" and sum(part.seconds for part in early) <= 0.8 * 8 * 60 + 1e-6


@pytest.mark.parametrize(
    ("cores", "gigabytes", "jobs"),
    [(16, 79.6, 2), (16, 140, 4), (4, 140, 1), (64, 16, 1), (8, 0, 1)],
)
def test_as_many_runs_share_a_gpu_as_cores_and_memory_allow(cores, gigabytes, jobs):
    command = go.parts(8, cores, gigabytes)[-1].command
    assert command[command.index("--jobs") + 1] == str(jobs)


def test_a_machine_without_a_gpu_has_no_memory_of_one(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert go.memory() == 0
    told = tmp_path / "nvidia-smi"
    told.write_text("#!/bin/sh\necho 81559\necho 81559\n")
    told.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert go.memory() == pytest.approx(159.3, abs=0.1)


def test_only_the_parts_that_are_named_are_run(tmp_path, monkeypatch):
    todo = [Part(name, script(f"print({name!r})"), 20) for name in ("one", "two", "three")]
    monkeypatch.setattr(go, "parts", lambda *_: todo)
    monkeypatch.setenv("VSSL_REHEARSAL", "1")
    assert go.main([str(tmp_path), "1", "three", "one"]) == 0
    told = json.loads((tmp_path / "summary.json").read_text())
    assert [one["part"] for one in told] == ["one", "three"]


def test_every_part_may_keep_the_bytecode_of_what_it_imports(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in go.surroundings()


@pytest.mark.parametrize("words", [[], ["out"], ["out", "soon"], ["out", "8", "nonsense"]])
def test_wrong_input_is_one_line(words, capsys):
    assert go.main(words) == 2 and capsys.readouterr().err.count("\n") == 1
