"""Shuffle similarity with a whole queue, against the cosine and the net that makes the vectors."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from benchmarks.setting import CROP, LENGTH, Setting
from benchmarks.timing import Work, race
from vssl import losses, models
from vssl.results.speed import OURS, Row, ratio, rows

QUERIES, KEYS, NUMBERS, PARTS = 16, 16384, 129, 3  # a batch of Segments, with its longest queue
TEMPERATURE = 0.07
COSINE, FORWARD = f"{OURS}, by the cosine", "R(2+1)D's forward pass"
AT_ONCE = 4  # clips; the forward pass takes a core some two seconds for each
MOST = 0.1  # of the forward pass; what costs more is not a detail of a step


def run(setting: Setting) -> Iterator[Row]:
    """Race a contrast by either similarity, there and back, with one forward pass of its clips.

    A training step has two forward passes, the query's and the key's, and a way back. So a share of
    one pass is several times the share of a step.
    """
    device = torch.device("cuda" if setting.cuda else "cpu")
    generator = torch.Generator(device).manual_seed(setting.seed)
    queries, keys = (
        torch.randn(count, NUMBERS, device=device, generator=generator) for count in (QUERIES, KEYS)
    )
    clips = QUERIES if setting.cuda else AT_ONCE
    works: dict[str, Work] = {
        OURS: _contrast(losses.Shuffle(PARTS), queries, keys),
        COSINE: _contrast(losses.Cosine(), queries, keys),
        FORWARD: _forward(clips, device),
    }
    timings = race(works, setting.rounds, {FORWARD: clips / QUERIES})
    times, *_ = ratio(timings[OURS], timings[FORWARD], setting.kind)
    told = f"{1 / times:.1%} of the forward pass"
    if times < 1 / MOST:
        told += f", and should be less than {MOST:.0%}"
    case = (
        f"shuffle similarity of {QUERIES} queries and {KEYS:,} keys of {NUMBERS} numbers, forward"
        f" and backward; beside {QUERIES} clips of {LENGTH}x{CROP}x{CROP}"
    ) + (", on the GPU" if setting.cuda else "")
    yield from rows(
        *("similarity", case, "queries", QUERIES, timings, setting.kind),
        layouts={FORWARD: "channels_last_3d"},
        precisions={FORWARD: "bfloat16" if setting.cuda else "float32"},
        notes={OURS: told},
    )


def _contrast(similarity: losses.Similarity, queries: Tensor, keys: Tensor) -> Work:
    """The part of the loss that sees all keys, and its gradient on the queries."""

    def work() -> None:
        found = similarity(queries.clone().requires_grad_(), keys) / TEMPERATURE  # [N, K]
        found.logsumexp(1).mean().backward()

    return work


def _forward(clips: int, device: torch.device) -> Work:
    """A forward pass in training mode, as fast as we can make it, and without a gradient."""
    backbone = models.build("r2plus1d").to(device).to(memory_format=torch.channels_last_3d)
    x = torch.rand(clips, 3, LENGTH, CROP, CROP, device=device)  # [N, C, T, H, W]
    x = x.contiguous(memory_format=torch.channels_last_3d)

    def work() -> None:
        half = torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")
        with torch.no_grad(), half:
            backbone(x)

    return work
