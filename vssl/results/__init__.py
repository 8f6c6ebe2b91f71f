"""Results: the ledger, tables, claims and stories, from numbers to what a reader sees.

Names are fetched from their files on first use: `vssl ledger` need not wait ten seconds for torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from vssl.results.stamp import stamp

if TYPE_CHECKING:
    from vssl.results.claims import Claim
    from vssl.results.measured import table
    from vssl.results.numbers import Numbers
    from vssl.results.story import shown
    from vssl.results.tables import Table

_FILES = {
    "claims": ("Claim",),
    "measured": ("table",),
    "numbers": ("Numbers",),
    "story": ("shown",),
    "tables": ("Table",),
}
_WHERE = {name: file for file, names in _FILES.items() for name in names}

__all__ = ["Claim", "Numbers", "Table", "shown", "stamp", "table"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"vssl.results.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'vssl.results' has no attribute {name!r}")
