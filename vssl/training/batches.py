"""Batches: clips drawn from a frame store, each from a random generator of its own.

The generator of a draw is keyed by (seed, pass, video), and for augmentation by the view too. So a
clip does not depend on how many threads gather it, on the batch it lands in, on the device, or on
whether the run was resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vssl.augment import Alternating, Augment, Source
from vssl.clips import Clip, Sample, Sampler, clips_of, joined_labels, samples_of
from vssl.errors import VsslError
from vssl.objectives.pretext import groups_of
from vssl.videos.store import Window

# Streams of random numbers: a sampler that draws one number more must not change a crop.
SAMPLER, AUGMENT, ORDER = 0, 1, 2
AHEAD = 4  # batches gathered before a GPU asks for them

T = TypeVar("T")


class BatchSource(Protocol):
    """What `fit` trains on: batches in order, and what a model gets of each."""

    def __len__(self) -> int:
        """Batches an epoch."""
        ...

    def share(self, rank: int, ranks: int) -> Self:
        """The same batches, of which each of `ranks` processes gets a part."""
        ...

    def epoch(self, epoch: int, device: torch.device) -> Iterator[Any]:
        """The batches of an epoch, as they are read."""
        ...

    def prepared(
        self, batch: Any, device: torch.device, layout: torch.memory_format
    ) -> tuple[Any, dict[str, Tensor]]:
        """What the model is called with: its input, laid out so, and the labels, on the device."""
        ...

    def size(self, batch: Any) -> int:
        """How many clips, or rows, a batch holds: speed is counted in these."""
        ...


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


class Group(NamedTuple):
    """The clips of one length in a batch, and how to augment each of them."""

    clips: np.ndarray | Tensor  # uint8 [N, T, H, W, C], cut to what the augmentation will read
    parameters: list[list[np.ndarray]]  # of each clip, one array a step


class Batch(NamedTuple):
    """Samples of some videos: their clips, a group for each length, and their labels."""

    groups: tuple[Group, ...]  # in the order in which the lengths first stand in the layout
    labels: dict[str, np.ndarray]  # name -> [B, ...] of a sample, or [B, V, ...] of its clips
    videos: np.ndarray  # the numbers of the videos in the store


def generator(seed: int, stream: int, *key: int) -> np.random.Generator:
    """The random generator of one draw."""
    return np.random.default_rng([seed, stream, *key])


@dataclass(frozen=True)
class Batches:
    """All batches of a training run.

    `actions` holds each video's own label, which becomes the label "action".
    """

    frames: Frames
    videos: np.ndarray  # which of the store's videos to train on
    sampler: Sampler
    augment: Augment | Alternating
    batch: int  # clips
    passes: int = 1
    seed: int = 0
    actions: np.ndarray | None = None  # [videos of the store]
    rank: int = 0
    ranks: int = 1

    def __post_init__(self) -> None:
        readable = self.frames.num_frames[self.videos] > 0
        if not readable.all():  # the store that failed on them has counted and named them
            object.__setattr__(self, "videos", self.videos[readable])
        if not self.videos_a_batch or len(self.videos) < self.videos_a_batch:
            raise VsslError(
                f"{len(self.videos)} readable videos do not fill a batch of {self.batch} clips, "
                f"{self.clips_a_video} a video, on {self.ranks} process(es); change the batch or "
                "bring more videos"
            )

    @property
    def clips_a_video(self) -> int:
        """How many clips of a video share a batch."""
        return clips_of(self.sampler)

    @property
    def videos_a_batch(self) -> int:
        """Videos in a batch, over all processes; the same number for each of them."""
        return self.batch // self.clips_a_video // self.ranks * self.ranks

    def __len__(self) -> int:
        """Batches an epoch: the last, incomplete one of a pass is left out (in training only)."""
        return self.passes * (len(self.videos) // self.videos_a_batch)

    def share(self, rank: int, ranks: int) -> Self:
        """The same batches, of which each of `ranks` processes gets a part."""
        return replace(self, rank=rank, ranks=ranks)

    def epoch(
        self, epoch: int, device: torch.device | None = None, ahead: int | None = None
    ) -> Iterator[Batch]:
        """The batches of an epoch, in order.

        For a GPU, threads gather up to `ahead` batches before they are needed, unless the frames
        lie on the GPU already.
        """
        if ahead is None:
            cuda = device is not None and device.type == "cuda"
            ahead = AHEAD if cuda and not isinstance(self.frames, Resident) else 0
        numbers = range(epoch * self.passes, (epoch + 1) * self.passes)
        plans = [(number, part) for number in numbers for part in self.parts(number)]
        if ahead:
            return in_threads(self.gather, plans, ahead)
        return (self.gather(*plan) for plan in plans)

    def parts(self, number: int) -> list[np.ndarray]:
        """The videos of each batch of one pass, in this rank's share."""
        order = generator(self.seed, ORDER, number).permutation(self.videos)
        size = self.videos_a_batch
        parts = order[: len(order) // size * size].reshape(-1, size)
        return list(parts[:, self.rank :: self.ranks])

    def gather(self, number: int, videos: np.ndarray) -> Batch:
        """Draw and read the samples of `videos` in pass `number`."""
        layout = tuple(self.sampler.layout)
        lengths = [layout[group[0]] for group in groups_of(layout)]
        wanted: list[list[Wanted]] = [[] for _ in lengths]
        parameters: list[list[list[np.ndarray]]] = [[] for _ in lengths]
        labels = []
        for video in videos.tolist():
            sample = self.sample(number, video)
            own = {} if self.actions is None else {"action": self._action(video)}
            labels.append({**sample.labels, **own})
            for view, clip in enumerate(sample.clips):
                group = lengths.index(len(clip.frames))
                augment = self.augment.of(view)
                rng = generator(self.seed, AUGMENT, number, video, view)
                drawn = augment.draw(rng, self._source(clip))
                parameters[group].append(drawn)
                wanted[group].append(Wanted(video, clip.frames, augment.window(drawn)))
        groups = tuple(
            Group(read(self.frames, some), drawn)
            for some, drawn in zip(wanted, parameters, strict=True)
        )
        return Batch(groups, joined_labels(labels, samples_of(self.sampler)), videos)

    def sample(self, number: int, video: int) -> Sample:
        """The sample of one video in pass `number`."""
        rng = generator(self.seed, SAMPLER, number, video)
        return self.sampler(int(self.frames.num_frames[video]), rng)

    def prepared(
        self,
        batch: Batch,
        device: torch.device,
        layout: torch.memory_format = torch.channels_last_3d,
    ) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        """The views of a batch, [N, C, T, H, W] for each length, and its labels, on the device."""
        views = []
        for group in batch.groups:
            clips = torch.as_tensor(group.clips).to(device, non_blocking=True)  # [N, T, H, W, C]
            x = self.augment.apply(clips, group.parameters)
            views.append(x.contiguous(memory_format=layout))
        labels = {
            name: torch.from_numpy(value).to(device, non_blocking=True)
            for name, value in batch.labels.items()
        }
        return tuple(views), labels

    def size(self, batch: Batch) -> int:
        """How many clips a batch holds."""
        return sum(len(group.clips) for group in batch.groups)

    def _source(self, clip: Clip) -> Source:
        height, width = self.frames.height, self.frames.width
        return Source(len(clip.frames), height, width, clip.box, clip.quarter_turns)

    def _action(self, video: int) -> np.ndarray:
        """A video's own label, for each of its samples."""
        assert self.actions is not None
        samples = samples_of(self.sampler)
        label = np.asarray(self.actions[video])
        return label if samples == 1 else np.repeat(label[None], samples, axis=0)


def shuffled(
    rows: np.ndarray, size: int, number: int, seed: int, rank: int = 0, ranks: int = 1
) -> list[np.ndarray]:
    """The rows of each batch of pass `number`, in this rank's share.

    The last, incomplete batch is left out.
    """
    order = generator(seed, ORDER, number).permutation(rows)
    parts = order[: len(order) // size * size].reshape(-1, size)
    return list(parts[:, rank::ranks])


def in_threads(work: Callable[..., T], plans: Sequence[tuple], ahead: int) -> Iterator[T]:
    """The results of `work(*plan)` in order, computed by threads ahead of need.

    Up to `ahead` of them are computed before they are asked for.
    """
    with ThreadPoolExecutor(ahead) as pool:
        waiting = [pool.submit(work, *plan) for plan in plans[:ahead]]
        for following in [*plans[ahead:], *[None] * ahead]:
            if not waiting:
                return
            done = waiting.pop(0)
            if following is not None:
                waiting.append(pool.submit(work, *following))
            yield done.result()


def read(frames: Frames, wanted: list[Wanted]) -> np.ndarray | Tensor:
    """The clips of a batch, uint8 [N, T, H, W, C].

    Each is copied once, to where the batch lies, and nothing of it but its window.
    """
    if isinstance(frames, Resident):
        return frames.clips(wanted)
    whole = (0, 0, frames.height, frames.width)
    shapes = {(len(one.frames), *(one.window or whole)[2:]) for one in wanted}
    if len(shapes) > 1:
        raise VsslError(
            "clips that are read together have one length and size, not "
            f"{sorted(shapes)} (frames, height, width)"
        )
    # From pinned memory, the transfer to a GPU goes on while the GPU computes.
    pinned = torch.cuda.is_initialized()
    clips = torch.empty(
        (len(wanted), *shapes.pop(), 3), dtype=torch.uint8, pin_memory=pinned
    ).numpy()
    for clip, one in zip(clips, wanted, strict=True):
        frames.gather(one.video, one.frames, one.window, clip)
    return clips
