"""Two processes that gather their clips give the loss, gradient and queue of one process.

The nets have no batch norm, because its synchronised form needs CUDA.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import torch

WORKER = '''
import sys
import torch
import torch.distributed as dist
from torch import nn
from vssl import losses
from vssl.models.heads import Projection, View
from vssl.objectives import MoCo, Pretext, SimCLR, Views

def averaged(values, ranks):
    """Take the mean over processes, as DistributedDataParallel does with gradients."""
    for value in values:
        if ranks > 1:
            dist.all_reduce(value)
            value /= ranks
    return values

def pace_losses(rank, ranks):
    """Compute the losses of Pace and their gradients, also with several samples of a video."""
    values = []
    for loss in (
        lambda z: losses.same_context(z),
        lambda z: losses.same_context(z, torch.arange(len(z) // 2).repeat_interleave(2)),
        lambda z: losses.same_context(z, normalize=True, temperature=0.2),
        lambda z: losses.same_pace(z.flatten(0, 1), pace.flatten()),
        lambda z: losses.against_all(z, 0.1, torch.arange(len(z) // 2).repeat_interleave(2))[0],
    ):
        torch.manual_seed(0)
        net = nn.Linear(6, 5)
        videos = torch.arange(8).reshape(4, 2)[rank::ranks].flatten()  # whole pairs of samples
        x = torch.randn(8, 2, 6, generator=torch.Generator().manual_seed(1))[videos]
        pace = torch.randint(3, (8, 2), generator=torch.Generator().manual_seed(2))[videos]
        found = loss(net(x))
        found.backward()
        values += averaged([found.detach(), net.weight.grad], ranks)
    return values

def queue(rank, ranks):
    """Return the queue after two steps of MoCo, its keys in the order of the videos."""
    torch.manual_seed(0)
    net = Pretext(Plain(), MoCo(Projection(0, 4), queue=16), (1, 1))
    for step in range(2):
        x = torch.rand(16, 3, 1, 2, 2, generator=torch.Generator().manual_seed(step))
        net(x.unflatten(0, (8, 2))[rank * 8 // ranks : (rank + 1) * 8 // ranks].flatten(0, 1), {})
    return [net.objective.keys, net.objective.oldest.float()]

class Plain(nn.Module):
    """A net without batch norm, whose statistics of each process alone would change the result."""
    dim = 3
    def forward(self, x):
        return x

def run(rank, ranks):
    torch.manual_seed(0)
    net = nn.Linear(6, 5)
    head = SimCLR(Projection(0, 4)).build(5)
    model = nn.ModuleList([net, head])
    x = torch.randn(8, 2, 6, generator=torch.Generator().manual_seed(1))[rank::ranks]
    loss, metrics, _ = head(Views((((0, 1), View(None, net(x).flatten(0, 1))),), 2))
    loss.backward()
    values = [loss.detach(), metrics["instance_accuracy"], *(p.grad for p in model.parameters())]
    return averaged(values, ranks) + pace_losses(rank, ranks) + queue(rank, ranks)

rank = int(sys.argv[1])
alone = run(0, 1)
dist.init_process_group("gloo", rank=rank, world_size=2)
together = run(rank, 2)
if rank == 0:
    torch.save({"alone": alone, "together": together}, sys.argv[2])
dist.barrier()
dist.destroy_process_group()
'''


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
    errors = [process.communicate(timeout=240)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], "\n".join(errors)[-3000:]
    found = torch.load(answer, weights_only=True)
    for alone, together in zip(found["alone"], found["together"], strict=True):
        assert torch.allclose(alone, together, atol=1e-6)
    # The untrained net is far from telling the eight videos apart, so equality means something.
    assert found["alone"][0] > 1
