"""Frozen features of evenly spread clips.

Retrieval, linear probe, t-SNE and attention all start from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vssl.augment import Augment, CentreCrop, PlacedCrop, Source
from vssl.clips import Sample, Sampler
from vssl.errors import VsslError
from vssl.models import Backbone, layout_of
from vssl.progress import progress
from vssl.training.batches import SAMPLER, Frames, Wanted, generator, read
from vssl.training.loop import device_here

LAYERS = {
    "p5": ("stage5", "average"),
    "p4": ("stage4", "max"),  # the paper does not say how p4 is pooled: VCOP's layout by default
    "p5 max": ("stage5", "max"),
    "p4 average": ("stage4", "average"),
}


def pool(feature_map: Tensor, how: str) -> Tensor:
    """One vector a clip from a stage's map [N, D, T', H', W'].

    "average"   the mean over time and space: p5 of the Pace paper, 512-d.
    "max"       max-pooled to 3 x 3 places, every time step kept, flattened: VCOP's layout, 9,216-d
                on p5 and on p4.
    """
    if how == "average":
        return feature_map.mean((2, 3, 4))  # [N, D]
    if how == "max":
        return F.adaptive_max_pool3d(feature_map, (feature_map.shape[2], 3, 3)).flatten(
            1
        )  # [N, D * T' * 9]
    raise VsslError(f"no pooling {how!r}; choose 'average' or 'max'")


def sample_of(sampler: Sampler, frames: Frames, video: int) -> Sample:
    """The sample of a test video, the same on every call.

    If the sampler draws at all, it draws from the video's own generator.
    """
    return sampler(int(frames.num_frames[video]), generator(0, SAMPLER, 0, int(video)))


def over_clips(
    model: nn.Module,
    compute: Callable[[Tensor], Tensor],
    frames: Frames,
    videos: np.ndarray,
    sampler: Sampler,
    size: int,
    batch: int = 64,
    crops: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Apply `compute` to every clip of every readable video, cropped in the middle.

    Gives the results of all clips, [M, ...], those of a video side by side, and the video of each,
    [M]. With 3 `crops`, each clip is seen three times along its longer side (CVRL's test), and its
    results stand side by side. No video is dropped for the sake of a full batch; one that the store
    failed on is left out here and named there.
    """
    if crops not in (1, 3):
        raise VsslError(f"a clip is tested on 1 crop or on 3, not on {crops}")
    device = device_here()
    layout = layout_of(model, device)
    model.to(device).to(memory_format=layout).eval()
    places = [CentreCrop(size)] if crops == 1 else [PlacedCrop(size, place) for place in (0, 1, 2)]
    each = [Augment((place,)) for place in places]
    results, owners = [], []
    with torch.inference_mode():
        for group in _groups(videos[frames.num_frames[videos] > 0], frames, sampler, batch):
            clips = [(v, clip) for v in group for clip in sample_of(sampler, frames, v).clips]
            source = Source(len(clips[0][1].frames), frames.height, frames.width)
            drawn = [crop.draw(np.random.default_rng(0), source) for crop in each]  # nothing random
            window = each[0].window(drawn[0]) if crops == 1 else None
            pixels = read(frames, [Wanted(v, clip.frames, window) for v, clip in clips])
            pixels = torch.as_tensor(pixels).to(device)  # [N, T, H, W, C]
            found = []
            for crop, one in zip(each, drawn, strict=True):
                x = crop.apply(pixels, [one] * len(clips)).contiguous(memory_format=layout)
                found.append(compute(x).float())  # [N, ...]
            results.append(torch.stack(found, 1).flatten(0, 1).cpu().numpy())  # [N * crops, ...]
            owners += [v for v, _ in clips for _ in each]
    joined = np.concatenate(results) if results else np.zeros((0, 1), np.float32)
    return joined, np.array(owners, dtype=np.int64)


def _groups(
    videos: np.ndarray, frames: Frames, sampler: Sampler, batch: int
) -> Iterator[list[int]]:
    """Videos in groups of about `batch` clips, counted by the first video's."""
    if len(videos):
        views = len(sample_of(sampler, frames, videos[0]).clips)
        groups = np.array_split(videos, max(1, -(-len(videos) * views // batch)))
        yield from (group.tolist() for group in progress(groups, "features") if len(group))


def by_video(results: np.ndarray, owners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean over the clips of each video, [n, ...], and the n videos.

    They stand in the order in which they came.
    """
    changed = np.append(True, owners[1:] != owners[:-1]) if len(owners) else owners
    first = np.flatnonzero(changed)
    parts = np.split(results, first[1:]) if len(owners) else []
    means = [part.mean(0) for part in parts]
    return np.array(means) if means else results, owners[first]


def extract(
    backbone: Backbone,
    frames: Frames,
    videos: np.ndarray,
    sampler: Sampler,
    size: int,
    layers: tuple[str, ...] = ("p5",),
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Features [n, V, D'] of the clips of n videos, by layer, and which videos they are.

    One pass gives all layers.
    """
    for layer in layers:
        if layer not in LAYERS:
            raise VsslError(f"there is no layer {layer!r}; choose of {', '.join(LAYERS)}")
    widths: list[int] = []

    def compute(x: Tensor) -> Tensor:
        maps = backbone.stages(x)
        pooled = [pool(maps[LAYERS[layer][0]], LAYERS[layer][1]) for layer in layers]
        widths[:] = [part.shape[1] for part in pooled]
        return torch.cat(pooled, 1)

    joined, owners = over_clips(backbone, compute, frames, videos, sampler, size)  # [M, all D']
    readable = owners[:: len(sampler.layout)]  # [n]
    joined = joined.reshape(len(readable), len(sampler.layout), -1)  # [n, V, all D' side by side]
    parts = np.split(joined, np.cumsum(widths)[:-1], axis=2)
    return dict(zip(layers, parts, strict=True)), readable
