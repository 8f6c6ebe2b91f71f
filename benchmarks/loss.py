"""InfoNCE, forward and backward, against two libraries of losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from benchmarks import peers
from benchmarks.setting import Setting
from benchmarks.timing import race
from vssl import losses
from vssl.results.speed import OURS, Row, absent, rows

FEATURES, TEMPERATURE = 128, 0.1
TIMES = 20  # losses in a round, since one takes only milliseconds


def run(setting: Setting) -> Iterator[Row]:
    """Race the loss of a small batch, and of CVRL's own batch of 1,024 videos."""
    device = torch.device("cuda" if setting.cuda else "cpu")
    for videos in (128, 1024):
        z = torch.randn(
            videos,
            2,
            FEATURES,
            device=device,
            generator=torch.Generator(device).manual_seed(setting.seed),
        )  # [N, 2, D]
        found: dict[str, Callable[[Tensor], Tensor]] = {
            OURS: lambda z: losses.info_nce(z, TEMPERATURE)
        }
        missing = {}
        for name, make in {
            "lightly": _lightly,
            "pytorch-metric-learning": _metric_learning,
        }.items():
            module, version = peers.find(name)
            if module is None:
                missing[name] = version
            elif name == "pytorch-metric-learning" and videos > 500:
                # Its table holds every positive pair beside every negative pair.
                gigabytes = 4 * (2 * videos) ** 3 / 1e9
                missing[f"{name} {version}"] = f"its table of pairs would take {gigabytes:.0f} GB"
            else:
                found[f"{name} {version}"] = make(module)
        value = found[OURS](z).item()
        others = {name: abs(loss(z).item() - value) / value for name, loss in found.items()}
        notes = {
            name: f"gives another value, by {share:.1%}"
            for name, share in others.items()
            if share > 1e-3
        }
        times = TIMES if videos < 1000 else 2
        # One loss of this library takes as long as a round of ours.
        share = {name: 1 / times for name in found if name.startswith("pytorch-metric-learning")}
        works = {
            name: lambda loss=loss, z=z, times=1 if name in share else times: _both_ways(
                loss, z, times
            )
            for name, loss in found.items()
        }
        case = f"InfoNCE of {videos} pairs of {FEATURES} features, forward and backward" + (
            ", on the GPU" if setting.cuda else ""
        )
        yield from rows(
            "loss",
            case,
            "losses",
            times,
            race(works, setting.rounds, share),
            setting.kind,
            notes=notes,
        )
        yield from absent("loss", case, "losses", missing)


def _both_ways(loss: Callable[[Tensor], Tensor], z: Tensor, times: int) -> None:
    for _ in range(times):
        loss(z.clone().requires_grad_()).backward()


def _lightly(module: Any) -> Callable[[Tensor], Tensor]:
    loss = module.NTXentLoss(temperature=TEMPERATURE)
    return lambda z: loss(z[:, 0], z[:, 1])


def _metric_learning(module: Any) -> Callable[[Tensor], Tensor]:
    loss = module.NTXentLoss(temperature=TEMPERATURE)
    return lambda z: loss(
        z.flatten(0, 1), torch.arange(len(z), device=z.device).repeat_interleave(2)
    )
