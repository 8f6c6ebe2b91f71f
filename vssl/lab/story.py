"""What a figure is drawn from: the live run's data, or at the smoke profile the committed ledger's, so that a reader sees real learning."""

from __future__ import annotations

from typing import Any

import numpy as np

from vssl.errors import VsslError
from vssl.lab import ledger
from vssl.lab.profile import Scale


def shown(slug: str, name: str, scale: Scale, data: dict[str, Any], show: str = "demo") -> tuple[dict[str, Any], str]:
    """The data to draw (arrays and plain values) and one line that says what it is.

    Beyond smoke, `data` is left for the ledger and given back. At smoke it was computed so that every line runs, and the ledger's data
    of the same figure is given instead, where there is any.
    """
    if scale.profile != "smoke":
        seeds = ", ".join(map(str, scale.seeds))
        says = f"{scale.profile} profile, {scale.data().says()}, seeds {seeds}"
        ledger.leave(slug, scale.profile, figures={name: {"says": says, "data": _plain(data)}})
        return data, says
    kept = ledger.read(slug, show)["figures"].get(name)
    if kept is None:
        return data, "smoke profile: these numbers mean nothing"
    if set(kept["data"]) != set(data):
        raise VsslError(
            f"the ledger's figure {name!r} of {slug} has {sorted(kept['data'])}, not {sorted(data)}; run the {show} profile again"
        )
    return {key: _array(value) for key, value in kept["data"].items()}, f"from the ledger: {kept['says']}"


def _plain(value: Any) -> Any:
    """Arrays as lists, floats with four digits: enough for any figure, and small in git."""
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _array(value: Any) -> Any:
    """Lists of numbers back to arrays; everything else as it is."""
    if isinstance(value, dict):
        return {key: _array(item) for key, item in value.items()}
    if isinstance(value, list) and value and not any(isinstance(item, str | dict | None.__class__) for item in value):
        return np.asarray(value)
    return value
