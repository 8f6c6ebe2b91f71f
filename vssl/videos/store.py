"""The frame store: every video is decoded once, at one size, and a clip is a copy of stored frames.

`OnTheFly` gives the same frames for data that does not fit, and decodes at each gather.
`FrameStore.build` turns to it by itself, and says so.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal, cast

import numpy as np

from vssl import paths
from vssl.errors import VideoError, VsslError
from vssl.videos import building, decode, journal
from vssl.videos.datasets import Dataset

Window = tuple[int, int, int, int]  # top, left, height and width of the part of a frame to read


class _Frames:
    """The index, which both kinds of store have in common; video i is the dataset's video i.

    Arrays hold one number for each video: its frames (0 for a video that failed), its frame rate (0
    where the file names none), and its first row in the file of frames.
    """

    def __init__(self, folder: Path) -> None:
        index = journal.read_index(folder)
        self.folder = folder
        self.key: str = index["key"]
        self.height: int = index["height"]
        self.width: int = index["width"]
        self.num_frames = np.array(index["num_frames"], dtype=np.int64)  # [videos]
        self.fps = np.array(index["fps"], dtype=np.float64)  # [videos]
        self.first = np.array(index["first"], dtype=np.int64)  # [videos]
        self.failed: dict[str, str] = index["failed"]  # the reason, by a video's name
        # Of each video: a checksum of all its frames as they are stored, empty for one that failed.
        self.checksums: list[str] = index["checksums"]
        self.total: int = index["total"]
        self.kept: bool = index["kept"]
        # Of each video; there are none where frames are kept.
        self.entries = [[decode.Entry(*entry) for entry in found] for found in index["entries"]]

    def _check(self, video: int, frames: np.ndarray) -> np.ndarray:
        """Refuse frames beyond a video's end, which would be those of the next video."""
        frames, there = np.asarray(frames, dtype=np.int64), self.num_frames[video]
        if there == 0:
            raise VideoError(
                f"video {video} of {self.key} could not be decoded: `.failed` says why"
            )
        if frames.size and (frames.min() < 0 or frames.max() >= there):
            raise VideoError(
                f"video {video} of {self.key} has frames 0 to {there - 1}, "
                f"not {frames.min()} to {frames.max()}"
            )
        return frames


class FrameStore(_Frames):
    """All frames of a dataset in one memory-mapped file; to read a clip only copies its pixels."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__(Path(folder))
        file, expected = self.folder / "frames.u8", self.total * self.height * self.width * 3
        size = file.stat().st_size if file.exists() else 0
        if not self.kept or size != expected:
            raise VsslError(
                f"the frame store {self.folder} is damaged: frames.u8 has {size} bytes, "
                f"not {expected}; delete that folder to build anew"
            )
        if self.total == 0:
            reason = next(iter(self.failed.values()), "the dataset is empty")
            raise VsslError(
                f"the frame store {self.folder} is empty, no video could be decoded ({reason}); "
                "delete that folder to try again"
            )
        mapped = np.memmap(file, np.uint8, mode="r", shape=(self.total, self.height, self.width, 3))
        # As a plain array, because to index a memmap takes microseconds more at every frame.
        self.pixels = mapped.view(np.ndarray)  # [frames, H, W, 3]

    @classmethod
    def build(
        cls,
        dataset: Dataset,
        height: int,
        width: int,
        folder: str | Path | None = None,
        workers: int | None = None,
        fps: float | None = None,
    ) -> FrameStore:
        """Open the store of `dataset` at this size, and decode what is not in it yet.

        `fps` brings every video to one frame rate. Where no folder is named and the frames do not
        fit on the disk, the answer is an `OnTheFly`, which has all that is read of a store.
        """
        if folder is None and (lacking := _lacking(dataset, height, width, fps)):
            warnings.warn(f"{lacking}: each clip is decoded anew, which is slower", stacklevel=2)
            return cast(FrameStore, OnTheFly(dataset, height, width, None, workers, fps))
        return cls(_prepare(dataset, height, width, folder, workers, fps, keep=True))

    def frames(self, video: int) -> np.ndarray:
        """All frames of a video, [T, H, W, 3], as a read-only view."""
        return self.pixels[self.first[video] : self.first[video] + self.num_frames[video]]

    def gather(
        self,
        video: int,
        frames: np.ndarray,
        window: Window | None = None,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Copy the frames of a video at these indices, in any order, also repeated: [T, H, W, 3].

        With a `window` only that part of each frame is read. The copy goes to `out` if it is given,
        so that clips can be written into a batch directly.
        """
        rows = self.first[video] + self._check(video, frames)
        top, left, height, width = window or (0, 0, self.height, self.width)
        out = np.empty((len(rows), height, width, 3), np.uint8) if out is None else out
        steps = np.diff(rows)
        # At a constant pace, which is nearly always, all frames are copied at once.
        if len(steps) and steps[0] > 0 and (steps == steps[0]).all():
            out[:] = self.pixels[
                rows[0] : rows[-1] + 1 : steps[0], top : top + height, left : left + width
            ]
        else:
            for place, row in enumerate(rows.tolist()):
                out[place] = self.pixels[row, top : top + height, left : left + width]
        return out

    def __reduce__(self) -> tuple:
        # A loader's process maps the file again instead of being sent its bytes.
        return FrameStore, (self.folder,)


class OnTheFly(_Frames):
    """The frame store's counterpart for data that does not fit: each gather decodes.

    Frames are counted once, and the entries are found by which decoding begins near a clip.
    """

    def __init__(
        self,
        dataset: Dataset,
        height: int,
        width: int,
        folder: str | Path | None = None,
        workers: int | None = None,
        fps: float | None = None,
    ) -> None:
        super().__init__(_prepare(dataset, height, width, folder, workers, fps, keep=False))
        self._paths = [video.path for video in dataset.videos]
        self._rate = fps

    def frames(self, video: int) -> np.ndarray:
        """All frames of a video, [T, H, W, 3], decoded anew."""
        return self.gather(video, np.arange(self.num_frames[video]))

    def gather(
        self,
        video: int,
        frames: np.ndarray,
        window: Window | None = None,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Decode the frames of a video at these indices, as `FrameStore.gather` copies them."""
        path, frames = self._paths[video], self._check(video, frames)
        if self._rate is not None:
            own = decode.claimed(path)[1]
            frames = np.array(
                [building.source_frame(int(frame), self._rate, own) for frame in frames],
                dtype=np.int64,
            )
        return part_of(
            decode.read_frames(path, frames, self.height, self.width, self.entries[video]),
            window,
            out,
        )


def part_of(
    pixels: np.ndarray, window: Window | None = None, out: np.ndarray | None = None
) -> np.ndarray:
    """What a gather gives of whole frames [T, H, W, 3] that were decoded already.

    That is the window of them, copied to `out` if it is given.
    """
    if window is not None:
        top, left, height, width = window
        pixels = pixels[:, top : top + height, left : left + width]
    if out is None:
        return pixels
    out[:] = pixels
    return out


def state(
    dataset: Dataset, height: int, width: int, fps: float | None = None
) -> Literal["absent", "whole", "outdated"]:
    """What `FrameStore.build` would find in the usual place; nothing is decoded.

    A store is outdated if files of the dataset have changed since they were decoded.
    """
    plan = _plan(dataset, height, width, None, fps, keep=True)
    counted = _plan(dataset, height, width, None, fps, keep=False)
    if counted.file("index.json").exists() and _lacking(dataset, height, width, fps):
        plan = counted
    if not plan.file("index.json").exists():
        return "absent"
    return "outdated" if building.outdated(plan) else "whole"


def _lacking(dataset: Dataset, height: int, width: int, fps: float | None) -> str:
    """Why the frames do not fit on the disk, in a line; empty if they are there or would fit."""
    plan = _plan(dataset, height, width, None, fps, keep=True)
    return "" if plan.file("index.json").exists() else building.lacking_space(plan)


def _plan(
    dataset: Dataset,
    height: int,
    width: int,
    folder: str | Path | None,
    fps: float | None,
    keep: bool,
) -> journal.Plan:
    """What to build and where, for these choices."""
    rate = f"-{fps:g}fps" if fps is not None else ""
    choices = f"{height}x{width}{rate}{'' if keep else '-counts'}"
    key = f"{dataset.name}-{dataset.digest[:16]}-{choices}"
    if folder is None:
        # The format is part of the name, so that a store of another version is left alone.
        folder = paths.data() / "stores" / f"{key}-v{journal.FORMAT}"
    videos = tuple(str(video.path.resolve()) for video in dataset.videos)
    return journal.Plan(str(Path(folder).resolve()), key, videos, height, width, fps, keep)


def _prepare(
    dataset: Dataset,
    height: int,
    width: int,
    folder: str | Path | None,
    workers: int | None,
    fps: float | None,
    keep: bool,
) -> Path:
    """The folder of a whole store for these choices; it is built if it is not there."""
    if height < 2 or width < 2 or width % 2:
        raise VsslError(
            f"frames are stored at an even width, not {height}x{width}: "
            f"an odd one scales six times slower; take {width + 1}"
        )
    if fps is not None and not fps > 0:
        raise VsslError(f"a frame rate is positive, not {fps}")
    plan = _plan(dataset, height, width, folder, fps, keep)
    place = Path(folder) if folder is not None else Path(plan.folder)
    # A whole store is opened without a lock, since it may lie on a disk that cannot be written.
    if not (place / "index.json").exists() or building.outdated(plan):
        building.build(plan, workers)
    index = journal.read_index(place)
    if index["key"] != plan.key or len(index["num_frames"]) != len(dataset.videos):
        raise VsslError(
            f"{place} holds another store ({index['key']}, not {plan.key}); "
            "delete it or choose another folder"
        )
    return place
