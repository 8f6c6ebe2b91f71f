"""Checking a dataset names every video that fails, even one that kills the decoder's process."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from vssl.errors import VideoError
from vssl.videos import check, decode


def stream(path: Path):
    """Replace the decoder: the name of a file decides what happens."""
    if path.stem.startswith("kills"):
        os._exit(11)
    if path.stem.startswith("breaks"):
        yield "a frame"
        raise VideoError(f"{path} is broken after 1 frames")
    yield from ["a frame"] * 3


@pytest.mark.skipif(
    multiprocessing.get_start_method() != "fork",
    reason="the stand-in decoder reaches children by fork only",
)
def test_every_failure_is_named_even_a_fatal_one(monkeypatch):
    monkeypatch.setattr(decode, "stream", stream)
    names = ("good1", "breaks", "kills1", "good2", "kills2", "good3")
    found = check.failures([Path(f"{name}.avi") for name in names], workers=2)
    assert [path.stem for path in found] == ["breaks", "kills1", "kills2"]
    assert found[Path("breaks.avi")] == "breaks.avi is broken after 1 frames"
    line = "kills1.avi cannot be read: it kills the decoder; replace the file"
    assert found[Path("kills1.avi")] == line


def test_real_files_are_read_to_their_end(tmp_path, realvideo):
    whole = realvideo / "clips" / "unordered.mov"
    broken = realvideo / "clips" / "corrupted.mp4"
    absent = tmp_path / "absent.avi"
    found = check.failures([whole, broken, absent], workers=2)
    assert list(found) == [broken, absent]
    assert all(str(path) in reason for path, reason in found.items())


def test_nothing_to_check_is_no_failure():
    assert check.failures([]) == {}
