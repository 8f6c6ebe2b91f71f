"""Run child processes that end when we do.

Each has a session of its own and a time limit, and is ended together with everything it started.
"""

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
    """How a child process ended."""

    code: int  # the return code; negative: the signal that killed it
    seconds: float
    too_long: bool = False  # whether we ended it at its time limit

    @property
    def words(self) -> str:
        """Say how it ended."""
        if self.code == -signal.SIGKILL:
            return "it was killed, probably for want of memory"
        return (
            f"it died of signal {-self.code} ({signal.strsignal(-self.code)})"
            if self.code < 0
            else f"it ended with code {self.code}"
        )


class Children:
    """The child processes of a `with` block; those that still run at its end are killed.

    The block may end by Ctrl-C too.
    """

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

        Its output goes to `log`, or without a log to our own output. Its standard input is a pipe
        that only we hold. When our process ends for any reason, the pipe closes, and the child
        notices (`end_with_parent`).
        """
        begin = time.monotonic()
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(open(log, "ab")) if log else None
            with self._lock:
                if self._closed:
                    raise VsslError("interrupted")
                # With -P, a json.py in the current folder cannot replace the library's.
                process = subprocess.Popen(
                    [sys.executable, "-P", *argv],
                    env=dict(env),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT if log else None,
                    start_new_session=True,  # Ctrl-C reaches only us, and we end the child
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
                _end_session(process.pid)  # processes that it started may still run
                assert process.stdin is not None
                process.stdin.close()
        return Ended(process.returncode, time.monotonic() - begin, too_long)


def end(pid: int) -> None:
    """Kill a child of ours and its descendants in all sessions (a kernel has its own session)."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)  # so that it starts nothing while we list its descendants
    for target in [*descendants(pid), pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(target, signal.SIGKILL)
    _end_session(pid)


def _end_session(pid: int) -> None:
    """Kill the processes left in the session that `pid` led; `pid` itself may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """List the descendants of `pid` in all sessions, children before grandchildren."""
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def end_with_parent() -> None:
    """End this process and its descendants as soon as the process that started it has ended."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        for target in [*descendants(os.getpid()), os.getpid()]:  # this process last
            with contextlib.suppress(ProcessLookupError):
                os.kill(target, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="end-with-parent").start()
