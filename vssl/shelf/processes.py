"""Child processes that cannot outlive us: each in a session of its own, held to a limit, ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vssl.errors import VsslError


@dataclass(frozen=True)
class Ended:
    """How a child ended: its return code (negative: the signal that killed it), its time, and whether we had to end it."""

    code: int
    seconds: float
    too_long: bool = False

    @property
    def words(self) -> str:
        """What happened, for a person."""
        if self.code == -signal.SIGKILL:
            return "it was killed, probably for want of memory"
        return (
            f"it died of signal {-self.code} ({signal.strsignal(-self.code)})"
            if self.code < 0
            else f"it ended with code {self.code}"
        )


class Children:
    """The child processes of a block: whatever still runs when the block is left, by Ctrl-C too, is ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen] = set()
        self._closed = False

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed = True
            for process in self._running:
                end(process.pid)

    def run(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        log: Path | None = None,
        limit: float | None = None,
    ) -> Ended:
        """Run Python with `argv` to its end, or to `limit` seconds.

        Its output goes to `log`, or where ours goes.

        The child's standard input is a pipe that only we hold: when we are gone, however that came,
        it reads its end (`end_with_parent`).
        """
        begin = time.monotonic()
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(open(log, "ab")) if log else None
            with self._lock:
                if self._closed:
                    raise VsslError("interrupted")
                process = subprocess.Popen(
                    [
                        sys.executable,
                        "-P",
                        *argv,
                    ],  # -P: a json.py in the current folder must not stand in for the library's
                    env=dict(env),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT if log else None,
                    start_new_session=True,  # Ctrl-C reaches us alone, and we end the child
                )
                self._running.add(process)
            too_long = False
            try:
                process.wait(limit)
            except subprocess.TimeoutExpired:
                too_long = True
                end(process.pid)
                process.wait()
            finally:
                with self._lock:
                    self._running.discard(process)
                _end_session(process.pid)  # a worker of its own may have outlived it
                assert process.stdin is not None
                process.stdin.close()
        return Ended(process.returncode, time.monotonic() - begin, too_long)


def end(pid: int) -> None:
    """Kill a child of ours and everything below it, in whatever session (a kernel has one of its own)."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)  # so that it starts nothing while we look
    for one in [*descendants(pid), pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    _end_session(pid)


def _end_session(pid: int) -> None:
    """Kill what is left of the session that `pid` led; it may be gone itself."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """The processes below `pid`, nearest first, in whatever session."""
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def end_with_parent() -> None:
    """From now on, end this process and everything it started as soon as the process that started it is gone."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        for one in [*descendants(os.getpid()), os.getpid()]:  # ourselves last
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="end-with-parent").start()
