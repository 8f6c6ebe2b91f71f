"""Larger worlds that are made of another one."""

from __future__ import annotations

from dataclasses import replace

from vssl.videos.puppets.world import World, kinetics400


def kinetics600() -> World:
    """The stand-in for Kinetics-600: that for Kinetics-400 with more classes and performers.

    It has three more classes and half as many performers again. Like the real dataset it contains
    the smaller one: performers keep their numbers, and therefore their looks and their videos. It
    holds out the same first performers and a few more, so it trains on no performer that the
    smaller one tests on.
    """
    smaller = kinetics400()
    more = ("TurnAround", "WalkBackward", "WaveOneHand")
    return replace(smaller, name="kinetics600", classes=(*smaller.classes, *more), groups=60)
