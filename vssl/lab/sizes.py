"""Profiles: how large everything is. The code path is the same in all four; a profile is data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from vssl.errors import VsslError
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
    together: (
        int  # clips of one video with different labels in one batch; 1 is the papers' sampling
    )
    jitter: float  # strength of colour jitter, as a share of the paper's
    main: str  # the net of a paper's ablations
    long: tuple[
        int, int, int, int
    ]  # frames a clip, pixels a side, stored height and width, where a paper gives a net more of both
    pretrain: Recipe | None
    fine_tune: Recipe | None
    seeds: tuple[int, ...]
    linear: Recipe | None = None  # of a linear layer on frozen features
    data: str = "ucf101"  # what a paper's ablations learn from and are tested on
    stride: int = 1  # frames from one frame of a labelled clip to the next
    labelled: int | None = (
        None  # frames of a labelled clip, and of a test; None: as many as in pre-training
    )
    resized: bool = False  # labelled clips are cropped at random area and aspect
    crops: int = 1  # a clip in a test
    test_size: int | None = None  # pixels a side in a test
    papers: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # what a paper has otherwise, of all these


# Where people act gives away what they do in Kinetics: in its stand-ins so many performers act in the scene of their class. There are
# sixteen scenes, so Kinetics-400 has sixteen classes, each with a scene of its own; Kinetics-600 has half as many again.
SCENE_BIAS = 0.7
KINETICS = puppets.kinetics400().classes
KINETICS_SMOKE = ("walking", "squat", "jogging", "jumping jacks", "bowing", "clapping", "lunge")

SMOKE = Profile(
    "smoke",
    "every line runs; the numbers mean nothing",
    worlds={
        "ucf101": {"classes": ("Walk", "JumpingJack", "Squat", "Punch"), "groups": 6, "clips": 1, "frames": (20, 28)},
        "hmdb51": {"groups": 3, "clips": 1, "frames": (20, 28)},
        "kinetics400": {"classes": KINETICS_SMOKE[:6], "groups": 4, "clips": 1, "frames": (20, 28)},
        "kinetics600": {"classes": KINETICS_SMOKE, "groups": 6, "clips": 1, "frames": (20, 28)},
    },
    height=48, width=64, net_width=4, pool=True, length=8, size=40, clips=2, together=4, jitter=0.25, main="r3d", long=(16, 40, 48, 64),
    pretrain=Recipe("adamw", rate=2e-3, weight_decay=0.02, epochs=2, batch=16),
    fine_tune=Recipe("adamw", rate=2e-3, weight_decay=0.02, epochs=1, batch=8),
    linear=Recipe("sgd", rate=0.5, weight_decay=0.0, epochs=1, batch=16),
    seeds=(0,),
    papers={
        "cvrl": {
            "main": "r3d50", "data": "kinetics400", "stride": 2, "resized": True, "crops": 3, "test_size": 48, "together": 1, "jitter": 1.0,
            "pretrain": Recipe("adamw", rate=2e-3, weight_decay=0.02, epochs=4, batch=16),
        },
    },
)  # fmt: skip
DEMO = Profile(
    "demo",
    "real learning on two CPU cores, in minutes",
    worlds={
        "ucf101": {},
        "hmdb51": {},
        "kinetics400": {"classes": KINETICS[:16], "groups": 30, "scene_bias": SCENE_BIAS},
        "kinetics600": {"classes": KINETICS, "groups": 30, "scene_bias": SCENE_BIAS},
    },
    height=64, width=86, net_width=16, pool=True, length=16, size=56, clips=4, together=4, jitter=0.25, main="r3d", long=(32, 56, 64, 86),
    pretrain=Recipe("adamw", rate=3e-3, weight_decay=0.02, epochs=12, batch=32, warm_up=0.4),
    fine_tune=Recipe("adamw", rate=1.5e-3, weight_decay=0.02, epochs=8, batch=32, warm_up=0.4),
    linear=Recipe("sgd", rate=8.0, weight_decay=0.0, epochs=12, batch=64, warm_up=0.6),
    seeds=(0,),
    papers={
        "cvrl": {
            "main": "r3d", "data": "kinetics400", "length": 8, "stride": 2, "labelled": 16, "resized": True, "crops": 3,
            "together": 1, "jitter": 1.0,
            "pretrain": Recipe("adamw", rate=3e-3, weight_decay=0.02, epochs=32, batch=64, warm_up=1),
        },
    },
)  # fmt: skip
GPU = Profile(
    "gpu",
    "one GPU, stand-in data, several seeds: the numbers of the ledger",
    worlds={
        "ucf101": {"groups": 25, "clips": 4},
        "hmdb51": {},
        "kinetics400": {"classes": KINETICS[:16], "groups": 60, "scene_bias": SCENE_BIAS},
        "kinetics600": {"classes": KINETICS, "groups": 60, "scene_bias": SCENE_BIAS},
    },
    height=128, width=172, net_width=64, pool=False, length=16, size=112, clips=10, together=4, jitter=1.0,
    main="r2plus1d", long=(32, 112, 128, 172),
    pretrain=Recipe("adamw", rate=1e-3, weight_decay=0.02, epochs=30, batch=64, warm_up=1, precision="bfloat16"),
    fine_tune=Recipe("adamw", rate=1e-3, weight_decay=0.02, epochs=20, batch=64, warm_up=1, precision="bfloat16"),
    linear=Recipe("sgd", rate=8.0, weight_decay=0.0, epochs=20, batch=64, warm_up=1, precision="bfloat16"),
    seeds=(0, 1, 2),
    papers={
        "cvrl": {
            "main": "r3d50", "data": "kinetics400", "stride": 2, "labelled": 32, "resized": True, "crops": 3,
            "together": 1,
            "pretrain": Recipe("adamw", rate=1e-3, weight_decay=0.02, epochs=200, batch=256, warm_up=2, precision="bfloat16"),
        },
    },
)  # fmt: skip
PAPER = Profile(
    "paper",
    "the papers' data, nets, sizes and recipes",
    worlds=None,
    height=128, width=172, net_width=64, pool=False, length=16, size=112, clips=10, together=1, jitter=1.0,
    main="r2plus1d", long=(64, 224, 256, 256),
    pretrain=None, fine_tune=None, seeds=(0,),
    papers={
        "cvrl": {
            "main": "r3d50", "data": "kinetics400", "size": 224, "height": 256, "width": 340,
            "stride": 2, "labelled": 32, "resized": True, "crops": 3, "test_size": 256,
        },
    },
)  # fmt: skip
PROFILES = {profile.name: profile for profile in (SMOKE, DEMO, GPU, PAPER)}
PAPERS = ("pace", *PAPER.papers)  # the first has the sizes above as they are


def find(name: str, paper: str = "pace") -> Profile:
    """A profile by name, with a paper's own sizes where it has some."""
    for what, asked, known in (("profile", name, PROFILES), ("paper", paper, PAPERS)):
        if asked not in known:
            import difflib

            near = difflib.get_close_matches(str(asked), known, 1)
            meant = f"did you mean {near[0]!r}? " if near else ""
            raise VsslError(f"there is no {what} {asked!r}; {meant}Choose {', '.join(known)}")
    return replace(PROFILES[name], **PROFILES[name].papers.get(paper, {}))
