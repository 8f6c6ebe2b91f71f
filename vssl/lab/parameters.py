"""The parameters that a notebook is given: profile, seeds and data root.

`papermill -p` passes text, its files pass lists, and a person in JupyterLab writes what comes to
mind. A name that no notebook knows is refused, since papermill only warns of it and runs the whole
notebook on defaults.
"""

from __future__ import annotations

import ast
import difflib
import sys
from pathlib import Path
from typing import Any

from vssl.errors import VsslError

NAMES = ("profile", "seeds", "data_root")
INJECTED = "# Parameters"  # the first line of the cell that papermill adds


def seeds_of(given: Any) -> tuple[int, ...]:
    """Seeds as a list, a number, or a text such as "0,1,2" or "[0, 1, 2]"; empty for none."""
    if given is None or given == "" or (isinstance(given, list | tuple) and not given):
        return ()
    found = [given] if isinstance(given, int) else given
    if isinstance(given, str):
        words = given.strip().removeprefix("[").removesuffix("]").split(",")
        found = [int(word) if word.strip().isdecimal() else None for word in words]
    if not isinstance(found, list | tuple) or any(
        type(seed) is not int or seed < 0 for seed in found
    ):
        raise VsslError(f"seeds must be whole numbers such as 0,1,2 or [0, 1, 2], not {given!r}")
    if len(set(found)) < len(found):
        raise VsslError(f"a seed is named twice in {given!r}; name each once")
    return tuple(found)


def root_of(given: str | None) -> Path | None:
    """The folder of real videos; None for puppets."""
    root = Path(given).expanduser().resolve() if given else None
    if root is not None and not root.is_dir():
        raise VsslError(
            f"there is no folder {root}; give data_root the folder that holds the dataset, or leave"
            " it out for puppets"
        )
    return root


def refuse_unknown() -> None:
    """Refuse a name in a cell that papermill added to this notebook, if no notebook knows it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    for source in shell.user_ns.get("In", ()) if shell else ():
        for name in injected(source):
            if name not in NAMES:
                near = difflib.get_close_matches(name, NAMES, 1)
                meant = f"did you mean {near[0]}? " if near else ""
                raise VsslError(
                    f"no notebook has a parameter {name!r}; {meant}There are {', '.join(NAMES)}"
                )


def injected(source: str) -> list[str]:
    """The names that a cell sets, if papermill added it; none of any other cell."""
    if not source.lstrip().startswith(INJECTED):
        return []
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return []
    return [
        target.id
        for statement in body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]
