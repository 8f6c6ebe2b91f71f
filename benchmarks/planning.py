"""The page `docs/scaling.md`: what UCF101 and Kinetics-400 would take on 1, 8 and 64 GPUs.

It is made from the speed ledger and from rates that others published; the page says which number is
which. `python -m benchmarks.planning` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from vssl import methods, models
from vssl.clips import clips_of
from vssl.errors import VsslError
from vssl.lab.cost import BACKWARD
from vssl.methods import Method
from vssl.results import speed
from vssl.results.speed import OURS, Row
from vssl.videos.catalogue import find

GPUS = (1, 8, 64)
CORES = 16  # of a machine, whether it has one GPU or eight
# Clips of 16 x 112 x 112 a second through R3D-18, forward and backward, on one H100-class GPU.
RATES = {
    "published, end to end": 171,
    "published, data already there": 425,
    "30 % of the chip's peak": 1215,
}
R3D18_MACS = 40.7e9
# Frames of all videos of UCF101, and of Kinetics-400's training videos of 10 seconds each.
FRAMES = {"ucf101": 2_450_000, "kinetics400": 240_000 * 300}


@dataclass(frozen=True)
class Job:
    """A pre-training as its paper has it."""

    paper: str
    method: Method
    data: str
    net: str
    length: int
    size: int

    @property
    def clips(self) -> int:
        """The number of clips that it trains on."""
        recipe = self.method.recipe(self.data)
        return (
            find(self.data).videos()[0]
            * clips_of(self.method.sampler(self.length))
            * recipe.epochs
            * recipe.passes
        )

    @property
    def macs(self) -> float:
        """Multiply-adds of a clip, forward and backward."""
        with torch.device("meta"):
            return (1 + BACKWARD) * models.macs(models.build(self.net), self.length, self.size)

    def hours(self, rate: float, gpus: int) -> float:
        """Hours at a rate of R3D-18 clips a second on each GPU, if nothing is lost between GPUs."""
        return self.clips * self.macs / ((1 + BACKWARD) * R3D18_MACS * rate) / 3600 / gpus


JOBS = (
    Job("Pace", methods.Pace(), "ucf101", "r2plus1d", 16, 112),
    Job("Pace", methods.Pace(), "kinetics400", "r2plus1d", 16, 112),
    Job("CVRL, 200 epochs", methods.CVRL(epochs=200), "kinetics400", "r3d50", 16, 224),
    Job("CVRL, 800 epochs", methods.CVRL(epochs=800), "kinetics400", "r3d50", 16, 224),
)


def measured(records: list[dict[str, Any]], stage: str, case: str, contender: str = OURS) -> Row:
    """The newest row of a race on a machine without a GPU."""
    found = [
        r
        for r in records
        if r["stage"] == stage
        and case in r["case"]
        and r["contender"].startswith(contender)
        and r["core"]
    ]
    found = [r for r in found if "on the GPU" not in r["case"]]
    if not found:
        raise VsslError(
            f"the speed ledger has no row of {stage} ({case}); run make bench ARGS=--keep"
        )
    return speed.row_of(max(found, key=lambda record: record["date"]))


def on_a_gpu(records: list[dict[str, Any]], net: str) -> dict[str, float]:
    """How many clips a second our newest step of a net trains on a GPU, by the GPU's name.

    Empty where no GPU has run it.
    """
    case = f"{net}, 32 clips of 16x112x112, on the GPU"
    found = [r for r in records if r["case"] == case and r["contender"] == OURS]
    newest = sorted(found, key=lambda record: record["date"])[-1:]
    return {record["hardware"]: speed.row_of(record).rate("wall") for record in newest}


def page(records: list[dict[str, Any]] | None = None) -> str:
    """The whole page, as Markdown."""
    records = speed.read() if records is None else records
    parts = (HEAD, _storage(records), _hours(records), _feeding(records))
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _table(head: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    rule = "|" + "|".join("---" if place == 0 else "---:" for place in range(len(head))) + "|"
    return "\n".join(
        ["| " + " | ".join(head) + " |", rule, *("| " + " | ".join(line) + " |" for line in lines)]
    )


def _storage(records: list[dict[str, Any]]) -> str:
    """The section on the bytes of the frame store and the hours it takes to build."""
    speeds = {
        "ucf101": measured(records, "store", "MPEG-4").rate(),
        "kinetics400": measured(records, "store", "H.264").rate(),
    }
    lines = []
    for data, height, width in (
        ("ucf101", 128, 172),
        ("kinetics400", 128, 172),
        ("kinetics400", 256, 340),
    ):
        size = FRAMES[data] * height * width * 3
        hours = FRAMES[data] / speeds[data] / 3600
        minutes = speed.brief(60 * hours / CORES)
        built = f"{speed.brief(hours)} core-hours, {minutes} minutes on {CORES} cores"
        built = built if height == 128 else "not measured"
        lines.append(
            (
                f"{find(data).title}, {height}x{width}",
                f"{FRAMES[data] / 1e6:.3g} M",
                _bytes(size),
                _bytes(size / 2),
                built,
            )
        )
    head = (
        "frames at",
        "frames",
        "RGB, as stored",
        "as YUV 4:2:0 planes (not implemented)",
        "building, from 320x240 files",
    )
    return STORAGE + "\n" + _table(head, lines)


def _hours(records: list[dict[str, Any]]) -> str:
    ours, thin = on_a_gpu(records, "r3d18"), on_a_gpu(records, "r2plus1d18")
    rates = RATES | {f"measured on one {gpu}, data already there": ours[gpu] for gpu in ours}
    lines = []
    for job in JOBS:
        what = f"{job.paper}: {job.net}, {find(job.data).title}, {job.length}x{job.size}x{job.size}"
        for name, rate in rates.items():
            lines.append(
                (
                    what,
                    f"{job.clips / 1e6:.3g} M",
                    name,
                    *(speed.brief(job.hours(rate, gpus)) for gpus in GPUS),
                )
            )
            what = ""
    head = (
        "pre-training",
        "clips",
        "at the rate",
        *(f"hours on {gpus} GPU{'s' * (gpus > 1)}" for gpus in GPUS),
    )
    steps = "".join(
        STEPS.format(gpu=gpu, whole=speed.brief(ours[gpu]), thin=speed.brief(thin[gpu]))
        for gpu in ours.keys() & thin.keys()
    )
    return HOURS + steps + "\n" + _table(head, lines)


def _feeding(records: list[dict[str, Any]]) -> str:
    """The section on the cores that a GPU needs so that it does not wait."""
    kinds = {
        "gathered from the frame store, in memory": measured(records, "gather", "crops"),
        "decoded on the fly, MPEG-4, a key frame every 12": measured(records, "decode", "MPEG-4"),
        "decoded on the fly, H.264, a key frame every 12": measured(
            records, "decode", "H.264, a key frame every 12"
        ),
        "decoded on the fly, H.264, a key frame every 250": measured(
            records, "decode", "H.264, a key frame every 250"
        ),
    }
    lines = [
        (
            name,
            speed.brief(row.rate()),
            *(speed.brief(rate / row.rate()) for rate in RATES.values()),
        )
        for name, row in kinds.items()
    ]
    head = (
        "clips of 16x112x112",
        "a core-second",
        *(f"cores a GPU at {rate} clips/s" for rate in RATES.values()),
    )
    whole, cut = 16 * 128 * 172 * 3 / 1e6, 16 * 112 * 112 * 3 / 1e6
    middle = RATES["published, data already there"]
    traffic = [
        (
            f"{gpus}",
            f"{cut * middle * gpus / 1e3:.2g} GB/s",
            f"{whole * middle * gpus / 1e3:.2g} GB/s",
        )
        for gpus in GPUS
    ]
    second = (
        "GPUs",
        f"bytes of crops to the GPUs, at {middle} clips/s each",
        "bytes from disk, if nothing stays in memory",
    )
    cores = [max(GPUS[:2]) * middle / row.rate() for row in list(kinds.values())[1:]]
    tail = TAIL.format(fewest=round(min(cores)), most=round(max(cores)), middle=middle)
    return "\n".join((FEEDING, _table(head, lines), TRAFFIC, _table(second, traffic), tail))


def _bytes(size: float) -> str:
    return f"{size / 1e12:.3g} TB" if size >= 1e12 else f"{size / 1e9:.3g} GB"


HEAD = """
# Planning: UCF101 and Kinetics-400 on 1, 8 and 64 GPUs

This page is made by `python -m benchmarks.planning` from the speed ledger (`data/results/speed/`)
and from three rates of others. A test checks that it agrees with them. **No such pre-training was
run.** The rates of decoding, storing and gathering were measured on one CPU core, with drawn videos
of UCF101's size. Hours on GPUs are multiply-adds divided by rates: those that others published, and
one of our own. Use the page to choose between ways, not to promise a date.
"""

STORAGE = """
## Storage

Every video is decoded once, into a file of uint8 pixels, and training then never decodes.
Kinetics-400 at CVRL's 256x340 is larger than any one disk that this project was tried on. Store it
smaller, or decode it on the fly with `videos.store.OnTheFly` in a loop of your own; the lab's
experiments read frame stores. UCF101 at 128x172 does not fit on one GPU in RGB. It would fit as YUV
planes, which take half the bytes. Planes are not implemented: their pixels differ, so a run would
have to say in its description that it reads them.
"""

HOURS = """
## Hours

One clip through R3D-18 is 40.7 G multiply-adds forward; other nets are counted in proportion. The
rates are for clips of 16x112x112 through R3D-18 on one GPU of the H100 class. The first is that of
the best published pipeline that reads videos (SPDL's example, which reads only the first half
second of each). The second is the same with batches that are already on the GPU. The third is what
30 % of the chip's peak would give. The last is our own training step, in half precision on 32 clips
that are on the GPU already. The hours on many GPUs assume that nothing is lost between them, which
no measurement of ours supports yet. Nets that move more bytes for each multiply-add than R3D-18
will take longer than this; R(2+1)D-18, with three times its activations, is one.
"""

STEPS = """
On an {gpu} its step trained {thin} clips a second, and R3D-18's {whole}.
"""

FEEDING = """
## What saturates first

A GPU waits when the cores cannot feed it. The table shows how many cores one GPU keeps busy with
R3D-18, by where its clips come from. A net that computes more on a clip needs fewer. CVRL's clips
of 224x224 have four times the pixels and were not measured.
"""

TRAFFIC = """
The next table shows the bytes that move if every clip is read anew. A solid-state disk gives 3 to
7 GB/s, and the memory of a machine some hundred.
"""

TAIL = """
- **One GPU.** From the frame store a small part of one core is enough, and the net is the only
  bottleneck. On the fly, sixteen cores feed a GPU at the published end-to-end rate whatever the
  codec, and at 30 % of peak only where key frames are frequent.
- **Eight GPUs in one machine.** UCF101 stays in 256 GB of memory, so only the nets are a limit.
  Kinetics-400's store does not fit there: its clips come from disk, and one disk is at its limit.
  Use two or more disks in a stripe, or a second copy. Decoding on the fly takes {fewest} to {most}
  cores for all eight at {middle} clips/s each, by codec and key frames.
- **Sixty-four GPUs.** The same holds on each of eight machines, with the store copied to each. Now
  the recipe is the limit. Pace's batch of 30 clips leaves less than one for each GPU. More GPUs
  would need a larger batch and another learning rate, and that is no longer the paper's run. CVRL's
  2,048 clips are 32 for each. Several seeds, or several rows of a table, can use many GPUs side by
  side without changing any run: `vssl reproduce --jobs 8` on a machine with eight gives each run
  one.

To spread one run over several GPUs, say `torchrun --nproc_per_node 8 script.py`, where the script
calls `lab.run(experiment)` or `training.fit`. Every process gathers its share of each batch,
contrast takes its negatives from all processes, and only the first process writes. Two processes
give the loss curve of one; tests check this on a CPU. With batch norm this needs
`Recipe(synchronise=True)`, which PyTorch has on CUDA only.
"""

if __name__ == "__main__":
    print(page(), end="")
