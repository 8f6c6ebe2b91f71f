"""For every convention, a notebook that breaks it is caught."""

from __future__ import annotations

import json

import anatomy
import form
import pytest

from vssl.errors import VsslError

PARAMETERS = """\
profile: str = "smoke"  # smoke, demo, gpu or paper
seeds: str = ""  # such as "0,1,2"; empty: the profile's own
data_root: str = ""  # empty: the puppets"""


def words(name: str, text: str = "Words.") -> dict:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def code(name: str, source: str, *tags: str, outputs: list | None = None) -> dict:
    metadata = {"tags": list(tags)}
    made = {"cell_type": "code", "id": name, "metadata": metadata, "source": source}
    return {**made, "outputs": outputs or []}


def image(**metadata: object) -> dict:
    data = {"image/png": "iVBORw0KGgo=", "text/plain": "<figure>"}
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def stream(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def well() -> dict:
    """Make a notebook without a fault, which the tests then break."""
    setup = "scale = lab.resolve(profile, seeds=seeds, data_root=data_root)"
    cells = [
        words("title", "# Pace\n\nWhat is it?"),
        code("parameters", PARAMETERS, "parameters"),
        code("setup", f"from vssl import lab\n{setup}", "setup"),
        words("planning", "## The plan\n\n```python\n# no heading\n```"),
        code("plan", "plan = []", "plan"),
    ]
    for number in range(7):
        outputs = [stream(f"{number}\n")]
        step = code(f"step-{number}", f"print({number})", outputs=outputs)
        cells += [words(f"before-{number}"), step]
    cells[-1]["outputs"].append(image(**{"image/png": {"alt": "A line that rises."}}))
    call, outputs = 'results.stamp("100_pace", scale)', [stream("Xeon\n")]
    cells += [words("made-by"), code("stamp", call, "nbval-ignore-output", outputs=outputs)]
    metadata = {"kernelspec": dict(form.KERNEL), "language_info": {"name": "python"}}
    return count({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})


def count(notebook: dict) -> dict:
    coded = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(coded, 1):
        cell["execution_count"] = number
    return notebook


def cell(notebook: dict, name: str) -> dict:
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def with_source(name: str, text: str):
    """Make a change that gives a cell another source."""
    return lambda notebook: cell(notebook, name).update(source=text)


def with_outputs(name: str, *outputs: dict):
    """Make a change that gives a cell other outputs."""
    return lambda notebook: cell(notebook, name).update(outputs=list(outputs))


def with_metadata(name: str, **metadata: object):
    """Make a change that adds to the metadata of a cell."""
    return lambda notebook: cell(notebook, name)["metadata"].update(metadata)


def with_cells(*cells: dict, at: int = 5):
    """Make a change that inserts cells."""

    def change(notebook: dict) -> None:
        notebook["cells"][at:at] = cells
        count(notebook)

    return change


def without(*names: str):
    """Make a change that removes cells."""

    def change(notebook: dict) -> None:
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in names]
        count(notebook)

    return change


SOLVED = 'def twice(x):\n    """Twice a number x."""\n    return 2 * x'


def with_exercise(source: str):
    """Make a change that inserts an exercise of this source, and its check."""
    check = code("task-check", "exercises.check(twice, [((1,), 2), ((2,), 4)])", "check")
    return with_cells(code("task", source, "exercise"), check, words("hm"), at=6)


FRAME = [stream("<Figure at 0x7f3a9c00d1e0>")]
MANY_LETTERS = "abcdefghijklmnopqrstuvwxyzzyxwvutsrqponml"
KEY_ERROR = {"output_type": "error", "ename": "KeyError", "evalue": "", "traceback": []}


def without_counts(notebook: dict) -> None:
    for one in notebook["cells"]:
        if "outputs" in one:
            one.update(execution_count=None)


FAULTS = {
    "old format": (lambda n: n.update(nbformat_minor=4), "format 4.5"),
    "another kernel": (
        lambda n: n["metadata"]["kernelspec"].update(name="conda"),
        "kernel is not python3",
    ),
    "widgets kept": (lambda n: n["metadata"].update(widgets={}), "metadata has 'widgets'"),
    "papermill's notes": (lambda n: n["metadata"].update(papermill={}), "metadata has 'papermill'"),
    "papermill's notes in a cell": (
        with_metadata("plan", papermill={}),
        "cell plan: its metadata has 'papermill'",
    ),
    "times of execution": (
        with_metadata("plan", execution={}),
        "cell plan: its metadata has 'execution'",
    ),
    "too large": (with_outputs("step-1", stream("x" * 600_000)), "kB; 600 are the most"),
    "too few cells": (without("before-1", "step-1"), "19 cells"),
    "too many cells": (
        with_cells(*(words(f"more-{letter}") for letter in MANY_LETTERS)),
        "cells; 20 to 60",
    ),
    "an id twice": (with_cells(words("before-1")), "2 cells have this id"),
    "a random id": (lambda n: cell(n, "step-1").update(id="3f9a2c1b"), "3f9a2c1b: its id"),
    "an id with spaces": (lambda n: cell(n, "step-1").update(id="step 1"), "step 1: its id"),
    "no title": (with_source("title", "Pace"), "not a title"),
    "two titles": (with_source("before-1", "# Another"), "2 headings of the first level"),
    "a level left out": (with_source("before-1", "#### Deep"), "skip a level"),
    "no parameters": (without("parameters"), "code cell 1 is not parameters"),
    "parameters twice": (
        with_cells(code("more", "x = 1", "parameters"), at=6),
        "second cell tagged parameters",
    ),
    "parameters without the tag": (
        lambda n: cell(n, "parameters").update(metadata={}),
        "code cell 1 is not parameters",
    ),
    "set-up elsewhere": (
        with_cells(code("early", "x = 1"), words("hm"), at=2),
        "code cell 2 is not setup",
    ),
    "no plan": (without("plan"), "tagged plan"),
    "no stamp": (without("stamp"), "not stamp"),
    "another's stamp": (
        with_source("stamp", 'results.stamp("200_cvrl", scale)'),
        'saying results.stamp("100_pace"',
    ),
    "a stamp that nbval compares": (lambda n: cell(n, "stamp").update(metadata={}), "not stamp"),
    "a fourth parameter": (
        with_source("parameters", PARAMETERS + "\nrate: float = 0.1  # rate"),
        "exactly profile, seeds, data_root",
    ),
    "a parameter without type": (
        with_source("parameters", PARAMETERS.replace(": str =", " =", 1)),
        "exactly profile",
    ),
    "another default": (
        with_source("parameters", PARAMETERS.replace("smoke", "demo", 1)),
        "profile is not 'smoke'",
    ),
    "a parameter not explained": (
        with_source("parameters", PARAMETERS.replace("  # empty: the puppets", "")),
        "no comment behind data_root",
    ),
    "a sum by hand": (
        with_source("before-1", "**In short**: it holds."),
        "cell before-1: it sums up by hand",
    ),
    "a title by hand": (
        with_source("step-2", 'figures.bars.bars(table.groups(), "All beat random", "%")'),
        "cell step-2: the title of its figure is not computed",
    ),
    "a parameter taken": (
        with_source("step-1", "for seeds in [1]: pass"),
        "cell step-1: it gives seeds another meaning",
    ),
    "a parameter imported over": (
        with_source("step-1", "import cProfile as profile"),
        "cell step-1: it gives profile another meaning",
    ),
    "a parameter nobody reads": (
        with_source("setup", "scale = (profile, seeds)"),
        "nothing reads the parameter data_root",
    ),
    "stripped of counts": (without_counts, "counted 1 to 11"),
    "run out of order": (lambda n: cell(n, "step-1").update(execution_count=9), "counted 1 to 11"),
    "an unknown tag": (
        with_metadata("step-1", tags=["nbval-ignore-ouput"]),
        "tag 'nbval-ignore-ouput'",
    ),
    "an error asked for": (
        with_metadata("step-1", tags=["raises-exception"]),
        "tag 'raises-exception'",
    ),
    "an empty cell": (with_source("step-1", " \n"), "step-1: it is empty"),
    "a long cell": (with_source("step-1", "x = 1\n" * 31), "31 lines"),
    "two code cells in a row": (without("before-1"), "no words between it and cell step-0"),
    "a shell command": (with_source("step-1", "!ls"), "not plain Python"),
    "a magic": (with_source("step-1", "%matplotlib inline"), "not plain Python"),
    "a magic in Python's words": (
        with_source("step-1", "get_ipython().system('ls')"),
        "not plain Python",
    ),
    "sys.exit": (with_source("step-1", "import sys\nsys.exit(0)"), "sys.exit"),
    "exit": (with_source("step-1", "exit()"), "may end the notebook early"),
    "an early end raised": (
        with_source("step-1", "raise SystemExit"),
        "may end the notebook early",
    ),
    "an error kept": (with_outputs("step-1", KEY_ERROR), "an error, KeyError"),
    "stderr": (with_outputs("step-1", stream("warning", "stderr")), "stderr"),
    "an image without words": (with_outputs("step-1", image()), "no alt text"),
    "an image with empty words": (
        with_outputs("step-1", image(**{"image/png": {"alt": " "}})),
        "no alt text",
    ),
    "a path": (with_outputs("step-1", stream("/home/ana/vssl/runs")), "path of this machine"),
    "a temporary path": (with_outputs("step-1", stream("see /tmp/x.png")), "path of this machine"),
    "an address": (with_outputs("step-1", *FRAME), "memory address"),
    "a device": (with_outputs("step-1", stream("on cuda:0")), "names a device"),
    "more drawing than ideas": (
        with_source("step-1", "figures.bars.bars(\n" + "    1,\n" * 20 + ")"),
        "of 35 lines of code that are shown draw or print; fold cells",
    ),
    "an idea folded away": (
        with_metadata("step-1", tags=["hide-input"]),
        "cell step-1: it is folded, but most of its lines draw or print nothing",
    ),
    "an exercise without a check": (
        with_cells(code("task", SOLVED, "exercise"), words("hm"), at=6),
        "cell task: behind an exercise comes a cell tagged check",
    ),
    "a check without an exercise": (
        with_metadata("step-1", tags=["check"]),
        "cell step-1: it is tagged check, and no exercise stands before it",
    ),
    "an exercise of two functions": (
        with_exercise(SOLVED + "\n\n\n" + SOLVED.replace("twice", "again")),
        "cell task: an exercise holds one function",
    ),
    "an exercise that says nothing": (
        with_exercise("def twice(x):\n    return 2 * x"),
        "cell task: an exercise holds one function, with a docstring",
    ),
    "an exercise without a solution": (
        with_exercise(SOLVED.rpartition("\n")[0]),
        "cell task: the solution of an exercise stands below its docstring",
    ),
    "an exercise that others need": (
        lambda n: (with_exercise(SOLVED)(n), with_source("step-5", "print(twice(5))")(n)),
        "cell step-5: it uses twice",
    ),
    "a GPU's name": (with_outputs("step-1", stream("NVIDIA H200")), "names a device"),
}


def write(path, notebook: dict):
    path.write_text(json.dumps(notebook))
    form.normalise(path)
    return path


def written(path, notebook: dict):
    """Write a notebook in its committed form, but keep the metadata that a test added."""
    usual = ("kernelspec", "language_info")
    keep = {name: value for name, value in notebook["metadata"].items() if name not in usual}
    cells = {cell["id"]: dict(cell["metadata"]) for cell in notebook["cells"]}
    path.write_text(json.dumps(notebook))
    form.normalise(path)
    whole = json.loads(path.read_text())
    whole["metadata"] |= keep
    for one in whole["cells"]:
        added = {name: value for name, value in cells[one["id"]].items() if name != "tags"}
        one["metadata"] |= added
    path.write_text(json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return path


def test_a_notebook_without_a_fault_has_no_problems(tmp_path):
    assert anatomy.problems(write(tmp_path / "100_pace.ipynb", well())) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_caught(tmp_path, fault):
    change, message = FAULTS[fault]
    notebook = well()
    change(notebook)
    found = anatomy.problems(written(tmp_path / "100_pace.ipynb", notebook))
    assert any(message in problem for problem in found), found


def test_a_file_that_is_no_notebook_is_a_problem_too(tmp_path):
    (tmp_path / "100_pace.ipynb").write_text("{}")
    assert "cannot be read" in anatomy.problems(tmp_path / "100_pace.ipynb")[0]
    with pytest.raises(VsslError, match="cannot be read"):
        form.normalise(tmp_path / "100_pace.ipynb")


def test_what_another_tool_wrote_is_a_problem_until_it_is_normalised(tmp_path):
    notebook = well()
    notebook["metadata"] |= {"widgets": {"state": {}}, "papermill": {"duration": 3.1}}
    notebook["metadata"]["language_info"]["version"] = "3.12.1"
    left = {"papermill": {"status": "completed"}, "execution": {}, "collapsed": False}
    cell(notebook, "plan")["metadata"] |= left
    path = tmp_path / "100_pace.ipynb"
    path.write_text(json.dumps(notebook, indent=2))
    assert any("committed form" in problem for problem in anatomy.problems(path))
    assert form.normalise(path)
    assert anatomy.problems(path) == []
    assert not form.normalise(path), "a second time must change nothing"
    kept = json.loads(path.read_text())
    assert "".join(cell(kept, "parameters")["source"]) == PARAMETERS
    about = cell(kept, "step-6")["outputs"][1]["metadata"]
    assert about == {"image/png": {"alt": "A line that rises."}}


def test_a_cell_that_draws_is_folded_and_a_control_is_stored_without_its_state(tmp_path):
    notebook = well()
    draw, outputs = "figures.bars.bars(\n" + "    1,\n" * 20 + ")", [stream("Sliders\n")]
    cell(notebook, "step-1").update(source=draw, metadata={"tags": ["hide-input"]})
    cell(notebook, "step-2").update(outputs=outputs, metadata={"tags": ["control"]})
    path = write(tmp_path / "100_pace.ipynb", notebook)
    assert anatomy.problems(path) == []
    stored = json.loads(path.read_text())
    assert cell(stored, "step-1")["metadata"]["jupyter"] == {"source_hidden": True}
    assert cell(stored, "step-2")["outputs"] == []


def test_an_exercise_with_its_check_is_no_problem(tmp_path):
    notebook = well()
    with_exercise(SOLVED)(notebook)
    assert anatomy.problems(write(tmp_path / "100_pace.ipynb", notebook)) == []


def test_nbformat_reads_and_writes_the_same_form(tmp_path):
    import nbformat

    path = write(tmp_path / "100_pace.ipynb", well())
    before = path.read_text()
    nbformat.validate(nbformat.read(path, as_version=4))
    nbformat.write(nbformat.read(path, as_version=4), path)
    assert path.read_text() == before


def test_the_command_checks_and_normalises(tmp_path, capsys):
    notebook = well()
    notebook["metadata"]["papermill"] = {}
    path = tmp_path / "100_pace.ipynb"
    path.write_text(json.dumps(notebook))
    assert anatomy.main(["check", str(path)]) == 1
    assert anatomy.main(["normalise", str(path)]) == 0
    assert anatomy.main(["check", str(path)]) == 0
    assert capsys.readouterr().out.endswith("100_pace.ipynb: well\n")
    assert anatomy.main(["chekc", str(path)]) == 2
