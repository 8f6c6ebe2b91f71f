"""A set is drawn to disk once and completely, by any number of workers, and can be resumed.

It is never drawn over other files.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from vssl.errors import VsslError
from vssl.videos import puppets
from vssl.videos.puppets import disk
from vssl.videos.puppets.layouts import lists, places
from vssl.videos.puppets.worker import Task, draw_with

TINY = replace(
    puppets.ucf101(),
    classes=("Walk", "Squat"),
    groups=3,
    clips=1,
    frames=(12, 16),
    height=48,
    width=64,
)
SETS = {
    "ucf101": TINY,
    "hmdb51": replace(
        puppets.hmdb51(),
        classes=("walk", "fall_floor"),
        groups=3,
        clips=1,
        frames=(12, 12),
        height=48,
        width=64,
    ),
    "kinetics400": replace(
        puppets.kinetics400(),
        classes=("squat", "punching bag"),
        groups=3,
        clips=1,
        frames=(12, 12),
        height=48,
        width=64,
    ),
}


def contents(root: Path) -> dict[str, bytes]:
    """Return the contents of every file that a reader uses."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name[0] != "."
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The folder of the tiny set, drawn once and by this process alone."""
    return puppets.make(TINY, tmp_path_factory.mktemp("puppets") / "set", workers=1)


@pytest.mark.parametrize("name", SETS)
def test_the_readers_of_the_real_datasets_can_read_a_set(name, tmp_path):
    from vssl.videos.catalogue import open_dataset
    from vssl.videos.datasets import crossing_groups

    world = SETS[name]
    root = puppets.make(world, tmp_path / "set", workers=1)
    dataset = open_dataset(name, root)
    assert len(dataset.videos) == world.videos and set(dataset.classes) == set(world.classes)
    assert dataset.stand_in and dataset.digest == puppets.digest(world)
    assert not crossing_groups(dataset) and not dataset.missing
    assert all(len(train) and len(test) for train, test in dataset.splits)


def test_a_set_has_its_videos_its_lists_and_a_manifest(whole):
    found = contents(whole)
    videos = {place.path for place in places(TINY)}
    assert set(found) == videos | set(lists(TINY)) | {"manifest.json"}
    manifest = json.loads(found["manifest.json"])
    assert manifest["digest"] == puppets.digest(TINY) and manifest["stand_in"] is True
    assert (manifest["name"], manifest["videos"]) == ("ucf101", 6)
    assert manifest["world"] == json.loads(json.dumps(asdict(TINY)))


def test_the_videos_show_the_frames_that_were_drawn(whole):
    import av
    import numpy as np

    for place in places(TINY):
        with av.open(str(whole / place.path)) as container:
            stream = container.streams.video[0]
            codec = stream.codec_context
            assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
            assert stream.average_rate == 25
            decoded = list(container.decode(stream))
            shown = np.stack([frame.to_ndarray(format="rgb24") for frame in decoded])
        drawn = puppets.render(TINY, place.class_name, place.group, place.clip)
        assert len(shown) == len(drawn)
        assert all(frame.key_frame for frame in decoded[::12])
        assert np.abs(shown.astype(float) - drawn).mean() < 12


def test_two_workers_write_the_same_bytes_as_one(whole, tmp_path):
    assert contents(puppets.make(TINY, tmp_path / "set", workers=2)) == contents(whole)


def test_only_missing_videos_are_drawn_again(whole, tmp_path):
    root = Path(shutil.copytree(whole, tmp_path / "set"))
    before, gone = contents(root), [place.path for place in places(TINY)][1::3]
    videos = [path for path in before if path.endswith(".mp4")]
    kept = {path: (root / path).stat().st_mtime_ns for path in videos if path not in gone}
    for path in gone:
        (root / path).unlink()
    assert puppets.make(TINY, root, workers=1) == root
    assert contents(root) == before
    assert {path: (root / path).stat().st_mtime_ns for path in kept} == kept


def test_a_complete_set_is_not_touched(whole, monkeypatch):
    monkeypatch.setattr(disk, "_draw_missing", lambda *_: pytest.fail("drew again"))
    assert puppets.make(TINY, whole) == whole


def test_a_set_goes_to_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VSSL_DATA", str(tmp_path))
    world = replace(TINY, groups=2)
    assert puppets.make(world, workers=1) == puppets.folder(world)
    assert puppets.folder(world).is_relative_to(tmp_path)


def start(world: puppets.World, root: Path, workers: int = 2) -> subprocess.Popen:
    """Draw in another process that can be killed."""
    fields = (
        f"classes={world.classes}, groups={world.groups}, clips={world.clips}, "
        f"frames={world.frames}, height=48, width=64"
    )
    code = (
        "from dataclasses import replace; from pathlib import Path;"
        "from vssl.videos import puppets;"
        f"puppets.make(replace(puppets.ucf101(), {fields}), Path({str(root)!r}), workers={workers})"
    )
    return subprocess.Popen([sys.executable, "-c", code])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_is_continued(workers, tmp_path):
    world, root = replace(TINY, clips=4, frames=(40, 40)), tmp_path / "set"
    process = start(world, root, workers)
    deadline = time.monotonic() + 60
    while len(list(root.rglob("*.mp4"))) < 3:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (root / "manifest.json").exists()
    assert len(list(root.rglob("v_*.mp4"))) < world.videos
    puppets.make(world, root, workers=1)
    assert contents(root) == contents(puppets.make(world, tmp_path / "other", workers=1))
    assert not list(root.rglob("*.tmp"))


def test_two_processes_at_once_draw_a_set_once(tmp_path, whole):
    root = tmp_path / "set"
    both = [start(TINY, root, workers=1) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert contents(root) == contents(whole)


def test_another_world_in_the_folder_is_refused(whole):
    other = replace(TINY, seed=1)
    with pytest.raises(VsslError, match=f"{puppets.digest(TINY)}, not {puppets.digest(other)}"):
        puppets.make(other, whole)


def test_a_half_drawn_other_world_is_refused(tmp_path, whole):
    root = Path(shutil.copytree(whole, tmp_path / "set"))
    (root / "manifest.json").unlink()
    with pytest.raises(VsslError, match="holds the puppets"):
        puppets.make(replace(TINY, seed=1), root)


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "UCF-101").mkdir()
    with pytest.raises(VsslError, match="holds other files"):
        puppets.make(TINY, tmp_path)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(VsslError, match="not a folder"):
        puppets.make(TINY, tmp_path / "file")


def test_a_damaged_manifest_is_named(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(VsslError, match=r"manifest\.json is damaged"):
        puppets.make(TINY, tmp_path)


def test_a_full_disk_is_reported_before_drawing(tmp_path, monkeypatch):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(VsslError, match="not enough space"):
        puppets.make(TINY, tmp_path / "set")
    assert not list((tmp_path / "set").rglob("*.mp4"))


def test_there_must_be_a_worker(tmp_path):
    with pytest.raises(VsslError, match="workers"):
        puppets.make(TINY, tmp_path / "set", workers=0)


def test_a_failure_in_a_worker_is_reported_in_one_line(tmp_path):
    (tmp_path / "UCF-101").write_text("in the way")
    paths = [f"UCF-101/Walk/v_Walk_g{group:02d}_c01.mp4" for group in (1, 2)]
    tasks = [Task("Walk", group, ((1, path),)) for group, path in enumerate(paths, 1)]
    with pytest.raises((VsslError, OSError)) as caught:
        list(draw_with(2, TINY, tmp_path, tasks))
    assert isinstance(caught.value, VsslError) and "\n" not in str(caught.value)


def test_a_worker_that_dies_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    tasks = [Task("Walk", 1, ((1, "a.mp4"),)), Task("Walk", 2, ((1, "b.mp4"),))]
    with pytest.raises(VsslError, match="ended with status"):
        list(draw_with(2, TINY, tmp_path, tasks))


def test_workers_end_with_their_caller(tmp_path):
    """The workers stop after their next video instead of drawing a whole large world."""
    tasks = [Task("Walk", 1, tuple((clip, f"{clip}.mp4") for clip in range(1, 200)))]
    world = replace(TINY, clips=200, frames=(40, 40))
    threads = threading.active_count()
    reports = draw_with(1, world, tmp_path, tasks)
    next(reports)
    reports.close()
    time.sleep(0.2)
    drawn = len(list(tmp_path.glob("*.mp4")))
    time.sleep(0.3)
    assert len(list(tmp_path.glob("*.mp4"))) == drawn < 199 and threading.active_count() == threads


def test_drawing_does_not_load_torch():
    code = (
        "import sys; from vssl.videos.puppets import disk, worker;"
        "print(sorted({'torch', 'av', 'matplotlib'} & set(sys.modules)))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(puppets.__file__).parents[3])}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert found.stdout.strip() == "[]"
