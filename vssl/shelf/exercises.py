"""What a cell behind an exercise calls: does the reader's function do as the package does?"""

from __future__ import annotations

import copy
import reprlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def check(mine: Callable, cases: Iterable[tuple[tuple, Any]]) -> None:
    """Say in one line whether `mine` gives what the package gives.

    Each case is the arguments, a tuple, and what the package makes of them. Nothing that `mine`
    does ends the notebook: what it raises is said, and that its lines are not written yet too.
    """
    name, count = getattr(mine, "__name__", "the function"), 0
    for given, wanted in cases:
        call = f"{name}({', '.join(map(_short, given))})"
        try:
            found = mine(*copy.deepcopy(given))  # so that it cannot spoil what is shown
        except (Exception, SystemExit) as error:
            print(f"not yet: {call} raises {type(error).__name__}: {_line(error)}")
            return
        if found is None:
            print(f"not yet: {name} gives nothing back; write its lines in the cell above")
            return
        if not _same(found, wanted):
            print(f"not yet: {call} gives {_short(found)}, and the package {_short(wanted)}")
            return
        count += 1
    print(f"right: {name} gives what the package gives, in {count} cases")


def _same(mine: Any, wanted: Any) -> bool:
    """Whether two values are equal, numbers up to the rounding of single precision."""
    if isinstance(wanted, tuple | list):
        alike = isinstance(mine, tuple | list) and len(mine) == len(wanted)
        return alike and all(_same(a, b) for a, b in zip(mine, wanted, strict=True))
    try:
        a, b = np.asarray(_plain(mine)), np.asarray(_plain(wanted))
        if a.shape != b.shape:
            return False
        if a.dtype.kind in "biufc" and b.dtype.kind in "biufc":
            return bool(np.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True))
        return bool(np.array_equal(a, b))
    except Exception:  # whatever a reader's value does when it is compared
        return False


def _plain(value: Any) -> Any:
    """A tensor without its gradient; any other value as it is."""
    return value.detach().cpu() if hasattr(value, "detach") else value


def _short(value: Any) -> str:
    """A value in a few words of one line."""
    try:
        value = _plain(value)
        if hasattr(value, "tolist"):
            value = value.tolist()  # numpy's and torch's own forms take many lines
        if isinstance(value, float):
            return f"{value:.4g}"
        shown = reprlib.Repr()
        shown.maxlist, shown.maxtuple, shown.maxother = 16, 16, 90
        return " ".join(shown.repr(value).split())
    except Exception:  # a value may refuse to be written
        return f"a {type(value).__name__}"


def _line(error: BaseException) -> str:
    try:
        return " ".join(str(error).split()) or "without a word"
    except Exception:
        return "without a word"
