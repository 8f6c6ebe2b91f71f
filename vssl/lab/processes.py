"""The processes of `torchrun` before the run store.

The first one decides and writes, and tells the others.

They speak through torchrun's own key-value store, not through collectives. A word left there waits
for no reader, so whoever fails can say why and end; and whoever waits looks for a word now and
then, for as long as it takes: a collective gives up after ten or thirty minutes, while a frame
store or the features of a large set may take hours.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable
from typing import Any

from vssl.errors import VsslError

PAUSE = 0.2  # seconds between two looks


def count() -> int:
    """How many processes work together: 1, unless `torchrun` started more."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this process is the one that decides and writes."""
    return count() == 1 or os.environ.get("RANK", "0") == "0"


def first(ask: Callable[[], object], meanwhile: Callable[[], object] | None = None) -> bool:
    """Whether the first process's answer is yes.

    It alone asks, and the others do their part `meanwhile`, then wait for its word.

    One that fails fails all: each raises an error of one line, as soon as it waits here or finds
    that a collective broke.
    """
    return bool(ask()) if count() == 1 else _mailbox().first(ask, meanwhile)


class _Mailbox:
    """Words that the processes leave for each other.

    All of them ask the same questions in the same order.
    """

    def __init__(self, rank: int, words: Any) -> None:
        self.rank, self.words, self.questions = rank, words, 0

    def first(
        self, ask: Callable[[], object], meanwhile: Callable[[], object] | None = None
    ) -> bool:
        self.questions += 1
        answer, failure = f"answer {self.questions}", f"failure {self.questions}"
        try:
            if self.rank == 0:
                said = "yes" if ask() else "no"
                self.words.set(answer, said)
                return said == "yes"
            if meanwhile:
                meanwhile()
        except BaseException as error:
            if reason := self._why(failure, error):
                raise VsslError(reason) from error
            raise
        while not self.words.check([answer]):
            if self.words.check([failure]):
                raise VsslError(self.words.get(failure).decode())
            time.sleep(PAUSE)
        return self.words.get(answer) == b"yes"

    def _why(self, failure: str, error: BaseException) -> str:
        """Tell the others of an error.

        Or, where it only says that a collective broke, the words of the process that broke it.
        """
        own = isinstance(error, VsslError)
        line = (
            str(error)
            if own
            else f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"
        )
        mine = f"process {self.rank} of {count()} failed: {line}"
        # If torchrun itself is gone, nobody can be told, and the error itself must be enough.
        with contextlib.suppress(RuntimeError):
            before = self.words.compare_set(failure, "", mine).decode()
            return "" if before == mine or own or not isinstance(error, Exception) else before
        return ""


@functools.cache
def _mailbox() -> _Mailbox:
    """This process's end of torchrun's store."""
    import torch.distributed as dist

    from vssl.training.loop import device_here, processes

    if missing := [
        name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ
    ]:
        raise VsslError(
            f"WORLD_SIZE is {count()}, but there is no {missing[0]}: start with torchrun, or unset"
            " WORLD_SIZE"
        )
    # This comes before the store is looked for, because without torchrun this is what opens it.
    rank, _ = processes(device_here())
    store = dist.TCPStore(
        os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False
    )
    # A try after a failure must not find the words of the one before: torchrun's store outlives its
    # processes.
    return _Mailbox(
        rank, dist.PrefixStore(f"vssl/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
    )
