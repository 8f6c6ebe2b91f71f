"""The training loop: one function from top to bottom.

It is the same in a test, in a notebook and in a job on many GPUs.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from vssl.errors import VsslError
from vssl.files import write_text
from vssl.models import layout_of
from vssl.progress import say
from vssl.recipe import Recipe
from vssl.training import checkpoint
from vssl.training.batches import BatchSource

Record = dict[str, float]


def device_here() -> torch.device:
    """The device to train on: this process's GPU, or the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def fit(
    model: nn.Module,
    batches: BatchSource,
    recipe: Recipe,
    folder: Path,
    *,
    device: torch.device | None = None,
    report: Callable[[Record], None] | None = None,
) -> list[Record]:
    """Train `model` (views, labels -> Outcome) and return one record of metrics an epoch.

    `folder` holds the checkpoint of the last whole epoch, and metrics.jsonl. Call again with the
    same folder to go on from there: bit for bit on a CPU, but not on a GPU, whose kernels add in no
    fixed order. `report` gets each epoch's record as it ends. Under `torchrun` every process takes
    its share of each batch, and the first alone writes. All resume with the random states of the
    first, so seed them alike.
    """
    device = device or device_here()
    rank, ranks = processes(device)
    batches = batches.share(rank, ranks) if ranks > 1 else batches
    cuda = device.type == "cuda"
    half = in_half_precision(recipe, device)
    layout = layout_of(model, device)
    model.to(device).to(memory_format=layout)
    optimizer = recipe.optimizer(model.parameters())
    first, history = _resume(folder, model, optimizer, device)
    trained = _parallel(model, recipe, device, ranks)
    model.train()

    for epoch in range(first, recipe.epochs):
        sums: dict[str, torch.Tensor] = {}
        losses: list[torch.Tensor] = []  # looked at later: a look makes the CPU wait for the GPU
        clips, begin, waiting = 0, time.perf_counter(), 0.0
        source = batches.epoch(epoch, device)
        for step in range(len(batches)):
            asked = time.perf_counter()
            batch = next(source)
            waiting += time.perf_counter() - asked
            clips += batches.size(batch)

            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * recipe.factor(epoch + step / len(batches))
            x, labels = batches.prepared(batch, device, layout)
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                loss, metrics, _ = trained(x, labels)

            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if recipe.clip_gradient:
                nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_gradient)
            losses.append(loss.detach())
            if len(losses) == (50 if cuda else 1) or step == len(batches) - 1:
                _stop_unless_finite(_mean_over(losses, ranks), epoch, step, metrics, folder)
                losses = []
            optimizer.step()
            for name, value in {"loss": loss.detach(), **metrics}.items():
                sums[name] = sums.get(name, 0) + value

        seconds = time.perf_counter() - begin
        means = zip(sums, _mean_over(list(sums.values()), ranks), strict=True)
        record = {name: value / len(batches) for name, value in means}
        record |= {"epoch": epoch + 1, "rate": optimizer.param_groups[0]["lr"], "seconds": seconds}
        record |= {"clips_per_second": ranks * clips / seconds, "waiting": waiting / seconds}
        history.append(record)
        _stop_unless_weights_are_finite(model, epoch, folder)
        if rank == 0:
            _write(folder, model, optimizer, epoch + 1, history)
            if report:
                report(record)
    if ranks > 1:
        torch.distributed.barrier()  # whoever reads the folder next finds the last checkpoint in it
    return history


def in_half_precision(recipe: Recipe, device: torch.device) -> bool:
    """Whether to compute in bfloat16: where the recipe says so, but never on a CPU.

    There, the backward pass of torch 2.11's conv3d gives wrong gradients in bfloat16: 27 of 40 that
    were looked at. 15 of these were finite, so that no check would have stopped the run.
    """
    if recipe.precision == "bfloat16" and device.type == "cpu":
        say("training in float32: on a CPU, torch's bfloat16 convolutions give wrong gradients")
        return False
    return recipe.precision == "bfloat16"


def _resume(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, device: torch.device
) -> tuple[int, list[Record]]:
    """Put model, optimiser and random states where the folder's checkpoint left them.

    Gives the first epoch to run, and the records of those before.
    """
    path = folder / "checkpoint.pt"
    if not path.exists():
        return 0, []
    state = checkpoint.load(path, device)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    checkpoint.restore_random_states(state["random"])
    return state["epoch"], state["history"]


def _write(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    epoch: int,
    history: list[Record],
) -> None:
    """Write the checkpoint, and then the metrics that people read.

    The metrics are written anew each time, so they are never out of step with the checkpoint.
    """
    state: dict[str, Any] = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": epoch,
    }
    checkpoint.save(
        folder / "checkpoint.pt",
        {**state, "history": history, "random": checkpoint.random_states()},
    )
    write_text(folder / "metrics.jsonl", "".join(json.dumps(record) + "\n" for record in history))


def _stop_unless_finite(
    losses: list[float], epoch: int, step: int, metrics: dict[str, torch.Tensor], folder: Path
) -> None:
    """Stop at the first loss up to `step` that is not finite.

    The message names the parts of the last one.
    """
    for place, value in enumerate(losses):
        if not math.isfinite(value):
            parts = [f"{k} {float(v):.4g}" for k, v in metrics.items() if k.endswith("loss")]
            of = f" ({', '.join(parts)})" if parts else ""
            number = step - len(losses) + place + 2
            raise VsslError(
                f"the loss is {value} at epoch {epoch + 1}, step {number}{of}; training stopped. "
                f"{_kept(folder, epoch)}"
            )


def _stop_unless_weights_are_finite(model: nn.Module, epoch: int, folder: Path) -> None:
    """Stop before weights that are not finite become a checkpoint."""
    values = (value for value in model.state_dict().values() if value.is_floating_point())
    if not all(bool(value.isfinite().all()) for value in values):
        raise VsslError(
            f"a weight is not finite after epoch {epoch + 1}, though every loss was; "
            f"{_kept(folder, epoch)}"
        )


def _kept(folder: Path, epoch: int) -> str:
    saved = "No epoch was whole, so nothing is kept"
    if epoch:
        saved = f"The last whole epoch is kept in {folder / 'checkpoint.pt'}"
    return f"{saved}: lower the learning rate, or clip the gradient"


def processes(device: torch.device) -> tuple[int, int]:
    """This process's rank and how many there are: (0, 1), unless `torchrun` started several.

    A process of several joins their group here.
    """
    if device.type == "cuda":
        # Without this, collectives and random states would be those of the first GPU.
        torch.cuda.set_device(device)
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return 0, 1
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


def is_first() -> bool:
    """Whether this process is the one that writes: the only one, or torchrun's first."""
    return processes(device_here())[0] == 0


def _parallel(model: nn.Module, recipe: Recipe, device: torch.device, ranks: int) -> nn.Module:
    """The model as it is, or with its gradients averaged over the processes."""
    if recipe.synchronise and ranks > 1 and device.type == "cuda":
        # In place: the same parameters in other modules.
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    if recipe.compile:
        model = cast("nn.Module", torch.compile(model))  # annotated as any function
    if ranks == 1:
        return model
    devices = [device.index] if device.type == "cuda" else None
    return nn.parallel.DistributedDataParallel(model, device_ids=devices)


def _mean_over(values: list[torch.Tensor], ranks: int) -> list[float]:
    """The mean of each value over the processes: all report, and stop, alike."""
    stacked = torch.stack([value.float() for value in values])
    if ranks > 1:
        torch.distributed.all_reduce(stacked)
    return (stacked / ranks).tolist()
