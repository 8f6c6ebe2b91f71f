"""The command line has examples in every help and answers every mistake in one line.

The line names the nearest right word, and the exit code is 2.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys

import pytest

from vssl import arguments, cli, commands
from vssl.errors import DataError

COMMANDS = (
    "", "reproduce", "data", "data make", "data index", "data check", "data persons", "ledger",
    "export", "teach", "doctor",
)  # fmt: skip


def replies(capsys, *argv: str) -> tuple[int, str, str]:
    code = cli.main(list(argv))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_shows_an_example(capsys, command):
    code, out, err = replies(capsys, *command.split(), "--help")
    assert (code, err) == (0, "")
    assert f"\n  vssl {command}".rstrip() in out.partition("examples:")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_the_help_work(capsys, monkeypatch, command):
    """The examples of a help page are really parsed; only the work behind them is left out."""
    ran = []
    for name in COMMANDS:
        if hasattr(commands, called := name.replace(" ", "_")):
            monkeypatch.setattr(commands, called, lambda options: ran.append(options) or 0)
    monkeypatch.setattr(cli, "folder", str)  # because /data/UCF-101 is not there
    _, out, _ = replies(capsys, *command.split(), "--help")
    examples = re.findall(r"^  vssl (.*)$", out.partition("examples:")[2], re.MULTILINE)
    for example in examples:
        assert replies(capsys, *example.split())[0] == 0
    assert len(ran) == len(examples) > 0


@pytest.mark.parametrize("command", ["", "data"])
def test_a_bare_group_shows_its_help(capsys, command):
    code, out, err = replies(capsys, *command.split())
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: vssl {command}".rstrip())


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("reproduec 100", "did you mean reproduce?"),
        ("reproduce --profil demo", "did you mean --profile?"),
        ("reproduce --prof demo", "did you mean --profile?"),
        ("reproduce --profile dmeo", "did you mean demo?"),
        ("reproduce --profile huge", "choose from smoke, demo, gpu, paper"),
        ("reproduce --jobs 0", "not a whole number of at least 1"),
        ("reproduce --jobs two", "not a whole number of at least 1"),
        ("reproduce --seeds 1;2", "such as 0,1,2"),
        ("reproduce --seeds 1,1", "such as 0,1,2"),
        ("reproduce --seeds -1", "--seeds"),
        ("reproduce --limit-minutes nan", "not a number of minutes above 0"),
        ("reproduce --data-root /no/such/folder", "there is no folder /no/such/folder"),
        ("reproduce --profile", "--profile: expected one argument"),
        ("data mke", "did you mean make?"),
        ("data make ucf11", "did you mean ucf101?"),
        ("data make ucf101 --size paper", "choose from smoke, demo, gpu"),
        ("data index --root", "--root: expected one argument"),
        ("data check --size huge", "choose from smoke, demo, gpu"),
        ("data index --root . --name ucf-101", "did you mean ucf101?"),
        ("data check --root /no/such/folder", "there is no folder"),
        ("export", "the following arguments are required: KEY, --to"),
        ("export pretrain-1a2b", "the following arguments are required: --to"),
        ("export no-such-run --to /tmp/net", "there is no run 'no-such-run'"),
        ("teach 300", "the following arguments are required: --to"),
        ("teach 3000 --to /tmp/course", "there is no notebook '3000'"),
        ("doctor extra", "'extra' is not understood"),
        ("--verison", "did you mean --version?"),
    ],
)
def test_a_mistake_gets_one_line(capsys, argv, words):
    code, out, err = replies(capsys, *argv.split())
    assert (code, out) == (2, "")
    assert err.startswith("vssl: ") and err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        (DataError("no videos\nhere"), 2, "vssl: no videos here"),
        (KeyboardInterrupt(), 130, "vssl: interrupted"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/runs/x"),
            2,
            "vssl: the disk is full at /runs/x; free some space",
        ),
        (
            OSError(errno.EDQUOT, "Disk quota exceeded"),
            2,
            "vssl: the disk is full; free some space",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/data"),
            2,
            "vssl: Permission denied at /data; VSSL_DATA and VSSL_RUNS",
        ),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            2,
            "vssl: torch is not installed for",
        ),
    ],
)
def test_an_error_that_is_no_bug_gets_one_line(capsys, monkeypatch, raised, code, line):
    def fail(options):
        raise raised

    monkeypatch.setattr(commands, "ledger", fail)
    got, out, err = replies(capsys, "ledger")
    assert (got, out) == (code, "")
    assert err.startswith(line) and err.count("\n") == 1


@pytest.mark.parametrize(
    "raised",
    [
        ValueError("a bug"),
        ModuleNotFoundError("No module", name="vssl.lab.nothing"),
        OSError(errno.EIO, "bad"),
    ],
)
def test_a_bug_keeps_its_traceback(monkeypatch, raised):
    def fail(options):
        raise raised

    monkeypatch.setattr(commands, "ledger", fail)
    with pytest.raises(type(raised)):
        cli.main(["ledger"])


def test_an_impossible_data_folder_gets_one_line(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("VSSL_DATA", str(tmp_path / "file"))
    code, out, err = replies(capsys, "data", "make", "ucf101", "--size", "smoke")
    assert (code, out) == (2, "")
    assert err.startswith("vssl: ") and err.count("\n") == 1 and str(tmp_path / "file") in err


def test_the_command_line_has_the_profiles_of_the_lab():
    from vssl.lab import profile
    from vssl.videos import catalogue

    assert tuple(profile.PROFILES) == commands.PROFILES
    for name in catalogue.STAND_INS:
        for size in commands.SIZES:
            profile.world(name, size)


def test_reproduce_passes_its_options_on(capsys, monkeypatch, tmp_path):
    from vssl.shelf import runner

    passed = {}
    monkeypatch.setattr(
        runner,
        "reproduce",
        lambda ids, profile, **rest: passed.update(rest, ids=ids, profile=profile) or 3,
    )
    argv = (
        "reproduce 000 100_pace --profile smoke --jobs 2 --seeds 0,2 --resume --plan"
        f" --limit-minutes 1.5 --data-root {tmp_path}"
    )
    assert cli.main(argv.split()) == 3
    wanted = {
        "ids": ["000", "100_pace"],
        "profile": "smoke",
        "jobs": 2,
        "seeds": (0, 2),
        "resume": True,
        "plan_only": True,
    }
    assert passed == wanted | {"limit_minutes": 1.5, "data_root": tmp_path}


def test_a_closed_pipe_is_no_error():
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = subprocess.Popen(
        [sys.executable, "-m", "vssl", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=buffered,
    )
    command.stdout.close()
    assert command.stderr.read() == b""
    assert command.wait(timeout=60) == 141


def test_python_m_vssl_is_the_command_too():
    done = subprocess.run(
        [sys.executable, "-m", "vssl", "--version"], capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"vssl \d+\.\d+\.\d+\n", done.stdout)


def test_the_ledger_is_read_and_added_to(capsys, monkeypatch):
    from vssl.results import ledger

    monkeypatch.setattr(ledger, "summary", lambda: "pace/table_1")
    monkeypatch.setattr(ledger, "add", lambda source: [])
    assert replies(capsys, "ledger") == (0, "pace/table_1\n", "")
    assert replies(capsys, "ledger", "--add")[1].startswith("nothing to add")
    assert "--from goes with --add" in replies(capsys, "ledger", "--from", ".")[2]


@pytest.mark.parametrize("text", ["0", "0,1,2", "3, 1"])
def test_seeds_are_read(text):
    assert arguments.seeds(text) == tuple(int(part) for part in text.split(","))
