"""The training loop: one function, top to bottom, the same in a test, a notebook and a job on many GPUs."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vssl.errors import VsslError
from vssl.files import write_text
from vssl.recipe import Recipe
from vssl.training import checkpoint
from vssl.training.batches import Batches, Resident

Record = dict[str, float]


def device_here() -> torch.device:
    """The device to train on: this process's GPU, or the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def fit(
    model: nn.Module,
    batches: Batches,
    recipe: Recipe,
    folder: Path,
    *,
    device: torch.device | None = None,
    tell: Callable[[Record], None] | None = None,
) -> list[Record]:
    """Train `model` (views, labels -> Outcome) and return one record of metrics an epoch.

    `folder` holds the checkpoint of the last whole epoch and metrics.jsonl; call again with the same folder to go on from
    there: bit for bit on a CPU, but not on a GPU, whose kernels add in no fixed order. `tell` gets each epoch's record as it ends.
    Under `torchrun` every process takes its share of each batch, and the first alone writes. All resume with its random states: seed
    them alike.
    """
    device = device or device_here()
    rank, ranks = processes(device)
    batches = replace(batches, rank=rank, ranks=ranks) if ranks > 1 else batches
    cuda = device.type == "cuda"
    model.to(
        device, memory_format=torch.channels_last_3d
    )  # as plainly cropped clips lie; on a CPU it saves a copy a convolution
    optimizer = recipe.optimizer(model.parameters())
    first, history = _resume(folder, model, optimizer, device)
    trained = _parallel(model, recipe, device, ranks)
    model.train()

    for epoch in range(first, recipe.epochs):
        sums: dict[str, torch.Tensor] = {}
        losses: list[
            torch.Tensor
        ] = []  # not yet looked at: each look makes the CPU wait for the GPU
        begin, waiting = time.perf_counter(), 0.0
        source = batches.epoch(
            epoch, ahead=4 if cuda and not isinstance(batches.frames, Resident) else 0
        )
        for step in range(len(batches)):
            asked = time.perf_counter()
            batch = next(source)
            waiting += time.perf_counter() - asked

            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * recipe.factor(epoch + step / len(batches))
            clips = torch.as_tensor(batch.clips).to(
                device, non_blocking=True
            )  # uint8 [N, T, H, W, C]
            x = batches.augment.apply(clips, batch.parameters)  # [N, C, T, H, W]
            labels = {
                name: torch.from_numpy(value).to(device, non_blocking=True)
                for name, value in batch.labels.items()
            }  # [B, V]
            with torch.autocast(
                device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"
            ):
                loss, metrics = trained(x, labels)

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
        record = {
            name: float(value) / len(batches)
            for name, value in zip(sums, _mean_over(list(sums.values()), ranks), strict=True)
        }
        record |= {"epoch": epoch + 1, "rate": optimizer.param_groups[0]["lr"], "seconds": seconds}
        record |= {
            "clips_per_second": ranks * len(batches) * len(batch.clips) / seconds,
            "waiting": waiting / seconds,
        }
        history.append(record)
        if not all(
            bool(value.isfinite().all())
            for value in model.state_dict().values()
            if value.is_floating_point()
        ):
            raise VsslError(
                f"a weight is not finite after epoch {epoch + 1}, though every loss was; {_kept(folder, epoch)}"
            )
        if rank == 0:
            _write(folder, model, optimizer, epoch + 1, history)
            if tell:
                tell(record)
    if ranks > 1:
        torch.distributed.barrier()  # whoever reads the folder next finds the last checkpoint in it
    return history


def _resume(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, device: torch.device
) -> tuple[int, list[Record]]:
    """Put model, optimiser and random states where the folder's checkpoint left them; the first epoch to run, and the records."""
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
    """The end of an epoch: first the checkpoint, then the metrics that people read (rewritten whole, so never out of step)."""
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
    """Stop at the first loss of the steps up to `step` that is not finite; the parts are those of the last step looked at."""
    for place, value in enumerate(losses):
        if not math.isfinite(value):
            parts = ", ".join(
                f"{name} {float(v):.4g}" for name, v in metrics.items() if name.endswith("loss")
            )
            number = step - len(losses) + place + 2
            raise VsslError(
                f"the loss is {value} at epoch {epoch + 1}, step {number} ({parts}); training stopped. {_kept(folder, epoch)}"
            )


def _kept(folder: Path, epoch: int) -> str:
    saved = (
        f"The last whole epoch is kept in {folder / 'checkpoint.pt'}"
        if epoch
        else "No epoch was whole, so nothing is kept"
    )
    return f"{saved}: lower the learning rate, or clip the gradient"


def processes(device: torch.device) -> tuple[int, int]:
    """This process's rank and how many there are: (0, 1), unless `torchrun` started several, whose group it then joins."""
    if device.type == "cuda":
        torch.cuda.set_device(
            device
        )  # or collectives and random states would be those of the first GPU
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return 0, 1
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


def is_first() -> bool:
    """Whether this process is the one that writes: the only one, or the first of those that `torchrun` started."""
    return processes(device_here())[0] == 0


def _parallel(model: nn.Module, recipe: Recipe, device: torch.device, ranks: int) -> nn.Module:
    """The model as it is, or with its gradients averaged over the processes."""
    if recipe.synchronise and ranks > 1 and device.type == "cuda":
        model = nn.SyncBatchNorm.convert_sync_batchnorm(
            model
        )  # in place: the same parameters in other modules
    model = torch.compile(model) if recipe.compile else model
    if ranks == 1:
        return model
    return nn.parallel.DistributedDataParallel(
        model, device_ids=[device.index] if device.type == "cuda" else None
    )


def _mean_over(values: list[torch.Tensor], ranks: int) -> list[float]:
    """The mean of each value over the processes: all report, and stop, alike."""
    stacked = torch.stack([value.float() for value in values])
    if ranks > 1:
        torch.distributed.all_reduce(stacked)
    return (stacked / ranks).tolist()
