"""Changes of shot are found where PySceneDetect is there; else one line says what to do."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from vssl import cli
from vssl.errors import VsslError
from vssl.videos import puppets, shots
from vssl.videos.puppets.encode import encode


def test_without_pyscenedetect_one_line_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "scenedetect", None)  # so that importing it fails
    with pytest.raises(VsslError, match="say `pip install scenedetect`"):
        shots.changes(tmp_path / "film.avi")


def test_a_change_of_shot_is_found_at_its_frame_and_a_still_camera_has_none(tmp_path):
    pytest.importorskip("scenedetect", reason="PySceneDetect is not installed")
    world = puppets.ucf101()
    walk, squat = (puppets.render(world, name, 1, 1)[:40] for name in ("Walk", "Squat"))
    encode(tmp_path / "one.avi", walk, world.fps)
    encode(tmp_path / "two.avi", np.concatenate([walk, squat]), world.fps)
    assert shots.changes(tmp_path / "one.avi") == ()
    assert shots.changes(tmp_path / "two.avi") == (40,)


def test_the_command_names_the_videos_in_which_the_shot_changes(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("VSSL_DATA", str(tmp_path))
    monkeypatch.setattr(shots, "changes", lambda path: (30,) if "Squat_g01" in path.name else ())
    assert cli.main(["data", "shots", "--size", "smoke"]) == 0
    *named, last = capsys.readouterr().out.splitlines()
    assert named and all(line.endswith("new shot at frame 30") for line in named)
    assert all("v_Squat_g01_c" in line for line in named)
    assert last.startswith(f"{len(named)} of ") and "not trained on" in last
