"""Tasks run after those that they need, so many at a time, and one that no longer fits is left."""

from __future__ import annotations

import multiprocessing
import time

import pytest

from vssl.shelf.queue import Task, carry_out

CONTEXT = multiprocessing.get_context("fork")
MEET = -1  # seconds of a task that ends when two have begun


def _work(log, key, seconds, code):
    with open(log, "a") as file:
        file.write(f"+{key} ")
    time.sleep(max(0, seconds))
    end = time.monotonic() + 30
    while seconds == MEET and log.read_text().count("+") < 2 and time.monotonic() < end:
        time.sleep(0.01)
    with open(log, "a") as file:
        file.write(f"-{key} ")
    raise SystemExit(code)


@pytest.fixture
def run(tmp_path):
    """Carry out tasks given as key: (needs, seconds, exit code); gives what happened in order."""
    log = tmp_path / "log"

    def carried(jobs, fits=lambda task: True, **given):
        def task(key, needs, seconds, code):
            def begin(slot):
                process = CONTEXT.Process(target=_work, args=(log, key, seconds, code))
                process.start()
                return process

            return Task(key, key, needs, begin=begin)

        heard = []
        left = carry_out(
            [task(key, *about) for key, about in given.items()],
            jobs,
            lambda task, code: f"{task.key} failed" if code else "",
            lambda ended: heard.append((ended.task.key, ended.reason)),
            fits,
        )
        order = log.read_text().split() if log.exists() else []
        return order, dict(heard), [task.key for task in left]

    return carried


def test_a_task_begins_after_those_that_it_needs(run):
    order, _, _ = run(2, c=(("a", "b"), 0, 0), a=((), 0.1, 0), b=((), 0, 0))
    assert order.index("+c") > max(order.index("-a"), order.index("-b"))


def test_what_is_first_in_line_and_ready_goes_before_what_comes_later(run):
    order, _, _ = run(1, a=((), 0, 0), of_a=(("a",), 0, 0), b=((), 0, 0))
    assert order == ["+a", "-a", "+of_a", "-of_a", "+b", "-b"]


def test_so_many_run_at_a_time(run):
    order, _, _ = run(2, a=((), MEET, 0), b=((), MEET, 0), c=((), 0, 0))
    running = most = 0
    for word in order:
        running += 1 if word[0] == "+" else -1
        most = max(most, running)
    assert most == 2


def test_what_needs_a_failed_task_is_not_begun_and_says_why(run):
    order, heard, _ = run(1, a=((), 0, 3), b=(("a",), 0, 0), c=(("b",), 0, 0), d=((), 0, 0))
    assert order == ["+a", "-a", "+d", "-d"]
    assert heard["a"] == "a failed"
    assert heard["c"] == "c was not computed because b was not computed because a failed"


def test_a_task_that_does_not_fit_is_left_with_what_needs_it_and_a_smaller_one_runs(run):
    order, _, left = run(
        1,
        lambda task: task.key != "long",
        long=((), 0, 0),
        after=(("long",), 0, 0),
        short=((), 0, 0),
    )
    assert order == ["+short", "-short"] and left == ["long", "after"]
