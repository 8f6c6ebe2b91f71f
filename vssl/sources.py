"""The package's source files as they were when `vssl` was imported.

A digest of code must be of the code that runs. Python reads a module once, and a later edit of its
file changes nothing in it, so all files are read at the start: about 10 milliseconds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from vssl.errors import VsslError

PACKAGE = Path(__file__).parent


def read() -> dict[str, str]:
    """The text of every module of the package, by its dotted name; a package has its own name."""
    return {name: path.read_text(encoding="utf-8") for name, path in modules(PACKAGE).items()}


def check(modules: Iterable[str]) -> None:
    """Refuse modules that may have been loaded from a file that had changed by then.

    A module that was found loaded while its file was unchanged is known to be of the text that was
    read here, whatever happens to the file later. A module that was loaded again is another one.
    """
    for name in modules:
        module = sys.modules.get(name)
        spec = getattr(module, "__spec__", None)
        if module is None or _KNOWN.get(name) is spec:
            continue
        path = FILES[name]
        if not path.exists() or _state(path) != STATES[name]:
            raise VsslError(
                f"{path} has changed since vssl was imported, so what made a number could not be "
                "told; restart the kernel, or run the command again"
            )
        _KNOWN[name] = spec


def modules(package: Path) -> dict[str, Path]:
    """The file of every module of a package, by its dotted name; a package has its own name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


FILES = modules(PACKAGE)
STATES = {name: _state(path) for name, path in FILES.items()}  # before the texts are read
AT_IMPORT = read()
_KNOWN: dict[str, object] = {}  # modules found loaded from these texts, with their import specs
