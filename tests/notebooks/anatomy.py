"""The conventions of CONTRIBUTING.md for notebooks, as checks.

`python tests/notebooks/anatomy.py check FILES` lists what is wrong.
`python tests/notebooks/anatomy.py normalise FILES` writes the committed form.
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

from form import CONTROL, HIDDEN, committed, joined, normalise

from vssl import paths
from vssl.errors import VsslError
from vssl.shelf.teach import CHECK, EXERCISE, function_of

PARAMETERS = {"profile": "smoke", "seeds": "", "data_root": ""}
# Any other tag is a mistake, because nothing would read a misspelt one.
TAGS = (
    "parameters",
    "setup",
    "plan",
    "follows",
    "nbval-ignore-output",
    "nbval-check-output",
    HIDDEN,
    CONTROL,
    EXERCISE,
    CHECK,
)
# A code cell with one of these tags may come right after another code cell.
FOLLOWS = {"setup", "plan", "follows", CONTROL, CHECK}
MOST_BYTES = 600_000
MOST_LINES = 30
# Of the code lines that a reader sees, so many may be calls that draw figures and print tables;
# other such cells are folded, and a folded cell must be mostly such calls.
MOST_PLUMBING = 0.25
PLUMBING = {"figures", "results"}
CELLS = (20, 60)

FOLDERS = "home|root|tmp|work|usr|Users|var|mnt|opt|srv|media|scratch|private"
PATH = re.compile(rf"(?<![\w.<])(/({FOLDERS})/[\w.]|[A-Z]:\\\w)")
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
MAKES = r"NVIDIA|GeForce|Tesla|Quadro|Radeon|Xeon|Ryzen|EPYC|Apple M\d|Intel\(R\)"
LEDGER = re.compile(r"Made by commits? [^\n<]*")  # of committed numbers: the same everywhere
DEVICE = re.compile(rf"\bcuda:\d|\b({MAKES})")


def problems(path: Path) -> list[str]:
    """List every convention that a notebook breaks."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [_Cell(cell, index) for index, cell in enumerate(notebook["cells"])]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"it cannot be read as a notebook: {type(error).__name__}: {error}"]
    found = [*_file(path, notebook), *_ids(cells), *_order(cells, path.stem), *_alternation(cells)]
    code = [cell for cell in cells if cell.is_code]
    trees = {cell.id: tree for cell in code if (tree := _parsed(cell)) is not None}
    strange = [cell.name for cell in code if cell.id not in trees]
    found += [f"{name}: it is not plain Python (a magic, a shell command?)" for name in strange]
    found += [*_parameters(code), *_uses(code, trees), *_counts(code), *_computed(cells, trees)]
    found += [*_folded(code, trees), *_exercises(cells, trees)]
    for cell in cells:
        found += _metadata(cell)
    for cell in code:
        found += [*_length(cell), *_outputs(cell)]
        if cell.id in trees:
            found += _ends(cell, trees[cell.id])
    return found


class _Cell:
    """A cell of the file, with its source as one string."""

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
    """Check the format, kernel and size of the whole file."""
    if (notebook.get("nbformat"), notebook.get("nbformat_minor")) != (4, 5):
        yield "it is not of the notebook format 4.5"
    metadata = notebook.get("metadata", {})
    if metadata.get("kernelspec", {}).get("name") != "python3":
        yield "its kernel is not python3"
    for name in metadata:
        if name not in ("kernelspec", "language_info"):
            yield f"its metadata has {name!r}, which no notebook needs"
    if path.stat().st_size >= MOST_BYTES:
        yield f"it has {path.stat().st_size // 1000} kB; {MOST_BYTES // 1000} are the most"
    if not CELLS[0] <= len(notebook["cells"]) <= CELLS[1]:
        yield f"it has {len(notebook['cells'])} cells; {CELLS[0]} to {CELLS[1]} make a notebook"
    if path.read_text(encoding="utf-8") != committed(notebook):
        command = "python tests/notebooks/anatomy.py normalise"
        yield f"it is not in its committed form: {command} writes it"


def _ids(cells: Sequence[_Cell]) -> Iterator[str]:
    """Check that ids are unique words, so that a diff, a link and a failing test can be read."""
    for name, count in Counter(cell.id for cell in cells).items():
        if count > 1:
            yield f"cell {name}: {count} cells have this id"
        hexadecimal = re.fullmatch(r"[0-9a-f-]{6,}", name) and re.search(r"\d", name)
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", name) or hexadecimal:
            yield f"cell {name}: its id is not a word or two in small letters, digits and hyphens"


def _order(cells: Sequence[_Cell], stem: str) -> Iterator[str]:
    """Check the order of cells, which is title, parameters, setup, plan, ..., stamp."""
    if not cells or not _is_title(cells[0]):
        what = "markdown, with the id title and a heading of the first level"
        yield f"its first cell is not a title: {what}"
    code = [cell for cell in cells if cell.is_code]
    if any(cell.tags.count("parameters") for cell in code[1:]):
        yield "it has a second cell tagged parameters, or one that is not the first code cell"
    for place, name in enumerate(("parameters", "setup")):
        if len(code) <= place or code[place].id != name or name not in code[place].tags:
            yield f"its code cell {place + 1} is not {name} (that id and that tag)"
    if [cell.id for cell in code if "plan" in cell.tags] != ["plan"]:
        yield "it does not have one code cell tagged plan, with the id plan"
    if not code or not _is_stamp(code[-1], stem):
        call = f'results.stamp("{stem}", scale, ...)'
        what = f"that id, tagged nbval-ignore-output, saying {call}"
        yield f"its last code cell is not stamp ({what})"
    prose = [_prose(cell.source) for cell in cells if not cell.is_code]
    headings = [len(marks) for text in prose for marks in re.findall(r"^(#{1,6}) ", text, re.M)]
    if headings.count(1) != 1:
        yield f"it has {headings.count(1)} headings of the first level; the title is the one"
    if any(deeper > before + 1 for before, deeper in itertools.pairwise(headings)):
        yield "its headings skip a level"


def _is_title(cell: _Cell) -> bool:
    return not cell.is_code and cell.id == "title" and bool(re.match(r"# \S", cell.source))


def _is_stamp(cell: _Cell, stem: str) -> bool:
    tagged = cell.id == "stamp" and "nbval-ignore-output" in cell.tags
    return tagged and f'stamp("{stem}", scale' in cell.source


def _alternation(cells: Sequence[_Cell]) -> Iterator[str]:
    """Check that there are words between code cells: what we saw, and what comes next."""
    for before, cell in itertools.pairwise(cells):
        if cell.is_code and before.is_code and not FOLLOWS & set(cell.tags):
            problem = f"no words between it and {before.name}; write some, or tag it follows"
            yield f"{cell.name}: {problem}"


def _parameters(code: Sequence[_Cell]) -> Iterator[str]:
    """Check that the parameters are exactly profile, seeds and data_root.

    Each has a type, its default as a plain literal, and a comment behind it that explains it.
    """
    cell = next((cell for cell in code if "parameters" in cell.tags), None)
    tree = _parsed(cell) if cell else None
    if cell is None or tree is None:
        return
    declared = {
        line.target.id: line
        for line in tree.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
    if list(declared) != list(PARAMETERS) or len(tree.body) != len(PARAMETERS):
        yield f"{cell.name}: it does not hold exactly {', '.join(PARAMETERS)}, each with its type"
    tokens = tokenize.generate_tokens(io.StringIO(cell.source).readline)
    comments = {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
    for name, line in declared.items():
        plain = isinstance(line.value, ast.Constant)
        if name in PARAMETERS and not (plain and line.value.value == PARAMETERS[name]):
            yield f"{cell.name}: {name} is not {PARAMETERS[name]!r}"
        if line.end_lineno not in comments:
            yield f"{cell.name}: no comment behind {name} says what it may be"


def _uses(code: Sequence[_Cell], trees: dict[str, ast.Module]) -> Iterator[str]:
    """Check that every parameter is read and that no cell gives its name another meaning.

    Otherwise an injected value would have no effect, and nobody would notice.
    """
    read = set()
    for cell in code:
        if "parameters" in cell.tags or cell.id not in trees:
            continue
        bound = set()
        for node in ast.walk(trees[cell.id]):
            match node:
                case ast.Name(id=name, ctx=ast.Load()):
                    read.add(name)
                case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    bound.add(name)
                case ast.ExceptHandler(name=str(name)):
                    bound.add(name)
                case ast.alias(name=name, asname=other):
                    bound.add(other or name.split(".")[0])
                case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                    bound.add(name)
        for name in PARAMETERS:
            if name in bound:
                yield f"{cell.name}: it gives {name} another meaning"
    yield from (f"nothing reads the parameter {name}" for name in PARAMETERS if name not in read)


def _counts(code: Sequence[_Cell]) -> Iterator[str]:
    """Check the execution counts.

    nbval compares nothing in a cell without a count, so a stripped notebook would pass it.
    """
    counts = [cell.raw.get("execution_count") for cell in code]
    if counts != list(range(1, len(code) + 1)):
        what = "run it from start to end and keep the counts"
        yield f"its code cells are not counted 1 to {len(code)}: {what}"


def _metadata(cell: _Cell) -> Iterator[str]:
    """Check that the metadata of a cell has only tags, and only those that mean something."""
    for name in cell.metadata:
        if name != "tags" and not (name == "jupyter" and HIDDEN in cell.tags):
            yield f"{cell.name}: its metadata has {name!r}, which no cell needs"
    for tag in cell.tags:
        if tag not in TAGS:
            yield f"{cell.name}: the tag {tag!r} is not one of {', '.join(TAGS)}"


def _folded(code: Sequence[_Cell], trees: dict[str, ast.Module]) -> Iterator[str]:
    """Check that a reader sees ideas more than calls that draw, and that no idea is folded away."""
    counts = {cell.id: plumbing(trees[cell.id]) for cell in code if cell.id in trees}
    shown = [counts[cell.id] for cell in code if cell.id in counts and HIDDEN not in cell.tags]
    drawn, lines = sum(part for part, _ in shown), sum(whole for _, whole in shown)
    if drawn > MOST_PLUMBING * lines:
        what = f"{drawn} of {lines} lines of code that are shown draw or print"
        yield f"{what}; fold cells by the tag {HIDDEN} until a quarter is left"
    for cell in code:
        part, whole = counts.get(cell.id, (1, 1))
        if HIDDEN in cell.tags and ("plan" in cell.tags or 2 * part < whole):
            yield f"{cell.name}: it is folded, but most of its lines draw or print nothing"


def _exercises(cells: Sequence[_Cell], trees: dict[str, ast.Module]) -> Iterator[str]:
    """Check that an exercise is one function with a docstring, and that its check comes behind it.

    No other cell may call the function, which gives nothing in the students' copy.
    """
    for before, cell in itertools.pairwise([None, *cells]):
        if cell is not None and CHECK in cell.tags and EXERCISE not in getattr(before, "tags", ()):
            yield f"{cell.name}: it is tagged {CHECK}, and no exercise stands before it"
    for place, cell in enumerate(cells):
        if EXERCISE not in cell.tags:
            continue
        behind = cells[place + 1 : place + 2]
        if not behind or CHECK not in behind[0].tags:
            yield f"{cell.name}: behind an exercise comes a cell tagged {CHECK}"
        try:
            name = function_of(cell.source, cell.name).name
        except VsslError as error:
            yield str(error)
            continue
        for other in (one for one in cells if one not in (cell, *behind) and one.id in trees):
            used = (n.id for n in ast.walk(trees[other.id]) if isinstance(n, ast.Name))
            if name in used:
                yield f"{other.name}: it uses {name}, which an exercise lets the reader write"


def plumbing(tree: ast.Module) -> tuple[int, int]:
    """How many lines of a cell belong to calls that draw figures or print tables, and all lines."""
    drawn, lines = set[int](), set[int]()
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt | ast.expr):
            continue
        span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        lines |= {*span}
        titled = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("title", "alt")
        called = isinstance(node, ast.Call) and _root(node.func) in PLUMBING
        planned = called and ast.unparse(node.func) == "results.Numbers"  # says what is asked
        if titled or (called and not planned):
            drawn |= {*span}
    return len(drawn), len(lines)


def _root(node: ast.expr) -> str:
    """The name that a dotted call begins with, such as figures."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


def _length(cell: _Cell) -> Iterator[str]:
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if not lines:
        yield f"{cell.name}: it is empty"
    if len(lines) > MOST_LINES:
        yield f"{cell.name}: it has {len(lines)} lines of code; {MOST_LINES} are the most"


def _ends(cell: _Cell, tree: ast.Module) -> Iterator[str]:
    """Check that nothing can end the notebook early and that everything is plain Python.

    papermill would call an early end a success.
    """
    for node in ast.walk(tree):
        match node:
            case (
                ast.Attribute(value=ast.Name(id="sys" | "os"), attr="exit" | "_exit")
                | ast.Name(id="exit" | "quit" | "SystemExit")
            ):
                yield f"{cell.name}: it may end the notebook early ({ast.unparse(node)})"
            case ast.Name(id="get_ipython"):
                yield f"{cell.name}: it is not plain Python (get_ipython)"


def _computed(cells: Sequence[_Cell], trees: dict[str, ast.Module]) -> Iterator[str]:
    """Check that what sums numbers up is computed from them.

    A table says its verdicts in short, and a figure of a table has a title that was made of it.
    """
    for cell in cells:
        if not cell.is_code and re.search(r"\*\*In short\*\*", cell.source):
            yield f"{cell.name}: it sums up by hand; the table under its claims says it in short"
    for name, tree in trees.items():
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="bars"),
                    args=[
                        ast.Call(func=ast.Attribute(value=ast.Name(id="table"), attr="groups")),
                        ast.Constant(),
                        *_,
                    ],
                ):
                    yield f"cell {name}: the title of its figure is not computed; see table.tally()"


def _outputs(cell: _Cell) -> Iterator[str]:
    """Check that outputs have no errors and no stderr, and nothing that differs between machines.

    Each image has alt text for those who cannot see it.
    """
    for output in cell.outputs:
        if output["output_type"] == "error":
            yield f"{cell.name}: its output is an error, {output.get('ename')}"
        if output["output_type"] == "stream" and output.get("name") == "stderr":
            yield f"{cell.name}: it wrote to stderr"
        for kind in output.get("data", {}):
            about = output.get("metadata", {}).get(kind, {})
            alt = str(about.get("alt", "")).strip() if isinstance(about, dict) else ""
            if kind.startswith("image/") and not alt:
                yield f"{cell.name}: its image has no alt text"
        text = _shown(output)
        if str(paths.root()) in text or PATH.search(text):
            yield f"{cell.name}: its output holds a path of this machine"
        if ADDRESS.search(text):
            yield f"{cell.name}: its output holds a memory address"
        if DEVICE.search(LEDGER.sub("", text)) and "nbval-ignore-output" not in cell.tags:
            what = "tag it nbval-ignore-output if it is about the machine"
            yield f"{cell.name}: its output names a device; {what}"


def _shown(output: dict[str, Any]) -> str:
    """Return the text of an output: its stream, plain text, and HTML without embedded images."""
    data = output.get("data", {})
    texts = [joined(value) for kind, value in data.items() if kind.startswith("text/")]
    parts = [joined(output.get("text", "")), *texts]
    return re.sub(r"data:[\w/+.-]+;base64,[\w+/=]+", "", "\n".join(parts))


def _prose(source: str) -> str:
    """Remove fenced code from markdown, where a # is no heading."""
    return re.sub(r"^```.*?^```", "", source, flags=re.M | re.S)


def _parsed(cell: _Cell) -> ast.Module | None:
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return None


def main(argv: Sequence[str]) -> int:
    """Check or normalise files, and return 1 if a check found something."""
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
