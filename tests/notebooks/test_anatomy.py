"""The conventions of a notebook bite: a notebook that breaks one rule is caught, for every rule."""

from __future__ import annotations

import json

import pytest

from vssl.errors import VsslError
import anatomy
import form

PARAMETERS = """\
profile: str = "smoke"  # smoke, demo, gpu or paper
seeds: list[int] | None = None  # None: the profile's own
data_root: str | None = None  # None: the puppets"""


def words(name: str, text: str = "Words.") -> dict:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def code(name: str, source: str, *tags: str, outputs: list | None = None) -> dict:
    return {"cell_type": "code", "id": name, "metadata": {"tags": list(tags)}, "source": source, "outputs": outputs or []}


def image(**metadata: object) -> dict:
    return {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=", "text/plain": "<figure>"}, "metadata": metadata}


def stream(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def well() -> dict:
    """A notebook without a fault, as data to break."""
    cells = [
        words("title", "# Pace\n\nWhat is it?"),
        code("parameters", PARAMETERS, "parameters"),
        code("setup", "from vssl import lab\nscale = lab.resolve(profile, seeds=seeds, data_root=data_root)", "setup"),
        words("planning", "## The plan\n\n```python\n# no heading\n```"),
        code("plan", "plan = []", "plan"),
    ]
    for number in range(7):
        cells += [words(f"before-{number}"), code(f"step-{number}", f"print({number})", outputs=[stream(f"{number}\n")])]
    cells[-1]["outputs"].append(image(**{"image/png": {"alt": "A line that rises."}}))
    cells += [words("made-by"), code("stamp", 'results.stamp("100_pace", scale)', "nbval-ignore-output", outputs=[stream("Xeon\n")])]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": dict(form.KERNEL), "language_info": {"name": "python"}}}
    return count({**notebook, "cells": cells})


def count(notebook: dict) -> dict:
    for number, cell in enumerate((cell for cell in notebook["cells"] if cell["cell_type"] == "code"), 1):
        cell["execution_count"] = number
    return notebook


def cell(notebook: dict, name: str) -> dict:
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def says(name: str, text: str):
    """A change: the source of a cell."""
    return lambda notebook: cell(notebook, name).update(source=text)


def shows(name: str, *outputs: dict):
    """A change: the outputs of a cell."""
    return lambda notebook: cell(notebook, name).update(outputs=list(outputs))


def adds(*cells: dict, at: int = 5):
    """A change: more cells."""

    def change(notebook: dict) -> None:
        notebook["cells"][at:at] = cells
        count(notebook)

    return change


def drops(*names: str):
    """A change: fewer cells."""

    def change(notebook: dict) -> None:
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in names]
        count(notebook)

    return change


FRAME = [stream("<Figure at 0x7f3a9c00d1e0>")]
FAULTS = {
    "old format": (lambda n: n.update(nbformat_minor=4), "format 4.5"),
    "another kernel": (lambda n: n["metadata"]["kernelspec"].update(name="conda-env-vssl"), "kernel is not python3"),
    "widgets kept": (lambda n: n["metadata"].update(widgets={}), "metadata has 'widgets'"),
    "papermill's notes": (lambda n: n["metadata"].update(papermill={}), "metadata has 'papermill'"),
    "papermill's notes in a cell": (lambda n: cell(n, "plan")["metadata"].update(papermill={}), "cell plan: its metadata has 'papermill'"),
    "times of execution": (lambda n: cell(n, "plan")["metadata"].update(execution={}), "cell plan: its metadata has 'execution'"),
    "too large": (shows("step-1", stream("x" * 600_000)), "kB; 600 are the most"),
    "too few cells": (drops("before-1", "step-1"), "19 cells"),
    "too many cells": (adds(*(words(f"more-{letter}") for letter in "abcdefghijklmnopqrstuvwxyzzyxwvutsrqponml")), "cells; 20 to 60"),
    "an id twice": (adds(words("before-1")), "2 cells have this id"),
    "a random id": (lambda n: cell(n, "step-1").update(id="3f9a2c1b"), "3f9a2c1b: its id"),
    "an id with spaces": (lambda n: cell(n, "step-1").update(id="step 1"), "step 1: its id"),
    "no title": (says("title", "Pace"), "not a title"),
    "two titles": (says("before-1", "# Another"), "2 headings of the first level"),
    "a level left out": (says("before-1", "#### Deep"), "skip a level"),
    "no parameters": (drops("parameters"), "code cell 1 is not parameters"),
    "parameters twice": (adds(code("more", "x = 1", "parameters"), at=6), "second cell tagged parameters"),
    "parameters without the tag": (lambda n: cell(n, "parameters").update(metadata={}), "code cell 1 is not parameters"),
    "set-up elsewhere": (adds(code("early", "x = 1"), words("hm"), at=2), "code cell 2 is not setup"),
    "no plan": (drops("plan"), "tagged plan"),
    "no stamp": (drops("stamp"), "not stamp"),
    "another's stamp": (says("stamp", 'results.stamp("200_cvrl", scale)'), 'saying results.stamp("100_pace"'),
    "a stamp that nbval compares": (lambda n: cell(n, "stamp").update(metadata={}), "not stamp"),
    "a fourth parameter": (says("parameters", PARAMETERS + "\nrate: float = 0.1  # rate"), "exactly profile, seeds, data_root"),
    "a parameter without type": (says("parameters", PARAMETERS.replace(": str =", " =", 1)), "exactly profile"),
    "another default": (says("parameters", PARAMETERS.replace("smoke", "demo", 1)), "profile is not 'smoke'"),
    "a parameter not explained": (says("parameters", PARAMETERS.replace("  # None: the puppets", "")), "no comment behind data_root"),
    "a parameter taken": (says("step-1", "for seeds in [1]: pass"), "cell step-1: it gives seeds another meaning"),
    "a parameter imported over": (says("step-1", "import cProfile as profile"), "cell step-1: it gives profile another meaning"),
    "a parameter nobody reads": (says("setup", "scale = (profile, seeds)"), "nothing reads the parameter data_root"),
    "stripped of counts": (lambda n: [c.update(execution_count=None) for c in n["cells"] if "outputs" in c], "counted 1 to 11"),
    "run out of order": (lambda n: cell(n, "step-1").update(execution_count=9), "counted 1 to 11"),
    "an unknown tag": (lambda n: cell(n, "step-1")["metadata"].update(tags=["nbval-ignore-ouput"]), "tag 'nbval-ignore-ouput'"),
    "an error asked for": (lambda n: cell(n, "step-1")["metadata"].update(tags=["raises-exception"]), "tag 'raises-exception'"),
    "an empty cell": (says("step-1", " \n"), "step-1: it is empty"),
    "a long cell": (says("step-1", "x = 1\n" * 31), "31 lines"),
    "two code cells in a row": (drops("before-1"), "no words between it and cell step-0"),
    "a shell command": (says("step-1", "!ls"), "not plain Python"),
    "a magic": (says("step-1", "%matplotlib inline"), "not plain Python"),
    "a magic in Python's words": (says("step-1", "get_ipython().system('ls')"), "not plain Python"),
    "sys.exit": (says("step-1", "import sys\nsys.exit(0)"), "sys.exit"),
    "exit": (says("step-1", "exit()"), "may end the notebook early"),
    "an early end raised": (says("step-1", "raise SystemExit"), "may end the notebook early"),
    "an error kept": (shows("step-1", {"output_type": "error", "ename": "KeyError", "evalue": "", "traceback": []}), "an error, KeyError"),
    "stderr": (shows("step-1", stream("warning", "stderr")), "stderr"),
    "an image without words": (shows("step-1", image()), "no alt text"),
    "an image with empty words": (shows("step-1", image(**{"image/png": {"alt": " "}})), "no alt text"),
    "a path": (shows("step-1", stream("/home/ana/vssl/runs")), "path of this machine"),
    "a temporary path": (shows("step-1", stream("see /tmp/x.png")), "path of this machine"),
    "an address": (shows("step-1", *FRAME), "memory address"),
    "a device": (shows("step-1", stream("on cuda:0")), "names a device"),
    "a GPU's name": (shows("step-1", stream("NVIDIA H200")), "names a device"),
}


def write(path, notebook: dict):
    path.write_text(json.dumps(notebook))
    form.normalise(path)
    return path


def written(path, notebook: dict):
    """In committed form, except for what is to be broken in that form."""
    keep = {name: notebook["metadata"][name] for name in notebook["metadata"] if name not in ("kernelspec", "language_info")}
    cells = {cell["id"]: dict(cell["metadata"]) for cell in notebook["cells"]}
    path.write_text(json.dumps(notebook))
    form.normalise(path)
    whole = json.loads(path.read_text())
    whole["metadata"] |= keep
    for one in whole["cells"]:
        one["metadata"] |= {name: value for name, value in cells[one["id"]].items() if name != "tags"}
    path.write_text(json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return path


def test_a_notebook_without_a_fault_has_no_problems(tmp_path):
    assert anatomy.problems(write(tmp_path / "100_pace.ipynb", well())) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_caught(tmp_path, fault):
    change, said = FAULTS[fault]
    notebook = well()
    change(notebook)
    found = anatomy.problems(written(tmp_path / "100_pace.ipynb", notebook))
    assert any(said in problem for problem in found), found


def test_a_file_that_is_no_notebook_is_a_problem_too(tmp_path):
    (tmp_path / "100_pace.ipynb").write_text("{}")
    assert "cannot be read" in anatomy.problems(tmp_path / "100_pace.ipynb")[0]
    with pytest.raises(VsslError, match="cannot be read"):
        form.normalise(tmp_path / "100_pace.ipynb")


def test_what_a_tool_writes_otherwise_is_a_problem_until_it_is_normalised(tmp_path):
    notebook = well()
    notebook["metadata"] |= {"widgets": {"state": {}}, "papermill": {"duration": 3.1}}
    notebook["metadata"]["language_info"]["version"] = "3.12.1"
    cell(notebook, "plan")["metadata"] |= {"papermill": {"status": "completed"}, "execution": {}, "collapsed": False}
    path = tmp_path / "100_pace.ipynb"
    path.write_text(json.dumps(notebook, indent=2))
    assert any("committed form" in problem for problem in anatomy.problems(path))
    assert form.normalise(path)
    assert anatomy.problems(path) == []
    assert not form.normalise(path), "a second time must change nothing"
    kept = json.loads(path.read_text())
    assert "".join(cell(kept, "parameters")["source"]) == PARAMETERS
    assert cell(kept, "step-6")["outputs"][1]["metadata"] == {"image/png": {"alt": "A line that rises."}}


def test_the_form_is_what_nbformat_reads_and_writes(tmp_path):
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
