"""What every test shares: one thread, an empty home for data and runs, and the optional folder of real videos."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before torch is imported: two threads a test lose to two tests
os.environ.setdefault("VSSL_QUIET", "1")

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """No test reads or writes the project's own runs and figures."""
    monkeypatch.setenv("VSSL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("VSSL_FIGURES", str(tmp_path / "figures"))


@pytest.fixture(scope="session")
def realvideo() -> Path:
    """Real videos and official annotation files, not part of the project: tests that need them are skipped without."""
    folder = ROOT.parent / "shared" / "realvideo"
    if not folder.is_dir():
        pytest.skip(f"no real videos at {folder.name}/ beside the checkout")
    return folder


@pytest.fixture
def memory_frames():
    """A frame store of random pixels in memory: `memory_frames((20, 30))` has two videos."""
    from memory import MemoryFrames

    return MemoryFrames
