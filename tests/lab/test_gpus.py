"""Several GPUs: experiments side by side are spread over those that may be used, and a place is used again when its process has ended."""

import os
import pickle
import sys
from types import SimpleNamespace

import pytest

from vssl.lab import gpus, plan, runner
from vssl.lab.plan import Plan, Planned
from vssl.lab.processes import Children


@pytest.mark.parametrize(
    ("visible", "count", "given"),
    [
        (None, 3, ["0", "1", "2", "0"]),
        (None, 1, ["0"] * 4),
        (None, 0, [None] * 4),
        ("2,5", 2, ["2", "5", "2", "5"]),
        ("5, 2", 2, ["5", "2", "5", "2"]),
        ("0,1,7", 2, ["0", "1", "0", "1"]),  # there is no 7
        ("GPU-aa,GPU-bb", 2, ["GPU-aa", "GPU-bb", "GPU-aa", "GPU-bb"]),
        ("", 0, [None] * 4),
        ("-1", 0, [None] * 4),
    ],
)
def test_process_k_gets_gpu_k_of_those_that_may_be_used(visible, count, given):
    assert [gpus.chosen(slot, visible, count) for slot in range(4)] == given


def test_the_lowest_free_place_is_taken():
    assert [gpus.free_slot(taken) for taken in (set(), {0, 1}, {1, 2}, {0, 2})] == [0, 2, 0, 1]


def fake_torch(count):
    return SimpleNamespace(cuda=SimpleNamespace(device_count=count))


@pytest.mark.parametrize(("visible", "left"), [(None, "1"), ("4,6,7", "6"), ("MIG-a,MIG-b", "MIG-b")])
def test_a_process_sees_its_gpu_alone(visible, left, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", fake_torch(lambda: pytest.fail("asked") if (visible or "").startswith("MIG") else 3))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible or "")
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    gpus.take(1)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == left


@pytest.mark.parametrize("torch", [None, fake_torch(lambda: 0)])
def test_without_torch_or_a_gpu_nothing_is_changed(torch, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setitem(sys.modules, "torch", torch)
    gpus.take(1)
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


# A lab of our own, on a machine with three GPUs: each run notes which one it saw, and the long one waits until the last is done.
SLOTLAB = """
import os, sys, time, types
from dataclasses import dataclass
from pathlib import Path

sys.modules["torch"] = types.SimpleNamespace(cuda=types.SimpleNamespace(device_count=lambda: 3))

@dataclass(frozen=True)
class Step:
    name: str

def run(step):
    (Path(os.environ["VSSL_RUNS"]) / step.name).write_text(os.environ["CUDA_VISIBLE_DEVICES"])
    end = time.monotonic() + 60
    while step.name == "long" and not (Path(os.environ["VSSL_RUNS"]) / "last").exists() and time.monotonic() < end:
        time.sleep(0.02)
"""


def test_experiments_side_by_side_are_spread_and_a_place_is_used_again(tmp_path, monkeypatch):
    (tmp_path / "slotlab.py").write_text(SLOTLAB)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "torch", sys.modules.get("torch"))  # the lab below puts another in its place
    import slotlab

    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**runner.environment(tmp_path, jobs=2), "VSSL_RUNS": str(tmp_path), "PYTHONPATH": path}
    env.pop("CUDA_VISIBLE_DEVICES", None)
    needs = {"long": (), "short": (), "last": ("short",)}
    steps = {name: Planned(name, name, needs[name], False, pickle.dumps(slotlab.Step(name))) for name in needs}
    with Children() as children:
        assert plan.compute(children, Plan(steps), 2, tmp_path, tmp_path, env, "slotlab") == {}
    assert {name: (tmp_path / name).read_text() for name in needs} == {"long": "0", "short": "1", "last": "1"}
