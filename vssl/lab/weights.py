"""Trained weights to give away: in half precision, without what only a resume needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from vssl.files import replacing, write_json
from vssl.lab import key, store
from vssl.training import checkpoint


def keep(experiment: Any, folder: Path) -> list[Path]:
    """Copy the weights of an experiment's run, and of those that it needs, to a folder.

    Each is a file of half-precision weights with its description and its run's record beside it;
    one that is there is left alone.
    """
    kept = [path for need in experiment.needs() for path in keep(need, folder)]
    trained = store.folder_of(experiment) / "model.pt"
    target = folder / f"{experiment.key()}.pt"
    if trained.is_file() and not target.exists():
        state = {
            name: value.half() if value.is_floating_point() else value
            for name, value in checkpoint.load(trained).items()
        }
        write_json(target.with_suffix(".json"), key.described(experiment))
        write_json(record_of(target), json.loads((trained.parent / "run.json").read_text()))
        with replacing(target) as temporary:
            torch.save(state, temporary)
        kept.append(target)
    return kept


def record_of(kept: Path) -> Path:
    """Where the record of the run lies that made a kept file; older files have none."""
    return kept.with_suffix(".run.json")
