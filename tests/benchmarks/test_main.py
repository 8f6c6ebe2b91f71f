"""The command `python -m benchmarks`: its options, and one line for every mistake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def calls(monkeypatch) -> list[tuple]:
    """The arguments of every call that would have measured something."""
    found = []
    monkeypatch.setattr(run, "bench", lambda *arguments: found.append(arguments) or 0)
    return found


def test_options_reach_the_benchmark(calls, tmp_path):
    assert command.main([]) == 0
    argv = ["decode", "loss", "--videos", str(tmp_path), "--rounds", "9", "--keep"]
    assert command.main(argv) == 0
    assert calls == [([], None, 5, False), (["decode", "loss"], tmp_path.resolve(), 9, True)]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["decod"], "there is no stage 'decod' (did you mean decode?)"),
        (["--rounds", "none"], "'none' is not a whole number of at least 1"),
        (["--videos", "/no/such/folder"], "there is no folder /no/such/folder"),
        (["--round", "3"], "unrecognized arguments: --round"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(calls, capsys, argv, message):
    assert command.main(argv) == 2 and calls == []
    shown = capsys.readouterr()
    assert shown.out == "" and message in shown.err
    assert shown.err.startswith("benchmarks: ") and shown.err.count("\n") == 1


def test_an_interrupt_is_one_line_and_no_traceback(monkeypatch, capsys):
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "bench", interrupted)
    assert command.main(["loss"]) == 130
    assert capsys.readouterr().err == "benchmarks: interrupted\n"


def test_help_does_not_wait_for_torch():
    code = (
        "import sys; from benchmarks.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "make bench" in done.stdout
