"""Experiments side by side are spread over the GPUs that may be used.

A GPU is used again when its process has ended.
"""

import os
import pickle
import sys
from types import SimpleNamespace

import pytest

from vssl.shelf import gpus, plan, runner
from vssl.shelf.plan import Plan, Planned
from vssl.shelf.processes import Children


@pytest.mark.parametrize(
    ("visible", "count", "expected"),
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
def test_process_k_gets_gpu_k_of_those_that_may_be_used(visible, count, expected):
    assert [gpus.chosen(slot, visible, count) for slot in range(4)] == expected


def test_the_lowest_free_slot_is_taken():
    assert [gpus.free_slot(taken) for taken in (set(), {0, 1}, {1, 2}, {0, 2})] == [0, 2, 0, 1]


def fake_torch(count):
    return SimpleNamespace(cuda=SimpleNamespace(device_count=count))


@pytest.mark.parametrize(
    ("visible", "expected"), [(None, "1"), ("4,6,7", "6"), ("MIG-a,MIG-b", "MIG-b")]
)
def test_a_process_sees_only_its_gpu(visible, expected, monkeypatch):
    monkeypatch.setitem(
        sys.modules,
        "torch",
        fake_torch(lambda: pytest.fail("asked") if (visible or "").startswith("MIG") else 3),
    )
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible or "")
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    gpus.take(1)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == expected


@pytest.mark.parametrize("torch", [None, fake_torch(lambda: 0)])
def test_without_torch_or_a_gpu_nothing_is_changed(torch, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setitem(sys.modules, "torch", torch)
    gpus.take(1)
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


# A lab for the tests, on a machine that seems to have three GPUs. Each run records its GPU, and the
# long run waits until the last one is done.
SLOTLAB = """
import os, sys, time, types
from pathlib import Path

sys.modules["torch"] = types.SimpleNamespace(cuda=types.SimpleNamespace(device_count=lambda: 3))

def run(step):
    here, loaded = Path(os.environ["VSSL_RUNS"]), "here" if step.loaded == os.getpid() else "before"
    (here / step.name).write_text(os.environ["CUDA_VISIBLE_DEVICES"] + " " + loaded)
    end = time.monotonic() + 60
    while step.name == "long" and not (here / "last").exists() and time.monotonic() < end:
        time.sleep(0.02)
"""
SLOTSTEPS = """
import os
from dataclasses import dataclass

LOADED = os.getpid()

@dataclass(frozen=True)
class Step:
    name: str

    @property
    def loaded(self): return LOADED
"""


@pytest.fixture
def records(tmp_path, monkeypatch):
    """What each of three experiments recorded, run two at a time.

    A record has the GPU and whether the experiment's module was loaded before the fork.
    """
    for name, source in {"slotlab": SLOTLAB, "slotsteps": SLOTSTEPS}.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    import slotsteps

    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**runner.environment(tmp_path, jobs=2), "VSSL_RUNS": str(tmp_path), "PYTHONPATH": path}
    env.pop("CUDA_VISIBLE_DEVICES", None)
    needs = {"long": (), "short": (), "last": ("short",)}
    pickled = {name: pickle.dumps(slotsteps.Step(name)) for name in needs}
    steps = {
        name: Planned(name, name, needs[name], False, pickled[name], module="slotsteps")
        for name in needs
    }
    with Children() as children:
        assert plan.compute(children, Plan(steps), 2, tmp_path, tmp_path, env, "slotlab") == {}
    yield {name: (tmp_path / name).read_text().split() for name in needs}
    sys.modules.pop("slotsteps")


def test_experiments_side_by_side_are_spread_and_a_gpu_is_used_again(records):
    assert {name: gpu for name, (gpu, _) in records.items()} == {
        "long": "0",
        "short": "1",
        "last": "1",
    }


def test_what_experiments_need_is_loaded_once_for_all(records):
    assert {loaded for _, loaded in records.values()} == {"before"}
