"""The lab under torchrun: two processes share a training, and the first decides and writes.

If either of them fails, both end with the same line. All of this happens in one start of torchrun,
because an import of torch costs more than the trainings. The processes run this very file.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import nn

from vssl import methods
from vssl.errors import VsslError
from vssl.lab import Net, key, processes, resolve, run
from vssl.lab import profile as profiles
from vssl.training import Batches

WORLDS = {"ucf101": {"classes": ("Walk", "Squat"), "groups": 6, "clips": 1, "frames": (12, 16)}}


@dataclass(frozen=True)
class StillNet(Net):
    """A backbone whose batch norm is frozen.

    Two processes' own statistics of half a batch differ from those of a whole batch in one process,
    and common statistics need CUDA.
    """

    def build(self, seed):
        backbone = super().build(seed)
        norms = [module for module in backbone.modules() if isinstance(module, nn.BatchNorm3d)]
        for norm in norms:
            # Without momentum the statistics are those of the batch of noise below, which gives the
            # activations a scale.
            norm.momentum = None
        with torch.no_grad():
            backbone.train()(torch.rand(8, 3, 8, 40, 40))
        for norm in norms:
            # It stays frozen even if it is put into training mode.
            norm.eval().train = lambda mode=True, norm=norm: norm
        return backbone


@dataclass(frozen=True)
class Step:
    """An experiment that logs which process computed it and can be made to fail there."""

    log: str
    fails: str = ""
    shared: bool = False

    def key(self):
        return f"step-{key.key(self)}"

    def needs(self):
        return ()

    def compute(self, folder, inputs):
        rank = os.environ.get("RANK", "alone")
        with open(self.log, "a") as file:
            file.write(f"{rank}\n")
        if self.fails and rank == "0":
            raise ValueError(self.fails)
        if self.shared:
            dist.barrier()  # as in a training, each process waits here for all
        return {"made": 1.0}, {}


def experiments():
    """Make a pre-training of four epochs and a fine-tuning from it, at the smallest size."""
    smoke = resolve("smoke")
    profiles.PROFILES["smoke"] = tiny = replace(smoke.sizes, worlds=WORLDS)
    scale = replace(smoke, sizes=tiny)
    start = scale.pretrain(methods.Pace(short="fit"), StillNet("r3d", 4, True), seed=0)
    start = replace(start, recipe=replace(start.recipe, epochs=4))
    return start, scale.fine_tune(start)


def worker(folder: Path) -> None:
    """Run what each of the two processes runs, and write what happened to a file of its own."""
    events: dict = {"epochs": []}
    rank = os.environ["RANK"]
    start, tuned = experiments()
    whole = Batches.epoch

    def until_the_third(self, epoch, ahead=0):
        events["epochs"].append(epoch)
        if epoch == 2 and not events.get("stopped"):
            raise VsslError("stopped on all")
        return whole(self, epoch, ahead)

    Batches.epoch = until_the_third
    events["stopped"] = tried(lambda: run(start))
    events["messages"] = []
    made = [run(tuned, tell=events["messages"].append), run(start), run(tuned)]
    events["runs"] = [{"computed": one.computed, "metrics": one.metrics} for one in made]
    events["alone"] = run(Step(str(folder / "alone"))).computed
    events["fails alone"] = tried(lambda: run(Step(str(folder / "fails-alone"), "no luck")))
    # torchrun ends this process as soon as the other has ended, but first it is to learn why.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        run(Step(str(folder / "fails"), "no luck in training", shared=True))
    except Exception as error:
        events["fails"] = f"{type(error).__name__}: {error}"
        raise
    finally:
        (folder / f"rank{rank}.json").write_text(json.dumps(events))


def tried(call) -> str:
    """Make a call and return its error as a line, or nothing."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run the two processes, and the same experiments in this process alone."""
    folder = tmp_path_factory.mktemp("together")
    errors = folder / "stderr"
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "VSSL_DATA": str(folder / "data"),
        "VSSL_RUNS": str(folder / "runs"),
    }
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command = [sys.executable, *torchrun, __file__, str(folder)]
    with errors.open("w") as stderr, pytest.MonkeyPatch.context() as patch:
        process = subprocess.Popen(command, env=environment, stderr=stderr)
        patch.setenv("VSSL_DATA", str(folder / "data"))
        patch.setenv("VSSL_RUNS", str(folder / "runs-alone"))
        patch.setitem(profiles.PROFILES, "smoke", profiles.PROFILES["smoke"])
        alone = [run(one) for one in experiments()]
        code = process.wait(240)
    files, printed = [folder / f"rank{rank}.json" for rank in (0, 1)], errors.read_text()
    assert all(path.is_file() for path in files), printed[-3000:]
    return folder, code, [json.loads(path.read_text()) for path in files], alone, printed


def test_a_shared_training_resumed_from_its_checkpoint_gives_the_curves_of_one_process(ran):
    folder, _, processes_events, alone, _ = ran
    for one in alone:
        two = folder / "runs" / "store" / one.folder.name
        record = json.loads((two / "run.json").read_text())["record"]
        assert (record["processes"], one.record["processes"]) == (2, 1)
        assert {path.name for path in two.iterdir()} == {path.name for path in one.folder.iterdir()}
        with np.load(two / "arrays.npz") as arrays:
            assert arrays["curve_loss"] == pytest.approx(one.arrays["curve_loss"], rel=1e-4)
            assert set(arrays) == set(one.arrays)
    assert len(alone[0].arrays["curve_loss"]) == 4 and np.ptp(alone[0].arrays["curve_loss"]) > 0.01
    for events in processes_events:
        assert events["stopped"] == "VsslError: stopped on all"
        # Epochs 0 and 1 were kept, and the last 0 is the only epoch of the fine-tuning.
        assert events["epochs"] == [0, 1, 2, 2, 3, 0]


def test_both_read_the_run_that_the_first_has_written(ran):
    _, _, (first, second), _, _ = ran
    assert [one["computed"] for one in first["runs"]] == [True, False, False]
    assert first["runs"] == second["runs"]
    assert first["runs"][0]["metrics"] == first["runs"][2]["metrics"]
    assert len(first["messages"]) == 2 and not second["messages"]


def test_only_the_first_computes_what_does_not_train_and_its_failure_reaches_all(ran):
    folder, _, (first, second), _, _ = ran
    assert first["alone"] and second["alone"]
    assert (folder / "alone").read_text().split() == ["0"]
    assert (folder / "fails-alone").read_text().split() == ["0"]
    assert first["fails alone"] == "ValueError: no luck"
    assert second["fails alone"] == "VsslError: process 0 of 2 failed: ValueError: no luck"


def test_a_failure_in_the_middle_of_a_shared_training_ends_both_with_its_line(ran):
    folder, code, (first, second), _, printed = ran
    assert code == 1 and sorted((folder / "fails").read_text().split()) == ["0", "1"]
    assert first["fails"] == "ValueError: no luck in training"
    assert second["fails"] == "VsslError: process 0 of 2 failed: ValueError: no luck in training"
    assert "no luck in training" in printed


def test_every_process_reports_the_error_of_the_one_that_failed_first():
    words = dist.HashStore()
    first, second = processes._Mailbox(0, words), processes._Mailbox(1, words)

    def broken():
        raise RuntimeError("Connection closed by peer")

    def breaks():
        raise VsslError("no such video")

    with pytest.raises(VsslError, match=r"^no such video"):
        second.first(lambda: pytest.fail("asked"), meanwhile=breaks)
    with pytest.raises(VsslError, match=r"^process 1 of . failed: no such video"):
        first.first(broken)
    third = processes._Mailbox(2, words)
    with pytest.raises(VsslError, match=r"^process 1 of . failed: no such video"):
        third.first(lambda: pytest.fail("asked"))
    # The next question is answered again.
    assert first.first(lambda: True) and second.first(lambda: pytest.fail("asked"))


def test_a_process_waits_as_long_as_the_first_takes(monkeypatch):
    words = dist.HashStore()
    first, second = processes._Mailbox(0, words), processes._Mailbox(1, words)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 1000:
            first.first(lambda: False)

    monkeypatch.setattr(processes.time, "sleep", sleep)
    assert not second.first(lambda: pytest.fail("asked")) and len(slept) == 1000


def test_a_single_process_answers_itself(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert processes.count() == 1 and processes.is_first()
    assert processes.first(lambda: True, meanwhile=pytest.fail)
    assert not processes.first(lambda: None)


def test_a_world_without_torchrun_is_refused_rather_than_waited_for(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(VsslError, match="start with torchrun, or unset WORLD_SIZE"):
        run(Step("nowhere"))


if __name__ == "__main__":
    worker(Path(sys.argv[1]))
