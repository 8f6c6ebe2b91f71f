"""Which frames to read: pure functions (number of frames, random generator) -> sample."""

from vssl.samplers.continuity import Continuity
from vssl.samplers.discontinuity import Discontinuity
from vssl.samplers.interval import LINEAR, UNIFORM, Interval, Law, decreasing, increasing
from vssl.samplers.one_box import OneBox
from vssl.samplers.order import ClipOrder
from vssl.samplers.overlap import Overlap
from vssl.samplers.pace import Pace
from vssl.samplers.repeat import Repeat, Several
from vssl.samplers.segments import Coin, Segments
from vssl.samplers.short import reflected
from vssl.samplers.uniform import RandomClip, Uniform, Windows
from vssl.samplers.varied import Varied

__all__ = [
    "LINEAR",
    "UNIFORM",
    "ClipOrder",
    "Coin",
    "Continuity",
    "Discontinuity",
    "Interval",
    "Law",
    "OneBox",
    "Overlap",
    "Pace",
    "RandomClip",
    "Repeat",
    "Segments",
    "Several",
    "Uniform",
    "Varied",
    "Windows",
    "decreasing",
    "increasing",
    "reflected",
]
