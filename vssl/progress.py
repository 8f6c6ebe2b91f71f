"""Progress that fits where it is shown.

It is a bar in a terminal, a line now and then in a log, and nothing in a notebook.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

T = TypeVar("T")


def progress(
    items: Iterable[T], what: str, total: int | None = None, every: float = 30.0
) -> Iterator[T]:
    """Yield `items`, telling on stderr how far we are.

    Silent where `VSSL_QUIET` is set or a notebook's kernel runs.
    """
    total = len(items) if total is None and isinstance(items, Sized) else total
    if _silent():
        yield from items
        return
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, desc=what, total=total, leave=False)
        return
    begin = last = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        if time.monotonic() - last > every:
            last = time.monotonic()
            of = f" of {total}" if total else ""
            print(f"{what}: {done}{of} after {last - begin:.0f} s", file=sys.stderr, flush=True)


def say(text: str) -> None:
    """A line of progress on stderr, where progress is wanted."""
    if not _silent():
        print(text, file=sys.stderr, flush=True)


def _silent() -> bool:
    return "ipykernel" in sys.modules or bool(os.environ.get("VSSL_QUIET"))
