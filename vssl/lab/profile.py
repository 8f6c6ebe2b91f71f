"""Profiles: how large everything is. The code path is the same in all four; a profile is data."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vssl import paths
from vssl.clips import views
from vssl.errors import DataError, VsslError
from vssl.lab.data import Data, puppet_data, real_data
from vssl.lab.experiment import Net, PreTrain, Random, Start
from vssl.lab.measures import Features, FineTune, Probe, Retrieve
from vssl.methods import Method
from vssl.recipe import Recipe
from vssl.videos import puppets


@dataclass(frozen=True)
class Profile:
    """Sizes, and what a small profile overrides of a method's own recipe (None: nothing)."""

    name: str
    meant: str
    worlds: dict[str, dict[str, Any]] | None  # changes to each puppet world; None: the real data
    height: int  # of stored frames
    width: int
    net_width: int
    pool: bool  # a max-pool after the stem
    length: int  # frames a clip
    size: int  # pixels a side
    clips: int  # clips a video in a test
    together: int  # clips of one video with different labels in one batch; 1 is the papers' sampling
    jitter: float  # strength of colour jitter, as a share of the paper's
    main: str  # the net of a paper's ablations
    long: tuple[int, int, int, int]  # frames a clip, pixels a side, stored height and width, where a paper gives a net more of both
    pretrain: Recipe | None
    fine_tune: Recipe | None
    seeds: tuple[int, ...]


SMOKE = Profile(
    "smoke",
    "every line runs; the numbers mean nothing",
    worlds={
        "ucf101": {"classes": ("Walk", "JumpingJack", "Squat", "Punch"), "groups": 6, "clips": 1, "frames": (20, 28)},
        "hmdb51": {"groups": 3, "clips": 1, "frames": (20, 28)},
        "kinetics400": {"groups": 4, "clips": 1, "frames": (20, 28)},
    },
    height=48, width=64, net_width=4, pool=True, length=8, size=40, clips=2, together=4, jitter=0.25, main="r3d", long=(16, 40, 48, 64),
    pretrain=Recipe("adamw", rate=2e-3, weight_decay=0.02, epochs=2, batch=16),
    fine_tune=Recipe("adamw", rate=2e-3, weight_decay=0.02, epochs=1, batch=8),
    seeds=(0,),
)  # fmt: skip
DEMO = Profile(
    "demo",
    "real learning on two CPU cores, in minutes",
    worlds={"ucf101": {}, "hmdb51": {}, "kinetics400": {}},
    height=64, width=86, net_width=16, pool=True, length=16, size=56, clips=4, together=4, jitter=0.25, main="r3d", long=(32, 56, 64, 86),
    pretrain=Recipe("adamw", rate=3e-3, weight_decay=0.02, epochs=12, batch=32, warm_up=0.4),
    fine_tune=Recipe("adamw", rate=1.5e-3, weight_decay=0.02, epochs=8, batch=32, warm_up=0.4),
    seeds=(0,),
)  # fmt: skip
GPU = Profile(
    "gpu",
    "one GPU, stand-in data, several seeds: the numbers of the ledger",
    worlds={"ucf101": {"groups": 25, "clips": 4}, "hmdb51": {}, "kinetics400": {}},
    height=128, width=172, net_width=64, pool=False, length=16, size=112, clips=10, together=4, jitter=1.0,
    main="r2plus1d", long=(32, 112, 128, 172),
    pretrain=Recipe("adamw", rate=1e-3, weight_decay=0.02, epochs=30, batch=64, warm_up=1, precision="bfloat16"),
    fine_tune=Recipe("adamw", rate=1e-3, weight_decay=0.02, epochs=20, batch=64, warm_up=1, precision="bfloat16"),
    seeds=(0, 1, 2),
)  # fmt: skip
PAPER = Profile(
    "paper",
    "the papers' data, nets, sizes and recipes",
    worlds=None,
    height=128, width=172, net_width=64, pool=False, length=16, size=112, clips=10, together=1, jitter=1.0,
    main="r2plus1d", long=(64, 224, 256, 256),
    pretrain=None, fine_tune=None, seeds=(0,),
)  # fmt: skip
PROFILES = {profile.name: profile for profile in (SMOKE, DEMO, GPU, PAPER)}


def find(name: str) -> Profile:
    """A profile by name."""
    if name not in PROFILES:
        import difflib

        near = difflib.get_close_matches(str(name), PROFILES, 1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise VsslError(f"there is no profile {name!r}; {meant}Choose {', '.join(PROFILES)}")
    return PROFILES[name]


def world(name: str, profile: str) -> puppets.World:
    """The puppet world that stands in for a dataset at a profile's size."""
    sizes = find(profile).worlds
    if sizes is None:
        raise VsslError("the paper profile runs on real data only: bring it with --data-root, or choose smoke, demo or gpu")
    makers = {"ucf101": puppets.ucf101, "hmdb51": puppets.hmdb51, "kinetics400": puppets.kinetics400}
    if name not in makers:
        raise VsslError(f"no puppets stand in for {name!r}; there are {', '.join(makers)}")
    return replace(makers[name](), **sizes.get(name, {}))


@dataclass(frozen=True)
class Scale:
    """A profile made definite for one notebook: its seeds, its data, and experiments of the right size."""

    sizes: Profile
    seeds: tuple[int, ...]
    data_root: Path | None = field(default=None)

    @property
    def profile(self) -> str:
        """The profile's name."""
        return self.sizes.name

    def data(self, name: str = "ucf101", split: int = 1) -> Data:
        """A dataset: real where a data root is given (or the profile asks for it), else its stand-in."""
        height, width = self.sizes.height, self.sizes.width
        if self.data_root is None and self.sizes.worlds is not None:
            return puppet_data(world(name, self.profile), split, height, width)
        try:
            return real_data(name, self.data_root or paths.data() / "real" / name, split, height, width)
        except DataError:
            if "VSSL_PLAN_ONLY" not in os.environ:
                raise
            return Data(name, "not found", split, height, width)  # a plan can be made before the data is there

    def long(self) -> Scale:
        """The same profile with longer and larger clips, for a net that a paper gives more of both."""
        length, size, height, width = self.sizes.long
        return replace(self, sizes=replace(self.sizes, length=length, size=size, height=height, width=width))

    def net(self, name: str = "r2plus1d") -> Net:
        """A backbone at this profile's width."""
        return Net(name, self.sizes.net_width, self.sizes.pool)

    def random(self, net: str, seed: int, calibrated: bool = False, data: str = "ucf101") -> Random:
        """A net that was never trained."""
        return Random(self.net(net), self.data(data), self.sizes.length, self.sizes.size, seed, calibrated)

    def pretrain(self, method: Method, net: str, seed: int, data: str = "ucf101") -> PreTrain:
        """Pre-training by a method: its own recipe, or the profile's, by which every row of a table sees as many clips."""
        sizes = self.sizes
        together = min(sizes.together, method.most_together)
        recipe = sizes.pretrain or method.recipe(data)
        start = PreTrain(method.jittered(sizes.jitter), self.net(net), self.data(data), recipe, sizes.length, sizes.size, together, seed)
        if sizes.pretrain:
            start = replace(start, recipe=replace(recipe, epochs=round(recipe.epochs * sizes.together / views(start.sampler()))))
        return start

    def features(self, start: Start, data: str = "ucf101") -> Features:
        """Frozen features of a start."""
        return Features(start, self.data(data), self.sizes.length, self.sizes.size, self.sizes.clips)

    def retrieve(self, start: Start, data: str = "ucf101", layer: str = "p5", level: str = "video") -> Retrieve:
        """Retrieval by frozen features."""
        return Retrieve(self.features(start, data), layer, level)

    def probe(self, start: Start, data: str = "ucf101") -> Probe:
        """A linear probe of frozen features."""
        return Probe(self.features(start, data))

    def fine_tune(self, start: Start, data: str = "ucf101", recipe: Recipe | None = None) -> FineTune:
        """Fine-tuning from a start, with its seed: by the profile's recipe, or where it has none by the paper's, which is `recipe`."""
        chosen = self.sizes.fine_tune or recipe
        if chosen is None:
            raise VsslError("the paper profile needs the paper's own fine-tuning recipe: pass recipe=method.fine_tune()")
        return FineTune(start, self.data(data), chosen, self.sizes.length, self.sizes.size, self.sizes.clips, seed=start.seed)

    def describe(self) -> str:
        """The sizes in a few stable lines, to print in a notebook."""
        s = self.sizes
        drawn = f"{s.together} clips of one video, differently labelled, share a batch" if s.together > 1 else "the paper's sampling"
        jitter = "as strong as in the paper's code" if s.jitter == 1 else f"{s.jitter:g} times as strong as in the paper's code"
        return "\n".join(
            (
                f"profile  {s.name}: {s.meant}",
                f"seeds    {', '.join(map(str, self.seeds))}",
                f"clips    {s.length} frames of {s.size} x {s.size} pixels, from frames of {s.height} x {s.width}; {s.clips} a test video",
                f"nets     {s.net_width} channels wide{', pooled after the stem' if s.pool else ''}",
                f"batches  {drawn}",
                f"jitter   {jitter}, where colours are jittered at all",
            )
        )


def resolve(profile: str, seeds: Any = None, data_root: str | None = None) -> Scale:
    """Turn a notebook's three parameters into sizes, and say in one line what is wrong with one that cannot be used."""
    sizes = find(profile)
    if seeds is not None:
        given = [seeds] if isinstance(seeds, int) else seeds
        if not isinstance(given, list | tuple) or not given or any(type(seed) is not int or seed < 0 for seed in given):
            raise VsslError(f"seeds must be whole numbers like [0, 1, 2], not {seeds!r}")
        seeds = tuple(given)
    root = Path(data_root).expanduser().resolve() if data_root else None
    if root is not None and not root.is_dir():
        raise VsslError(f"there is no folder {root}; give data_root the folder that holds the dataset, or leave it out for puppets")
    return Scale(sizes, seeds or sizes.seeds, root)
