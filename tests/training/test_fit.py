"""The training loop learns, resumes bit for bit, survives a kill and stops on infinite losses."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from vssl import methods
from vssl.errors import VsslError
from vssl.models.heads import MLP, Linear
from vssl.objectives import Classify, MoCo, Outcome, Pretext, held
from vssl.recipe import Recipe
from vssl.samplers import Pace, RandomClip, Repeat
from vssl.training import Batches, fit, loop

RECIPE = Recipe("sgd", rate=0.05, epochs=2, batch=8)


class TinyNet(nn.Module):
    """One convolution with batch norm and dropout, which have states that a resume must restore."""

    dim = 6

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv3d(3, 6, 3, stride=4), nn.BatchNorm3d(6), nn.ReLU(), nn.Dropout(0.3)
        )

    def forward(self, x):
        return self.layers(x)


def model(seed=0):
    torch.manual_seed(seed)
    return Pretext(TinyNet(), methods.Pace().objective(), (8,))


def batches(frames, **changes):
    usual = {"sampler": Pace(length=8), "augment": methods.Pace().augment(32)}
    videos = np.arange(len(frames.num_frames))
    return Batches(frames, videos, **{**usual, "batch": 8, "seed": 1, **changes})


def final(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


def interrupt(record):
    """A report that stops the training after the first epoch."""
    raise KeyboardInterrupt


def without_times(history):
    return [
        {k: v for k, v in record.items() if k not in ("seconds", "clips_per_second", "waiting")}
        for record in history
    ]


def test_two_epochs_equal_one_epoch_and_a_resume(memory_frames, tmp_path):
    frames = memory_frames((20,) * 24)
    straight = fit(model(), batches(frames), RECIPE, tmp_path / "straight")
    # The first epoch is run by stopping after it, because a cosine over one epoch would be another
    # schedule.
    with pytest.raises(KeyboardInterrupt):
        fit(model(), batches(frames), RECIPE, tmp_path / "halved", report=interrupt)
    torch.rand(100)  # other draws in between must not matter
    halved = fit(model(seed=9), batches(frames), RECIPE, tmp_path / "halved")
    assert without_times(straight) == without_times(halved)
    a, b = final(tmp_path / "straight"), final(tmp_path / "halved")
    assert all(same(a[part], b[part]) for part in ("model", "optimizer", "random", "epoch"))
    lines = (tmp_path / "halved" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == halved


def test_it_learns_a_label_that_the_pixels_show(memory_frames, tmp_path):
    frames = memory_frames((12,) * 32)
    for video, pixels in enumerate(frames.pixels):
        pixels[:] = pixels // 4 + (150 if video % 2 else 0)
    torch.manual_seed(0)
    net = Pretext(TinyNet(), Classify("action", Linear(2)), (8,))
    plain = methods.Pace(jitter=False).augment(32)
    learn = Batches(frames, np.arange(32), RandomClip(8), plain, batch=8, actions=np.arange(32) % 2)
    recipe = Recipe("adamw", rate=0.05, weight_decay=0, epochs=6, batch=8)
    history = fit(net, learn, recipe, tmp_path)
    assert history[-1]["accuracy"] > 0.9 and history[-1]["loss"] < history[0]["loss"] / 2


def test_a_loss_that_is_not_finite_stops_with_the_step_and_keeps_the_checkpoint(
    memory_frames, tmp_path
):
    class Bursts(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.steps = nn.Parameter(torch.ones(1)), 0

        def forward(self, x, labels):
            self.steps += 1
            loss = (self.weight * (float("nan") if self.steps == 5 else 1.0)).sum()
            return Outcome(loss, {"pace_loss": loss.detach()})

    frames = memory_frames((20,) * 24)  # three steps an epoch, so the fifth is step 2 of epoch 2
    line = r"loss is nan at epoch 2, step 2 \(pace_loss nan\).*checkpoint.pt"
    with pytest.raises(VsslError, match=line):
        fit(Bursts(), batches(frames), RECIPE, tmp_path)
    kept = final(tmp_path)
    assert kept["epoch"] == 1 and kept["model"]["weight"].isfinite().all()


def test_weights_that_are_not_finite_never_become_a_checkpoint(memory_frames, tmp_path):
    class Breaks(nn.Module):
        """A model whose losses are finite, but the last gradient of epoch 2 is not."""

        def __init__(self):
            super().__init__()
            self.weight, self.steps = nn.Parameter(torch.ones(1)), 0

        def forward(self, x, labels):
            self.steps += 1
            loss = (self.weight * 0 + 1).sum()
            if self.steps == 6:  # adds 0, but with an infinite slope
                loss = loss + (self.weight - self.weight.detach()).abs().sqrt().sum()
            return Outcome(loss, {})

    frames = memory_frames((20,) * 24)
    with pytest.raises(VsslError, match="a weight is not finite after epoch 2"):
        fit(Breaks(), batches(frames), RECIPE, tmp_path)
    assert final(tmp_path)["epoch"] == 1


def test_a_full_disk_at_a_checkpoint_is_reported_in_one_line(memory_frames, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(VsslError, match="is the disk full"):
        fit(model(), batches(memory_frames((20,) * 24)), RECIPE, tmp_path)
    assert not (tmp_path / "checkpoint.pt").exists()


def test_a_resume_restores_queue_and_target_bit_for_bit(memory_frames, tmp_path):
    objective = MoCo(MLP((6, 4)), queue=16, momentum=0.9)

    def contrast(folder, seed=0, **more):
        torch.manual_seed(seed)
        net = Pretext(TinyNet(), objective, (8, 8))
        frames = memory_frames((20,) * 24)
        pairs = batches(frames, sampler=Repeat(RandomClip(8), 2), batch=16)
        return net, fit(net, pairs, replace(RECIPE, batch=16), folder, **more)

    net, straight = contrast(tmp_path / "straight")
    with pytest.raises(KeyboardInterrupt):
        contrast(tmp_path / "halved", report=interrupt)
    _, halved = contrast(tmp_path / "halved", seed=9)
    assert without_times(straight) == without_times(halved)
    a, b = final(tmp_path / "straight")["model"], final(tmp_path / "halved")["model"]
    assert {"objective.keys", "objective.oldest"} < a.keys() and same(a, b)
    assert a["objective.oldest"] == 2 * 3 * 8 % 16 and straight[0]["feature_spread"] > 0
    moved = zip(net.target.parameters(), net.backbone.parameters(), strict=False)
    assert any(not torch.equal(slow, online) for slow, online in moved)


def test_bfloat16_on_a_cpu_becomes_float32_with_one_message(memory_frames, tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(loop, "say", lines.append)
    frames = memory_frames((20,) * 24)
    half = replace(RECIPE, precision="bfloat16")
    found = fit(model(), batches(frames), half, tmp_path / "half")
    assert len(lines) == 1 and "training in float32" in lines[0]
    whole = fit(model(), batches(frames), RECIPE, tmp_path / "whole")
    assert len(lines) == 1 and without_times(found) == without_times(whole)


@dataclass(frozen=True)
class Rows:
    """Rows of features, each with a number to predict, which fit can train on as well."""

    features: torch.Tensor
    number: torch.Tensor
    rank: int = 0
    ranks: int = 1

    def __len__(self):
        return len(self.features) // 8

    def share(self, rank, ranks):
        return replace(self, rank=rank, ranks=ranks)

    def epoch(self, epoch, device):
        rng = torch.Generator().manual_seed(epoch)
        yield from torch.randperm(len(self.features), generator=rng).split(8)

    def prepared(self, batch, device, layout):
        return self.features[batch].to(device), {"number": self.number[batch].to(device)}

    def size(self, batch):
        return len(batch)


def test_it_can_train_on_rows_instead_of_clips(tmp_path):
    class Line(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 1)

        def forward(self, x, labels):
            return Outcome((self.linear(x)[:, 0] - labels["number"]).square().mean(), {})

    torch.manual_seed(0)
    x = torch.randn(64, 3)
    rows = Rows(x, x @ torch.tensor([1.0, -2.0, 0.5]))
    history = fit(Line(), rows, Recipe("adam", rate=0.1, epochs=12, batch=8), tmp_path)
    assert history[-1]["loss"] < 0.05 * history[0]["loss"]
    assert history[0]["clips_per_second"] > 0


def test_a_held_net_does_not_learn_from_its_term(tmp_path):
    """Two nets work against each other in one loss; its second term reaches only the first net."""

    class Rivals(nn.Module):
        def __init__(self):
            super().__init__()
            self.maker, self.judge = nn.Linear(3, 3), nn.Linear(3, 1)

        def forward(self, x, labels):
            made = self.maker(x)
            own = (self.judge(made.detach()) - labels["number"][:, None]).square().mean()
            fooled = -held(self.judge, made).mean()
            return Outcome(own + fooled, {})

    torch.manual_seed(0)
    net, x = Rivals(), torch.randn(8, 3)
    labels = {"number": x[:, 0]}
    net(x, labels).loss.backward()
    both = [p.grad.clone() for p in net.judge.parameters()]
    net.zero_grad()
    (net.judge(net.maker(x).detach()) - labels["number"][:, None]).square().mean().backward()
    assert all(torch.equal(a, b.grad) for a, b in zip(both, net.judge.parameters(), strict=True))
    net.zero_grad()
    net(x, labels).loss.backward()
    assert any(p.grad.abs().sum() > 0 for p in net.maker.parameters())


def test_weight_decay_can_be_limited_to_kernels():
    frozen = nn.Linear(2, 2).requires_grad_(False)
    net = nn.Sequential(nn.Conv3d(1, 2, 1), nn.BatchNorm3d(2), nn.Linear(2, 3), frozen)
    recipe = Recipe(weight_decay=0.1, decayed="kernels")
    kernels, others = recipe.optimizer(net.parameters()).param_groups
    assert (kernels["weight_decay"], others["weight_decay"]) == (0.1, 0)
    assert [p.ndim for p in kernels["params"]] == [5, 2]
    assert [p.ndim for p in others["params"]] == [1, 1, 1, 1]
    (everything,) = Recipe(weight_decay=0.1).optimizer(net.parameters()).param_groups
    assert len(everything["params"]) == 6
    with pytest.raises(VsslError, match="'kernels'"):
        Recipe(decayed="biases")


@pytest.mark.parametrize("device", ["cpu", "cuda:1"])
def test_a_process_works_on_its_own_gpu(device, monkeypatch):
    chosen = []
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    assert loop.processes(torch.device(device)) == (0, 1)
    assert chosen == ([] if device == "cpu" else [torch.device(device)])


@pytest.mark.parametrize(
    ("device", "synchronise", "joint"),
    [("cuda", True, True), ("cuda", False, False), ("cpu", True, False)],
)
def test_batch_statistics_are_synchronised_if_the_recipe_asks_for_it(
    device, synchronise, joint, monkeypatch
):
    monkeypatch.setattr(nn.parallel, "DistributedDataParallel", lambda model, device_ids: model)
    made = loop._parallel(model(), Recipe(synchronise=synchronise), torch.device(device), ranks=2)
    assert any(isinstance(module, nn.SyncBatchNorm) for module in made.modules()) == joint


WORKER = """
    import sys
    from pathlib import Path
    sys.path[:0] = {paths!r}
    import importlib.util
    def load(name, file):
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module
    frames = load("frames", {memory!r}).MemoryFrames((20,) * 24)
    here = load("here", {test!r})
    from vssl.recipe import Recipe
    from vssl.training import fit
    recipe = Recipe("sgd", rate=0.05, epochs={epochs}, batch=8)
    report = lambda record: print(int(record["epoch"]), flush=True)
    fit(here.model(), here.batches(frames), recipe, Path({folder!r}), report=report)
"""


def test_a_kill_at_any_moment_loses_at_most_the_running_epoch(memory_frames, tmp_path):
    """Kill a training process twice, each time a moment after an epoch ended.

    The last try ends where an undisturbed run ends.
    """
    epochs = 8
    recipe = Recipe("sgd", rate=0.05, epochs=epochs, batch=8)
    here = Path(__file__)
    code = textwrap.dedent(WORKER).format(
        paths=sys.path[:1],
        memory=str(here.parents[1] / "memory.py"),
        test=str(here),
        epochs=epochs,
        folder=str(tmp_path / "killed"),
    )
    for pause in (0.0, 0.02):
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        reported = int(process.stdout.readline())
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = final(tmp_path / "killed")["epoch"]
        assert kept >= reported  # an epoch is kept before it is reported
    history = fit(model(), batches(memory_frames((20,) * 24)), recipe, tmp_path / "killed")
    straight = fit(model(), batches(memory_frames((20,) * 24)), recipe, tmp_path / "straight")
    assert without_times(history) == without_times(straight)
    assert same(final(tmp_path / "killed")["model"], final(tmp_path / "straight")["model"])
