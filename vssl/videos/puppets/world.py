"""Puppet worlds: their classes, sizes, style and seed, their digests, and three of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from vssl import paths
from vssl.errors import VsslError
from vssl.videos.puppets.actions import action
from vssl.videos.puppets.scenes import SCENES
from vssl.videos.puppets.version import VERSION

LAYOUTS = ("ucf101", "hmdb51", "kinetics400", "diving48", "activitynet", "ava")


@dataclass(frozen=True)
class Style:
    """How the frames look, whatever they show."""

    outline: bool = False  # a dark line around the figure, as in a comic strip
    saturation: float = 1.0  # 0 is grey
    vignette: float = 0.0  # how much darker the corners are
    grain: float = 2.5  # standard deviation of the noise, in grey levels
    shake: float = 1.0  # of the camera: 0 is a tripod
    tint: float = 0.05  # spread of the colour cast between videos


@dataclass(frozen=True)
class World:
    """A set of puppet videos to draw; the same world gives the same pixels in every run."""

    name: str
    layout: str  # whose official folders and lists: one of LAYOUTS
    classes: tuple[str, ...]
    scenes: tuple[str, ...]
    groups: int = 15  # performers of each class; all videos of one are on one side of a split
    clips: int = 3  # videos of each performer
    frames: tuple[int, int] = (72, 92)  # shortest and longest video, both included
    height: int = 96
    width: int = 128
    fps: int = 25
    seed: int = 0
    scene_bias: float = 0.0  # probability of acting in the scene of the class
    shared_scenes: int | None = None  # backdrops for all performers; None: each has one of its own
    tempo_deviation: float = 0.12  # of the logarithm of a video's tempo, around that of its class
    figure: float = 0.74  # height of a standing figure, as a fraction of the frame's
    view_deviation: float = 14.0  # degrees, of a performer's view around that of its class
    style: Style = field(default_factory=Style)
    # How often a performer acts in a video, fewest and most; None: from its first frame to its last
    acts: tuple[int, int] | None = field(default=None, metadata={"later": True})
    # How many perform at once, fewest and most; None: one a video, and the video is of its class
    people: tuple[int, int] | None = field(default=None, metadata={"later": True})

    def __post_init__(self) -> None:
        for name in self.classes:
            if self.people is None or name != "Stand":
                action(name)
        unknown = [name for name in self.scenes if name not in SCENES]
        problems = {
            f"layout {self.layout!r} is not one of {', '.join(LAYOUTS)}": self.layout
            not in LAYOUTS,
            f"scenes {', '.join(unknown)} are unknown; there are {', '.join(SCENES)}": bool(
                unknown
            ),
            "a world needs at least one class and one scene": not self.classes or not self.scenes,
            "a class is named twice": len(set(self.classes)) < len(self.classes),
            "groups must be 2 or more, so that a split has both sides": self.groups < 2,
            "clips must be 1 or more": self.clips < 1,
            f"frames must be (shortest, longest), at least 2, not {self.frames}": not 2
            <= self.frames[0]
            <= self.frames[1],
            "height and width must be even and at least 32": min(self.height, self.width) < 32
            or bool(self.height % 2 + self.width % 2),
            "figure must lie in [0.2, 0.8]": not 0.2 <= self.figure <= 0.8,
            "scene_bias must lie in [0, 1]": not 0 <= self.scene_bias <= 1,
            "acts must be None or (fewest, most), at least 1": self.acts is not None
            and not 1 <= self.acts[0] <= self.acts[1],
            "people must be None or (fewest, most), at least 1": self.people is not None
            and not 1 <= self.people[0] <= self.people[1],
            "shared_scenes must be None or at least 1": self.shared_scenes is not None
            and self.shared_scenes < 1,
        }
        for problem, found in problems.items():
            if found:
                raise VsslError(f"puppet world {self.name!r}: {problem}")

    @property
    def videos(self) -> int:
        """How many videos the world has."""
        if self.people is not None:
            return self.groups * self.clips
        return len(self.classes) * self.groups * self.clips

    def facing(self, class_name: str, group: int, clip: int) -> str:
        """Which way the figure faces, "right" or "left"; every class has both."""
        return ("left", "right")[(self.classes.index(class_name) + group + clip) % 2]

    def upload(self, class_name: str, group: int) -> str:
        """The made-up YouTube id of a performer, of 11 letters."""
        text = f"{self.name}/{self.seed}/{class_name}/{group}"
        return f"p{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def digest(world: World) -> str:
    """Identify a world by 16 hexadecimal digits: a hash of its fields and the generator's version.

    A field that was added later is marked ``metadata={"later": True}`` and is left out at its
    default, so that the worlds from before keep their digests. The encoded bytes are not part of
    the digest, because they differ between builds of a codec.
    """
    described = asdict(world)
    for one in fields(world):
        if one.metadata.get("later") and described[one.name] == one.default:
            del described[one.name]
    content = json.dumps(described, sort_keys=True).encode() + VERSION
    return hashlib.sha256(content).hexdigest()[:16]


def folder(world: World) -> Path:
    """Where a world is drawn by default."""
    return paths.data() / "puppets" / f"{world.name}-{digest(world)}"


def ucf101() -> World:
    """The stand-in for UCF101: 16 classes with 15 performers each, 720 videos."""
    return World(
        name="ucf101",
        layout="ucf101",
        classes=(
            "Bow", "Clap", "DribbleBall", "FallDown", "FrontKick", "JumpingJack", "Punch", "Run",
            "Spin", "Squat", "Throw", "VerticalJump", "Walk", "WalkBackward", "WaveOneHand",
            "WaveTwoHands",
        ),
        scenes=(
            "park", "beach", "forest", "gym", "street", "bricks", "room", "stadium", "studio",
            "lawn",
        ),
    )  # fmt: skip


def hmdb51() -> World:
    """The stand-in for HMDB51: other scenes, outlined figures, and a camera as in a film.

    It shares ten classes with `ucf101`.
    """
    return World(
        name="hmdb51",
        layout="hmdb51",
        classes=(
            "cartwheel", "clap", "dribble", "fall_floor", "jump", "kick", "pick", "punch",
            "pushup", "run", "situp", "swing_baseball", "sword", "throw", "turn", "walk", "wave",
        ),
        scenes=("desert", "snow", "stage", "corridor", "harbour", "tiles", "street"),
        groups=10,
        seed=51,
        style=Style(outline=True, saturation=0.7, vignette=0.3, grain=4.0, shake=1.6, tint=0.06),
    )  # fmt: skip


def kinetics400() -> World:
    """The stand-in for Kinetics-400: more classes, performers and scenes, for pre-training."""
    return World(
        name="kinetics400",
        layout="kinetics400",
        classes=(
            "arm circles", "bowing", "cartwheeling", "clapping", "dribbling basketball",
            "falling down", "high kick", "high knees", "hitting baseball", "jogging", "jumping",
            "jumping jacks", "lunge", "picking up", "punching bag", "push up", "side stepping",
            "situp", "spinning", "squat", "sword fighting", "throwing ball", "walking",
            "waving hands",
        ),
        scenes=(
            "park", "beach", "forest", "gym", "street", "bricks", "room", "stadium", "studio",
            "lawn", "desert", "snow", "stage", "corridor", "harbour", "tiles",
        ),
        groups=40,
        clips=2,
        seed=400,
        view_deviation=20.0,
        style=Style(tint=0.08, shake=1.2),
    )  # fmt: skip
