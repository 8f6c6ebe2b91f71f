"""`vssl fill` computes what the ledger lacks, loses nothing when killed, and never works twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from vssl import cli
from vssl.shelf import fill

TINY = """
import os, time
from dataclasses import dataclass
from types import SimpleNamespace

from vssl.lab import key
from vssl.lab.cost import Work

@dataclass(frozen=True)
class Add:
    row: str
    seed: int
    start: "Add | None" = None

    def key(self): return f"add-{key.key(self)}"
    def code(self): return [("vssl.clips", os.environ.get("TINY_CODE", "Clip"))]
    def describe(self): return f"add {self.row} {self.seed}"
    def needs(self): return (self.start,) if self.start else ()
    def work(self): return Work(SimpleNamespace(title=lambda: "tiny", source=1), None, 1, 1)
    def compute(self, folder, inputs):
        time.sleep(0.15)
        with open(os.environ["TINY_LOG"], "a") as file:
            file.write(self.key() + "\\n")
        return {"sum": self.seed + sum(one.metrics["sum"] for one in inputs)}, {}
"""
SETUP = """
import tiny
from vssl import lab, results
scale = lab.resolve(profile, seeds=seeds, data_root=data_root)"""
PLAN = """
starts = [tiny.Add("start", seed) for seed in scale.seeds]
rows = {row: [tiny.Add(row, start.seed, start) for start in starts] for row in ("pace", "random")}
numbers = results.Numbers("pace/tiny", scale, {"top1": ("sum", rows)})
plan = [numbers]"""
TABLE = """
table = results.table(numbers, "A table")
drawn = results.shown("pace/tiny", "curve", scale, {"y": [1.0, 2.0]})"""
STAMP = 'results.stamp("100_tiny", scale, tables=[table])'
PARAMETERS = 'profile: str = "smoke"  # p\nseeds: str = ""  # s\ndata_root: str = ""  # d'
MANIFEST = """
- id: 100_tiny
  paper: pace
  title: Tiny
  question: How?
  minutes: {smoke: 1, demo: 1}
  numbers: pace/tiny
  turn: 1
  seeds: {demo: 4}
"""
PLACES = 2 * 4  # rows and seeds
RUNS = 3 * 4  # with the starts


def git(folder: Path, *words: str) -> None:
    about = ["-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run(["git", "-C", str(folder), *about, *words], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A clean checkout with one notebook, and a module of experiments beside it."""
    root = tmp_path / "project"
    (root / "notebooks").mkdir(parents=True)
    (root / "notebooks" / "manifest.yml").write_text(MANIFEST)
    (root / ".gitignore").write_text("runs/\ndata/\n")
    cells = {"parameters": PARAMETERS, "setup": SETUP, "plan": PLAN, "table": TABLE, "stamp": STAMP}
    nodes = [
        v4.new_code_cell(text.strip(), id=name, metadata={"tags": [name]})
        for name, text in cells.items()
    ]
    kernel = {"name": "python3", "display_name": "python3", "language": "python"}
    notebook = v4.new_notebook(cells=nodes, metadata={"kernelspec": kernel})
    nbformat.write(notebook, root / "notebooks" / "100_tiny.ipynb")
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "tiny.py").write_text(TINY)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "all")
    for name, value in {
        "VSSL_ROOT": root,
        "VSSL_RUNS": root / "runs",
        "VSSL_DATA": root / "data",
        "VSSL_LEDGER": root / "results",
        "TINY_LOG": tmp_path / "log",
    }.items():
        monkeypatch.setenv(name, str(value))
    package = Path(fill.__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'modules'}{os.pathsep}{package}")
    (tmp_path / "log").touch()
    return root


def started(*words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "vssl", "fill", "--jobs", "2", *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def finished(*words: str) -> str:
    process = started(*words)
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    return printed


def numbers(root: Path) -> dict:
    content = json.loads((root / "runs/ledger/pace/tiny.demo.json").read_text())
    return {
        (one["column"], one["row"], one["seed"]): (one["key"], one["value"], one["code"])
        for one in content["records"]
        if not one.get("older")
    }


def computed() -> list[str]:
    return Path(os.environ["TINY_LOG"]).read_text().split()


def test_what_is_missing_is_computed_once_and_the_figures_are_drawn(project):
    printed = finished()
    assert f"{PLACES} numbers missing, {RUNS} runs to compute" in printed
    assert f"of {RUNS + 1}  the figures of 100_tiny in" in printed
    assert len(numbers(project)) == PLACES and len(computed()) == len(set(computed())) == RUNS
    content = json.loads((project / "runs/ledger/pace/tiny.demo.json").read_text())
    assert content["rows"] == {"top1": ["pace", "random"]} and "curve" in content["figures"]
    git(project, "diff", "--quiet")  # a clean clone stays clean
    again = finished()
    assert "nothing is missing at demo" in again and len(computed()) == RUNS


def test_a_fill_that_is_killed_again_and_again_ends_as_an_undisturbed_one(project, monkeypatch):
    chance, kills = random.Random(0), 4
    for _ in range(kills):
        process = started()
        time.sleep(chance.uniform(3, 9))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.5)  # its children notice
    finished()
    disturbed = numbers(project)
    assert len(disturbed) == PLACES
    assert len(computed()) <= RUNS + 2 * kills, "only what was in flight is computed again"
    monkeypatch.setenv("VSSL_RUNS", str(project / "runs" / "undisturbed"))
    finished()
    calm = json.loads((project / "runs/undisturbed/ledger/pace/tiny.demo.json").read_text())
    assert {(r["column"], r["row"], r["seed"]) for r in calm["records"]} == set(disturbed)
    for one in calm["records"]:
        place = one["column"], one["row"], one["seed"]
        assert disturbed[place] == (one["key"], one["value"], one["code"])


def test_an_unfinished_table_of_other_code_begins_again_and_a_whole_one_stays(project, monkeypatch):
    finished()
    whole = numbers(project)
    monkeypatch.setenv("TINY_CODE", "Sample")
    assert "nothing is missing" in finished() and numbers(project) == whole
    path = project / "runs/ledger/pace/tiny.demo.json"
    content = json.loads(path.read_text())
    content["records"] = content["records"][1:]
    path.write_text(json.dumps(content))
    assert f"{PLACES} numbers missing" in finished()
    codes = {made[2] for made in numbers(project).values()}
    assert len(codes) == 1 and not codes & {made[2] for made in whole.values()}


def test_nothing_begins_that_does_not_fit_into_the_time(project):
    printed = finished("--within", "1s")
    assert "pieces of work are left for another time" in printed and computed() == []


def test_a_plan_computes_nothing_and_needs_no_clean_tree(project):
    (project / "notebooks" / "manifest.yml").write_text(MANIFEST.replace("How?", "Why?"))
    printed = finished("--plan")
    assert f"{PLACES} numbers missing at demo" in printed and computed() == []
    assert not (project / "runs" / "ledger").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--profile", "gpu"], "plans no seeds at gpu"),
        (["999"], "there is no notebook '999'"),
        (["--within", "2"], "'2' is not a time such as 90s, 45m or 2h"),
        (["--profile", "dmeo"], "did you mean demo"),
    ],
)
def test_a_mistake_is_answered_in_one_line(project, capsys, words, line):
    assert cli.main(["fill", *words]) == 2
    said = capsys.readouterr().err
    assert line in said and said.count("\n") == 1


def test_data_that_is_not_there_is_one_line(project, capsys):
    entries = MANIFEST.replace("{demo: 4}", "{paper: 2}")
    (project / "notebooks" / "manifest.yml").write_text(entries)
    git(project, "commit", "-qam", "paper")
    assert cli.main(["fill", "--profile", "paper"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("vssl: ") and said.count("\n") == 1 and "UCF101" in said


def test_a_tree_with_changes_and_a_folder_without_commits_are_refused(project, monkeypatch):
    for here, line in (("abc+", "commit the changes"), ("unknown", "no checkout")):
        monkeypatch.setattr(fill, "commit", lambda here=here: here)
        with pytest.raises(fill.VsslError, match=line):
            fill.fill([], "demo")


def test_the_status_counts_tables_verdicts_and_hours(project):
    first, last = fill.status("demo").splitlines()
    assert first == "  100_tiny                 not run"
    assert last == (
        "0 of 1 tables have all planned seeds at demo; 0 verdicts given of 0 claims; 0.0 hours"
        f" spent, about {RUNS * 5 / 3600:.1f} to go"
    )


def test_verdicts_are_read_from_a_stored_notebook(tmp_path, monkeypatch):
    lines = (
        "A table\n    holds: a [top1] difference +3\nundecided: b [R@1] x\n  waiting: c [top1] y"
    )
    output = v4.new_output("display_data", {"text/plain": lines})
    notebook = v4.new_notebook(cells=[v4.new_code_cell("1", outputs=[output])])
    path = tmp_path / "a.ipynb"
    nbformat.write(notebook, path)
    entry = type("Entry", (), {"path": path})
    assert fill.shown_verdicts(entry) == ["holds", "undecided", "waiting"]
