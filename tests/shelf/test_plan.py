"""The order in which experiments are computed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vssl.lab.cost import Cost
from vssl.shelf.plan import Planned, longest_first


def _planned(key, seconds, *needs):
    cost = None if seconds is None else Cost("puppets", True, 0, "", seconds, "one core")
    return Planned(key, key, needs, done=False, pickled=b"", cost=cost)


def test_the_head_of_the_longest_chain_comes_first():
    plan = [
        _planned("features", 20),
        _planned("probe", 5, "features"),
        _planned("alone", 200),
        _planned("generator", 120),
        _planned("whole", 250, "generator"),
    ]
    order = [one.key for one in longest_first(plan)]
    assert order == ["generator", "whole", "alone", "features", "probe"]


def test_what_cannot_be_estimated_keeps_its_place():
    plan = [_planned("a", None), _planned("b", None, "a"), _planned("c", None)]
    assert longest_first(plan) == plan


@given(st.data())
def test_everything_comes_after_what_it_needs(data):
    count = data.draw(st.integers(0, 12))
    plan = []
    for number in range(count):
        needs = data.draw(st.sets(st.sampled_from([one.key for one in plan]))) if plan else ()
        seconds = data.draw(st.none() | st.sampled_from([0.0, 1.0, 5.0]))
        plan.append(_planned(str(number), seconds, *needs))
    ordered = longest_first(plan)
    place = {one.key: number for number, one in enumerate(ordered)}
    assert len(ordered) == count
    assert all(place[need] < place[one.key] for one in ordered for need in one.needs)
