"""Checkpoints: everything a resume needs, in one file that is whole or absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vssl.errors import VsslError
from vssl.files import replacing


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; a kill while writing leaves the one before."""
    with replacing(path) as temporary:
        try:
            torch.save(state, temporary)
        except RuntimeError as error:  # what torch makes of a full disk
            raise VsslError(
                f"cannot write {path} ({str(error).splitlines()[0][:80]}); is the disk full? Free"
                " some space and run again"
            ) from error


def load(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint; only tensors and plain values, never code."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise VsslError(f"no checkpoint at {path}; train first, or name another folder") from None
    except Exception as error:
        raise VsslError(
            f"the checkpoint {path} cannot be read ({type(error).__name__}); delete it to start"
            " that run again"
        ) from error


def random_states() -> dict[str, Any]:
    """The states of torch's generators, the CPU's and this process's GPU's.

    Dropout and initial weights draw from them; clips do not.
    """
    states: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def restore_random_states(states: dict[str, Any]) -> None:
    """Put the random generators back where `random_states` found them."""
    torch.set_rng_state(states["cpu"].cpu())
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"].cpu())
