"""Changes of shot in videos, which look like the cuts that CPNet makes (its Appendix A).

They are found by PySceneDetect, which is not needed for anything else and is not installed with us.
"""

from __future__ import annotations

from pathlib import Path

from vssl.errors import VsslError
from vssl.progress import progress
from vssl.videos.datasets import Dataset


def changes(path: str | Path) -> tuple[int, ...]:
    """The frames of a video with which a new shot begins; none where it has one shot."""
    try:
        from scenedetect import ContentDetector, detect
    except ImportError as error:
        raise VsslError(
            "changes of shot are found by PySceneDetect, and it is not here; say `pip install"
            " scenedetect`, or go on without, as the paper does"
        ) from error
    return tuple(int(begin.frame_num) for begin, _ in detect(str(path), ContentDetector())[1:])


def found_in(dataset: Dataset) -> dict[Path, tuple[int, ...]]:
    """The videos of a dataset with more than one shot, and the frames that begin a new one."""
    every = {video.path: changes(video.path) for video in progress(dataset.videos, "shots")}
    return {path: begins for path, begins in every.items() if begins}
