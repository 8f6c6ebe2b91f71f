"""The frame store holds exactly the frames that a decode gives.

A kill, a crash, a full disk or a damaged file loses nothing without a message.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl import files
from vssl.errors import VideoError, VsslError
from vssl.videos import building, decode
from vssl.videos.journal import FORMAT
from vssl.videos.readers.ucf101 import read as ucf101
from vssl.videos.store import FrameStore, OnTheFly, state

SIZE = (24, 32)


def encode(path: Path, frames: int, seed: int) -> None:
    """Encode smooth noise that drifts, so that all frames of all videos differ."""
    rng = np.random.default_rng(seed)
    field = np.kron(rng.integers(256, size=(8, 10, 3)), np.ones((8, 8, 1)))  # [64, 80, 3]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25, options={"bf": "2", "g": "12"})
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for number in range(frames):
            picture = np.roll(field, (number, 2 * number), axis=(0, 1))[:32, :48].astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.fixture(scope="session")
def videos(tmp_path_factory) -> Path:
    """A set of two classes with three performers and two clips each, of 9 to 20 frames."""
    root = tmp_path_factory.mktemp("ucf")
    clips = [(c, g, k) for c in ("Jump", "Walk") for g in (1, 2, 3) for k in (1, 2)]
    names = [f"{c}/v_{c}_g{g:02d}_c{k:02d}.avi" for c, g, k in clips]
    test = [name for name in names if "_g01_" in name]
    train = [f"{name} 1" for name in names if "_g01_" not in name]
    lists = root / "ucfTrainTestlist"
    lists.mkdir()
    (lists / "classInd.txt").write_text("1 Jump\n2 Walk\n")
    (lists / "testlist01.txt").write_text("\n".join(test))
    (lists / "trainlist01.txt").write_text("\n".join(train))
    for number, name in enumerate(names):
        (root / "UCF-101" / name).parent.mkdir(parents=True, exist_ok=True)
        encode(root / "UCF-101" / name, 9 + number, number)
    return root


@pytest.fixture
def own(videos, tmp_path, monkeypatch) -> Path:
    """A copy of the videos that a test may damage, with an empty place for stores."""
    monkeypatch.setenv("VSSL_DATA", str(tmp_path / "data"))
    return Path(shutil.copytree(videos, tmp_path / "ucf"))


@pytest.fixture(scope="session")
def whole(videos, tmp_path_factory) -> tuple:
    """A complete store and its twin that decodes on the fly, for tests that only read."""
    folder, dataset = tmp_path_factory.mktemp("stores"), ucf101(videos)
    store = FrameStore.build(dataset, *SIZE, folder=folder / "kept")
    return dataset, store, OnTheFly(dataset, *SIZE, folder=folder / "counted")


def build(dataset, size: tuple[int, int] = SIZE, **options) -> FrameStore:
    """Build a store by one worker; a second one would cost more than it saves here."""
    return FrameStore.build(dataset, *size, workers=1, **options)


def expected(dataset, video: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.stack(list(decode.stream(dataset.videos[video].path, *size)))


def check(dataset, store) -> None:
    """Compare every frame of every video with the decoder's."""
    assert store.num_frames.tolist() == [9 + number for number in range(12)]
    for video in range(12):
        assert np.array_equal(store.frames(video), expected(dataset, video))


def test_every_frame_is_the_decoders(whole):
    dataset, store, twin = whole
    check(dataset, store)
    check(dataset, twin)
    assert store.failed == {} and (store.height, store.width) == SIZE
    assert store.fps.tolist() == twin.fps.tolist() == [25.0] * 12
    assert twin.key != store.key and dataset.digest in store.key
    assert not (twin.folder / "frames.u8").exists()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_gather_copies_the_frames_asked_for(whole, data):
    dataset, store, twin = whole
    video = data.draw(st.integers(0, 11))
    frames = np.array(data.draw(st.lists(st.integers(0, 8 + video), min_size=1, max_size=8)))
    at_a_pace = np.arange(frames[0], 9 + video, 2)
    frames = data.draw(st.sampled_from([frames, at_a_pace, np.sort(frames)[::-1]]))
    clip = store.gather(video, frames)  # [T, H, W, 3]
    assert type(clip) is np.ndarray and clip.dtype == np.uint8
    assert np.array_equal(clip, expected(dataset, video)[frames])
    assert np.array_equal(twin.gather(video, frames), clip)
    top, left = data.draw(st.integers(0, SIZE[0] - 4)), data.draw(st.integers(0, SIZE[1] - 6))
    for either in (store, twin):
        out = np.empty((len(frames), 4, 6, 3), np.uint8)
        window = either.gather(video, frames, (top, left, 4, 6), out)
        assert window is out and np.array_equal(out, clip[:, top : top + 4, left : left + 6])
    clip[:] = 0  # the clip is a copy, so this does not change the store
    assert store.gather(video, frames).any()


def test_a_gather_never_reads_frames_of_another_video(whole):
    _, store, twin = whole
    for frames in ([-1], [0, 9], [100]):
        for either in (store, twin):
            with pytest.raises(VideoError, match="frames 0 to 8"):
                either.gather(0, np.array(frames))
    with pytest.raises(ValueError, match="read-only"):
        store.frames(0)[:] = 0


def test_a_store_is_sent_to_another_process_as_its_folder(whole):
    dataset, store, _ = whole
    sent = pickle.dumps(store)
    assert len(sent) < 2000
    check(dataset, pickle.loads(sent))


def test_a_complete_store_opens_without_a_decoder(own, monkeypatch):
    dataset = ucf101(own)
    first = build(dataset)
    assert not (first.folder / "journal.jsonl").exists() and first.folder.parent.name == "stores"
    monkeypatch.setattr(building, "build", lambda *_: pytest.fail("decoded again"))
    shutil.rmtree(own / "UCF-101")  # a complete store does not need the videos
    again = build(dataset)
    assert again.key == first.key and np.array_equal(again.pixels, first.pixels)


def test_another_size_or_rate_is_another_store(own):
    dataset = ucf101(own)
    stores = [build(dataset), build(dataset, (16, 16)), build(dataset, fps=12.5)]
    assert len({store.key for store in stores}) == 3
    with pytest.raises(VsslError, match="another store"):
        build(dataset, (16, 16), folder=stores[0].folder)


@pytest.mark.parametrize("fps", [10.0, 25.0, 40.0])
def test_another_frame_rate_takes_the_frames_shown_at_its_times(own, fps):
    """Frame k is the frame that is shown at time k / fps."""
    dataset = ucf101(own)
    store, twin = build(dataset, fps=fps), OnTheFly(dataset, *SIZE, workers=1, fps=fps)
    for video in (0, 11):
        frames = expected(dataset, video)
        numbers = [(k * 25) // int(fps) for k in range(1000)]
        shown = [frames[number] for number in numbers if number < len(frames)]
        assert np.array_equal(store.frames(video), shown)
        assert np.array_equal(twin.frames(video), shown)
    assert store.fps.tolist() == [fps] * 12


def test_videos_that_fail_are_listed(own):
    path = own / "UCF-101/Walk/v_Walk_g02_c01.avi"
    dataset = ucf101(own)
    path.write_bytes(bytes(5000))
    dataset.videos[3].path.unlink()  # after the lists were read and before the build
    for store in (build(dataset), OnTheFly(dataset, *SIZE, workers=1)):
        assert set(store.failed) == {dataset.videos[3].name, "v_Walk_g02_c01"}
        assert str(path) in store.failed["v_Walk_g02_c01"]
        assert "no such file" in store.failed[dataset.videos[3].name]
        assert [video for video in range(12) if store.num_frames[video] == 0] == [3, 8]
        assert np.array_equal(store.frames(9), expected(dataset, 9))
        with pytest.raises(VideoError, match="could not be decoded"):
            store.gather(8, np.array([0]))


def test_a_set_without_a_readable_video_is_refused(own):
    dataset = ucf101(own)
    for video in dataset.videos:
        video.path.write_bytes(b"nothing")
    with pytest.raises(VsslError, match="no video could be decoded"):
        build(dataset)


@pytest.mark.parametrize("damage", ["frames.u8", "longer", "index.json", "format", "lengths"])
def test_the_error_for_a_damaged_store_names_what_to_delete(own, damage):
    dataset = ucf101(own)
    folder = build(dataset).folder
    index = json.loads((folder / "index.json").read_text())
    if damage == "frames.u8":
        (folder / damage).write_bytes((folder / damage).read_bytes()[:-1])
    elif damage == "longer":
        (folder / "frames.u8").write_bytes((folder / "frames.u8").read_bytes() + b"x")
    elif damage == "index.json":
        (folder / damage).write_text((folder / damage).read_text()[:50])
    else:
        changed = {"format": 99} if damage == "format" else {"fps": index["fps"][1:]}
        (folder / "index.json").write_text(json.dumps(index | changed))
    with pytest.raises(VsslError, match=f"delete ({folder}|that folder)") as raised:
        build(dataset)
    assert str(folder) in str(raised.value) and "\n" not in str(raised.value)


def test_files_that_changed_are_decoded_again_and_files_that_are_gone_are_not_missed(own):
    dataset = ucf101(own)
    first, second = dataset.videos[0].path, dataset.videos[1].path
    whole = first.read_bytes()
    first.write_bytes(b"x" * len(whole))
    broken = build(dataset)
    assert broken.failed and broken.checksums[0] == "" and state(dataset, *SIZE) == "whole"
    first.write_bytes(whole)  # mended, at the same size
    os.utime(first, ns=(1, 1))
    assert state(dataset, *SIZE) == "outdated"
    mended = build(dataset)
    assert not mended.failed and mended.checksums[1:] == broken.checksums[1:]
    check(dataset, mended)
    assert (broken.frames(1) == mended.frames(1)).all(), "who reads the old store still can"
    os.utime(second, ns=(1, 1))
    assert state(dataset, *SIZE) == "whole", "a copy of the files has other dates"
    other = whole + bytes(100)
    first.write_bytes(other)
    assert state(dataset, *SIZE) == "outdated"
    build(dataset)
    second.unlink()
    assert state(dataset, *SIZE) == "whole"


def test_the_checksum_of_a_video_is_that_of_its_stored_frames(own):
    store = build(ucf101(own))
    for video, checksum in enumerate(store.checksums):
        stored = np.ascontiguousarray(store.frames(video))
        assert hashlib.blake2b(stored, digest_size=8).hexdigest() == checksum


def test_impossible_settings_and_places_are_refused(own):
    dataset = ucf101(own)
    for size in ((128, 171), (0, 10), (24, 0)):
        with pytest.raises(VsslError, match="even width"):
            build(dataset, size)
    with pytest.raises(VsslError, match="frame rate is positive"):
        build(dataset, fps=0)
    with pytest.raises(VsslError, match="no frame store at"):
        FrameStore(own / "nowhere")
    (own / "file").touch()
    with pytest.raises(VsslError, match="cannot write"):
        build(dataset, folder=own / "file" / "store")


def test_a_full_disk_is_noticed_before_the_start(own, monkeypatch):
    dataset = ucf101(own)
    needed = sum(range(9, 21)) * 24 * 32 * 3
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed // 2))
    with pytest.raises(VsslError, match=r"needs about 0\.0 GB and .* has 0\.0 GB free"):
        build(dataset, folder=own / "chosen")
    OnTheFly(dataset, *SIZE, workers=1)  # needs no space
    # The estimate is right within a tenth.
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed * 1.1))
    check(dataset, build(dataset, folder=own / "chosen"))


def test_what_does_not_fit_in_the_usual_place_is_decoded_on_the_fly_and_this_is_said(
    own, monkeypatch
):
    dataset = ucf101(own)
    whole = build(dataset, folder=own / "elsewhere")
    needed = sum(range(9, 21)) * 24 * 32 * 3
    assert state(dataset, *SIZE) == "absent"
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed // 2))
        with pytest.warns(UserWarning, match=r"GB free: each clip is decoded anew"):
            chosen = FrameStore.build(dataset, *SIZE, workers=1)
        assert isinstance(chosen, OnTheFly)
        assert state(dataset, *SIZE) == "whole"
        frames = np.array([3, 1, 5])
        assert np.array_equal(chosen.gather(0, frames), whole.gather(0, frames))
    # With room enough the frames are kept after all.
    assert state(dataset, *SIZE) == "absent"
    assert isinstance(FrameStore.build(dataset, *SIZE, workers=1), FrameStore)
    assert state(dataset, *SIZE) == "whole"


def test_a_disk_that_fills_during_the_build_keeps_what_is_done(own, monkeypatch):
    """A limit on the size of a file replaces a full disk: a write beyond it is an OSError."""
    dataset = ucf101(own)
    limit = 100 * 24 * 32 * 3
    full = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    full += "; import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    with monkeypatch.context() as patch:
        patch.setattr(building, "WORKER", f"{full}\n{building.WORKER}")
        line = r"cannot write the frame store .*; what is done is kept"
        with pytest.raises(VsslError, match=line):
            build(dataset)
    todo = spy(monkeypatch)
    check(dataset, build(dataset))
    assert 0 < len(todo) < 12


def spy(monkeypatch) -> list[int]:
    """Return a list to which the next build adds the videos that it decodes."""
    decoded, decode_all = [], building._decode

    def noted(plan, todo, count):
        decoded.extend(todo)
        return decode_all(plan, todo, count)

    monkeypatch.setattr(building, "_decode", noted)
    return decoded


CRASH = """
import os, time
from vssl.videos import building, decode
real = decode.stream
def stream(path, *size):
    if "Walk_g02_c01" in str(path): {}
    return real(path, *size)
decode.stream = stream
building.work()
"""


def test_a_crash_of_the_decoder_is_that_videos_failure(own, monkeypatch):
    monkeypatch.setattr(building, "WORKER", CRASH.format("os.abort()"))
    dataset = ucf101(own)
    store = FrameStore.build(dataset, *SIZE, workers=2)
    assert list(store.failed) == ["v_Walk_g02_c01"] and "SIGABRT" in store.failed["v_Walk_g02_c01"]
    for video in set(range(12)) - {8}:
        assert np.array_equal(store.frames(video), expected(dataset, video))


@pytest.mark.parametrize(
    ("death", "message"),
    [("os.kill(os.getpid(), 9)", "SIGKILL; out of memory"), ("os._exit(3)", "code 3")],
)
def test_a_killed_worker_ends_the_build_and_loses_nothing(own, monkeypatch, death, message):
    dataset = ucf101(own)
    with monkeypatch.context() as patch:
        patch.setattr(building, "WORKER", CRASH.format(death))
        with pytest.raises(VsslError, match=f"{message}.*v_Walk_g02_c01.avi; what is done is kept"):
            build(dataset)
    todo = spy(monkeypatch)
    check(dataset, build(dataset))
    assert todo == [8, 9, 10, 11]


SLOW = """
import sys, time
from vssl.videos import building
from vssl.videos.readers.ucf101 import read as ucf101
from vssl.videos.store import FrameStore
building.WORKER = "import time; from vssl.videos import journal; append = journal.append\\n" \\
    "def slow(*all): append(*all); time.sleep(0.15)\\n" \\
    "journal.append = slow\\n" + building.WORKER
store = FrameStore.build(ucf101(sys.argv[1]), 24, 32, workers=2)
assert "torch" not in sys.modules
print(store.pixels.sum(dtype=int))
"""


def test_a_kill_of_the_builder_loses_nothing(own, monkeypatch):
    dataset = ucf101(own)
    folder = own.parent / "data" / "stores" / f"ucf101-{dataset.digest}-24x32-v{FORMAT}"
    book = folder / "journal.jsonl"

    def written() -> int:
        return book.read_bytes().count(b"\n") if book.exists() else 1

    for _ in range(2):  # killed twice, each time a little further
        before, until = written(), time.monotonic() + 60
        builder = subprocess.Popen([sys.executable, "-c", SLOW, str(own)])
        while written() < before + 3 and time.monotonic() < until:
            time.sleep(0.01)
        builder.send_signal(signal.SIGKILL)
        assert builder.wait() == -signal.SIGKILL
    # The workers that still run stop when they get the lock, because their builder is dead.
    with files.locked(folder / "append.lock"):
        assert not (folder / "index.json").exists()
        with open(folder / "frames.u8", "ab") as frames:
            frames.write(b"half a video")  # as if a worker had been writing it
        with open(book, "ab") as journal:
            journal.write(b'{"video": 5, "fra')  # as if the power had failed
    todo = spy(monkeypatch)
    store = build(dataset)
    check(dataset, store)
    assert 0 < len(todo) <= 6 and store.folder == folder
    left = {path.name for path in folder.iterdir()}
    assert left == {"frames.u8", "index.json", "lock", "append.lock"}


def test_an_unfinished_store_of_another_set_or_with_lost_frames_is_refused(own, monkeypatch):
    dataset = ucf101(own)
    with monkeypatch.context() as patch:
        patch.setattr(building, "WORKER", CRASH.format("os._exit(1)"))
        with pytest.raises(VsslError):
            build(dataset, folder=own / "store")
    with pytest.raises(VsslError, match="beginning of another store"):
        build(dataset, (16, 16), folder=own / "store")
    (own / "store" / "frames.u8").unlink()
    with pytest.raises(VsslError, match=r"frames.u8 is shorter .* delete the folder"):
        build(dataset, folder=own / "store")


def test_two_builders_at_once_make_one_store(own):
    command = [sys.executable, "-c", SLOW, str(own)]
    builders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    sums = [builder.communicate(timeout=60)[0] for builder in builders]
    dataset = ucf101(own)
    store = build(dataset)
    check(dataset, store)
    assert sums == [f"{store.pixels.sum(dtype=int)}\n"] * 2
    assert store.total == sum(range(9, 21))  # nothing was written twice


def test_real_videos_at_the_papers_size(realvideo, tmp_path):
    dataset = ucf101(realvideo / "ucf101")
    store = FrameStore.build(dataset, 128, 172, folder=tmp_path / "store")
    assert len(dataset.missing) == 370 and store.failed == {}
    assert store.total == sum(store.num_frames) == 2920
    for video in (0, 11, 23):
        assert np.array_equal(store.frames(video), expected(dataset, video, (128, 172)))
