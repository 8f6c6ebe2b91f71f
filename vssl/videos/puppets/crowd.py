"""Several performers in one scene, each of whom does one thing after another, or two at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vssl.errors import VsslError
from vssl.videos.puppets.actions import action
from vssl.videos.puppets.looks import looks
from vssl.videos.puppets.motion import SIDES, Beat, Pose
from vssl.videos.puppets.scenes import Backdrop, backdrop
from vssl.videos.puppets.shot import Performer, Shot, tremble
from vssl.videos.puppets.skeleton import figure
from vssl.videos.puppets.untrimmed import acting, mixed
from vssl.videos.puppets.world import World

PIECE = (3.0, 7.0)  # seconds for which a performer goes on with what it does
AT_ONCE = 0.4  # how often arms and legs do different things
ARMS = ("ArmCircles", "Clap", "Punch", "WaveOneHand", "WaveTwoHands")
LEGS = ("HighKnees", "Lunge", "Squat")
STAND = "Stand"
FLOOR = (0.84, 0.97)  # rows of the frame where feet may stand, the farthest and the nearest


@dataclass(frozen=True)
class Member:
    """One performer of a video: what it does when, and where it is in the picture."""

    shot: Shot
    spans: np.ndarray  # [n, 2], frames from and to which it does each thing
    doing: tuple[tuple[str, ...], ...]  # the names of what it does in each span

    def at(self, frame: int) -> tuple[str, ...]:
        """What the performer does in a frame."""
        return self.doing[int(np.flatnonzero(frame >= self.spans[:, 0])[-1])]


def crowd(world: World, group: int, clip: int) -> tuple[Member, ...]:
    """Plan a video (group and clip counted from 1): its performers, from the farthest one on."""
    if world.people is None:
        raise VsslError(f"puppet world {world.name!r} has one performer a video")
    painter = np.random.default_rng([world.seed, group])
    scene = world.scenes[int(painter.integers(len(world.scenes)))]
    painted = backdrop(scene, world.height, world.width, world.style.saturation, painter)
    rng = np.random.default_rng([world.seed, group, clip, 4])
    length = int(rng.integers(world.frames[0], world.frames[1] + 1))
    # The camera stands still but for a trembling hand.
    shake = tremble(rng, length, 0.0035 * world.height * world.style.shake) * [1, 0.6]  # [T, 2]
    light = np.ones((length, 3)) * np.exp(rng.normal(0, world.style.tint, 3))
    count = int(rng.integers(world.people[0], world.people[1] + 1))
    # Each has a strip of the picture's width, so that few hide another.
    columns = (np.arange(count) + rng.uniform(0.35, 0.65, count)) * world.width / count
    floors = world.height * rng.uniform(*FLOOR, count)
    return tuple(
        _member(world, (group, clip, int(place)), scene, painted, shake, light, origin)
        for place, origin in sorted(
            enumerate(np.stack([columns, floors], -1)), key=lambda one: one[1][1]
        )
    )


def _member(
    world: World,
    number: tuple[int, int, int],
    scene: str,
    painted: Backdrop,
    shake: np.ndarray,
    light: np.ndarray,
    origin: np.ndarray,
) -> Member:
    """Plan one performer, who stands at `origin` (column, row)."""
    rng = np.random.default_rng([world.seed, *number, 5])
    spans, doing, pose, beat = _day(world, len(shake), rng)
    dressed = looks(rng, painted.behind, world.style.saturation)
    facing = 1 if rng.random() < 0.5 else -1
    view = float(rng.normal(45, world.view_deviation))
    acted = figure(pose, dressed.body, beat, view, facing, world.fps)
    nearness = origin[1] / (FLOOR[1] * world.height)  # whoever stands nearer is larger
    size = world.figure * world.height * float(rng.uniform(0.85, 1.1)) * nearness

    def project(points: np.ndarray) -> np.ndarray:
        """Points in space [T, 3] to pixels [T, 2]."""
        return np.stack([points[:, 0], -points[:, 1]], -1) * size + origin - shake

    left = painted.spot - world.width / 2 + shake[:, 0]
    top = painted.contact - 0.9 * world.height + shake[:, 1]
    # Its first action stands for all of them: drawing does not ask for it.
    first = next((action(name) for name in doing[0] if name != STAND), action("Walk"))
    performer = Performer(
        "", number[0], first, scene, painted, dressed, view, beat.hertz, beat.side, 1.0
    )
    shot = Shot(
        performer=performer,
        facing="right" if facing > 0 else "left",
        hertz=beat.hertz,
        points={name: project(points) for name, points in acted.joints.items()},
        depth={name: points[:, 2] for name, points in acted.joints.items()},
        ball=None,
        air=acted.air,
        scale=np.full(len(shake), size),
        ground=origin[1] - shake[:, 1],
        window=np.stack([left % painted.period, top, np.ones(len(shake))], -1),
        light=light,
        key=(world.seed, *number),
    )
    return Member(shot, spans, doing)


def _day(
    world: World, length: int, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[tuple[str, ...], ...], Pose, Beat]:
    """What one performer does: spans, names, the pose over time, and its beat."""
    edges = [0]
    while edges[-1] < length:
        edges.append(edges[-1] + round(rng.uniform(*PIECE) * world.fps))
    edges[-1] = length
    if len(edges) > 2 and edges[-1] - edges[-2] < PIECE[0] * world.fps:
        del edges[-2]  # what is left would be too short to tell
    spans = np.stack([edges[:-1], edges[1:]], -1)
    hertz = float(np.exp(rng.normal(0, world.tempo_deviation)))
    beat = Beat(
        rng.random() + hertz * np.arange(length) / world.fps, hertz, float(rng.uniform(0.88, 1.1)),
        SIDES[int(rng.integers(2))],
    )  # fmt: skip
    pose, doing = Pose(length), []
    for span in spans:
        names = _something(world, rng)
        doing.append(names)
        pose = mixed(pose, _doing(names, beat, length), acting(span[None], length, world.fps))
    return spans, tuple(doing), pose, beat


def _something(world: World, rng: np.random.Generator) -> tuple[str, ...]:
    """One class, or an arms' and a legs' class at once; who moves the arms alone stands."""
    arms, legs = ([name for name in some if name in world.classes] for some in (ARMS, LEGS))
    if STAND in world.classes:
        legs = [STAND, *legs]
    if arms and legs and rng.random() < AT_ONCE:
        return (str(rng.choice(legs)), str(rng.choice(arms)))
    name = str(rng.choice(world.classes))
    return (STAND, name) if name in ARMS and STAND in legs else (name,)


def _doing(names: tuple[str, ...], beat: Beat, length: int) -> Pose:
    """The pose of one who does this all the time; the arms' class comes last."""
    pose = Pose(length)
    for name in names:
        if name == STAND:
            continue
        own = action(name)
        filled = Pose(length)
        own.fill(filled, replace(beat, phase=beat.phase * own.hertz, hertz=beat.hertz * own.hertz))
        if len(names) == 1:
            return filled
        moved = ("arm",) if name in ARMS else ("thigh", "shin")
        pose.limbs |= {limb: some for limb, some in filled.limbs.items() if limb.endswith(moved)}
        if name in LEGS:
            pose.lean, pose.air = filled.lean, filled.air
    return pose
