"""The stop-watch runs all contenders in turn and counts the core-seconds of threads and children.

A ratio compares the times of one round.
"""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from benchmarks import timing
from benchmarks.timing import once, race
from vssl.results.speed import Timing, ratio


def test_every_contender_runs_once_a_round_and_each_begins_one_of_three_rounds():
    calls = []
    timings = race({name: lambda name=name: calls.append(name) for name in "abc"}, rounds=3)
    rounds = ["".join(calls[start : start + 3]) for start in range(0, len(calls), 3)]
    assert len(rounds) == 4  # one to warm up
    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert len({one[0] for one in rounds[1:]}) == 3
    assert all(len(timing.wall) == len(timing.core) == 3 for timing in timings.values())


def test_a_ratio_compares_the_seconds_of_one_round():
    ours, theirs = Timing((9.0,) * 3, (1.0, 2.0, 4.0)), Timing((9.0,) * 3, (3.0, 4.0, 20.0))
    assert ratio(ours, theirs) == (3.0, 2.0, 5.0)  # the ratio of the medians would be 2.0
    assert ratio(ours, theirs, "wall") == (1.0, 1.0, 1.0)


def test_a_share_of_the_work_is_scaled_up_to_the_whole(monkeypatch):
    # The work returns the seconds that it pretends to take.
    monkeypatch.setattr(timing, "once", lambda work: (work(), 2 * work()))
    timings = race({"whole": lambda: 1.0, "tenth": lambda: 0.5}, rounds=2, share={"tenth": 0.1})
    assert timings == {
        "whole": Timing((1.0, 1.0), (2.0, 2.0)),
        "tenth": Timing((5.0, 5.0), (10.0, 10.0)),
    }


def test_waiting_costs_wall_time_and_no_core_seconds():
    wall, core = once(lambda: time.sleep(0.2))
    assert wall >= 0.2 and core < 0.15


def test_core_seconds_count_children():
    burn = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    _, core = once(lambda: subprocess.run([sys.executable, "-c", burn], check=True))
    assert core >= 0.3


def test_an_error_of_a_contender_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        race({"broken": lambda: 1 / 0}, rounds=2)
