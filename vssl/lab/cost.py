"""What an experiment costs, as a plan shows it. Plain data: the runner reads it, and imports nothing heavy."""

from __future__ import annotations

from typing import NamedTuple


class Cost(NamedTuple):
    """What an experiment alone takes, without what it needs."""

    data: str
    found: bool  # whether the data is there
    clips: float  # that go through the net, forward or forward and back
    size: str  # of a clip
    seconds: float
    where: str  # on what
