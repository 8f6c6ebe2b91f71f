"""Copies for a class: the students' has no solution and no answer, the teacher's has all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from vssl import cli
from vssl.errors import VsslError
from vssl.shelf import teach

EXERCISE = '''\
import math


def area(radius):
    """The area of a circle, a number, of its radius."""
    # a secret remark
    square = radius**2
    return math.pi * square
    # one more secret


radii = [1, 2]'''
LEFT = '''\
import math


def area(radius):
    """The area of a circle, a number, of its radius."""
    ...  # your lines here


radii = [1, 2]'''
CHECK = """\
from vssl.shelf import exercises
exercises.check(area, [((r,), 3.14159265 * r * r) for r in radii])"""
QUESTIONS = """\
## What differs

<details><summary>A long remark</summary>

It stays.

</details>

## Three things to try

1. Make it larger. <details><summary>What came out</summary> It grew. </details>
2. Make it red.

## Check yourself

```python
# not a heading
```

<details><summary>1. Is it round?</summary>

Yes, **secretly**.

</details>
<details open><summary>2. Why?</summary>A secret.</details>"""


def words(name: str, source: str) -> dict:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def code(name: str, source: str, *tags: str, text: str = "") -> dict:
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}] if text else []
    cell = {"cell_type": "code", "id": name, "metadata": {"tags": list(tags)}, "source": source}
    return {**cell, "outputs": outputs, "execution_count": 1}


def made(*more: dict) -> dict:
    cells = [
        words(
            "title",
            "# Circles\n\nSee [how](001_how.ipynb#x), [this](300_b.ipynb), [far](http://a.b).",
        ),
        code("drawn", "print('a table')", text="a table\n"),
        code("task", EXERCISE, "exercise", text="3.14\n"),
        code("task-check", CHECK, "check", text="right\n"),
        words("questions", QUESTIONS),
        words("more", "<details><summary>3. What else?</summary>\n\nSecrets.\n\n</details>"),
        words("end", "## Reading on\n\n<details><summary>Books</summary> Some. </details>"),
        *more,
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}


@pytest.fixture
def shelf(tmp_path, monkeypatch) -> Path:
    """A shelf of two stories and a page, of which one story is the made one."""
    folder = tmp_path / "project" / "notebooks"
    folder.mkdir(parents=True)
    monkeypatch.setenv("VSSL_ROOT", str(folder.parent))
    entries = [("001_how", "all"), ("200_a", "a"), ("201_a_table", "a"), ("300_b", "b")]
    about = "title: T, question: Q, minutes: {smoke: 1}"
    lines = [f"- {{id: {name}, paper: {paper}, {about}}}\n" for name, paper in entries]
    (folder / "manifest.yml").write_text("".join(lines))
    for name, _ in entries:
        (folder / f"{name}.ipynb").write_text(json.dumps(made()))
    return folder


def both(shelf: Path, tmp_path: Path) -> list[dict]:
    teach.teach(["200"], tmp_path / "class")
    paths = [tmp_path / "class" / copy / "200_a.ipynb" for copy in teach.COPIES]
    return [json.loads(path.read_text()) for path in paths]


def source(notebook: dict, name: str) -> str:
    return "".join(cell(notebook, name)["source"])


def cell(notebook: dict, name: str) -> dict:
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def test_the_students_copy_has_no_solution_and_no_answer(shelf, tmp_path):
    students, _ = both(shelf, tmp_path)
    assert source(students, "task") == LEFT
    assert source(students, "task-check") == CHECK
    for name in ("task", "task-check"):
        assert (cell(students, name)["outputs"], cell(students, name)["execution_count"]) == (
            [],
            None,
        )
    assert cell(students, "drawn")["outputs"][0]["text"] == "a table\n"
    text = json.dumps(students)
    assert "ecret" not in text and "It grew" not in text
    assert "A long remark" in text and "It stays." in text and "Some." in text
    asked = source(students, "questions")
    assert "1. Make it larger. What came out\n2. Make it red." in asked
    assert asked.endswith("1. Is it round?\n\n2. Why?")
    assert source(students, "more") == "3. What else?"
    assert asked.count("<details") == 1


def test_the_teachers_copy_has_all_and_its_answers_are_open(shelf, tmp_path):
    _, teachers = both(shelf, tmp_path)
    for name in ("drawn", "task", "task-check"):
        assert source(teachers, name) == source(made(), name)
        assert cell(teachers, name)["outputs"] == cell(made(), name)["outputs"]
    opened = QUESTIONS.replace("<details>", "<details open>").replace(
        "<details open><summary>A long", "<details><summary>A long"
    )
    assert source(teachers, "questions") == opened
    assert "<details open>" in source(teachers, "more")
    assert source(teachers, "end") == source(made(), "end")


def test_both_are_notebooks_that_say_what_they_are(shelf, tmp_path):
    said = (
        "**Students' copy of `200_a`**, without solutions and answers (1 exercise, 4 answers).",
        "**Teacher's copy of `200_a`** (1 exercise, 4 answers).",
    )
    for notebook, about in zip(both(shelf, tmp_path), said, strict=True):
        nbformat.validate(notebook)
        assert source(notebook, "title").startswith(f"# Circles\n\n> {about}")


def test_links_lead_where_they_led(shelf, tmp_path):
    students, _ = both(shelf, tmp_path)
    to = "../../project/notebooks"
    links = f"[how]({to}/001_how.ipynb#x), [this]({to}/300_b.ipynb), [far](http://a.b)"
    assert links in source(students, "title")
    teach.teach([], tmp_path / "stories")  # and to the copies that lie beside
    students = json.loads((tmp_path / "stories/students/200_a.ipynb").read_text())
    assert f"[how]({to}/001_how.ipynb#x), [this](300_b.ipynb)" in source(students, "title")


def test_without_ids_they_are_the_stories(shelf, tmp_path):
    lines = teach.teach([], tmp_path / "class")
    assert lines == [f"{name}: 1 exercise, 4 answers" for name in ("200_a", "300_b")]
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.glob("class/*/*"))
    names = ("200_a.ipynb", "300_b.ipynb")
    assert written == [Path("class", copy, name) for copy in teach.COPIES for name in names]


def test_it_may_be_done_again_until_somebody_works_in_a_copy(shelf, tmp_path):
    to = tmp_path / "class"
    teach.teach(["200"], to)
    (to / "students/.ipynb_checkpoints").mkdir()  # as JupyterLab leaves it
    teach.teach(["300"], to)
    path = to / "students/200_a.ipynb"
    before = path.read_text()
    path.write_text(before.replace("...  # your", "return 3  # your"))
    with pytest.raises(VsslError, match=r"worked in, such as students/200_a\.ipynb"):
        teach.teach(["300"], to)
    path.write_text(before)
    (to / "notes.txt").write_text("mine")
    with pytest.raises(VsslError, match=r"such as notes\.txt"):
        teach.teach(["300"], to)
    assert (to / "notes.txt").read_text() == "mine"


FAULTS = {
    "no function": (code("bad", "x = 1", "exercise"), "cell bad: an exercise holds one function"),
    "no Python": (code("bad", "def f(:", "exercise"), "cell bad: an exercise is plain Python"),
    "one line": (
        code("bad", 'def f(x): "Twice x."; return 2 * x', "exercise"),
        "cell bad: the solution of an exercise stands below",
    ),
    "no check": (
        code("bad", EXERCISE, "exercise"),
        "cell bad: behind an exercise comes a cell tagged check",
    ),
    "a fold of another form": (
        words("bad", "## Check yourself\n\n<details>\n<p>Why?</p>\n\nSo.</details>"),
        "cell bad: an answer is folded as <details><summary>",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_said_and_nothing_is_written(shelf, tmp_path, fault):
    bad, message = FAULTS[fault]
    behind = [] if fault == "no check" else [code("bad-check", "1", "check")]
    (shelf / "200_a.ipynb").write_text(json.dumps(made(bad, *behind)))
    with pytest.raises(VsslError, match=re.escape(message)):
        teach.teach([], tmp_path / "class")
    assert not (tmp_path / "class").exists()


def test_a_file_in_the_folders_place_and_a_broken_notebook_get_one_line(shelf, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["teach", "--to", str(tmp_path / "file")]) == 2
    assert "is a file; give a folder" in capsys.readouterr().err
    assert cli.main(["teach", "--to", str(tmp_path / "file" / "below")]) == 2
    assert "cannot make the folder" in capsys.readouterr().err
    (shelf / "200_a.ipynb").write_text("{}")
    assert cli.main(["teach", "--to", str(tmp_path / "class")]) == 2
    assert "cannot be read as a notebook" in capsys.readouterr().err
