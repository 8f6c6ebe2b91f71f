"""Frames to a real video file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vssl.files import replacing

# A key frame every 12 frames halves the time of a random read, compared with the codec's default,
# and costs a few kilobytes a video. x264's macroblock tree makes the bytes differ from run to run,
# even on one thread; without it a video is a tenth larger.
OPTIONS = {"preset": "veryfast", "crf": "23", "g": "12", "x264-params": "mbtree=0"}


def encode(path: Path, frames: np.ndarray, fps: int) -> None:
    """Write uint8 frames [T, H, W, 3] as H.264 in mp4, whole or not at all.

    It takes one thread, so that the bytes are the same in every run.
    """
    import av

    with replacing(path) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options=OPTIONS)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
