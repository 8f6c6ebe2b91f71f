"""Keys: what makes two experiments the same one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from fractions import Fraction

import numpy as np


def described(value: object) -> object:
    """A description in plain JSON.

    A field that stands at its default is left out, so that a new field keeps old keys.

    Fields marked ``metadata={"key": False}`` say where something is, not what it is, and are left
    out too.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            f.name: described(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if f.metadata.get("key", True) and getattr(value, f.name) != _default(f)
        }
        return {"": type(value).__name__, **fields}
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, np.integer | np.floating):
        return value.item()
    if isinstance(value, tuple | list):
        return [described(item) for item in value]
    if isinstance(value, dict):
        return {str(name): described(item) for name, item in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(
        f"an experiment may hold plain values and frozen dataclasses, not {type(value).__name__}"
    )


def brief(value: object) -> str:
    """A dataclass in one line, with the fields that differ from their defaults."""
    return _one_line(described(value))


def _one_line(described: object) -> str:
    if isinstance(described, dict):
        fields = ", ".join(f"{name}={_one_line(item)}" for name, item in described.items() if name)
        return f"{described.get('', '')}({fields})"
    return f"{described:.3g}" if isinstance(described, float) else str(described)


def key(value: object) -> str:
    """The name of an experiment: 16 hexadecimal digits of the hash of its description."""
    text = json.dumps(described(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _default(field: dataclasses.Field) -> object:
    return (
        field.default_factory()
        if field.default_factory is not dataclasses.MISSING
        else field.default
    )
