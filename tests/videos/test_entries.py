"""A decode from an entry gives exactly the frames of a sequential decode.

A place is made an entry only after that was checked.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.errors import VideoError
from vssl.videos import decode, entries

FRAMES = 60


def encode(path: Path, codec: str, *, still: bool = False, **options: str) -> Path:
    """Encode a gradient that moves with every frame, or never if it is `still`."""
    rows, columns = np.mgrid[:48, :64]
    with av.open(str(path), "w") as container:
        pixels = options.pop("pix_fmt", "yuv420p")
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        for number in range(FRAMES):
            moved = 0 if still else number
            red, green = rows * 4 + moved * 5, columns * 3 - moved * 7
            picture = np.stack([red, green, rows + columns + moved * 3], axis=-1) % 256
            frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> dict[str, tuple[Path, entries.Survey, np.ndarray]]:
    folder = tmp_path_factory.mktemp("films")
    open_groups = {"x264-params": "open-gop=1"}
    fast = {"preset": "veryfast"}
    paths = {
        "avi with B-frames": encode(folder / "a.avi", "mpeg4", g="12", bf="2", b="1M"),
        "avi": encode(folder / "b.avi", "mpeg4", g="12", b="1M"),
        "mp4": encode(folder / "c.mp4", "libx264", g="15", bf="3", **fast),
        "mp4, open groups": encode(
            folder / "d.mp4", "libx264", g="15", bf="3", **fast, **open_groups
        ),
        "mkv": encode(folder / "e.mkv", "libx264", g="20", **fast),
        "one key frame": encode(folder / "f.avi", "mpeg4", g="250", b="1M"),
    }
    return {
        name: (path, entries.survey(path), np.stack(list(decode.stream(path, 24, 32))))
        for name, path in paths.items()
    }


def test_a_survey_counts_like_a_probe_and_finds_the_key_frames(films):
    for path, found, _ in films.values():
        assert (found.num_frames, found.rate) == (FRAMES, 25.0)
        assert decode.probe(path).num_frames == FRAMES
    surveys = {name: found.entries for name, (_, found, _) in films.items()}
    starts = {name: [entry.frame for entry in found] for name, found in surveys.items()}
    assert starts["avi"] == [12, 24, 36, 48] and starts["avi with B-frames"][:4] == [12, 24, 36, 48]
    assert starts["mkv"] and starts["mp4"]
    assert starts["one key frame"] == []


@settings(max_examples=60, deadline=None)
@given(indices=st.lists(st.integers(0, FRAMES - 1), max_size=10), name=st.integers(0, 5))
def test_any_indices_give_the_same_frames_with_and_without_entries(films, indices, name):
    path, found, every = list(films.values())[name]
    assert np.array_equal(decode.read_frames(path, indices, 24, 32, found.entries), every[indices])


def test_frames_before_the_entry_are_not_decoded(films, monkeypatch):
    decoded = []
    frames = decode.Film.frames

    def noted(self, entry=None):
        for frame in frames(self, entry):
            decoded.append(frame)
            yield frame

    monkeypatch.setattr(decode.Film, "frames", noted)
    path, found, _ = films["avi"]
    decode.read_frames(path, range(50, 54), entries=found.entries)
    assert len(decoded) == 6  # 48 to 53
    decoded.clear()
    decode.read_frames(path, [2, 3, 50, 51], entries=found.entries)
    assert len(decoded) == 4 + 4  # 0 to 3 and 48 to 51, without the frames between them
    decoded.clear()
    decode.read_frames(path, range(50, 54))
    assert len(decoded) == 54


def test_a_still_scene_has_no_entry_because_its_frames_cannot_be_told_apart(tmp_path):
    found = entries.survey(encode(tmp_path / "still.avi", "mpeg4", still=True, g="12", b="1M"))
    assert found.num_frames == FRAMES and found.entries == ()


def test_a_frame_beyond_the_end_is_named(films):
    path, found, _ = films["avi"]
    with pytest.raises(VideoError, match="no frame 60: it has 60 frames"):
        decode.read_frames(path, [3, 60], entries=found.entries)


def unindexed(films, folder: Path) -> Path:
    """Make an AVI without its index, in which a seek depends on what was read before."""
    path = folder / "unindexed.avi"
    path.write_bytes(films["avi"][0].read_bytes().replace(b"idx1", b"JUNK"))
    return path


def joined(films, folder: Path) -> Path:
    """Join two transport streams into one file, in which every time stamp comes twice."""
    one = encode(folder / "one.ts", "libx264", g="12", preset="veryfast")
    path = folder / "joined.ts"
    path.write_bytes(2 * one.read_bytes())
    return path


def cut(films, folder: Path) -> Path:
    """Make an AVI that ends before its index."""
    whole = films["avi"][0].read_bytes()
    path = folder / "cut.avi"
    path.write_bytes(whole[: len(whole) * 7 // 10])
    return path


@pytest.mark.parametrize("make", [unindexed, joined, cut])
def test_files_in_which_seeks_are_wrong_are_read_right(films, tmp_path, make):
    path = make(films, tmp_path)
    every = np.stack(list(decode.stream(path, 24, 32)))
    found = entries.survey(path)
    assert found.num_frames == len(every)
    for first in range(0, len(every) - 8):
        for indices in (np.arange(first, first + 8), np.array([first, len(every) - 1, first // 2])):
            read = decode.read_frames(path, indices, 24, 32, found.entries)
            assert np.array_equal(read, every[indices])


def test_a_seek_that_no_longer_leads_to_the_same_frame_is_noticed(films, tmp_path):
    """A file may be replaced after its survey, here by other pictures or other key frames."""
    path, found, _ = films["avi"]
    for number, codec, options in (
        (1, "mpeg4", {"g": "12", "b": "2M"}),
        (2, "mpeg4", {"g": "7", "b": "1M"}),
    ):
        other = encode(tmp_path / f"{number}.avi", codec, **options)
        every = np.stack(list(decode.stream(other, 24, 32)))
        for indices in ([50, 51], [3, 30, 59]):
            read = decode.read_frames(other, indices, 24, 32, found.entries)
            assert np.array_equal(read, every[indices])
    # These entries do not exist.
    late = [decode.Entry(entry.frame + 1, entry.time, entry.digest + 1) for entry in found.entries]
    read = decode.read_frames(path, [50, 20], 24, 32, late)
    assert np.array_equal(read, films["avi"][2][[50, 20]])


def test_a_file_of_key_frames_only_is_not_tried_at_each_of_them(tmp_path, monkeypatch):
    path = encode(tmp_path / "all.avi", "mjpeg", pix_fmt="yuvj420p")
    seeks = []
    from_key = decode.Film.from_key

    def noted(self, time):
        seeks.append(time)
        return from_key(self, time)

    monkeypatch.setattr(decode.Film, "from_key", noted)
    found = entries.survey(path)
    assert [entry.frame for entry in found.entries] == [12, 24, 36, 48] and len(seeks) == 4


@pytest.mark.parametrize("kind", ["ucf101", "clips"])
def test_real_files_give_the_same_frames_with_entries(realvideo, kind):
    surveyed = 0
    for path in sorted((realvideo / kind).rglob("*.*")):
        if path.suffix == ".txt" or path.name == "corrupted.mp4":
            continue
        found = entries.survey(path)
        every = np.stack(list(decode.stream(path, 24, 32)))
        assert found.num_frames == len(every)
        rng = np.random.default_rng(len(every))
        for _ in range(4):
            indices = rng.integers(len(every), size=5)
            read = decode.read_frames(path, indices, 24, 32, found.entries)
            assert np.array_equal(read, every[indices]), path
        surveyed += len(found.entries) > 0
    assert surveyed > 2


def test_a_broken_file_is_named(realvideo, tmp_path):
    path = Path(shutil.copy(realvideo / "clips" / "corrupted.mp4", tmp_path))
    with pytest.raises(VideoError, match=r"corrupted.mp4 is broken after 28 frames"):
        entries.survey(path)
