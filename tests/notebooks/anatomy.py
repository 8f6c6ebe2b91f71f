"""What makes a file a notebook of this shelf: the conventions of CONTRIBUTING.md as checks, and the form in which one is committed.

`python tests/notebooks/anatomy.py check FILES` lists what is wrong; `python tests/notebooks/anatomy.py normalise FILES` writes the committed form.
"""

from __future__ import annotations

import ast
import io
import itertools
import json
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vssl import paths
from vssl.errors import VsslError
from form import committed, joined, normalise

PARAMETERS = {"profile": "smoke", "seeds": None, "data_root": None}
# Anything else is a slip: a misspelt tag is silently no tag at all.
TAGS = ("parameters", "setup", "plan", "follows", "nbval-ignore-output", "nbval-check-output", "hide-input", "remove-input")
FOLLOWS = {"setup", "plan", "follows"}  # a code cell with one of these may stand right behind another
MOST_BYTES = 600_000
MOST_LINES = 30
CELLS = (20, 60)

PATH = re.compile(r"(?<![\w.<])(/(home|root|tmp|work|usr|Users|var|mnt|opt|srv|media|scratch|private)/[\w.]|[A-Z]:\\\w)")
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
DEVICE = re.compile(r"\bcuda:\d|\b(NVIDIA|GeForce|Tesla|Quadro|Radeon|Xeon|Ryzen|EPYC|Apple M\d|Intel\(R\))")


def problems(path: Path) -> list[str]:
    """Everything that keeps a file from being a notebook of this shelf; empty if nothing does."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [_Cell(cell, index) for index, cell in enumerate(notebook["cells"])]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"it cannot be read as a notebook: {type(error).__name__}: {error}"]
    found = [*_file(path, notebook), *_ids(cells), *_order(cells, path.stem), *_alternation(cells)]
    code = [cell for cell in cells if cell.is_code]
    trees = {cell.id: tree for cell in code if (tree := _parsed(cell)) is not None}
    found += [f"{cell.name}: it is not plain Python (a magic, a shell command?)" for cell in code if cell.id not in trees]
    found += [*_parameters(code), *_uses(code, trees), *_counts(code)]
    for cell in cells:
        found += _metadata(cell)
    for cell in code:
        found += [*_length(cell), *_outputs(cell), *(_ends(cell, trees[cell.id]) if cell.id in trees else [])]
    return found


class _Cell:
    """A cell as it stands in the file, with its source joined."""

    def __init__(self, raw: dict[str, Any], index: int) -> None:
        self.raw = raw
        self.id: str = raw.get("id", f"number {index}")
        self.name = f"cell {self.id}"
        self.source = joined(raw["source"])
        self.is_code = raw["cell_type"] == "code"
        self.metadata: dict[str, Any] = raw.get("metadata", {})
        self.tags: list[str] = self.metadata.get("tags", [])
        self.outputs: list[dict[str, Any]] = raw.get("outputs", [])


# ------------------------------------------------------------ rules


def _file(path: Path, notebook: dict[str, Any]) -> Iterator[str]:
    """Format, kernel and size of the whole file."""
    if (notebook.get("nbformat"), notebook.get("nbformat_minor")) != (4, 5):
        yield "it is not of the notebook format 4.5"
    metadata = notebook.get("metadata", {})
    if metadata.get("kernelspec", {}).get("name") != "python3":
        yield "its kernel is not python3"
    yield from (f"its metadata has {name!r}, which no notebook needs" for name in metadata if name not in ("kernelspec", "language_info"))
    if path.stat().st_size >= MOST_BYTES:
        yield f"it has {path.stat().st_size // 1000} kB; {MOST_BYTES // 1000} are the most"
    if not CELLS[0] <= len(notebook["cells"]) <= CELLS[1]:
        yield f"it has {len(notebook['cells'])} cells; {CELLS[0]} to {CELLS[1]} make a notebook"
    if path.read_text(encoding="utf-8") != committed(notebook):
        yield "it is not in its committed form: python tests/notebooks/anatomy.py normalise writes it"


def _ids(cells: Sequence[_Cell]) -> Iterator[str]:
    """An id says what the cell does, so that a diff, a link and a failing test can be read."""
    for name, count in Counter(cell.id for cell in cells).items():
        if count > 1:
            yield f"cell {name}: {count} cells have this id"
        hexadecimal = re.fullmatch(r"[0-9a-f-]{6,}", name) and re.search(r"\d", name)
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", name) or hexadecimal:
            yield f"cell {name}: its id is not a word or two in small letters, digits and hyphens"


def _order(cells: Sequence[_Cell], stem: str) -> Iterator[str]:
    """title, parameters, setup, plan, ..., stamp."""
    if not cells or cells[0].is_code or cells[0].id != "title" or not re.match(r"# \S", cells[0].source):
        yield "its first cell is not a title: markdown, with the id title and a heading of the first level"
    code = [cell for cell in cells if cell.is_code]
    if any(cell.tags.count("parameters") for cell in code[1:]):
        yield "it has a second cell tagged parameters, or one that is not the first code cell"
    for place, name in enumerate(("parameters", "setup")):
        if len(code) <= place or code[place].id != name or name not in code[place].tags:
            yield f"its code cell {place + 1} is not {name} (that id and that tag)"
    if [cell.id for cell in code if "plan" in cell.tags] != ["plan"]:
        yield "it does not have one code cell tagged plan, with the id plan"
    if not code or code[-1].id != "stamp" or "nbval-ignore-output" not in code[-1].tags or f'stamp("{stem}", scale' not in code[-1].source:
        yield f'its last code cell is not stamp (that id, tagged nbval-ignore-output, saying results.stamp("{stem}", scale, ...)'
    headings = [len(match[1]) for cell in cells if not cell.is_code for match in re.finditer(r"^(#{1,6}) ", _prose(cell.source), re.M)]
    if headings.count(1) != 1:
        yield f"it has {headings.count(1)} headings of the first level; the title is the one"
    if any(deeper > before + 1 for before, deeper in itertools.pairwise(headings)):
        yield "its headings skip a level"


def _alternation(cells: Sequence[_Cell]) -> Iterator[str]:
    """Words before a code cell say what it is about to do, words after it what we see."""
    for before, cell in itertools.pairwise(cells):
        if cell.is_code and before.is_code and not FOLLOWS & set(cell.tags):
            yield f"{cell.name}: no words between it and {before.name}; write some, or tag it follows"


def _parameters(code: Sequence[_Cell]) -> Iterator[str]:
    """Exactly profile, seeds and data_root; each annotated, a plain literal at its default, explained behind it."""
    cell = next((cell for cell in code if "parameters" in cell.tags), None)
    tree = _parsed(cell) if cell else None
    if cell is None or tree is None:
        return
    declared = {line.target.id: line for line in tree.body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)}
    if list(declared) != list(PARAMETERS) or len(tree.body) != len(PARAMETERS):
        yield f"{cell.name}: it does not hold exactly {', '.join(PARAMETERS)}, each with its type"
    comments = {t.start[0] for t in tokenize.generate_tokens(io.StringIO(cell.source).readline) if t.type == tokenize.COMMENT}
    for name, line in declared.items():
        if name in PARAMETERS and not (isinstance(line.value, ast.Constant) and line.value.value == PARAMETERS[name]):
            yield f"{cell.name}: {name} is not {PARAMETERS[name]!r}"
        if line.end_lineno not in comments:
            yield f"{cell.name}: no comment behind {name} says what it may be"


def _uses(code: Sequence[_Cell], trees: dict[str, ast.Module]) -> Iterator[str]:
    """Every parameter is read, and nothing takes its name: an injected value would not matter, and nobody would notice."""
    read = set()
    for cell in code:
        if "parameters" in cell.tags or cell.id not in trees:
            continue
        bound = set()
        for node in ast.walk(trees[cell.id]):
            match node:
                case ast.Name(id=name, ctx=ast.Load()):
                    read.add(name)
                case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                    bound.add(name)
                case ast.alias(name=name, asname=other):
                    bound.add(other or name.split(".")[0])
                case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                    bound.add(name)
        yield from (f"{cell.name}: it gives {name} another meaning" for name in PARAMETERS if name in bound)
    yield from (f"nothing reads the parameter {name}" for name in PARAMETERS if name not in read)


def _counts(code: Sequence[_Cell]) -> Iterator[str]:
    """nbval compares nothing in a cell without a count: a stripped notebook would pass it."""
    counts = [cell.raw.get("execution_count") for cell in code]
    if counts != list(range(1, len(code) + 1)):
        yield f"its code cells are not counted 1 to {len(code)}: run it from start to end and keep the counts"


def _metadata(cell: _Cell) -> Iterator[str]:
    """Tags are all a cell may carry, and only tags that mean something."""
    yield from (f"{cell.name}: its metadata has {name!r}, which no cell needs" for name in cell.metadata if name != "tags")
    yield from (f"{cell.name}: the tag {tag!r} is not one of {', '.join(TAGS)}" for tag in cell.tags if tag not in TAGS)


def _length(cell: _Cell) -> Iterator[str]:
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if not lines:
        yield f"{cell.name}: it is empty"
    if len(lines) > MOST_LINES:
        yield f"{cell.name}: it has {len(lines)} lines of code; {MOST_LINES} are the most"


def _ends(cell: _Cell, tree: ast.Module) -> Iterator[str]:
    """Nothing may end the notebook early (papermill would call it a success), and nothing may leave Python."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="sys" | "os"), attr="exit" | "_exit") | ast.Name(id="exit" | "quit" | "SystemExit"):
                yield f"{cell.name}: it may end the notebook early ({ast.unparse(node)})"
            case ast.Name(id="get_ipython"):
                yield f"{cell.name}: it is not plain Python (get_ipython)"


def _outputs(cell: _Cell) -> Iterator[str]:
    """Outputs without errors and stderr, without what differs between machines, each image with words for those who cannot see it."""
    for output in cell.outputs:
        if output["output_type"] == "error":
            yield f"{cell.name}: its output is an error, {output.get('ename')}"
        if output["output_type"] == "stream" and output.get("name") == "stderr":
            yield f"{cell.name}: it wrote to stderr"
        for kind in output.get("data", {}):
            alt = output.get("metadata", {}).get(kind, {})
            if kind.startswith("image/") and not (isinstance(alt, dict) and str(alt.get("alt", "")).strip()):
                yield f"{cell.name}: its image has no alt text"
        text = _shown(output)
        if str(paths.root()) in text or PATH.search(text):
            yield f"{cell.name}: its output holds a path of this machine"
        if ADDRESS.search(text):
            yield f"{cell.name}: its output holds a memory address"
        if DEVICE.search(text) and "nbval-ignore-output" not in cell.tags:
            yield f"{cell.name}: its output names a device; tag it nbval-ignore-output if it is about the machine"


def _shown(output: dict[str, Any]) -> str:
    """The text of an output: its stream, its plain text, its HTML without embedded images."""
    parts = [joined(output.get("text", "")), *(joined(value) for kind, value in output.get("data", {}).items() if kind.startswith("text/"))]
    return re.sub(r"data:[\w/+.-]+;base64,[\w+/=]+", "", "\n".join(parts))


def _prose(source: str) -> str:
    """Markdown without its fenced code, where a # is no heading."""
    return re.sub(r"^```.*?^```", "", source, flags=re.M | re.S)


def _parsed(cell: _Cell) -> ast.Module | None:
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return None


def main(argv: Sequence[str]) -> int:
    """`check` or `normalise` files; gives 1 if a check found something."""
    if len(argv) < 2 or argv[0] not in ("check", "normalise"):
        print("usage: python tests/notebooks/anatomy.py check|normalise FILES", file=sys.stderr)
        return 2
    bad = False
    for path in map(Path, argv[1:]):
        if argv[0] == "normalise":
            print(f"{path}: {'rewritten' if normalise(path) else 'in its form already'}")
            continue
        found = problems(path)
        bad |= bool(found)
        print("\n".join(f"{path}: {problem}" for problem in found) or f"{path}: well")
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except VsslError as mistake:
        sys.exit(f"vssl: {mistake}")
