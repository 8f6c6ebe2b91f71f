"""The form in which a notebook is committed.

It shows nothing of the tool, time or machine that ran it, so that a diff shows what changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vssl import files
from vssl.errors import VsslError

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
HIDDEN = "hide-input"  # a cell whose code is folded: it draws or prints, and holds no idea
CONTROL = "control"  # a cell with sliders
LANGUAGE = {"name": "python"}  # without the version, which differs between machines


def normalise(path: Path) -> bool:
    """Write a notebook in its committed form, and return whether that changed it."""
    try:
        before = path.read_text(encoding="utf-8")
        after = committed(json.loads(before))
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise VsslError(f"{path} cannot be read as a notebook: {error}") from None
    if after != before:
        files.write_text(path, after)
    return after != before


def committed(notebook: dict[str, Any]) -> str:
    """Return the text of a notebook in its committed form."""
    return json.dumps(_normal(notebook), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def joined(text: str | list[str]) -> str:
    """Return a text of a notebook as one string; the file may have it as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def _normal(notebook: dict[str, Any]) -> dict[str, Any]:
    """Remove what a tool or a machine left: times, widget states, versions and empty tags."""
    cells = []
    for raw in notebook["cells"]:
        tags = raw.get("metadata", {}).get("tags")
        cell = {**raw, "source": _lines(raw["source"]), "metadata": {"tags": tags} if tags else {}}
        if raw["cell_type"] == "code":
            if HIDDEN in cell["metadata"].get("tags", ()):
                cell["metadata"]["jupyter"] = {"source_hidden": True}
            # A control is nothing without a kernel, and its state is long.
            shown = () if CONTROL in cell["metadata"].get("tags", ()) else raw.get("outputs", ())
            cell["outputs"] = [_normal_output(output) for output in shown]
        cells.append(cell)
    kernel = notebook.get("metadata", {}).get("kernelspec", {})
    if kernel.get("name") == "python3":
        kernel = KERNEL
    metadata = {"kernelspec": kernel, "language_info": LANGUAGE}
    return {**notebook, "cells": cells, "metadata": metadata}


def _normal_output(output: dict[str, Any]) -> dict[str, Any]:
    """Split text into lists of lines, which a diff can show."""
    if "text" in output:
        return {**output, "text": _lines(output["text"])}
    if "data" in output:
        data = output["data"]
        text = {kind: _lines(value) for kind, value in data.items() if kind.startswith("text/")}
        return {**output, "data": data | text}
    return output


def _lines(text: str | list[str]) -> list[str]:
    return joined(text).splitlines(keepends=True)
