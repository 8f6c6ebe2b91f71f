"""Which frames to read: pure functions (number of frames, random generator) -> sample."""

from vssl.samplers.interval import LINEAR, UNIFORM, Interval, Law, decreasing, increasing
from vssl.samplers.order import ClipOrder
from vssl.samplers.pace import Pace
from vssl.samplers.repeat import Repeat
from vssl.samplers.uniform import RandomClip, Uniform

__all__ = [
    "LINEAR",
    "UNIFORM",
    "ClipOrder",
    "Interval",
    "Law",
    "Pace",
    "RandomClip",
    "Repeat",
    "Uniform",
    "decreasing",
    "increasing",
]
