"""How long runs take on this machine, learnt from those that it has seen."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict


class Rates:
    """What runs of each kind took, as a multiple of what was estimated."""

    def __init__(self) -> None:
        self._seen: dict[str, list[float]] = defaultdict(list)

    def see(self, kind: str, estimated: float, took: float) -> None:
        """Learn from a run; what takes a moment only says little."""
        if estimated > 0 and took > 0:
            self._seen[kind].append(took / estimated)

    def expect(self, kind: str, estimated: float) -> float:
        """How long a run should take: as its kind did, else as all did, else as estimated."""
        seen = self._seen.get(kind) or [one for several in self._seen.values() for one in several]
        return estimated * (statistics.median(seen) if seen else 1.0)


def when(seconds: float, now: float | None = None) -> str:
    """The time of day in so many seconds, with the day or the year where it is another."""
    begin = time.time() if now is None else now
    end = time.localtime(begin + seconds)
    start = time.localtime(begin)
    if (end.tm_year, end.tm_yday) == (start.tm_year, start.tm_yday):
        return time.strftime("%H:%M", end)
    return time.strftime("%a %d %b, %H:%M" if end.tm_year == start.tm_year else "%B %Y", end)
