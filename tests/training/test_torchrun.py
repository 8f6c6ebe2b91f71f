"""Two processes under torchrun give the single process's curves (no batch norm here: its synchronised form needs CUDA)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

WORKER = """
import importlib.util, sys
from pathlib import Path

def load(name, file):
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module

here = Path({here!r})
frames = load("frames", here / "conftest.py").MemoryFrames((20,) * 24)
tests = load("tests_of_fit", here / "test_fit.py")
import torch
from torch import nn
from vssl.training import fit

model = tests.model()
model.backbone.layers = nn.Sequential(nn.Conv3d(3, 6, 3, stride=4), nn.ReLU())
torch.manual_seed(0)
model.backbone.layers[0].reset_parameters()
fit(model, tests.batches(frames), tests.RECIPE, Path(sys.argv[1]))
"""


def curves(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_two_processes_give_the_single_process_curve(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(WORKER.format(here=str(Path(__file__).parent)))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    said = tmp_path / "stderr"
    with said.open("w") as stderr:
        runs = {
            "one": subprocess.Popen([sys.executable, str(script), str(tmp_path / "one")], env=environment),
            "two": subprocess.Popen([*torchrun, str(script), str(tmp_path / "two")], env=environment, stderr=stderr),
        }
        ended = {name: run.wait(240) for name, run in runs.items()}
    assert ended == {"one": 0, "two": 0}, said.read_text()[-3000:]
    one, two = curves(tmp_path / "one"), curves(tmp_path / "two")
    assert len(one) == len(two) == 2
    for a, b in zip(one, two, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-4) and a["pace_accuracy"] == pytest.approx(b["pace_accuracy"], abs=1e-6)
    assert not np.isclose(one[0]["loss"], one[1]["loss"], rtol=1e-6)  # something was learned, so equality means something
