"""The stories' copies for a class: no solution and no answer in the students', all in the other."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import json
import re
from pathlib import Path

import nbformat
import pytest

from vssl.shelf import teach


def cells_of(path: Path) -> list[dict]:
    return json.loads(path.read_text())["cells"]


STORIES = teach.stories()
ASKING = [e for e in STORIES if any("exercise" in teach._tags(cell) for cell in cells_of(e.path))]


def test_the_stories_are_the_five_papers():
    assert [entry.id[:3] for entry in STORIES] == ["100", "200", "300", "400", "500"]


def test_the_stories_with_an_exercise_have_five_answers_or_more(tmp_path):
    lines = teach.teach([entry.id for entry in ASKING], tmp_path / "class")
    assert {"300", "400", "500"} <= {line[:3] for line in lines}
    for line in lines:
        exercises, answers = map(int, re.fullmatch(r"\w+: (\d+) \w+, (\d+) \w+", line).groups())
        assert exercises >= 1 and answers >= 5, line


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    to = tmp_path_factory.mktemp("course")
    teach.teach([], to)
    return to


@pytest.mark.parametrize("entry", STORIES, ids=[entry.id for entry in STORIES])
def test_a_storys_students_copy_holds_no_solution_and_no_answer(course, entry):
    whole = {cell["id"]: "".join(cell["source"]) for cell in cells_of(entry.path)}
    kinds = {cell["id"]: cell["cell_type"] for cell in cells_of(entry.path)}
    students = cells_of(course / "students" / entry.path.name)
    teachers = cells_of(course / "teachers" / entry.path.name)
    assert [cell["id"] for cell in students] == [cell["id"] for cell in teachers] == [*whole]
    for cell in students:
        if "exercise" in teach._tags(cell):
            body = teach.function_of(whole[cell["id"]]).body[1:]
            for statement in body:
                assert ast.unparse(statement) not in ast.unparse(ast.parse("".join(cell["source"])))
    prose = "\n".join("".join(c["source"]) for c in students if c["cell_type"] == "markdown")
    told = [name for name in whole if kinds[name] == "markdown"]
    for title, part in teach._sections("\n".join(whole[name] for name in told), ""):
        if title.casefold().startswith(teach.ANSWERED):
            for question, answer in teach.FOLD.findall(part):
                assert question.strip() in prose
                assert len(answer.strip()) > 20, f"{question!r} has no answer"
                assert answer.strip() not in prose
    for copy in teach.COPIES:
        nbformat.validate(nbformat.read(course / copy / entry.path.name, as_version=4))


def loads(tree: ast.Module) -> set[str]:
    """The names that a cell reads."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return {node.id for node in nodes if isinstance(node.ctx, ast.Load)} - set(dir(builtins))


def binds(tree: ast.Module) -> set[str]:
    """The names that a cell gives a meaning."""
    found = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def told_by_checks(path: Path) -> list[str]:
    """What each check of a notebook prints; of the cells above, only what it needs is run."""
    code_cells = ["".join(c["source"]) for c in cells_of(path) if c["cell_type"] == "code"]
    trees = [ast.parse(text) for text in code_cells]
    checks = [c for c in cells_of(path) if "check" in teach._tags(c)]
    said = []
    for check in checks:
        place = code_cells.index("".join(check["source"]))
        needed, wanted = [place - 1, place], loads(trees[place - 1]) | loads(trees[place])
        for number in reversed(range(place - 1)):
            if binds(trees[number]) & wanted:
                needed.append(number)
                wanted |= loads(trees[number])
        world: dict[str, object] = {}
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            for number in sorted(needed):
                exec(compile(trees[number], path.name, "exec"), world)
        said.append(printed.getvalue().splitlines()[-1])
    return said


@pytest.mark.parametrize("entry", ASKING, ids=[entry.id for entry in ASKING])
def test_a_storys_checks_say_right_of_the_solution_and_not_yet_of_a_blank(course, entry):
    right = told_by_checks(course / "teachers" / entry.path.name)
    blank = told_by_checks(course / "students" / entry.path.name)
    assert right and len(right) == len(blank)
    assert [line for line in right if not line.startswith("right")] == []
    assert [line for line in blank if not line.startswith("not yet")] == []
