"""The run store: an experiment is computed once, by one process.

A killed process or a full disk loses no run that was complete.
"""

import errno
import json
import multiprocessing
import os
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import threadpoolctl
import torch

from vssl import paths
from vssl.errors import VsslError
from vssl.lab import key, store
from vssl.lab.machine import libraries
from vssl.recipe import Recipe


@dataclass(frozen=True)
class Add:
    """An experiment that adds numbers; each computation adds a line to `log`."""

    value: int
    log: str = field(default="", metadata={"key": False})
    wait: float = field(default=0.0, metadata={"key": False})
    before: "Add | None" = None

    def code(self):
        return [("vssl.clips", "Clip")]

    def key(self):
        return f"add-{key.key(self)}"

    def describe(self):
        return f"add {self.value}"

    def needs(self):
        return (self.before,) if self.before else ()

    def compute(self, folder: Path, inputs):
        if self.log:
            with open(self.log, "a") as file:
                file.write(f"{self.value}\n")
        time.sleep(self.wait)
        total = self.value + sum(one.metrics["sum"] for one in inputs)
        return {"sum": total}, {"ones": np.ones(self.value)}


class Later(Add):
    """The same experiment, but computed by other code."""

    chosen = ("vssl.clips", "Sample")

    def code(self):
        return [self.chosen]


def test_an_experiment_is_computed_once_after_those_that_it_needs(tmp_path):
    log = str(tmp_path / "log")
    chain = Add(3, log, before=Add(2, log, before=Add(1, log)))
    first = store.run(chain)
    assert first.computed and first.metrics == {"sum": 6} and first.arrays["ones"].sum() == 3
    again = store.run(chain)
    assert not again.computed and again.metrics == {"sum": 6} and again.arrays["ones"].sum() == 3
    assert Path(log).read_text().split() == ["1", "2", "3"]
    assert store.done(chain) and not store.done(Add(99))
    assert again.record["hardware"] and again.record["inputs"] == [Add(2, before=Add(1)).key()]


def test_a_new_field_at_its_default_keeps_the_key_and_a_path_is_not_part_of_it():
    @dataclass(frozen=True)
    class Old:
        a: int = 1

    @dataclass(frozen=True)
    class New:
        a: int = 1
        b: tuple = (1, 2)

    New.__name__ = "Old"
    assert key.key(Old(5)) == key.key(New(5)) != key.key(New(5, b=(3,)))
    assert Add(1, log="here").key() == Add(1, log="there").key()
    with pytest.raises(TypeError, match="plain values"):
        key.key(Old(a=object()))


def _run_slowly(log, runs):
    os.environ["VSSL_RUNS"] = runs
    store.run(Add(7, log, wait=0.5))


def test_two_processes_never_compute_the_same_run(tmp_path):
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    arguments = (str(log), str(tmp_path / "shared"))
    two = [context.Process(target=_run_slowly, args=arguments) for _ in range(2)]
    for process in two:
        process.start()
    for process in two:
        process.join(30)
    assert [process.exitcode for process in two] == [0, 0] and log.read_text().split() == ["7"]


def test_a_killed_run_leaves_no_run_and_no_lock(tmp_path, monkeypatch):
    monkeypatch.setenv("VSSL_RUNS", str(tmp_path / "shared"))
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_run_slowly, args=(str(log), str(tmp_path / "shared")))
    process.start()
    while not log.exists():
        time.sleep(0.01)
    process.kill()
    process.join()
    assert not store.done(Add(7))
    assert store.run(Add(7, str(log))).computed and store.done(Add(7))


def test_a_run_by_older_code_is_computed_again_or_reused_on_request(tmp_path):
    log = str(tmp_path / "log")
    run = store.run(Add(4, log))
    path = run.folder / "run.json"
    old = json.loads(path.read_text())
    old["record"]["code"] = "older"
    path.write_text(json.dumps(old))
    assert not store.done(Add(4))
    assert not store.run(Add(4, log), reuse_old=True).computed
    messages = []
    assert store.run(Add(4, log), tell=messages.append).computed
    assert "code that has changed since" in messages[0]


def test_a_run_is_old_when_the_code_of_what_it_needs_has_changed(tmp_path):
    log = str(tmp_path / "log")
    chain = Add(9, log, before=Later(8, log))
    store.run(chain)
    assert store.done(chain)
    Later.chosen = ("vssl.clips", "Box")  # as if the code of its class had changed
    try:
        assert not store.done(chain) and store.run(chain).computed
        assert Path(log).read_text().split() == ["8", "9", "8", "9"]
    finally:
        Later.chosen = ("vssl.clips", "Sample")


def test_a_complete_run_killed_before_it_was_in_its_place_is_not_computed_again(tmp_path):
    log = str(tmp_path / "log")
    run = store.run(Add(11, log))
    os.replace(run.folder, run.folder.with_name(f".{Add(11).key()}.{run.record['code']}.working"))
    assert not store.done(Add(11))
    assert store.run(Add(11, log)).metrics == {"sum": 11}
    assert Path(log).read_text().split() == ["11"]


def test_costs_count_a_shared_run_once(tmp_path):
    chain = Add(3, before=Add(2, before=Add(1)))
    store.run(chain)
    assert set(store.costs(chain)) == {chain.key(), chain.before.key(), chain.before.before.key()}


def rewritten(run, **changes):
    """Change fields of a run's record on disk."""
    path = run.folder / "run.json"
    kept = json.loads(path.read_text())
    kept["record"] |= changes
    path.write_text(json.dumps(kept))


def test_other_libraries_make_a_run_older_and_what_is_computed_from_it(tmp_path):
    log = str(tmp_path / "log")
    chain = Add(31, log, before=Add(30, log))
    first = store.run(chain.before)
    assert first.record["libraries"] == libraries() and "numpy" in libraries()
    rewritten(first, libraries="numpy 1.0")
    assert not store.done(chain.before)
    reused = store.run(chain, reuse_old=True)
    assert reused.computed and reused.older == f"with {libraries()}; from inputs with numpy 1.0"
    assert not store.done(chain) and not store.run(chain).older
    assert Path(log).read_text().split() == ["30", "31", "30", "31"]


@dataclass(frozen=True)
class Drawer:
    """Data whose contents are what the test says."""

    made: dict | None = field(default=None, metadata={"key": False}, compare=False)

    def label(self):
        return "drawer"

    def contents(self):
        return self.made


@dataclass(frozen=True)
class Reads(Add):
    data: Drawer = Drawer()


def contents(frames, *failed):
    return Drawer({"frames": frames, "failed": list(failed)})


def test_other_frames_make_a_run_older_and_failed_videos_stand_in_its_record():
    first = store.run(Reads(40, data=contents("abc", "v_broken")))
    assert first.record["frames"] == {"drawer": {"frames": "abc", "failed": ["v_broken"]}}
    assert store.done(Reads(40)), "where the frames are not here they are not compared"
    mended = Reads(40, data=contents("abd"))
    assert not store.done(mended) and store.run(mended, reuse_old=True).older
    again = store.run(mended)
    assert again.computed and again.record["frames"]["drawer"]["failed"] == []


def test_what_was_computed_from_an_input_of_other_frames_says_so():
    store.run(Reads(41, data=contents("old")))
    after = Reads(42, before=Reads(41, data=contents("new")), data=contents("new"))
    reused = store.run(after, reuse_old=True)
    assert reused.record["frames"]["drawer"]["frames"] == "old" and not store.done(after)


def test_a_resume_begins_anew_after_a_change_of_frames(tmp_path):
    @dataclass(frozen=True)
    class Resumes(Reads):
        def compute(self, folder, inputs):
            begun = folder / "checkpoint.pt"
            if not begun.exists():
                begun.touch()
                raise KeyboardInterrupt
            return {"sum": 0}, {}

    for frames in ("one", "two"):
        with pytest.raises(KeyboardInterrupt):
            store.run(Resumes(43, data=contents(frames)))
    assert store.run(Resumes(43, data=contents("two"))).computed


@dataclass(frozen=True)
class Together(Add):
    """An experiment that several processes compute together."""

    shared: ClassVar[bool] = True
    recipe: Recipe = field(default_factory=Recipe)


def test_another_number_of_processes_makes_a_run_older_unless_they_are_as_one():
    alone, joined = Together(50), Together(51, recipe=Recipe(synchronise=True))
    for one in (alone, joined):
        run = store.run(one)
        assert run.record["processes"] == 1
        rewritten(run, processes=4)
    assert not store.done(alone) and store.run(alone, reuse_old=True).older == "by 4 processes"
    assert store.done(joined)


def test_a_run_is_computed_on_one_thread_whatever_the_process_has():
    @dataclass(frozen=True)
    class Threads(Add):
        def compute(self, folder, inputs):
            pools = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
            return {"torch": torch.get_num_threads(), "pools": max(pools)}, {}

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        run = store.run(Threads(60))
        assert run.metrics == {"torch": 1, "pools": 1} and run.record["threads"] == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_a_record_counts_the_processors_time():
    @dataclass(frozen=True)
    class Busy(Add):
        def compute(self, folder, inputs):
            end = time.process_time() + 0.3
            while time.process_time() < end:
                pass
            time.sleep(0.3)
            return {}, {}

    record = store.run(Busy(61)).record
    assert 0.28 <= record["cpu_minutes"] * 60 < 0.55 < record["minutes"] * 60


def test_a_run_from_older_inputs_is_older_for_good(tmp_path):
    chain = Add(21, before=Later(20))
    store.run(chain.before)
    Later.chosen = ("vssl.clips", "Box")
    try:
        reused = store.run(chain, reuse_old=True)
        assert reused.computed and reused.older and "changed since" in reused.line()
        assert not store.done(chain)
        again = store.run(chain)
        assert again.computed and not again.older and store.done(chain)
    finally:
        Later.chosen = ("vssl.clips", "Sample")


def test_large_arrays_are_not_compressed(monkeypatch):
    file = store.run(Add(40)).folder / "arrays.npz"
    monkeypatch.setattr(store, "COMPRESSED", 0)
    other = store.run(Add(41)).folder / "arrays.npz"
    kinds = [
        {one.compress_type for one in zipfile.ZipFile(path).infolist()} for path in (file, other)
    ]
    assert kinds == [{zipfile.ZIP_DEFLATED}, {zipfile.ZIP_STORED}]
    assert np.array_equal(store.run(Add(41)).arrays["ones"], np.ones(41))


def test_a_full_disk_is_reported_in_one_line_and_leaves_no_half_run(monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(VsslError, match="No space left on device; free some space"):
        store.run(Add(5))
    assert not store.done(Add(5)) and not (paths.runs() / "store" / Add(5).key()).exists()


def test_the_error_for_a_damaged_run_names_the_folder_to_delete():
    run = store.run(Add(6))
    (run.folder / "run.json").write_text("{")
    with pytest.raises(VsslError, match=rf"{run.folder} is damaged .* delete that folder"):
        store.run(Add(6))
