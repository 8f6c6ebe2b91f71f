"""Where frames lie while a net trains: on the GPU if they fit there, else in the store's file.

Of the file, the system keeps in memory what was read.

A batch from the GPU's own memory is one gather there: no copy, no transfer, no thread that reads
ahead. From the file it is one copy into pinned memory and a transfer beside the computing.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vssl.errors import VideoError
from vssl.progress import progress
from vssl.training.batches import Frames, Wanted
from vssl.videos.store import FrameStore, Window, part_of

# Of the memory that is free on the GPU: the net, its activations and another run need the rest.
SHARE = 0.5


def placed(
    frames: Frames, videos: np.ndarray, device: torch.device, free: int | None = None
) -> tuple[Frames, str]:
    """The frames of `videos` where batches are made of them most quickly.

    A line beside them says where that is.

    `free` bytes of the GPU's memory, where not what it says itself.
    """
    if device.type != "cuda" and free is None:
        return frames, f"frames: {type(frames).__name__}, read by the CPU that trains"
    if not isinstance(frames, FrameStore):
        return frames, f"frames: {type(frames).__name__}, each batch sent to the GPU"
    needed = int(frames.num_frames[videos].sum()) * frames.height * frames.width * 3
    free = _free(device) if free is None else free
    size = f"{needed / 1e9:.1f} GB for {free / 1e9:.1f} GB free on the GPU"
    if needed > SHARE * free:
        return (
            frames,
            f"frames: in the file {frames.folder.name}, each batch sent to the GPU ({size})",
        )
    try:
        return OnDevice(frames, videos, device), f"frames: on the GPU ({size})"
    except torch.OutOfMemoryError:  # another run beside this one was quicker
        return (
            frames,
            (
                f"frames: in the file {frames.folder.name}, each batch sent to the GPU, whose"
                f" memory was taken meanwhile ({size})"
            ),
        )


def _free(device: torch.device) -> int:
    """Bytes that can be had on a GPU.

    They are what nobody holds, and what this process holds and does not use.
    """
    return (
        torch.cuda.mem_get_info(device)[0]
        + torch.cuda.memory_reserved(device)
        - torch.cuda.memory_allocated(device)
    )


class OnDevice:
    """The frames of some videos in a device's memory.

    They have the interface of the frame store that they come from.
    """

    def __init__(self, frames: FrameStore, videos: np.ndarray, device: torch.device) -> None:
        self.height, self.width = frames.height, frames.width
        self.num_frames = np.zeros_like(frames.num_frames)  # [videos], 0 for one that is not here
        self.num_frames[videos] = frames.num_frames[videos]
        self.first = np.cumsum(self.num_frames) - self.num_frames  # [videos]
        shape = (int(self.num_frames.sum()), self.height, self.width, 3)
        self.pixels = torch.empty(shape, dtype=torch.uint8, device=device)  # [frames, H, W, 3]
        for video in progress(np.sort(videos).tolist(), "frames to the GPU"):
            some = slice(self.first[video], self.first[video] + self.num_frames[video])
            self.pixels[some] = torch.from_numpy(np.array(frames.frames(video)))

    def clips(self, wanted: list[Wanted]) -> Tensor:
        """The clips of a batch, uint8 [N, T, h, w, C], all gathered at once."""
        rows = torch.from_numpy(
            np.stack([self.first[one.video] + self._check(one.video, one.frames) for one in wanted])
        )  # [N, T]
        rows = rows.to(self.pixels.device, non_blocking=True)
        if wanted[0].window is None:
            return self.pixels[rows]  # [N, T, H, W, C]
        _, _, height, width = wanted[0].window
        places = [_corner(one) for one in wanted]
        corners = torch.tensor(places)[..., None].to(
            self.pixels.device, non_blocking=True
        )  # [N, 2, 1]
        # A view of the pixels, not a copy.
        windows = (
            self.pixels.unfold(1, height, 1).unfold(2, width, 1).permute(0, 1, 2, 4, 5, 3)
        )  # [frames, tops, lefts, h, w, C]
        return windows[rows, corners[:, 0], corners[:, 1]]  # [N, T, h, w, C]

    def gather(
        self,
        video: int,
        frames: np.ndarray,
        window: Window | None = None,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """As `FrameStore.gather`, back into the CPU's memory."""
        return part_of(self.clips([Wanted(video, frames, None)])[0].cpu().numpy(), window, out)

    def _check(self, video: int, frames: np.ndarray) -> np.ndarray:
        frames, there = np.asarray(frames, dtype=np.int64), self.num_frames[video]
        if frames.size and (frames.min() < 0 or frames.max() >= there):
            raise VideoError(
                f"video {video} has {there} frames here, not {frames.min()} to {frames.max()}"
            )
        return frames


def _corner(wanted: Wanted) -> tuple[int, int]:
    """Top and left of a clip's window; of the clips of a batch all have one, or none has."""
    assert wanted.window is not None
    return wanted.window[:2]
