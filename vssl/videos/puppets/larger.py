"""Larger worlds that are made of another one."""

from __future__ import annotations

from dataclasses import replace

from vssl.videos.puppets.world import World, kinetics400


def kinetics600() -> World:
    """The stand-in for Kinetics-600: that for Kinetics-400 with three more classes and half as many performers again.

    Like the real one it holds the smaller set: performers keep their numbers, and with these their looks and their videos. No
    performer that it trains on is tested on in the smaller one, for it holds out the same first performers and a few more.
    """
    smaller = kinetics400()
    more = ("TurnAround", "WalkBackward", "WaveOneHand")
    return replace(smaller, name="kinetics600", classes=(*smaller.classes, *more), groups=60)
