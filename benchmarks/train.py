"""An epoch of training: the package's own loop against the plain recipe.

Our loop is timed with its frame store, and with decoding on the fly. The store is built before the
clock runs, because every epoch but the first finds it there. The note says how long that took.
"""

from __future__ import annotations

import copy
import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.augment import by_torchvision
from benchmarks.material import Material
from benchmarks.setting import Setting
from benchmarks.timing import once, race
from vssl import methods, models
from vssl.augment import Augment, Source
from vssl.objectives import Pretext
from vssl.recipe import Recipe
from vssl.results.speed import OURS, Row, rows
from vssl.samplers import Several
from vssl.training import Batches, fit
from vssl.training.batches import AUGMENT, SAMPLER, Frames, generator
from vssl.training.loop import device_here
from vssl.videos.datasets import Dataset
from vssl.videos.store import FrameStore, OnTheFly

FLY = "vssl, decoding on the fly"
PLAIN = "plain: PyAV, torchvision, float32"
CLIPS_A_VIDEO = 4  # in a batch


def run(setting: Setting) -> Iterator[Row]:
    """Race an epoch at the size of the `demo` profile, or on a GPU at the papers' own size.

    On a GPU our own loop trains in half precision.
    """
    material = setting.material[0]
    height, width, length, size = (128, 172, 16, 112) if setting.cuda else (64, 86, 8, 56)
    net = "r3d18" if setting.cuda else "r3d 16 wide"
    method = methods.Pace(paces=(1, 2, 3, 4))
    model = Pretext(
        models.build("r3d18") if setting.cuda else models.build("r3d", width=16, pool=True),
        method.objective(),
        (length,),
        CLIPS_A_VIDEO,
    )
    recipe = Recipe(
        epochs=1,
        passes=4 if setting.cuda else 1,
        batch=32,
        precision="bfloat16" if setting.cuda else "float32",
    )
    sampler, augment = Several(method.sampler(length), CLIPS_A_VIDEO, "pace"), method.augment(size)
    assert isinstance(augment, Augment)
    with setting.scratch() as folder:
        dataset, every = material.dataset(), np.arange(len(material.paths))
        stores, built = _stores(dataset, height, width, folder)
        batches = {
            n: Batches(f, every, sampler, augment, recipe.batch, recipe.passes, setting.seed)
            for n, f in stores.items()
        }
        waits: dict[str, float] = {}

        def ours(name: str) -> Callable[[], None]:
            def work() -> None:
                waits[name] = _fit(model, batches[name], recipe, folder / "run", setting)

            return work

        works = {
            OURS: ours(OURS),
            FLY: ours(FLY),
            PLAIN: lambda: _plain(
                model, material, batches[OURS], augment, (height, width), setting
            ),
        }
        timings = race(works, max(2, setting.rounds - 2))
        notes = {name: f"waits for data {100 * waits[name]:.1f} % of the time" for name in batches}
        notes[OURS] += f"; the store was built before, once, in {built:.1f} core-seconds"
        case = f"an epoch of pace, {net}, {length}x{size}x{size}, {material.kind}" + (
            ", on the GPU" if setting.cuda else ""
        )
        ways = {
            "layouts": {OURS: "channels_last_3d", FLY: "channels_last_3d", PLAIN: "contiguous"},
            "notes": notes,
        }
        ways["precisions"] = {name: recipe.precision for name in batches}
        yield from rows(
            "train", case, "clips", len(batches[OURS]) * recipe.batch, timings, setting.kind, **ways
        )


def _stores(
    dataset: Dataset, height: int, width: int, folder: Path
) -> tuple[dict[str, Frames], float]:
    """Both sources of frames, and the core-seconds that it took to build the store."""
    stores: dict[str, Frames] = {}
    _, built = once(
        lambda: stores.update(
            {OURS: FrameStore.build(dataset, height, width, folder / "store", workers=1)}
        )
    )
    stores[FLY] = OnTheFly(dataset, height, width, folder / "counted", workers=1)
    return stores, built


def _fit(model: Pretext, batches: Batches, recipe: Recipe, folder: Path, setting: Setting) -> float:
    """Train for an epoch and return the share of the time that was spent waiting for data."""
    shutil.rmtree(folder, ignore_errors=True)
    (record,) = fit(
        copy.deepcopy(model),
        batches,
        recipe,
        folder,
        device=device_here() if setting.cuda else torch.device("cpu"),
    )
    return record["waiting"]


def _plain(
    model: Pretext,
    material: Material,
    batches: Batches,
    augment: Augment,
    size: tuple[int, int],
    setting: Setting,
) -> None:
    """Train for an epoch as a first version of such a loop would.

    PyAV decodes each clip, torchvision augments it by itself, and the step is in float32.
    """
    device = torch.device("cuda" if setting.cuda else "cpu")
    model = copy.deepcopy(model).to(device).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    for number in range(batches.passes):
        for videos in batches.parts(number):
            views, paces = [], []
            for video in videos.tolist():
                sample = batches.sampler(
                    int(batches.frames.num_frames[video]),
                    generator(batches.seed, SAMPLER, number, video),
                )
                paces.append(sample.labels["pace"])
                for view, clip in enumerate(sample.clips):
                    decoded = _decoded(material.paths[video], clip.frames, size)
                    pixels = torch.from_numpy(decoded)  # [T, H, W, C]
                    drawn = augment.draw(
                        generator(batches.seed, AUGMENT, number, video, view),
                        Source(*pixels.shape[:3]),
                    )
                    views.append(by_torchvision(pixels[None], augment, [drawn]))
            x: Tensor = torch.cat(views).contiguous().to(device)  # [N, C, T, H, W]
            loss, *_ = model(x, {"pace": torch.from_numpy(np.concatenate(paces)).to(device)})
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()


def _decoded(path: Path, numbers: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    import av

    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.thread_count = 1
        wanted = set(numbers.tolist())
        frames = itertools.islice(container.decode(video), max(wanted) + 1)
        found = {
            n: frame.reformat(size[1], size[0], "rgb24").to_ndarray()
            for n, frame in enumerate(frames)
            if n in wanted
        }
    return np.stack([found[n] for n in numbers.tolist()])
