"""The planning page agrees with the ledger and the stated rates."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import planning
from vssl.errors import VsslError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scaling.md"


def test_the_page_is_up_to_date_with_the_ledger():
    assert PAGE.read_text(encoding="utf-8") == planning.page(), (
        "run: python -m benchmarks.planning > docs/scaling.md"
    )


def test_hours_agree_with_those_by_hand():
    """Pace on UCF101: 9,537 videos for 18 epochs of ten passes.

    A clip takes 21.36 G multiply-adds, and 40.7 G through R3D-18.
    """
    job = planning.JOBS[0]
    assert job.clips == 9537 * 180
    assert job.hours(425, 1) == pytest.approx(9537 * 180 * 21.362 / 40.7 / 425 / 3600, rel=1e-3)
    assert job.hours(425, 8) == pytest.approx(job.hours(425, 1) / 8)
    assert planning.JOBS[3].clips == 240_000 * 2 * 800


def test_an_empty_ledger_is_named():
    with pytest.raises(VsslError, match="no row of store"):
        planning.page([])
