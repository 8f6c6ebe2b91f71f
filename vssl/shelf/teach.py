"""Copies of notebooks for a class: the students' without solutions and answers, and the teacher's.

A cell tagged `exercise` holds a function; the students' copy keeps its signature and docstring. In
two sections folds hold answers, which stay in the teacher's copy alone. All else is the same.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vssl import files, manifest, paths
from vssl.errors import VsslError

EXERCISE, CHECK = "exercise", "check"
BLANK = "...  # your lines here"
# Folds under these headings hold answers; a fold elsewhere is part of the lesson.
ANSWERED = ("check yourself", "three things to try")
COPIES = ("students", "teachers")  # the two folders

HEADING = re.compile(r"#{1,2} +(.+)")
FOLD = re.compile(r"<details[^>]*>\s*<summary[^>]*>(.*?)</summary>(.*?)</details>", re.S | re.I)
LINK = re.compile(r"(\]\(|(?:href|src)=[\"'])([^)\s\"'#:]+)(?=[)\s\"'#])")
MARK = "vssl"  # in a copy's metadata: what it is, and the digest by which a change is noticed

Notebook = dict[str, Any]


def teach(ids: Sequence[str], to: Path) -> list[str]:
    """Write both copies of notebooks into a folder, and say of each what was taken out.

    Without ids, they are the papers' stories. Nothing is written if one of them cannot be copied,
    or if the folder has other files, or copies that somebody has worked in.
    """
    entries = manifest.find(ids) if ids else stories()
    to, names = to.expanduser().resolve(), {entry.path.name for entry in entries}
    _refuse_to_overwrite(to)
    made, lines = {}, []
    for entry in entries:
        whole = _read(entry.path)
        for copy in COPIES:
            made[to / copy / entry.path.name] = copied(whole, entry.id, copy, to / copy, names)
        lines.append(f"{entry.id}: {_held(whole)}")
    for path, notebook in made.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VsslError(
                f"cannot make the folder {path.parent}: {error.strerror}; choose another"
            ) from None
        files.write_text(path, _text(notebook))
    return lines


def stories() -> tuple[manifest.Entry, ...]:
    """The notebooks that teach one paper each."""
    return tuple(e for e in manifest.shelf() if e.id[1:3] == "00" and e.paper != "all")


def copied(whole: Notebook, name: str, copy: str, folder: Path, names: set[str]) -> Notebook:
    """The students' or the teacher's copy of a notebook, to lie in `folder`.

    Links lead to where they led before, or to the copies called `names` beside it.
    """
    students, section, cells = copy == COPIES[0], "", []
    followers = [_tags(cell) for cell in whole["cells"][1:]] + [[]]
    for number, (cell, behind) in enumerate(zip(whole["cells"], followers, strict=True)):
        cell = dict(cell)
        where, source = f"{name}, cell {cell.get('id', number)}", _joined(cell["source"])
        if cell["cell_type"] == "markdown":
            source, section = _answers(source, section, students, where)
            source = _linked(source, folder, names)
            if not number:
                source = _titled(source, name, copy, whole)
        if EXERCISE in _tags(cell):
            if CHECK not in behind:
                raise VsslError(f"{where}: behind an exercise comes a cell tagged {CHECK}")
            blank = blanked(source, where)  # also for the teacher, so that a fault is said
            source = blank if students else source
        if students and {EXERCISE, CHECK} & set(_tags(cell)):
            cell |= {"outputs": [], "execution_count": None}
        cells.append({**cell, "source": source.splitlines(keepends=True)})
    made = {**whole, "cells": cells}
    about = {"copy": copy, "of": name, "digest": _digest(made)}
    return {**made, "metadata": {**whole.get("metadata", {}), MARK: about}}


def function_of(source: str, where: str = "the cell") -> ast.FunctionDef:
    """The one function of an exercise; `where` is named if there is not one, with a docstring."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        raise VsslError(f"{where}: an exercise is plain Python") from None
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if len(found) != 1 or not ast.get_docstring(found[0]):
        what = "one function, with a docstring that says what it gets and gives"
        raise VsslError(f"{where}: an exercise holds {what}")
    docstring, *body = found[0].body
    if not body or body[0].lineno <= (docstring.end_lineno or 0):
        raise VsslError(f"{where}: the solution of an exercise stands below its docstring")
    return found[0]


def blanked(source: str, where: str = "the cell") -> str:
    """The source of an exercise without its solution; what stands outside the function stays."""
    function = function_of(source, where)
    lines, docstring = source.splitlines(), function.body[0]
    last = function.end_lineno or 0
    for number in range(last, len(lines)):  # comments below the last statement are its body's too
        if lines[number].strip() and not re.match(r"\s+#", lines[number]):
            break
        if lines[number].strip():
            last = number + 1
    blank = " " * docstring.col_offset + BLANK
    return "\n".join([*lines[: docstring.end_lineno], blank, *lines[last:]])


def _answers(source: str, section: str, students: bool, where: str) -> tuple[str, str]:
    """The words of a cell with answers opened, or left out, and the section in which it ends."""
    words = ""
    parts = _sections(source, section)
    for title, text in parts:
        if title.casefold().startswith(ANSWERED):
            if len(FOLD.findall(text)) != len(re.findall("<details", text, re.I)):
                form = "<details><summary>Question?</summary> answer </details>"
                raise VsslError(f"{where}: an answer is folded as {form}, and none in another")
            text = FOLD.sub(_question if students else _opened, text)
        words += text
    return words, parts[-1][0]


def _question(fold: re.Match) -> str:
    """The question alone, as a paragraph of its own."""
    # Blank lines keep a list of folds from becoming one paragraph.
    return fold[1].strip() + ("\n" if fold.string[fold.end() :].startswith("\n<") else "")


def _opened(fold: re.Match) -> str:
    return re.sub("^<details[^>]*>", "<details open>", fold[0], flags=re.I)


def _sections(source: str, section: str) -> list[tuple[str, str]]:
    """The parts of a cell's words, each with the heading above it; the first is in `section`."""
    parts, fenced = [(section, "")], False
    for line in source.splitlines(keepends=True):
        fenced ^= line.lstrip().startswith("```")
        if not fenced and (heading := HEADING.match(line)):
            parts.append((heading[1].strip(), ""))
        parts[-1] = (parts[-1][0], parts[-1][1] + line)
    return parts


def _held(whole: Notebook) -> str:
    """How many exercises and answers a notebook holds, in words."""
    exercises = sum(EXERCISE in _tags(cell) for cell in whole["cells"])
    words = "\n".join(_joined(c["source"]) for c in whole["cells"] if c["cell_type"] == "markdown")
    asked = [text for title, text in _sections(words, "") if title.casefold().startswith(ANSWERED)]
    folds = sum(len(FOLD.findall(text)) for text in asked)
    return f"{_count(exercises, 'exercise')}, {_count(folds, 'answer')}"


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'s' * (number != 1)}"


def _titled(source: str, name: str, copy: str, whole: Notebook) -> str:
    """The first cell with a line below the title that says what this copy is."""
    title, _, rest = source.partition("\n")
    if copy == COPIES[0]:
        about = (
            f"**Students' copy of `{name}`**, without solutions and answers ({_held(whole)}). It"
            f" runs from top to bottom as it is. Where a function says `{BLANK}`, write them; the"
            " cell behind it says whether they are right. The teacher's copy has all answers."
        )
    else:
        about = (
            f"**Teacher's copy of `{name}`** ({_held(whole)}). Exercises are solved, and answers"
            " are open. The students' copy has neither."
        )
    return f"{title}\n\n> {about}\n{rest}"


def _linked(source: str, folder: Path, names: set[str]) -> str:
    """Words whose relative links lead from `folder` to where they led from the shelf."""

    def moved(link: re.Match) -> str:
        target = paths.notebooks() / link[2]
        if link[2] in names or not target.exists():
            return link[0]
        return link[1] + Path(os.path.relpath(target, folder)).as_posix()

    return LINK.sub(moved, source)


def _refuse_to_overwrite(to: Path) -> None:
    """Refuse a folder with anything but copies that are as they were written."""
    if to.exists() and not to.is_dir():
        raise VsslError(f"{to} is a file; give a folder that is new or empty")
    inside = sorted(to.iterdir()) if to.exists() else []
    for folder in inside:
        ours = folder.name in COPIES and folder.is_dir()
        for path in sorted(folder.iterdir()) if ours else [folder]:
            if path.name != ".ipynb_checkpoints" and not _is_untouched(path):
                raise VsslError(
                    f"{to} has files that are no copies, or copies that were worked in, such as"
                    f" {path.relative_to(to)}; give a folder that is new or empty"
                )


def _is_untouched(path: Path) -> bool:
    """Whether a file is a copy, and as it was written."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        about = notebook["metadata"].pop(MARK)
        return about["digest"] == _digest(notebook)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _digest(notebook: Notebook) -> str:
    """The digest of a notebook's cells."""
    text = json.dumps(notebook["cells"], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(path: Path) -> Notebook:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(notebook["cells"], list):
            raise TypeError("its cells are no list")
        return notebook
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VsslError(f"{path} cannot be read as a notebook: {error}") from None


def _text(notebook: Notebook) -> str:
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _tags(cell: dict[str, Any]) -> list[str]:
    return cell.get("metadata", {}).get("tags", [])


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
