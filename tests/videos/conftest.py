"""A fixture for tests of readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def write() -> Callable[[Path, dict[str, str]], Path]:
    """A function that writes files below a folder and returns the folder.

    The texts of the files are given by name.
    """

    def write(root: Path, texts: dict[str, str]) -> Path:
        for name, text in texts.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return root

    return write
