"""The run store: an experiment is computed once, by one process.

A killed process or a full disk loses no run that was complete.
"""

import errno
import json
import multiprocessing
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from vssl import paths
from vssl.errors import VsslError
from vssl.lab import key, store


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
    assert "the code has changed" in messages[0]


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
