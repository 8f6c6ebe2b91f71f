"""Two processes under torchrun give the curves of a single process, for Pace and for CVRL.

CVRL's negatives come from both processes. No net here computes batch statistics: the synchronised
ones need CUDA, and those of each process alone would change the result. Pace's net has no batch
norm. CVRL's, a real backbone and projection, is frozen at the statistics of one batch.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

WORKER = """
import importlib.util, sys
from pathlib import Path

def load(name, file):
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module

here, folder, count = Path({here!r}), Path(sys.argv[1]), int(sys.argv[2])
frames = load("frames", here.parent / "memory.py").MemoryFrames((20,) * 24)
tests = load("tests_of_fit", here / "test_fit.py")
import numpy as np
import torch
from torch import nn
from vssl import losses, methods, models
from vssl.objectives import Pretext
from vssl.recipe import Recipe
from vssl.training import Batches, fit

# A low rate, because frozen batch norm does not keep the scale of the activations. A usual rate
# would map all clips to one point within an epoch.
GENTLE = Recipe("sgd", rate=3e-5, epochs=2, batch=16)

def pace():
    model = tests.model()
    model.backbone.layers = nn.Sequential(nn.Conv3d(3, 6, 3, stride=4), nn.ReLU())
    torch.manual_seed(0)
    model.backbone.layers[0].reset_parameters()
    fit(model, tests.batches(frames), tests.RECIPE, folder / "pace")

def cvrl(name):
    method = methods.CVRL()
    torch.manual_seed(0)
    model = Pretext(models.build("r3d", 4, True), method.objective(), (8, 8))
    sampler, augment = method.sampler(8), method.augment(32)
    batches = Batches(frames, np.arange(24), sampler, augment, batch=16, seed=1)
    kind = nn.modules.batchnorm._BatchNorm
    norms = [module for module in model.modules() if isinstance(module, kind)]
    for norm in norms:
        norm.momentum = None  # so that the statistics are those of the first batch
    batch = next(batches.epoch(0))
    with torch.no_grad():
        model(*batches.prepared(batch, torch.device("cpu")))
    for norm in norms:
        norm.eval().train = lambda mode=True, norm=norm: norm  # frozen in training too
    fit(model, batches, GENTLE, folder / name)

pace()
cvrl("cvrl")
if count > 1:
    losses.contrast.gathered = lambda z: (z, 0)
    cvrl("apart")
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Path:
    """Run all trainings of this file, in one/ by one process and in two/ by two processes.

    They share a start, because an import of torch costs more than all of them.
    """
    folder = tmp_path_factory.mktemp("torchrun")
    script, errors = folder / "worker.py", folder / "stderr"
    script.write_text(WORKER.format(here=str(Path(__file__).parent)))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    commands = {
        "one": [sys.executable, str(script), str(folder / "one"), "1"],
        "two": [*torchrun, str(script), str(folder / "two"), "2"],
    }
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with errors.open("w") as stderr:
        started = {
            name: subprocess.Popen(command, env=environment, stderr=stderr)
            for name, command in commands.items()
        }
        ended = {name: process.wait(240) for name, process in started.items()}
    assert ended == {"one": 0, "two": 0}, errors.read_text()[-3000:]
    return folder


def curves(folder: Path) -> list[dict]:
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert len(records) == 2
    return records


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["model"]


@pytest.mark.parametrize(
    ("method", "accuracy"), [("pace", "pace_accuracy"), ("cvrl", "instance_accuracy")]
)
def test_two_processes_give_the_single_process_curve_and_weights(ran, method, accuracy):
    one, two = curves(ran / "one" / method), curves(ran / "two" / method)
    for a, b in zip(one, two, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-4)
        assert a[accuracy] == pytest.approx(b[accuracy], abs=1e-6)
    # Something was learned, so equality means something.
    assert not np.isclose(one[0]["loss"], one[1]["loss"], rtol=1e-3)
    first, second = weights(ran / "one" / method), weights(ran / "two" / method)
    assert first.keys() == second.keys()
    assert all(
        torch.allclose(first[name].float(), second[name].float(), atol=1e-5) for name in first
    )


def test_the_negatives_of_each_process_are_the_clips_of_both(ran):
    """The entropy of an anchor's similarities shows how many clips it was compared with.

    There are 15 others in all, and 7 in a process.
    """
    one, two, apart = (curves(ran / name)[1] for name in ("one/cvrl", "two/cvrl", "two/apart"))
    assert two["entropy"] == pytest.approx(one["entropy"], rel=1e-4)
    assert math.log(7) < two["entropy"] < math.log(15) and apart["entropy"] < math.log(7)
    assert apart["loss"] < two["loss"] - 0.5  # with fewer negatives the curve is quite another
