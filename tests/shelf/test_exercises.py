"""The check of an exercise says right, or what is not yet right, in one line, and never raises."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vssl.shelf import exercises

SUMS = ((([1, 2],), 3), (([],), 0), (([3, -3],), 0))


def said(capsys, mine, cases=SUMS) -> str:
    exercises.check(mine, cases)
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.endswith("\n")
    return out.strip()


def test_a_function_that_does_the_same_is_right(capsys):
    def mine(numbers):
        return np.sum(numbers)

    assert said(capsys, mine) == "right: mine gives what the package gives, in 3 cases"


def test_a_body_that_is_not_written_is_not_yet(capsys):
    def mine(numbers):
        """The sum of numbers."""
        ...  # your lines here

    assert said(capsys, mine) == (
        "not yet: mine gives nothing back; write its lines in the cell above"
    )


def test_another_value_is_shown_beside_the_packages(capsys):
    def mine(numbers):
        return len(numbers)

    assert said(capsys, mine) == "not yet: mine([1, 2]) gives 2, and the package 3"


@pytest.mark.parametrize("error", [ZeroDivisionError("by\nzero"), SystemExit(3), AssertionError()])
def test_what_it_raises_is_said(capsys, error):
    def mine(numbers):
        raise error

    told = said(capsys, mine)
    assert told.startswith(f"not yet: mine([1, 2]) raises {type(error).__name__}: ")


def test_a_function_that_spoils_its_arguments_spoils_nobody_elses(capsys):
    def mine(numbers):
        numbers.append(1)
        return sum(numbers) - 1

    case = [1, 2]
    assert said(capsys, mine, [((case,), 3)]).startswith("right")
    assert case == [1, 2]


def test_arrays_and_tensors_are_compared_by_shape_and_value(capsys):
    cases = [((torch.ones(2, 3),), (torch.full((2, 3), 0.5, requires_grad=True), 2))]
    assert said(capsys, lambda x: (np.full((2, 3), 0.5), 2), cases).startswith("right")
    assert said(capsys, lambda x: (x / 2, x.shape[0]), cases).startswith("right")
    for wrong in ((np.full(3, 0.5), 2), np.full((2, 3), 0.5), "half", (np.full((2, 3), 0.6), 2)):
        assert said(capsys, lambda x, wrong=wrong: wrong, cases).startswith("not yet")


def test_a_value_that_cannot_be_compared_or_written_is_not_yet(capsys):
    class Strange:
        def __array__(self, *_, **__):
            raise RuntimeError

        def __repr__(self):
            raise RuntimeError

    assert said(capsys, lambda numbers: Strange()).startswith("not yet: <lambda>([1, 2]) gives")
