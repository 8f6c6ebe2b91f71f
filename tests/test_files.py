"""A file is whole or absent, and a lock is freed when its holder dies."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import threading
import time

import pytest

from vssl import files
from vssl.errors import VsslError

HOLDER = """
import sys, time
from pathlib import Path
from vssl import files
with files.locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_keeps_others_out_and_a_kill_frees_it(tmp_path):
    path = tmp_path / "folder" / ".lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    with files.locked(path, wait=False) as ours:
        assert not ours
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    begin = time.monotonic()
    with files.locked(path) as ours:
        assert ours and time.monotonic() - begin < 10


def test_two_threads_exclude_each_other(tmp_path):
    inside, most = [], []

    def work():
        with files.locked(tmp_path / ".lock"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP])
def test_a_disk_without_locks_is_reported_in_one_line(tmp_path, monkeypatch, number):
    import fcntl

    def refuse(*arguments):
        raise OSError(number, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (
        pytest.raises(VsslError, match="a network disk may have no locks") as caught,
        files.locked(tmp_path / ".lock"),
    ):
        pytest.fail("nothing is done without a lock")
    assert "\n" not in str(caught.value)


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "numbers.json"
    files.write_json(path, {"a": 1})
    with pytest.raises(KeyboardInterrupt), files.replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == '{\n "a": 1\n}\n' and list(tmp_path.iterdir()) == [path]
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(path, float("nan"))
