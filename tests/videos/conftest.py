"""What tests of readers need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def write() -> Callable[[Path, dict[str, str]], Path]:
    """Write texts to the files that they are named by, below a folder, and give that folder."""

    def write(root: Path, texts: dict[str, str]) -> Path:
        for name, text in texts.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return root

    return write
