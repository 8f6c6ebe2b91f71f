"""The runner reports every way in which a notebook can fail, and computes each experiment once.

Each kernel costs seconds, so the notebooks below run once, side by side, and the tests read the
results.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from vssl import files, paths
from vssl.errors import VsslError
from vssl.shelf import plan as planning
from vssl.shelf import processes, runner, surroundings, worker
from vssl.shelf.execute import Job, Limits, _judge, declarations, execute, unfit
from vssl.shelf.plan import Plan
from vssl.shelf.processes import Children, Ended

PARAMETERS = (
    'profile: str = "smoke"  # size\nseeds: list[int] | None = None  # seeds\ndata_root: str | None'
    " = None  # data"
)
# This writes the same record as results.stamp, without the import of the lab.
STAMP = """\
import json, os, sys
record = {"run": os.environ["VSSL_RUN_ID"], "executable": sys.executable, "tables": []}
record |= {"seeds": seeds, "profile": profile}
json.dump(record, open(os.environ["VSSL_RECORD"], "w"))"""

# A lab for the tests. A step writes a line into a file, or fails in the way that `fails` names.
FAKELAB = """
import os
from dataclasses import dataclass
from pathlib import Path

@dataclass(frozen=True)
class Step:
    name: str
    start: tuple = ()
    fails: str = ""

    def key(self): return f"key-{self.name}"
    def describe(self): return f"step {self.name}"
    def needs(self): return self.start

class Table:
    def to_dict(self):
        cells = {"columns": ["", "ours"], "rows": [["pace", "1.0"]]}
        return {"title": "A table", "caption": "", **cells, "claims": []}

def place(step): return Path(os.environ["VSSL_RUNS"]) / step.key()
def done(step): return place(step).is_file()
def run(step):
    if not done(step):
        for need in step.needs():
            run(need)
        if step.fails == "kill":
            os.kill(os.getpid(), 9)
        if step.fails:
            raise ValueError(step.fails)
        with open(place(step), "a") as file:
            file.write(f"{os.getpid()}\\n")
    return place(step).read_text()
"""


def notebook(
    path: Path, *cells: str | tuple[str, str], parameters: str = PARAMETERS, kernel: str = "python3"
) -> Path:
    """Write a small notebook: its parameters, then cells as (id and tag, source) or sources."""
    made = [("parameters", parameters)] if parameters else []
    made += [
        cell if isinstance(cell, tuple) else (f"step-{number}", cell)
        for number, cell in enumerate(cells)
    ]
    nodes = [v4.new_code_cell(source, id=name, metadata={"tags": [name]}) for name, source in made]
    metadata = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}}
    nbformat.write(v4.new_notebook(cells=nodes, metadata=metadata), path)
    return path


# ------------------------------------------------------------ one notebook


AROUND = """\
import os, pathlib
assert pathlib.Path.cwd() == pathlib.Path(os.environ["SHELF"])
assert os.environ["TQDM_DISABLE"] == "1" and os.environ["PYTHONHASHSEED"] == "0"
print(profile, seeds)"""

TRAPS = {
    "good": ("", (AROUND, STAMP)),
    "killed": (
        "the kernel died (killed, or out of memory?) in cell step-1",
        ("1", "import os\nos.kill(os.getpid(), 9)", STAMP),
    ),
    "slow cell": (
        "it took longer than 3 seconds in cell step-1",
        ("1", "import time\ntime.sleep(100)", STAMP),
    ),
    "slow": (
        "it took longer than 12 seconds in all and was ended",
        ("import time\ntime.sleep(100)", STAMP),
    ),
    "exit": ("SystemExit: 0 in cell step-1", ("1", "import sys\nsys.exit(0)", STAMP)),
    "error": (
        "ValueError: no luck in cell step-1",
        ("1", "raise ValueError('no luck\\nsecond line')", STAMP),
    ),
    "asked for": ("ZeroDivisionError", (("raises-exception", "1 / 0"), STAMP)),
    "no stamp": ("left no stamp of this run", ("1",)),
    "broken kernel": ("the kernel did not start", (STAMP,)),
}
LIMITS = {"slow cell": Limits(cell=3, whole=90), "slow": Limits(cell=90, whole=12)}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The verdict and job of every trap, by name.

    The user has an old kernel named python3 that cannot start, and it must not be used.
    """
    root = tmp_path_factory.mktemp("a folder {with} braces")
    shelf = root / "notebooks"
    for folder in ("out", "notebooks", "tries"):
        (root / folder).mkdir()
    env = runner.environment(root / "work", jobs=2) | {
        "JUPYTER_DATA_DIR": broken(root / "user", root / "stale"),
        "SHELF": str(shelf),
    }
    envs = {
        "broken kernel": (
            env | {"JUPYTER_PATH": broken(root / "broken", root / "tries" / "broken kernel")}
        )
    }

    def one(item):
        name, (_, cells) = item
        source = notebook(shelf / f"{name}.ipynb", *cells)
        parameters = {"profile": "demo", "seeds": [3, 4]}
        limits = LIMITS.get(name, Limits())
        job = Job(
            source,
            root / "out" / source.name,
            root / "work" / name,
            root / f"{name}.log",
            f"run-{name}",
            parameters,
            limits,
        )
        return name, (execute(children, job, envs.get(name, env)), job)

    with Children() as children, ThreadPoolExecutor(3) as pool:
        return dict(pool.map(one, TRAPS.items()))


def broken(folder: Path, tries: Path) -> str:
    """Write a Jupyter folder with a kernel that records each start in `tries` and then exits."""
    argv = ["/bin/sh", "-c", 'echo try >> "$0"; exit 1', str(tries), "{connection_file}"]
    files.write_json(
        folder / "kernels" / "python3" / "kernel.json",
        {"argv": argv, "display_name": "broken", "language": "python"},
    )
    return str(folder)


@pytest.mark.parametrize("trap", TRAPS)
def test_each_failure_is_reported_with_its_reason(ran, trap):
    verdict, job = ran[trap]
    reason, _ = TRAPS[trap]
    assert reason in verdict.reason, job.log.read_text()
    assert bool(reason) == bool(verdict.reason), verdict.reason


@pytest.mark.parametrize("trap", TRAPS)
def test_only_a_success_has_the_name_of_the_notebook(ran, trap):
    verdict, job = ran[trap]
    assert (job.executed.is_file(), job.failed.is_file()) == (
        not verdict.reason,
        bool(verdict.reason),
    )


def test_the_parameters_reach_the_notebook(ran):
    verdict, job = ran["good"]
    assert (verdict.record["profile"], verdict.record["seeds"]) == ("demo", [3, 4])
    printed = [
        output.text for cell in nbformat.read(job.executed, 4).cells for output in cell.outputs
    ]
    assert printed == ["demo [3, 4]\n"]


def test_no_kernel_is_left_behind(ran):
    _, job = ran["slow"]
    ours = os.fsencode(job.folder.parent / "runtime")  # where each kernel's connection file lay
    left = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [line for line in left if ours in line]


def test_a_kernel_that_does_not_start_is_tried_once_more(ran):
    _, job = ran["broken kernel"]
    assert (job.source.parent.parent / "tries" / "broken kernel").read_text().split() == [
        "try",
        "try",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ""),
        ({"run": "yesterday"}, "left no stamp of this run"),
        ({"executable": "/usr/bin/python9"}, "its kernel was another Python: /usr/bin/python9"),
    ],
)
def test_a_stamp_of_another_run_or_another_python_does_not_count(ran, change, expected):
    verdict, job = ran["good"]
    whole = json.loads(job.executed.read_text())
    reason, _ = _judge(job, Ended(0, 1.0), None, {**verdict.record, **change}, whole)
    assert expected in reason and bool(expected) == bool(reason)


def test_each_sign_of_a_failure_is_enough(ran):
    verdict, job = ran["good"]
    whole = json.loads(job.executed.read_text())
    assert "killed" in _judge(job, Ended(-signal.SIGKILL, 1.0), None, verdict.record, whole)[0]
    assert "nothing ran" in _judge(job, Ended(0, 1.0), None, verdict.record, None)[0]
    whole["cells"][-1]["execution_count"] = None
    assert "cell step-1 did not run" in _judge(job, Ended(0, 1.0), None, verdict.record, whole)[0]


@pytest.mark.parametrize(
    ("options", "given", "expected"),
    [
        ({"kernel": "conda-env-vssl-py"}, {}, "asks for the kernel conda-env-vssl-py"),
        (
            {"parameters": 'profile: str = "smoke"'},
            {"profile": "demo", "seeds": [1]},
            "unknown parameter seeds: its parameters cell declares profile",
        ),
        ({"parameters": ""}, {"profile": "demo"}, "0 cells tagged parameters"),
        ({}, {"profil": "demo"}, "unknown parameter profil"),
        ({}, {"profile": "demo"}, ""),
        ({"parameters": "data_root: str = 'https://a.b/?c=d'"}, {"data_root": "/x"}, ""),
    ],
)
def test_what_cannot_run_is_reported_before_a_kernel_starts(tmp_path, options, given, expected):
    reason = unfit(notebook(tmp_path / "a.ipynb", "1", **options), given)
    assert expected in reason and bool(expected) == bool(reason)


def test_a_missing_or_broken_file_is_reported(tmp_path):
    assert "there is no" in unfit(tmp_path / "a.ipynb", {})
    (tmp_path / "a.ipynb").write_text('{"cells": [')
    assert "is not a notebook" in unfit(tmp_path / "a.ipynb", {})


def test_declarations_are_read_as_python():
    assert declarations('a: int = 1  # one\nb = "x=y"\nc: float = 1e-3\nd = f()\ne: str\n') == {
        "a": 1,
        "b": "x=y",
        "c": 1e-3,
    }


# ------------------------------------------------------------ the shelf


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """A project with three notebooks, reproduced once: its root, the exit code, and the output."""
    root = tmp_path_factory.mktemp("project")
    for folder in ("notebooks", "lib", "runs"):
        (root / folder).mkdir()
    (root / "lib" / "fakelab.py").write_text(FAKELAB)
    listed = [
        {"id": name, "paper": "x", "title": name, "question": "?", "minutes": {"smoke": 1}}
        for name in ("100_good", "200_bad", "300_odd")
    ]
    listed[2]["figures"] = ["never_drawn"]
    (root / "notebooks" / "manifest.yml").write_text(json.dumps(listed))
    setup = ("setup", "import fakelab")
    stamp = STAMP.replace('"tables": []', '"tables": [fakelab.Table().to_dict()], "memory_mb": 99')
    good = (
        "plan",
        "base = fakelab.Step('base')\nplan = [fakelab.Step(name, (base,)) for name in 'ab']",
    )
    bad = (
        "plan",
        (
            "bad = fakelab.Step('bad', fails='no luck')\nplan = [fakelab.Step('c', (bad,)),"
            " fakelab.Step('a', (fakelab.Step('base'),))]"
        ),
    )
    notebook(
        root / "notebooks" / "100_good.ipynb",
        setup,
        good,
        "print([len(fakelab.run(step)) > 0 for step in plan])",
        stamp,
    )
    notebook(root / "notebooks" / "200_bad.ipynb", setup, bad, STAMP)
    notebook(root / "notebooks" / "300_odd.ipynb", STAMP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VSSL_ROOT", str(root))
        patch.setenv("VSSL_RUNS", str(root / "runs"))
        patch.setenv("VSSL_FIGURES", str(root / "figures"))
        patch.setenv(
            "PYTHONPATH",
            os.pathsep.join([str(root / "lib"), *filter(None, [os.environ.get("PYTHONPATH")])]),
        )
        printed = root / "printed"
        with printed.open("w") as file, pytest.MonkeyPatch.context() as out:
            out.setattr(sys, "stdout", file)
            code = runner.reproduce([], "smoke", jobs=2, seeds=(0, 1), lab="fakelab")
    return root, code, printed.read_text()


@pytest.fixture
def project(reproduced, monkeypatch):
    """The root of the project above, for a test that calls the runner again."""
    root, _, _ = reproduced
    for name, place in {
        "VSSL_ROOT": root,
        "VSSL_RUNS": root / "runs",
        "PYTHONPATH": root / "lib",
    }.items():
        monkeypatch.setenv(name, str(place))
    return root


def test_a_failure_makes_the_exit_code_and_does_not_stop_the_rest(reproduced):
    root, code, printed = reproduced
    report = json.loads((root / "runs" / "notebooks" / "smoke" / "report.json").read_text())
    assert code == 1
    assert [(o["notebook"], o["status"]) for o in report["outcomes"]] == [
        ("100_good", "passed"),
        ("200_bad", "blocked"),
        ("300_odd", "failed"),
    ]
    assert "3 notebooks at the profile smoke: 1 passed, 2 did not" in printed


def test_the_plan_counts_what_is_asked_and_what_is_distinct(reproduced):
    assert (
        "3 notebooks ask for 4 experiments; with what these need, 5 distinct, 0 done, 5 to do"
        in reproduced[2]
    )


def test_an_experiment_of_two_notebooks_is_computed_once_in_a_process_of_its_own(reproduced):
    root, _, _ = reproduced
    pids = {
        name: (root / "runs" / f"key-{name}").read_text().split() for name in ("base", "a", "b")
    }
    assert [len(found) for found in pids.values()] == [1, 1, 1]
    assert len({found[0] for found in pids.values()}) == 3


def test_a_failed_experiment_blocks_only_what_needs_it(reproduced):
    root, _, _ = reproduced
    record = json.loads(
        (root / "runs" / "notebooks" / "smoke" / "records" / "200_bad.json").read_text()
    )
    assert record["reason"].startswith(
        "step c was not computed because step bad failed: ValueError: no luck (log: "
    )
    assert (
        "ValueError: no luck"
        in (root / "runs/notebooks/smoke/logs/experiments/key-bad.log").read_text()
    )


def test_a_figure_that_was_promised_and_not_drawn_is_a_failure(reproduced):
    root, _, _ = reproduced
    record = json.loads(
        (root / "runs" / "notebooks" / "smoke" / "records" / "300_odd.json").read_text()
    )
    assert record["reason"] == "it did not draw the figure never_drawn that the manifest names"


def test_what_the_notebook_hands_over_is_in_the_report(reproduced):
    root, _, printed = reproduced
    folder = root / "runs" / "notebooks" / "smoke"
    record = json.loads((folder / "report.json").read_text())["outcomes"][0]["record"]
    assert (record["seeds"], record["memory_mb"], record["tables"][0]["title"]) == (
        [0, 1],
        99,
        "A table",
    )
    assert "A table" in (folder / "report.html").read_text()
    assert str(folder / "report.html") in printed
    assert not (folder / ".work").exists()


def test_resume_skips_what_is_unchanged_and_prints_that(project, capsys):
    assert runner.reproduce(["100"], "smoke", resume=True, seeds=(0, 1), lab="fakelab") == 0
    assert "100_good: passed earlier" in capsys.readouterr().out
    record = json.loads((project / "runs/notebooks/smoke/report.json").read_text())["outcomes"][0]
    assert record["status"] == "kept" and record["record"]["tables"]


def test_resume_runs_again_what_has_other_parameters_or_failed(project, monkeypatch):
    asked = []
    monkeypatch.setattr(
        planning,
        "collect",
        lambda children, notebooks, *rest: (
            asked.append(list(notebooks)) or Plan(failed=dict.fromkeys(notebooks, "x"))
        ),
    )
    for ids, seeds in ((["100"], (5,)), (["300"], (0, 1))):
        assert (
            runner.reproduce(
                ids,
                "smoke",
                resume=True,
                seeds=seeds,
                output=project / "runs" / "notebooks" / "smoke",
            )
            == 1
        )
    assert asked == [["100_good"], ["300_odd"]]


def test_a_mistake_of_the_caller_is_one_line_not_a_report(project, monkeypatch):
    mistake = dict.fromkeys(("100_good", "300_odd"), "there is no profile 'smok'")
    monkeypatch.setattr(planning, "collect", lambda *_: Plan(failed=mistake, mistakes=mistake))
    with pytest.raises(VsslError, match="no profile 'smok'"):
        runner.reproduce(["100", "300"], "smok", output=project / "elsewhere")


def test_ctrl_c_ends_with_130_and_prints_how_to_go_on(project, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(planning, "collect", interrupted)
    assert runner.reproduce(["100"], "smoke", output=project / "elsewhere") == 130
    assert "--resume goes on from here" in capsys.readouterr().out


def test_two_runs_of_one_profile_do_not_mix(project):
    with (
        files.locked(project / "elsewhere" / ".lock"),
        pytest.raises(VsslError, match="another vssl reproduce is at work"),
    ):
        runner.reproduce(["100"], "smoke", output=project / "elsewhere")


def test_a_data_root_is_made_absolute(project, monkeypatch):
    collected = {}
    monkeypatch.chdir(project)
    monkeypatch.setattr(
        planning,
        "collect",
        lambda children, notebooks, given, *_: collected.update(given) or Plan(),
    )
    runner.reproduce(
        ["100"], "smoke", data_root="lib", plan_only=True, output=project / "elsewhere"
    )
    assert collected == {"profile": "smoke", "data_root": str(project / "lib")}


# ------------------------------------------------------------ the plan


class InProcess:
    """Stands for `Children`: runs the worker in this process.

    A ConnectionAbortedError in a notebook stands for a worker that is killed.
    """

    def run(self, argv, env, log=None, limit=None):
        import pickle

        try:
            worker._collect(pickle.loads(Path(argv[-1]).read_bytes()))
        except ConnectionAbortedError:
            return Ended(-signal.SIGKILL, 1.0)
        return Ended(0, 1.0)


@pytest.fixture
def fakelab(tmp_path, monkeypatch):
    (tmp_path / "fakelab.py").write_text(FAKELAB)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("VSSL_RUNS", str(tmp_path))
    # The worker must not catch ConnectionAbortedError, which stands for a kill.
    monkeypatch.setattr(worker, "Exception", ValueError, raising=False)
    yield tmp_path
    sys.modules.pop("fakelab", None)


def test_a_notebook_whose_plan_ends_the_process_is_named_and_the_rest_is_planned(fakelab):
    setup = ("setup", "import fakelab")
    cells = {
        "100_a": [setup, ("plan", "plan = [fakelab.Step('a')]")],
        "200_dies": [("plan", "raise ConnectionAbortedError")],
        "300_b": [setup, ("plan", "plan = [fakelab.Step(f'{profile}-{seed}') for seed in seeds]")],
        "400_odd": [("plan", "plan = None")],
        "500_wrong": [("plan", "from vssl.errors import VsslError\nraise VsslError('say it so')")],
        "600_none": ["raise ValueError('never run')"],
        "700_leaves": [("setup", "import sys\nsys.exit(0)"), ("plan", "plan = []")],
    }
    notebooks = {name: notebook(fakelab / f"{name}.ipynb", *those) for name, those in cells.items()}
    plan = planning.collect(
        InProcess(),
        notebooks,
        {"profile": "demo", "seeds": [7, 8]},
        fakelab,
        fakelab,
        {},
        "fakelab",
    )
    assert plan.asked == {"100_a": ["key-a"], "300_b": ["key-demo-7", "key-demo-8"], "600_none": []}
    assert plan.failed.keys() == {"200_dies", "400_odd", "500_wrong", "700_leaves"}
    assert "its plan cannot be made: it was killed" in plan.failed["200_dies"]
    assert "no list named plan" in plan.failed["400_odd"]
    assert plan.mistakes == {"500_wrong": "say it so"}
    assert {planned.module for planned in plan.experiments.values()} == {"fakelab"}


def test_what_is_done_needs_nothing_any_more(fakelab):
    cells = [
        ("setup", "import fakelab"),
        ("plan", "plan = [fakelab.Step('top', (fakelab.Step('base'),)), fakelab.Step('new')]"),
    ]
    (fakelab / "key-top").write_text("done")
    plan = planning.collect(
        InProcess(),
        {"100_a": notebook(fakelab / "a.ipynb", *cells)},
        {},
        fakelab,
        fakelab,
        {},
        "fakelab",
    )
    assert [(planned.key, planned.done) for planned in plan.experiments.values()] == [
        ("key-top", True),
        ("key-new", False),
    ]
    assert "1 done, 1 to do" in plan.text() and "done   step top  (for 100_a)" in plan.text()


# ------------------------------------------------------------ environment and processes


def test_the_fingerprint_is_of_cells_package_and_parameters_but_not_of_outputs(
    tmp_path, monkeypatch
):
    source = tmp_path / "vssl" / "lab" / "runner.py"
    source.parent.mkdir(parents=True)
    source.write_text("1")
    monkeypatch.setattr(surroundings, "__file__", str(source))
    path = notebook(tmp_path / "a.ipynb", "1")
    first = runner.fingerprint(path, {"profile": "demo"})
    stored = nbformat.read(path, 4)
    stored.cells[-1].outputs = [v4.new_output("stream", text="1")]
    nbformat.write(stored, path)
    assert runner.fingerprint(path, {"profile": "demo"}) == first
    assert runner.fingerprint(path, {"profile": "gpu"}) != first
    source.write_text("2")
    changed = runner.fingerprint(path, {"profile": "demo"})
    assert changed != first
    notebook(path, "2")
    assert runner.fingerprint(path, {"profile": "demo"}) != changed


@pytest.mark.parametrize("place", ["ledger/pace/table_1.demo.json", "data/reported/pace/table.csv"])
def test_the_fingerprint_is_of_our_numbers_and_of_the_papers_too(tmp_path, monkeypatch, place):
    monkeypatch.setenv("VSSL_ROOT", str(tmp_path))
    monkeypatch.setenv("VSSL_LEDGER", str(tmp_path / "ledger"))
    path = notebook(tmp_path / "a.ipynb", "1")
    before = runner.fingerprint(path, {})
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text("1")
    assert runner.fingerprint(path, {}) != before


def test_resume_runs_again_what_was_made_from_a_run_that_is_gone_or_made_anew():
    record = paths.runs() / "store" / "key-a" / "run.json"
    files.write_json(record, {"date": "2026-01-01"})
    both = surroundings.of_runs(["key-b", "key-a"])
    assert both == surroundings.of_runs(["key-a", "key-b"]) != surroundings.of_runs(["key-a"])
    files.write_json(record, {"date": "2026-01-02"})
    anew = surroundings.of_runs(["key-a", "key-b"])
    record.unlink()
    assert len({both, anew, surroundings.of_runs(["key-a", "key-b"])}) == 3


def test_threads_are_shared_and_relative_paths_are_made_absolute(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VSSL_RUNS", "runs")
    assert runner.environment(tmp_path, jobs=2, cores=2)["OMP_NUM_THREADS"] == "1"
    assert runner.environment(tmp_path, jobs=2, cores=16)["OMP_NUM_THREADS"] == "8"
    assert "OMP_NUM_THREADS" not in runner.environment(tmp_path, jobs=1, cores=2)
    assert runner.environment(tmp_path, jobs=1)["VSSL_RUNS"] == str(tmp_path / "runs")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert runner.environment(tmp_path, jobs=2, cores=2)["OMP_NUM_THREADS"] == "3"


GRANDCHILD = """\
import subprocess, sys, time
command = [sys.executable, "-c", "import time; time.sleep(100)"]
child = subprocess.Popen(command, start_new_session=True)
print(child.pid, flush=True)
time.sleep(100)"""


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Return whether a process ends within the time; a zombie counts as ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_the_end_of_the_block_ends_children_and_what_they_started(tmp_path):
    log = tmp_path / "log"
    ended = []
    with Children() as children:
        thread = threading.Thread(
            target=lambda: ended.append(children.run(["-c", GRANDCHILD], os.environ, log))
        )
        thread.start()
        while not (log.is_file() and log.read_text().strip()):
            time.sleep(0.05)
    thread.join(10)
    assert ended[0].code == -signal.SIGKILL
    assert gone(int(log.read_text()))
    with pytest.raises(VsslError, match="interrupted"):
        children.run(["-c", "1"], os.environ)


def test_a_child_that_takes_too_long_is_ended_with_all_it_started(tmp_path):
    with Children() as children:
        ended = children.run(["-c", GRANDCHILD], os.environ, tmp_path / "log", limit=2)
    assert ended.too_long and ended.seconds < 20
    assert gone(int((tmp_path / "log").read_text()))


def test_a_child_ends_when_its_runner_is_killed(tmp_path):
    log = tmp_path / "log"
    # The file is run by its path, so that the package is not imported.
    ours = f"import os, runpy, time; ours = runpy.run_path({processes.__file__!r})"
    child = f"{ours}; ours['end_with_parent'](); print(os.getpid(), flush=True); time.sleep(100)"
    run = (
        f"from pathlib import Path; ours['Children']().run(['-c', {child!r}], os.environ,"
        f" Path({str(log)!r}))"
    )
    parent = subprocess.Popen([sys.executable, "-c", f"{ours}; {run}"])
    while not (log.is_file() and log.read_text().strip()):
        time.sleep(0.05)
        assert parent.poll() is None
    parent.kill()
    parent.wait()
    assert gone(int(log.read_text()))
