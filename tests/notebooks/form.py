"""The form in which a notebook is committed: nothing of the tool, time or machine that ran it, so that a diff shows what changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vssl import files
from vssl.errors import VsslError

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python"}  # not its version, which differs between machines


def normalise(path: Path) -> bool:
    """Write a notebook in its committed form; gives whether that changed it."""
    try:
        before = path.read_text(encoding="utf-8")
        after = committed(json.loads(before))
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise VsslError(f"{path} cannot be read as a notebook: {error}") from None
    if after != before:
        files.write_text(path, after)
    return after != before


def committed(notebook: dict[str, Any]) -> str:
    """The text of a notebook in its committed form."""
    return json.dumps(_normal(notebook), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def joined(text: str | list[str]) -> str:
    """A notebook's text, which may stand as one string or as its lines."""
    return text if isinstance(text, str) else "".join(text)


def _normal(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook without what a tool or a machine left in it: times, widget states, versions, empty tags."""
    cells = []
    for raw in notebook["cells"]:
        cell = {**raw, "source": _lines(raw["source"]), "metadata": {"tags": tags} if (tags := raw.get("metadata", {}).get("tags")) else {}}
        if raw["cell_type"] == "code":
            cell["outputs"] = [_normal_output(output) for output in raw.get("outputs", [])]
        cells.append(cell)
    metadata = notebook.get("metadata", {})
    kernel = KERNEL if metadata.get("kernelspec", {}).get("name") == "python3" else metadata.get("kernelspec", {})
    return {**notebook, "cells": cells, "metadata": {"kernelspec": kernel, "language_info": LANGUAGE}}


def _normal_output(output: dict[str, Any]) -> dict[str, Any]:
    """Text as lists of lines, which a diff can show."""
    if "text" in output:
        return {**output, "text": _lines(output["text"])}
    if "data" in output:
        text = {kind: _lines(value) for kind, value in output["data"].items() if kind.startswith("text/")}
        return {**output, "data": output["data"] | text}
    return output


def _lines(text: str | list[str]) -> list[str]:
    return joined(text).splitlines(keepends=True)
