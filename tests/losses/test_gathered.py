"""Negatives of all processes: two gloo processes give the one process's loss and gradient (no batch norm: its joint form needs CUDA)."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import torch

WORKER = """
import sys
import torch
import torch.distributed as dist
from torch import nn
from vssl.objectives import InfoNCE, Views

def run(rank, ranks):
    torch.manual_seed(0)
    net = nn.Linear(6, 5)
    head = InfoNCE(hidden=0, projected=4).build(5)
    model = nn.ModuleList([net, head])
    x = torch.randn(8, 2, 6, generator=torch.Generator().manual_seed(1))[rank::ranks]
    loss, metrics = head(Views(net(x), {}))
    loss.backward()
    values = [loss.detach(), metrics["instance_accuracy"], *(p.grad for p in model.parameters())]
    for value in values:  # the mean over processes, as DistributedDataParallel takes it of gradients
        if ranks > 1:
            dist.all_reduce(value)
            value /= ranks
    return values

rank = int(sys.argv[1])
alone = run(0, 1)
dist.init_process_group("gloo", rank=rank, world_size=2)
together = run(rank, 2)
if rank == 0:
    torch.save({"alone": alone, "together": together}, sys.argv[2])
dist.barrier()
dist.destroy_process_group()
"""


def test_two_processes_give_the_loss_and_gradient_of_one(tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    answer = tmp_path / "values.pt"
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error:torch.distributed", "-c", WORKER, str(rank), str(answer)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    said = [process.communicate(timeout=240)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], "\n".join(said)[-3000:]
    found = torch.load(answer, weights_only=True)
    for alone, together in zip(found["alone"], found["together"], strict=True):
        assert torch.allclose(alone, together, atol=1e-6)
    assert (
        found["alone"][0] > 1
    )  # eight videos told apart by an untrained net: far from solved, so equality means something
