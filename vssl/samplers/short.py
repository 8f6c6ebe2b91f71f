"""What a sampler does with a video that is too short for its clips."""

from __future__ import annotations

import numpy as np


def reflected(num_frames: int, count: int) -> np.ndarray:
    """The first `count` frames of a video that is played to its end, back, and forth again.

    Unlike a loop it has no jump, which a net that looks for cuts or for paces would find. A video
    that is long enough is given as it is.
    """
    if num_frames == 1:
        return np.zeros(count, dtype=np.int64)
    there_and_back = np.concatenate([np.arange(num_frames), np.arange(num_frames - 2, 0, -1)])
    return there_and_back[np.arange(count) % len(there_and_back)]  # [count]
