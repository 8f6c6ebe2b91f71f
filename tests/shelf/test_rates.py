"""Times are learnt from the runs that were seen, kind by kind."""

from __future__ import annotations

import time

from vssl.shelf.rates import Rates, when


def test_a_kind_is_expected_as_it_was_seen_and_another_as_all_were():
    rates = Rates()
    assert rates.expect("train", 10) == 10
    for took in (20, 30, 100):
        rates.see("train", 10, took)
    rates.see("test", 1, 0.5)
    assert rates.expect("train", 20) == 60, "the median of 2, 3 and 10"
    assert rates.expect("test", 2) == 1
    assert rates.expect("other", 10) == 25, "the median of all four"
    rates.see("nothing", 0, 5)
    assert rates.expect("nothing", 10) == 25


def test_the_day_or_the_year_is_named_if_it_is_another():
    noon = time.mktime((2026, 11, 27, 12, 0, 0, 0, 0, 0))
    assert when(3600, noon) == "13:00" and when(86400, noon) == "Sat 28 Nov, 12:00"
    assert when(400 * 86400, noon) == "January 2028"
