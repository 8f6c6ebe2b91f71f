"""Frame i is the i-th frame of a sequential decode, for every kind of file.

However broken a file is, it neither hangs nor kills the reader.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl.errors import VideoError, VsslError
from vssl.videos import decode, pictures

SOUND = (
    "av1_video.mkv",
    "bt709_full_range.mp4",
    "demo.mp4",
    "demo_spatiotemporal_det.mp4",
    "flipping_a_pancake.mkv",
    "h264_10bits.mp4",
    "h265_video.mp4",
    "ntu_sample.avi",
    "part_0.mp4",
    "test.avi",
    "unordered.mov",
    "v_GGSY1Qvo990.mp4",
    "video_0.mov",
    "video_90.mov",
    "video_180.mov",
    "video_270.mov",
)
SECONDS = 30.0  # a hang takes longer, and a good file about a tenth of a second


def plain_decode(path: Path) -> np.ndarray:
    """Decode a file in the plainest way with PyAV, as the reference."""
    with av.open(str(path)) as container:
        frames = [
            np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
            for frame in container.decode(video=0)
        ]
    return np.stack(frames)


def encode(
    path: Path,
    codec: str = "libx264",
    frames: int = 30,
    size: tuple[int, int] = (48, 64),
    rate: int = 25,
    **options: str,
) -> Path:
    """Encode a moving gradient with a frame counter in its corner, so that all frames differ."""
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            red, green = rows * 4 + number * 5, columns * 3 - number * 7
            picture = np.stack([red, green, rows + columns + number * 3], axis=-1) % 256
            picture[:16, :16] = number * 8
            frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tiny")
    return {
        "mp4": encode(folder / "h264.mp4", g="10", bf="2", b="1M"),
        "avi": encode(folder / "mpeg4.avi", "mpeg4", g="12", bf="2", b="1M"),
    }


@pytest.mark.parametrize("name", SOUND)
def test_clips_match_a_plain_decode(realvideo, name):
    check_parity(realvideo / "clips" / name)


def test_every_ucf101_file_matches_a_plain_decode(realvideo):
    paths = sorted((realvideo / "ucf101").rglob("*.avi"))
    assert len(paths) == 24
    for path in paths:
        check_parity(path)


def check_parity(path: Path) -> None:
    expected = plain_decode(path)  # [T, H, W, 3]
    began = time.monotonic()
    found = decode.probe(path)
    assert (found.num_frames, found.height, found.width) == expected.shape[:3]
    assert found.fps > 0 and found.codec
    number = -1
    for number, frame in enumerate(decode.stream(path)):
        assert frame.dtype == np.uint8
        assert np.array_equal(frame, expected[number]), f"frame {number}"
    assert number + 1 == len(expected)
    drawn = np.random.default_rng(len(expected)).integers(len(expected), size=6)
    many = np.concatenate([drawn, np.repeat(np.sort(drawn)[::-1], 2), [len(expected) - 1]])
    for indices in (many, [0]):
        assert np.array_equal(decode.read_frames(path, indices), expected[indices])
    with pytest.raises(VideoError, match=f"{len(expected)} frames"):
        decode.read_frames(path, [len(expected)])
    assert time.monotonic() - began < SECONDS


def test_the_files_really_have_what_is_difficult_to_decode(tiny, realvideo):
    def decoded(path):
        with av.open(str(path)) as container:
            frames = container.decode(video=0)
            return [(frame.pts, PictureType(frame.pict_type).name) for frame in frames]

    for path in (*tiny.values(), realvideo / "clips" / "test.avi"):
        assert "B" in {kind for _, kind in decoded(path)}
    for name in ("test.avi", "ntu_sample.avi"):
        times = [time for time, _ in decoded(realvideo / "clips" / name)]
        assert times != sorted(times)
    with av.open(str(realvideo / "clips" / "flipping_a_pancake.mkv")) as container:
        assert container.streams.video[0].frames == 0


def test_a_probe_finds_rate_and_codec(realvideo):
    names = ("v_GGSY1Qvo990.mp4", "demo_spatiotemporal_det.mp4", "av1_video.mkv")
    probes = [decode.probe(realvideo / "clips" / name) for name in names]
    assert [round(found.fps, 2) for found in probes] == [19.62, 6.0, 25.0]
    assert [found.codec for found in probes] == ["h264", "h264", "av1"]


def test_rotated_files_are_shown_upright(realvideo):
    shapes = [decode.probe(realvideo / "clips" / f"video_{turn}.mov") for turn in (0, 90, 180, 270)]
    sizes = [(found.height, found.width) for found in shapes]
    assert sizes == [(320, 568), (568, 320), (320, 568), (568, 320)]
    for turn in (0, 90, 180, 270):
        path = realvideo / "clips" / f"video_{turn}.mov"
        small = next(decode.stream(path, 64, 48)).astype(int)
        full = next(decode.stream(path)).astype(int)
        assert small.shape == (64, 48, 3)
        blocks = full[: full.shape[0] // 4 * 4, : full.shape[1] // 4 * 4]

        def quarter(picture):
            rows = np.array_split(picture, 2)
            return [part.mean() for row in rows for part in np.array_split(row, 2, axis=1)]

        # A picture is turned before it is resized, so the quarters keep their places.
        assert np.abs(np.subtract(quarter(small), quarter(blocks))).max() < 3


def test_a_display_matrix_may_mirror_and_turn():
    for matrix, turn in {
        (1, 0, 0, 1): lambda x: x,
        (-1, 0, 0, 1): lambda x: x[:, ::-1],
        (1, 0, 0, -1): lambda x: x[::-1],
        (-1, 0, 0, -1): lambda x: x[::-1, ::-1],
        (0, 1, -1, 0): lambda x: np.rot90(x, -1),
        (0, -1, 1, 0): lambda x: np.rot90(x),
        (0, 1, 1, 0): lambda x: x.transpose(1, 0, 2),
        (0, -1, -1, 0): lambda x: np.rot90(x, 2).transpose(1, 0, 2),
    }.items():
        picture = np.random.default_rng(0).integers(256, size=(4, 6, 3))
        expected = np.zeros_like(turn(picture))
        # The definition, pixel by pixel: x' = a x + c y, y' = b x + d y, moved back to begin at 0.
        a, b, c, d = matrix
        points = [(a * x + c * y, b * x + d * y, x, y) for y in range(4) for x in range(6)]
        left, top = min(point[0] for point in points), min(point[1] for point in points)
        for across, down, x, y in points:
            expected[down - top, across - left] = picture[y, x]
        assert np.array_equal(turn(picture), expected)  # the table above agrees with the definition
        stored = np.array([a, b, 0, c, d, 0, 0, 0, 1], "<i4").tobytes()
        transposed, mirrored, flipped = pictures.turn_of(stored)
        ours = picture.transpose(1, 0, 2) if transposed else picture
        assert np.array_equal(ours[:: -1 if flipped else 1, :: -1 if mirrored else 1], expected)


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(["mp4", "avi"]),
    indices=st.lists(st.integers(0, 29), max_size=12),
    size=st.sampled_from([(None, None), (24, 32), (33, 18)]),
)
def test_any_indices_can_be_read_in_any_order(tiny, kind, indices, size):
    every = np.stack(list(decode.stream(tiny[kind], *size)))
    found = decode.read_frames(tiny[kind], indices, *size)
    assert found.shape == (len(indices), *every.shape[1:]) and np.array_equal(found, every[indices])


def test_the_frames_are_the_ones_encoded(tiny):
    """The counter in the corner must grow, for the decoder's own order could be wrong too."""
    for path in tiny.values():
        corners = [int(frame[4:12, 4:12].mean()) for frame in decode.stream(path)]
        assert len(corners) == 30
        # Two frames in the wrong order would differ by 8.
        assert np.abs(np.subtract(corners, np.arange(30) * 8)).max() < 5


def test_a_resize_shows_the_whole_picture(tiny):
    full = next(decode.stream(tiny["mp4"], 48, 64)).astype(float)
    half = next(decode.stream(tiny["mp4"], 24, 32)).astype(float)
    assert np.abs(half - full.reshape(24, 2, 32, 2, 3).mean((1, 3))).mean() < 12


def test_a_resize_keeps_the_colours(realvideo):
    """Scaling before or after the conversion to RGB gives nearly the same colours."""
    from torch import from_numpy
    from torch.nn.functional import interpolate

    for path in (
        realvideo / "clips" / "test.avi",
        realvideo / "ucf101/UCF-101/Punch/v_Punch_g01_c03.avi",
    ):
        full = decode.read_frames(path, [0, 20, 40])
        small = decode.read_frames(path, [0, 20, 40], 128, 172)
        x = from_numpy(full).permute(0, 3, 1, 2).float()  # [T, C, H, W]
        reference = interpolate(x, (128, 172), mode="bilinear", antialias=True)
        difference = small - reference.permute(0, 2, 3, 1).numpy()
        assert np.abs(difference).mean() < 2  # of 255
        assert np.abs(difference.mean((0, 1, 2))).max() < 1.5  # of each colour


def test_frames_of_two_sizes_take_the_first_ones_size(tmp_path):
    small = encode(tmp_path / "32.h264", frames=3, size=(32, 32))
    large = encode(tmp_path / "64.h264", frames=3, size=(64, 64))
    joined = tmp_path / "joined.h264"
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    assert [frame.shape for frame in decode.stream(joined)] == [(32, 32, 3)] * 6
    assert decode.read_frames(joined, [5, 0]).shape == (2, 32, 32, 3)


def test_wrong_requests_are_refused(tiny):
    with pytest.raises(VideoError, match=r"no frame -1: its 30 frames"):
        decode.read_frames(tiny["mp4"], [0, -1])
    with pytest.raises(VideoError, match=r"no frame 30: it has 30 frames"):
        decode.read_frames(tiny["avi"], [30, 2])
    for size in ((10, None), (None, 10), (0, 4), (4, -2)):
        with pytest.raises(VsslError, match="height and a width"):
            next(decode.stream(tiny["mp4"], *size))


def test_files_that_are_no_videos_are_refused_by_name(tmp_path):
    import os
    import wave

    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.avi").write_text("not a video\n" * 1000)
    (tmp_path / "folder.mp4").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    with wave.open(str(tmp_path / "sound.mp4"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(1000))
    for name in ("empty.mp4", "text.avi", "folder.mp4", "pipe.mp4", "sound.mp4", "missing.mp4"):
        for read in (
            decode.probe,
            lambda path: next(decode.stream(path)),
            lambda path: decode.read_frames(path, [0]),
        ):
            with pytest.raises(VideoError, match=name):
                read(tmp_path / name)


def test_a_file_that_is_broken_half_way_gives_its_good_frames_first(realvideo):
    path, shown = realvideo / "clips" / "corrupted.mp4", []
    with pytest.raises(VideoError, match=r"corrupted.mp4 is broken after 28 frames"):
        shown.extend(frame.shape for frame in decode.stream(path))
    assert len(shown) == 28  # the good frames came first
    assert len(decode.read_frames(path, [27, 0])) == 2
    for read in (decode.probe, lambda path: decode.read_frames(path, [28])):
        with pytest.raises(VideoError, match="broken"):
            read(path)


def test_leaving_a_stream_early_closes_it(tiny):
    for _ in range(300):  # more than the files that a process may hold open
        frames = decode.stream(tiny["mp4"])
        next(frames)
        frames.close()
    opened = Path("/proc/self/fd")
    assert not opened.exists() or len(list(opened.iterdir())) < 250


DAMAGE = """
import json, sys
from pathlib import Path
import av
import numpy as np
from vssl.errors import VideoError
from vssl.videos import decode, pictures

def plain(path):
    frames, error = [], False
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            # With more threads FFmpeg patches damaged slices in another way.
            container.streams.video[0].thread_count = 1
            for frame in container.decode(video=0):
                kinds = [frame.side_data[i].type.name for i in range(len(frame.side_data))]
                turned = "DISPLAYMATRIX" in kinds
                frames.append(None if turned else frame.to_ndarray(format="rgb24"))
    except (av.FFmpegError, IndexError):
        error = True
    return frames, error

folder, outcomes = Path(sys.argv[1]), {}
for path in sorted(folder.iterdir()):
    print(path.name, file=sys.stderr, flush=True)  # the last line names the file that killed us
    expected, broken = plain(path)
    try:
        shown = []
        for frame in decode.stream(path):
            shown.append(frame)
        outcome = "whole"
    except VideoError as error:
        assert path.name in str(error), error
        outcome = "raised"
    assert len(shown) == len(expected), (path, len(shown), len(expected))
    for ours, theirs in zip(shown, expected):
        if theirs is not None and theirs.shape == shown[0].shape:
            assert np.array_equal(ours, theirs), path
    assert (outcome == "raised") == (broken or not expected), (path, outcome, broken, len(expected))
    try:
        count = decode.probe(path).num_frames
        assert outcome == "whole" and count == len(expected), path
        assert decode.read_frames(path, [count - 1, 0]).shape[0] == 2
    except VideoError:
        assert outcome == "raised", path
    outcomes[path.name] = outcome
print(json.dumps(outcomes))
"""


def test_cut_and_garbled_files_raise_or_give_what_a_plain_decode_gives(tiny, tmp_path):
    rng = np.random.default_rng(7)
    for kind, source in tiny.items():
        whole = source.read_bytes()
        for cut in np.unique(np.linspace(0, len(whole) - 1, 40).astype(int)):
            (tmp_path / f"cut{cut:06d}.{kind}").write_bytes(whole[:cut])
        for number in range(80):
            flipped = bytearray(whole)
            region = len(whole) if number % 2 else 2000  # half of them in the headers
            for place in rng.integers(min(region, len(whole)), size=rng.integers(1, 30)):
                flipped[place] = rng.integers(256)
            (tmp_path / f"flip{number:02d}.{kind}").write_bytes(flipped)
    ran = subprocess.run(
        [sys.executable, "-c", DAMAGE, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    names = {path.name for path in tmp_path.iterdir()}
    assert set(ran.stderr.splitlines()) <= names  # FFmpeg prints nothing
    outcomes = list(json.loads(ran.stdout).values())
    # Both outcomes occur often.
    assert outcomes.count("raised") > 40 and outcomes.count("whole") > 40
