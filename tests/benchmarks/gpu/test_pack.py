"""What travels to a machine without a network is small, of a commit, and complete."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from benchmarks.gpu import pack
from vssl.errors import VsslError
from vssl.lab import machine

ROOT = Path(__file__).resolve().parents[3]
WHEELS = 45_000_000  # measured: 42 MB, of which PyAV's alone is 36


def checkout() -> bool:
    return (ROOT / ".git").exists()


@pytest.mark.skipif(not checkout(), reason="what is tracked is known in a checkout only")
def test_tracked_files_leave_room_for_the_wheels():
    assert pack.travelling(ROOT) + WHEELS <= pack.MOST_BYTES


@pytest.mark.skipif(not checkout(), reason="what is tracked is known in a checkout only")
def test_the_trained_nets_stay_at_home():
    nets = pack.below(ROOT / pack.HOME)
    names = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True
    ).stdout.split("\0")
    everything = sum((ROOT / name).stat().st_size for name in names if (ROOT / name).is_file())
    assert nets > 0 and pack.travelling(ROOT) + nets == everything


@pytest.mark.skipif(not checkout(), reason="what is tracked is known in a checkout only")
def test_only_figures_that_a_page_shows_are_tracked():
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "figures"], capture_output=True, text=True, check=True
    )
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    shown = {name for page in pages for name in re.findall(r"figures/\w+\.\w+", page.read_text())}
    assert set(listed.stdout.split()) == shown


def test_a_tree_with_changes_is_refused_and_a_clean_one_writes_its_commit(tmp_path):
    for here in ("abc+", "unknown"):
        with pytest.raises(VsslError, match="commit them first"):
            pack.pack(tmp_path, here)
    assert not (tmp_path / "COMMIT").exists()
    pack.pack(tmp_path, "abc123")
    assert (tmp_path / "COMMIT").read_text() == "abc123\n"


def test_the_commit_of_a_packed_tree_is_read_from_its_file(tmp_path, monkeypatch):
    monkeypatch.setenv("VSSL_ROOT", str(tmp_path))
    pack.pack(tmp_path, "abc123")
    assert machine.commit.__wrapped__() == "abc123"
    (tmp_path / ".git").mkdir()  # in a checkout the file says nothing
    assert machine.commit.__wrapped__() != "abc123"


def test_packages_have_the_versions_of_the_lock():
    lock = "av==18.1.0 \\\n    --hash=x\nPygments==2.1 ; python_version > '3'\n"
    assert pack.pinned(lock, "av six") == ["av==18.1.0", "six"]
    real = pack.pinned((ROOT / "requirements.lock").read_text())
    assert all("==" in name for name in real if name.split("==")[0] in ("av", "papermill", "pyzmq"))
