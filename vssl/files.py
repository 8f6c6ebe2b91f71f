"""Files that are whole or absent: atomic writes, and a lock between processes.

A kill at any moment leaves the old file.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from vssl.errors import VsslError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, which takes its place when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())  # the rename must not reach the disk before the bytes
        os.replace(temporary, path)
    except OSError as error:
        raise VsslError(
            f"cannot write {path}: {error.strerror or error}; free some space or choose another "
            "folder"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON, sorted and indented so that a diff is readable.

    NaN is refused, because it is not JSON.
    """
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_text(path, text + "\n")


@contextlib.contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[bool]:
    """Hold an exclusive lock on `path` for the block.

    Gives False at once if `wait` is off and somebody else holds it. The kernel drops the lock when
    its holder dies, so a killed process never leaves one behind. Where the disk has no such locks,
    nothing is done without one.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, blocking=wait, fallback_to_soft=False)  # a soft lock outlives a kill
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except OSError as error:
        raise VsslError(
            f"cannot lock {path}: {error.strerror or error}; a network disk may have no locks, so "
            "set VSSL_DATA and VSSL_RUNS to folders on a local one"
        ) from error
    try:
        yield True
    finally:
        lock.release()
