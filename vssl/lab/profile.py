"""Profiles: how large everything is. The code path is the same in all four; a profile is data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from vssl.errors import VsslError
from vssl.recipe import Recipe
from vssl.videos import catalogue, puppets


@dataclass(frozen=True)
class Profile:
    """Sizes, and what a small profile changes of a method or of its recipe.

    worlds      changes to each puppet world; None: the real data.
    methods     changes to the fields of a method, by its name: small data needs several clips of a
                video in a batch, and weaker jitter.
    pretrain, fine_tune, linear   recipes in place of a paper's own; None: the paper's. The epochs
                of `pretrain` are those of the paper's own method; a sample of more clips than its
                takes fewer, and every row of a table sees as many clips.
    localise    BMN's recipe on features of long videos; None: its own.
    detect      changes to how a detector of actions is trained (the fields of `lab.Detect`).
    papers      what a paper has otherwise, of all these.
    """

    name: str
    meant: str
    worlds: dict[str, dict[str, Any]] | None
    height: int  # of stored frames
    width: int
    net_width: int
    pool: bool  # a max-pool after the stem
    length: int  # frames a clip
    size: int  # pixels a side
    clips: int  # clips a video in a test
    main: str  # the net of a paper's ablations
    # Frames a clip, pixels a side, stored height and width, where a paper gives a net more of both.
    long: tuple[int, int, int, int]
    pretrain: Recipe | None
    fine_tune: Recipe | None
    seeds: tuple[int, ...]
    linear: Recipe | None = None  # of a linear layer on frozen features
    localise: Recipe | None = None
    positions: int = 100  # clips of a long video, at each of which an action may begin or end
    detect: dict[str, Any] = field(default_factory=dict)
    methods: dict[str, dict[str, Any]] = field(default_factory=dict)
    data: str = "ucf101"  # what a paper's ablations learn from and are tested on
    stem: str = "plain"  # how the net's stem starts, as in `models.build`
    labelled: int | None = None  # frames of a labelled clip; None: as many as in pre-training
    test_size: int | None = None  # pixels a side in a test
    papers: dict[str, dict[str, Any]] = field(default_factory=dict)


# Where people act gives away what they do in Kinetics: in its stand-ins so many performers act in
# the scene of their class. There are sixteen scenes, so Kinetics-400 has sixteen classes, each with
# a scene of its own; Kinetics-600 has half as many again.
SCENE_BIAS = 0.7
KINETICS = puppets.kinetics400().classes
KINETICS_SMOKE = ("walking", "squat", "jogging", "jumping jacks", "bowing", "clapping", "lunge")
FEW_PERFORMERS = {"groups": 3, "clips": 1, "frames": (20, 28)}

# CSTP on small data, found by a pilot on another world (docs/pilots.md): at the paper's weights the
# net learns to tell turns, and its features find actions no better than a random net's.
CSTP_SMALL = {"pairs": 3, "area": (0.4, 1.0), "lambda_rcls": 0.3, "lambda_ocls": 0.5}

# CPNet on small data, found in the same way: a net takes off sooner where many cuts of one window
# share a batch.
CPNET_SMALL = {"cuts": 8}

# Segments on small data, found in the same way: where colours change, or where the contrast has the
# paper's weight, neither order nor rates are learnt. The queue holds about as many keys as there
# are training videos at demo.
SEGMENTS_SMALL = {"queue": 512, "strength": 0.0, "lambda_3": 0.1}

# AVA on small frames, found in the same way: figures as high as those of the other sets, and twice
# as many films half as long, so that there are more performers for the same work.
AVA_SMALL = {"figure": 0.74, "people": (2, 3), "groups": 120, "frames": (192, 192)}

# fmt: off
SMOKE = Profile(
    "smoke",
    "every line runs; the numbers mean nothing",
    worlds={
        "ucf101": {
            **FEW_PERFORMERS, "classes": ("Walk", "JumpingJack", "Squat", "Punch"), "groups": 6,
        },
        "hmdb51": FEW_PERFORMERS,
        "kinetics400": {**FEW_PERFORMERS, "classes": KINETICS_SMOKE[:6], "groups": 4},
        "kinetics600": {**FEW_PERFORMERS, "classes": KINETICS_SMOKE, "groups": 6},
        "diving48": {
            **FEW_PERFORMERS, "classes": ("FrontKick", "JumpingJack", "Lunge", "Squat"),
            "groups": 6,
        },
        "activitynet": {
            "classes": ("Bow", "JumpingJack", "WaveOneHand"), "groups": 8, "frames": (96, 144),
        },
        "ava": {"groups": 6, "frames": (60, 60)},
    },
    height=48, width=64, net_width=4, pool=True, length=8, size=40, clips=2, main="r3d",
    long=(16, 40, 48, 64),
    pretrain=Recipe("adamw", rate=2e-3, weight_decay=0.02, epochs=2, batch=16),
    fine_tune=Recipe("adamw", rate=2e-3, weight_decay=0.02, epochs=1, batch=8),
    linear=Recipe("sgd", rate=0.5, weight_decay=0.0, epochs=1, batch=16),
    localise=Recipe("adam", rate=1e-3, weight_decay=1e-4, epochs=1, batch=8), positions=20,
    detect={
        "recipe": Recipe("adamw", rate=2e-3, weight_decay=0.02, epochs=1, batch=8),
        "length": 8, "stride": 1, "size": 40, "sides": (40, 48),
    },
    seeds=(0,),
    methods={"Pace": {"clips_a_video": 4, "strength": 0.25}},
    papers={
        "cvrl": {
            "main": "r3d50", "data": "kinetics400", "test_size": 48,
            "pretrain": Recipe("adamw", rate=2e-3, weight_decay=0.02, epochs=2, batch=16),
        },
        "cstp": {"stem": "differences", "methods": {"CSTP": {"pairs": 2}}},
        "cpnet": {"stem": "differences", "methods": {"CPNet": {"cuts": 2}}},
        "segments": {
            "stem": "differences", "length": 16,
            "methods": {"Segments": {"queue": 64, "lambda_3": 0.1}},
        },
    },
)
DEMO = Profile(
    "demo",
    "real learning on two CPU cores, in minutes",
    worlds={
        "ucf101": {},
        "hmdb51": {},
        "kinetics400": {"classes": KINETICS[:16], "groups": 30, "scene_bias": SCENE_BIAS},
        "kinetics600": {"classes": KINETICS, "groups": 30, "scene_bias": SCENE_BIAS},
        "diving48": {},
        "activitynet": {},
        "ava": AVA_SMALL,
    },
    height=64, width=86, net_width=16, pool=True, length=16, size=56, clips=4, main="r3d",
    long=(32, 56, 64, 86),
    pretrain=Recipe("adamw", rate=3e-3, weight_decay=0.02, epochs=12, batch=32, warm_up=0.4),
    fine_tune=Recipe("adamw", rate=1.5e-3, weight_decay=0.02, epochs=8, batch=32, warm_up=0.4),
    linear=Recipe("sgd", rate=8.0, weight_decay=0.0, epochs=12, batch=64, warm_up=0.6),
    localise=Recipe(
        "adam", rate=1e-3, weight_decay=1e-4, epochs=12, batch=8, schedule="steps", steps=(9,)
    ), positions=40,
    detect={
        "recipe": Recipe("adamw", rate=2e-3, weight_decay=0.02, epochs=6, batch=16, warm_up=0.2),
        "length": 8, "stride": 1, "size": 64, "sides": (64, 80),
    },
    seeds=(0,),
    methods={"Pace": {"clips_a_video": 4, "strength": 0.25}},
    papers={
        "cvrl": {
            "main": "r3d", "data": "kinetics400", "length": 8, "labelled": 16,
            "pretrain": Recipe(
                "adamw", rate=3e-3, weight_decay=0.02, epochs=16, batch=64, warm_up=1
            ),
        },
        "cstp": {
            "stem": "differences", "length": 8, "methods": {"CSTP": CSTP_SMALL},
            "pretrain": Recipe(
                "adamw", rate=1e-3, weight_decay=0.02, epochs=4, batch=30, warm_up=0.2
            ),
        },
        "cpnet": {
            "stem": "differences", "methods": {"CPNet": CPNET_SMALL},
            "pretrain": Recipe(
                "adamw", rate=1e-3, weight_decay=0.02, epochs=1, batch=96, warm_up=0.2
            ),
        },
        "segments": {
            "stem": "differences", "methods": {"Segments": SEGMENTS_SMALL},
            "pretrain": Recipe(
                "adamw", rate=3e-3, weight_decay=0.02, epochs=16, batch=64, warm_up=1
            ),
        },
    },
)
# A pre-training takes about a minute on one H100-class GPU, at the best published rate for one.
GPU = Profile(
    "gpu",
    "one GPU, stand-in data, several seeds: the numbers of the ledger",
    worlds={
        "ucf101": {"groups": 25, "clips": 4},
        "hmdb51": {},
        "kinetics400": {"classes": KINETICS[:16], "groups": 60, "scene_bias": SCENE_BIAS},
        "kinetics600": {"classes": KINETICS, "groups": 60, "scene_bias": SCENE_BIAS},
        "diving48": {"groups": 120},
        "activitynet": {"groups": 40},
        "ava": {"groups": 240},
    },
    height=128, width=172, net_width=64, pool=False, length=16, size=112, clips=10, main="r2plus1d",
    long=(32, 112, 128, 172),
    pretrain=Recipe(
        "adamw", rate=1e-3, weight_decay=0.02, epochs=10, batch=64, warm_up=1, precision="bfloat16"
    ),
    fine_tune=Recipe(
        "adamw", rate=1e-3, weight_decay=0.02, epochs=8, batch=64, warm_up=1, precision="bfloat16"
    ),
    linear=Recipe(
        "sgd", rate=8.0, weight_decay=0.0, epochs=20, batch=64, warm_up=1, precision="bfloat16"
    ),
    detect={
        "recipe": Recipe(
            "adamw", rate=1e-3, weight_decay=0.02, epochs=4, batch=32, warm_up=0.4,
            precision="bfloat16",
        ),
        "length": 16, "stride": 1, "size": 112, "sides": (112, 144),
    },
    seeds=(0, 1, 2),
    methods={"Pace": {"clips_a_video": 4}},
    papers={
        "cvrl": {
            "main": "r3d50", "data": "kinetics400", "labelled": 32,
            "pretrain": Recipe(
                "adamw", rate=1e-3, weight_decay=0.02, epochs=30, batch=256, warm_up=2,
                precision="bfloat16",
            ),
        },
        "cstp": {
            "stem": "differences", "methods": {"CSTP": CSTP_SMALL},
            "pretrain": Recipe(
                "adamw", rate=1e-3, weight_decay=0.02, epochs=8, batch=60, warm_up=1,
                precision="bfloat16",
            ),
        },
        "cpnet": {
            "stem": "differences", "methods": {"CPNet": CPNET_SMALL},
            "pretrain": Recipe(
                "adamw", rate=1e-3, weight_decay=0.02, epochs=1, batch=96, warm_up=0.2,
                precision="bfloat16",
            ),
        },
        "segments": {"stem": "differences", "methods": {"Segments": SEGMENTS_SMALL}},
    },
)
PAPER = Profile(
    "paper",
    "the papers' data, nets, sizes and recipes",
    worlds=None,
    height=128, width=172, net_width=64, pool=False, length=16, size=112, clips=10, main="r2plus1d",
    long=(64, 224, 256, 256),
    pretrain=None, fine_tune=None, seeds=(0,),
    papers={
        "cvrl": {
            "main": "r3d50", "data": "kinetics400", "size": 224, "height": 256, "width": 340,
            "labelled": 32, "test_size": 256,
        },
        "cstp": {},
        "cpnet": {},
        "segments": {},
    },
)
# fmt: on
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


def world(name: str, profile: str) -> puppets.World:
    """The puppet world that stands in for a dataset at a profile's size."""
    sizes = find(profile).worlds
    if sizes is None:
        raise VsslError(
            "the paper profile runs on real data only: bring it with --data-root, or choose smoke,"
            " demo or gpu"
        )
    return replace(catalogue.find(name).world(), **sizes.get(name, {}))
