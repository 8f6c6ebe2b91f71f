"""Shared by all tests: one thread, empty folders for runs and figures, optional real videos."""

from __future__ import annotations

import os
from pathlib import Path

# Set before torch is imported. Two tests with a thread each are faster than one test with two.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("VSSL_QUIET", "1")

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Keep the project's own runs and figures away from every test."""
    monkeypatch.setenv("VSSL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("VSSL_FIGURES", str(tmp_path / "figures"))


@pytest.fixture(scope="session")
def realvideo() -> Path:
    """Return the folder of real videos and official annotation files.

    They are not part of the project, and tests that need them are skipped where they are missing.
    """
    folder = ROOT.parent / "shared" / "realvideo"
    if not folder.is_dir():
        pytest.skip(f"no real videos at {folder.name}/ beside the checkout")
    return folder


@pytest.fixture(scope="module")
def puppet_data(tmp_path_factory):
    """The folder of a tiny set of puppets, drawn once for each file of tests."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def tiny(puppet_data, monkeypatch):
    """The smoke scale on a dozen short puppet videos of two classes."""
    from dataclasses import replace

    from vssl.lab import profile, resolve

    monkeypatch.setenv("VSSL_DATA", str(puppet_data))
    smoke = resolve("smoke")
    worlds = {"ucf101": {"classes": ("Walk", "Squat"), "groups": 6, "clips": 1, "frames": (12, 16)}}
    sizes = replace(smoke.sizes, worlds=worlds)
    monkeypatch.setitem(profile.PROFILES, "smoke", sizes)
    return replace(smoke, sizes=sizes)


@pytest.fixture
def memory_frames():
    """A maker of frame stores in memory: `memory_frames((20, 30))` has two videos of noise."""
    from memory import MemoryFrames

    return MemoryFrames
