"""What is decided before a pixel is drawn.

That is who performs where, how the camera moves, and where each joint is in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vssl.errors import VsslError
from vssl.videos.puppets.actions import Action, action
from vssl.videos.puppets.looks import Looks, looks
from vssl.videos.puppets.motion import SIDES, TURN, Beat, Pose
from vssl.videos.puppets.scenes import Backdrop, backdrop
from vssl.videos.puppets.skeleton import Figure, figure
from vssl.videos.puppets.untrimmed import acts, untrimmed
from vssl.videos.puppets.world import World

MARGIN = 0.03  # the space kept free around the figure, as a share of the frame's height


@dataclass(frozen=True)
class Performer:
    """One performer of one class, with the looks, scene and habits that all of its videos share."""

    class_name: str
    group: int
    action: Action
    scene: str
    backdrop: Backdrop
    looks: Looks
    view: float  # degrees from the side
    hertz: float
    side: str
    size: float  # factor on the figure's height


@dataclass(frozen=True)
class Shot:
    """One video as numbers, in pixels of the frame."""

    performer: Performer
    facing: str  # "right" or "left"
    hertz: float
    points: dict[str, np.ndarray]  # joint -> [T, 2]
    depth: dict[str, np.ndarray]  # joint -> [T], towards the camera
    ball: tuple[str, np.ndarray] | None  # kind and [T, 2]
    air: np.ndarray  # [T]
    scale: np.ndarray  # [T], pixels per body height
    ground: np.ndarray  # [T], row of the ground under the figure
    window: np.ndarray  # [T, 3], on the backdrop: left column, top row, pixels per frame pixel
    light: np.ndarray  # [T, 3], factor on red, green and blue
    key: tuple[int, ...]  # seeds the grain

    @property
    def box(self) -> np.ndarray:
        """The figure's bounding box [T, 4] (left, top, right, bottom), without ball and stick."""
        body = self.performer.looks.body
        points = np.stack(
            [place for name, place in self.points.items() if name not in ("stick", "head")]
        )  # [joints, T, 2]
        limb = 0.04 * body.thickness * self.scale[:, None]
        head = np.stack([body.head * self.scale, 1.1 * body.head * self.scale], -1)
        low = np.minimum(points.min(0) - limb, self.points["head"] - head)
        high = np.maximum(points.max(0) + limb, self.points["head"] + head)
        return np.concatenate([low, high], 1)


def perform(world: World, class_name: str, group: int) -> Performer:
    """Cast the performer of a class and group (counted from 1), and paint the scene."""
    if class_name not in world.classes:
        raise VsslError(
            f"puppet world {world.name!r} has no class {class_name!r}; "
            f"it has {', '.join(world.classes)}"
        )
    if not 1 <= group <= world.groups:
        raise VsslError(
            f"puppet world {world.name!r} has no group {group}; it has 1 to {world.groups}"
        )
    number = world.classes.index(class_name)
    rng = np.random.default_rng([world.seed, number, group])
    kind = action(class_name)
    pool = world.shared_scenes or len(world.scenes)
    place = number % pool if rng.random() < world.scene_bias else int(rng.integers(pool))
    scene = world.scenes[place % len(world.scenes)]
    painter = (
        rng
        if world.shared_scenes is None
        else np.random.default_rng([world.seed, 0, 0, 0, 1 + place])
    )
    painted = backdrop(scene, world.height, world.width, world.style.saturation, painter)
    return Performer(
        class_name=class_name,
        group=group,
        action=kind,
        scene=scene,
        backdrop=painted,
        looks=looks(rng, painted.behind, world.style.saturation),
        view=kind.view + float(rng.normal(0, world.view_deviation)),
        hertz=kind.hertz * float(np.exp(rng.normal(0, world.tempo_deviation * np.sqrt(0.5)))),
        side=SIDES[int(rng.integers(2))],
        size=float(rng.uniform(0.92, 1.1)),
    )


def frames(world: World, class_name: str, group: int, clip: int) -> int:
    """How many frames a video has."""
    return _begin(world, class_name, group, clip)[2]


def _begin(
    world: World, class_name: str, group: int, clip: int
) -> tuple[tuple[int, ...], np.random.Generator, int]:
    """What seeds a video, the dice that it is planned with, and their first throw: its length."""
    key = (world.seed, world.classes.index(class_name), group, clip)
    rng = np.random.default_rng(key)
    return key, rng, int(rng.integers(world.frames[0], world.frames[1] + 1))


def shoot(world: World, performer: Performer, clip: int) -> Shot:
    """Plan one video (counted from 1) of a performer."""
    if not 1 <= clip <= world.clips:
        raise VsslError(
            f"puppet world {world.name!r} has no clip {clip}; a performer has 1 to {world.clips}"
        )
    key, rng, length = _begin(world, performer.class_name, performer.group, clip)
    seconds = np.arange(length) / world.fps
    hertz = performer.hertz * float(np.exp(rng.normal(0, world.tempo_deviation * np.sqrt(0.5))))
    unsteady = seconds + 0.04 * np.sin(TURN * (seconds * rng.uniform(0.2, 0.5) + rng.random()))
    beat = Beat(
        rng.random() + hertz * unsteady, hertz, float(rng.uniform(0.88, 1.1)), performer.side
    )
    if world.acts is None:
        pose = Pose(length)
        performer.action.fill(pose, beat)
    else:
        spans = acts(world, performer.class_name, performer.group, clip, length)
        own = np.random.default_rng([*key, 3])  # not the stream that plans everything else
        pose = untrimmed(performer.action.fill, beat, spans, world.fps, own)
    facing = 1 if world.facing(performer.class_name, performer.group, clip) == "right" else -1
    view = performer.view + float(rng.normal(0, 0.3 * world.view_deviation))
    acted = figure(pose, performer.looks.body, beat, view, facing, world.fps)
    size, zoom, camera = _follow(world, performer, acted, seconds, rng)

    def project(points: np.ndarray) -> np.ndarray:
        """Points in space to pixels around the spot on the ground where the figure stands."""
        across = (points[..., 0] * size - camera[:, 0]) * zoom
        down = -(points[..., 1] * size + camera[:, 1]) * zoom
        return np.stack([across, down], -1)  # [..., T, 3] -> [..., T, 2]

    flat = {name: project(place) for name, place in acted.joints.items()}
    origin = _stand(world, np.stack(list(flat.values())), size, rng)
    # The figure's own spot is at (0, 0) of the projection and at (spot, contact) of the backdrop.
    left = performer.backdrop.spot + camera[:, 0] - origin[0] / zoom
    top = performer.backdrop.contact + camera[:, 1] - origin[1] / zoom
    flicker = 1 + 0.03 * np.sin(TURN * (seconds * rng.uniform(0.1, 0.4) + rng.random()))
    cast = rng.uniform(0.92, 1.08) * np.exp(rng.normal(0, world.style.tint, 3))
    return Shot(
        performer=performer,
        facing="right" if facing > 0 else "left",
        hertz=hertz,
        points={name: place + origin for name, place in flat.items()},
        depth={name: place[:, 2] for name, place in acted.joints.items()},
        ball=(acted.ball[0], project(acted.ball[1]) + origin) if acted.ball else None,
        air=acted.air,
        scale=size * zoom,
        ground=origin[1] - camera[:, 1] * zoom,
        window=np.stack([left % performer.backdrop.period, top, 1 / zoom], -1),
        light=flicker[:, None] * cast,
        key=key,
    )


def _follow(
    world: World, performer: Performer, acted: Figure, seconds: np.ndarray, rng: np.random.Generator
) -> tuple[float, np.ndarray, np.ndarray]:
    """Plan a camera that follows the figure, drifts and shakes.

    Gives the figure's size in pixels, the zoom [T] and the camera's path [T, 2].
    """
    height, width, shake = world.height, world.width, world.style.shake
    size = world.figure * height * performer.size * float(rng.uniform(0.95, 1.05))
    zoom = 1 + 0.04 * shake * np.sin(TURN * (seconds * rng.uniform(0.05, 0.2) + rng.random()))
    drift = (
        np.linspace(-0.5, 0.5, len(seconds))[:, None]
        * rng.normal(0, [0.06 * height, 0.02 * height])
        * shake
    )
    camera = drift + tremble(rng, len(seconds), 0.0035 * height * shake) * [1, 0.6]
    joints = np.stack(list(acted.joints.values()))  # [joints, T, 3]
    # The camera stands farther away where a motion needs more room than there is.
    reach = np.ptp(joints[:, :, 0] - acted.track), joints[:, :, 1].max()
    room = np.array([width, height]) / zoom.max() - 2 * MARGIN * height - np.ptp(camera, axis=0)
    size = min(size, room[0] / (reach[0] + 0.12), room[1] / (reach[1] + 0.115))
    # The figure moves ahead of the camera by this share of its path.
    slack = min(0.2, 0.1 * width / (size * np.ptp(acted.track) + 1e-6))
    camera[:, 0] += (1 - slack) * acted.track * size
    return size, zoom, camera


def _stand(world: World, flat: np.ndarray, size: float, rng: np.random.Generator) -> np.ndarray:
    """Choose a spot (column, row) from which the figure stays within the frame.

    `flat` holds the figure's points around that spot, [joints, T, 2].
    """
    height, width = world.height, world.width
    pad = np.array([0.06, 0.085]) * size + MARGIN * height
    low, high = (
        flat.min((0, 1)) - pad,
        flat.max((0, 1)) + np.array([pad[0], 0.03 * size + MARGIN * height]),
    )
    column = _between(rng, -low[0], width - high[0], 0.42 * width, 0.58 * width)
    return np.array(
        [column, _between(rng, -low[1], height - high[1], 0.86 * height, 0.93 * height)]
    )


def _between(rng: np.random.Generator, low: float, high: float, least: float, most: float) -> float:
    """A random place in [low, high], between `least` and `most` if possible."""
    if low > high:
        return (low + high) / 2
    return float(np.clip(rng.uniform(least, most), low, high))


def tremble(rng: np.random.Generator, frames: int, step: float) -> np.ndarray:
    """The trembling of a hand [T, 2]: a random walk that is drawn back to the middle."""
    steps = rng.normal(0, 1, (frames, 2)) * step
    walk = np.zeros((frames, 2))
    for frame in range(1, frames):
        walk[frame] = 0.93 * walk[frame - 1] + steps[frame]
    return walk
