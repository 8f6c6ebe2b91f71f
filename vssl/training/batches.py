"""Batches: clips drawn from a frame store, each from a random generator of its own.

The generator of a draw is keyed by (seed, pass, video), and for augmentation by the view too, so that a clip does not depend on how
many workers gather it, on the batch it lands in, on the device, or on whether the run was resumed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vssl.augment import Augment, Pair
from vssl.clips import Sampler, views
from vssl.errors import VsslError
from vssl.videos.store import Window

SAMPLER, AUGMENT, ORDER = (
    0,
    1,
    2,
)  # streams: a sampler that draws one number more must not change a crop


class Frames(Protocol):
    """What a frame store offers: the number of frames of each video and a gather."""

    num_frames: np.ndarray
    height: int
    width: int

    def gather(
        self,
        video: int,
        frames: np.ndarray,
        window: Window | None = None,
        out: np.ndarray | None = None,
    ) -> np.ndarray: ...


class Wanted(NamedTuple):
    """A clip to be read."""

    video: int
    frames: np.ndarray  # [T]
    window: Window | None  # None: whole frames


@runtime_checkable
class Resident(Protocol):
    """Frames that lie on a GPU already, where a batch is put together at once."""

    def clips(self, wanted: list[Wanted]) -> Tensor: ...


class Batch(NamedTuple):
    """Clips, how to augment each, and their labels."""

    clips: (
        np.ndarray | Tensor
    )  # uint8 [N, T, H, W, C], cut to what the augmentation will read; a tensor where frames are resident
    parameters: list[list[np.ndarray]]  # of each clip, one array a step
    labels: dict[str, np.ndarray]  # name -> int64 [B, V]
    videos: np.ndarray  # [B]


def generator(seed: int, stream: int, *key: int) -> np.random.Generator:
    """The random generator of one draw."""
    return np.random.default_rng([seed, stream, *key])


@dataclass(frozen=True)
class Batches:
    """All batches of a training run; `labels` gives a video's own label (its action), under the name "action"."""

    frames: Frames
    videos: np.ndarray  # which of the store's videos to train on
    sampler: Sampler
    augment: Augment | Pair
    batch: int  # clips
    passes: int = 1
    seed: int = 0
    actions: np.ndarray | None = None  # [videos of the store]
    rank: int = 0
    ranks: int = 1

    def __post_init__(self) -> None:
        readable = self.frames.num_frames[self.videos] > 0
        if not readable.all():
            object.__setattr__(
                self, "videos", self.videos[readable]
            )  # counted and named by the store that failed on them
        if not self.together or len(self.videos) < self.together:
            raise VsslError(
                f"{len(self.videos)} readable videos do not fill a batch of {self.batch} clips, {self.views} a video, "
                f"on {self.ranks} process(es); change the batch or bring more videos"
            )

    @functools.cached_property
    def views(self) -> int:
        """Clips a sample holds; drawn once, for the loop asks for the number of batches at every step."""
        return views(self.sampler)

    @property
    def together(self) -> int:
        """Videos in a batch, over all processes; the same number for each of them."""
        return self.batch // self.views // self.ranks * self.ranks

    def __len__(self) -> int:
        """Batches an epoch: the last, incomplete one of a pass is left out (in training only)."""
        return self.passes * (len(self.videos) // self.together)

    def epoch(self, epoch: int, ahead: int = 0) -> Iterator[Batch]:
        """The batches of an epoch in order, gathered by threads up to `ahead` batches before they are needed."""
        plans = [
            (number, part)
            for number in range(epoch * self.passes, (epoch + 1) * self.passes)
            for part in self.parts(number)
        ]
        if not ahead:
            yield from (self.gather(*plan) for plan in plans)
            return
        with ThreadPoolExecutor(ahead) as pool:
            waiting = [pool.submit(self.gather, *plan) for plan in plans[:ahead]]
            for following in [*plans[ahead:], *[None] * ahead]:
                if not waiting:
                    return
                done = waiting.pop(0)
                if following is not None:
                    waiting.append(pool.submit(self.gather, *following))
                yield done.result()

    def parts(self, number: int) -> list[np.ndarray]:
        """The videos of each batch of one pass, in this rank's share."""
        order = generator(self.seed, ORDER, number).permutation(self.videos)
        parts = order[: len(order) // self.together * self.together].reshape(-1, self.together)
        return list(parts[:, self.rank :: self.ranks])

    def gather(self, number: int, videos: np.ndarray) -> Batch:
        """Draw and read the samples of `videos` in pass `number`."""
        wanted: list[Wanted] = []
        parameters, labels = [], []
        for video in videos.tolist():
            sample = self.sampler(
                int(self.frames.num_frames[video]), generator(self.seed, SAMPLER, number, video)
            )
            own = {} if self.actions is None else {"action": self.actions[video]}
            labels.append(
                {
                    name: np.broadcast_to(value, len(sample.clips))
                    for name, value in {**sample.labels, **own}.items()
                }
            )
            for view, clip in enumerate(sample.clips):
                if clip.box is not None or clip.quarter_turns:
                    raise VsslError(
                        "this loop reads whole, upright frames: no sampler so far gives a clip a box or quarter turns"
                    )
                augment, rng = (
                    self.augment.of(view),
                    generator(self.seed, AUGMENT, number, video, view),
                )
                parameters.append(
                    augment.draw(rng, len(clip.frames), self.frames.height, self.frames.width)
                )
                wanted.append(Wanted(video, clip.frames, augment.window(parameters[-1])))
        joined = {
            name: np.stack([label[name] for label in labels]).astype(np.int64) for name in labels[0]
        }  # [B, V]
        return Batch(read(self.frames, wanted), parameters, joined, videos)


def read(frames: Frames, wanted: list[Wanted]) -> np.ndarray | Tensor:
    """The clips of a batch, uint8 [N, T, H, W, C], each copied once: to where the batch lies, and nothing but its window."""
    if isinstance(frames, Resident):
        return frames.clips(wanted)
    shapes = {
        (len(one.frames), *(one.window or (0, 0, frames.height, frames.width))[2:])
        for one in wanted
    }
    if len(shapes) > 1:
        raise VsslError(
            f"a batch is of clips of one length and size, not of {sorted(shapes)} (frames, height, width)"
        )
    # Pinned, the transfer to a GPU goes on while the GPU computes.
    shape = (len(wanted), *shapes.pop(), 3)
    clips = torch.empty(shape, dtype=torch.uint8, pin_memory=torch.cuda.is_initialized()).numpy()
    for clip, one in zip(clips, wanted, strict=True):
        frames.gather(one.video, one.frames, one.window, clip)
    return clips
