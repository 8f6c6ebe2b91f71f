"""The package's source files as they were when `vssl` was imported.

A digest of code must be of the code that runs. Python reads a module once, and a later edit of its
file changes nothing in it, so all files are read at the start: about 10 milliseconds.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def read() -> dict[str, str]:
    """The text of every module of the package, by its dotted name; a package has its own name."""
    texts = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        texts[name] = path.read_text(encoding="utf-8")
    return texts


AT_IMPORT = read()
