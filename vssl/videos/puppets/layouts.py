"""File names and lists of a world, laid out as in the dataset that it stands in for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from vssl.videos.puppets import moments
from vssl.videos.puppets.actions import action
from vssl.videos.puppets.shot import frames
from vssl.videos.puppets.world import World

SPLITS = (1, 2, 3)


@dataclass(frozen=True)
class Place:
    """One video: its class, group and clip (counted from 1), and its path in the world's folder."""

    class_name: str  # empty where several perform
    group: int
    clip: int
    path: str


def held_out(world: World, split: int) -> set[int]:
    """The groups that a split tests on: in each split the next 4 of 15, or 7 of 25 as in UCF101."""
    each = max(1, round(world.groups * 4 / 15))
    return {1 + (each * (split - 1) + index) % world.groups for index in range(each)}


def side(world: World, group: int, split: int) -> str:
    """Where a split has the videos of a group: "train", "test" or "unused"."""
    if world.layout != "hmdb51":  # the others have one split
        number = split if world.layout == "ucf101" else 1
        return "test" if group in held_out(world, number) else "train"
    # Seven parts to three, as HMDB51 has it, with a tenth of the groups unused.
    each, unused = max(1, round(0.3 * world.groups)), world.groups // 10
    rank = (group - 1 - each * (split - 1)) % world.groups
    return "test" if rank < each else "unused" if rank >= world.groups - unused else "train"


def places(world: World) -> Iterator[Place]:
    """Every video of a world, performer by performer."""
    name = {
        "ucf101": _ucf101_path,
        "hmdb51": _hmdb51_path,
        "kinetics400": _kinetics400_path,
        "diving48": _diving48_path,
        "activitynet": moments.activitynet_path,
        "ava": moments.ava_path,
    }[world.layout]
    for class_name in world.classes if world.people is None else ("",):
        for group in range(1, world.groups + 1):
            for clip in range(1, world.clips + 1):
                yield Place(class_name, group, clip, name(world, class_name, group, clip))


def lists(world: World) -> dict[str, str]:
    """The text of each of the dataset's lists, by its path below the world's folder."""
    return {
        "ucf101": _ucf101_lists,
        "hmdb51": _hmdb51_lists,
        "kinetics400": _kinetics400_lists,
        "diving48": _diving48_lists,
        "activitynet": _activitynet_lists,
        "ava": _ava_lists,
    }[world.layout](world)


def _ucf101_path(world: World, class_name: str, group: int, clip: int) -> str:
    return f"UCF-101/{class_name}/v_{class_name}_g{group:02d}_c{clip:02d}.mp4"


def _ucf101_lists(world: World) -> dict[str, str]:
    label = {name: number for number, name in enumerate(world.classes, 1)}
    texts = {
        "ucfTrainTestlist/classInd.txt": "".join(
            f"{number} {name}\n" for name, number in label.items()
        )
    }
    for split in SPLITS:
        train_lines, test_lines = [], []
        for place in places(world):
            short = place.path.removeprefix("UCF-101/")
            if side(world, place.group, split) == "test":
                test_lines.append(f"{short}\n")
            else:
                train_lines.append(f"{short} {label[place.class_name]}\n")
        texts[f"ucfTrainTestlist/trainlist{split:02d}.txt"] = "".join(train_lines)
        texts[f"ucfTrainTestlist/testlist{split:02d}.txt"] = "".join(test_lines)
    return texts


def _hmdb51_path(world: World, class_name: str, group: int, clip: int) -> str:
    """A file's name as HMDB51 has it.

    It names source, class, visible body parts, camera motion, people, view, quality and number.
    """
    view = "fr" if action(class_name).view > 45 else world.facing(class_name, group, clip)[:2]
    return (
        f"hmdb51/{class_name}/Performer_{group:02d}_{class_name}_f_cm_np1_{view}_med_{clip - 1}.mp4"
    )


def _hmdb51_lists(world: World) -> dict[str, str]:
    """For each split a line a video: 1 for training, 2 for testing, 0 for neither."""
    texts: dict[str, str] = {}
    number = {"unused": 0, "train": 1, "test": 2}
    for split in SPLITS:
        for place in places(world):
            file = f"testTrainMulti_7030_splits/{place.class_name}_test_split{split}.txt"
            name, use = place.path.rsplit("/", 1)[1], number[side(world, place.group, split)]
            texts[file] = texts.get(file, "") + f"{name} {use} \n"
    return texts


def _kinetics400_video(world: World, class_name: str, group: int) -> tuple[str, str]:
    """The made-up YouTube id of a performer, and the split that has it."""
    split = "val" if side(world, group, 1) == "test" else "train"
    return world.upload(class_name, group), split


def _kinetics400_path(world: World, class_name: str, group: int, clip: int) -> str:
    youtube, split = _kinetics400_video(world, class_name, group)
    return f"{split}/{class_name}/{youtube}_{10 * (clip - 1):06d}_{10 * clip:06d}.mp4"


def _kinetics400_lists(world: World) -> dict[str, str]:
    texts = {
        f"{split}.csv": "label,youtube_id,time_start,time_end,split\n" for split in ("train", "val")
    }
    for place in places(world):
        youtube, split = _kinetics400_video(world, place.class_name, place.group)
        texts[f"{split}.csv"] += (
            f"{place.class_name},{youtube},{10 * (place.clip - 1)},{10 * place.clip},{split}\n"
        )
    return texts


def _diving48_path(world: World, class_name: str, group: int, clip: int) -> str:
    return f"rgb/{world.upload(class_name, group)}_{clip - 1:05d}.mp4"


def _diving48_lists(world: World) -> dict[str, str]:
    """Version 2 of the lists: a record a video, and the words of each class."""
    entries: dict[str, list[dict[str, str | int]]] = {"train": [], "test": []}
    for place in places(world):
        entries[side(world, place.group, 1)].append(
            {
                "vid_name": place.path.removeprefix("rgb/").removesuffix(".mp4"),
                "label": world.classes.index(place.class_name),
                "start_frame": 0,
                "end_frame": frames(world, place.class_name, place.group, place.clip),
            }
        )
    texts = {f"Diving48_V2_{name}.json": json.dumps(found) for name, found in entries.items()}
    return texts | {"Diving48_vocab.json": json.dumps([[name] for name in world.classes])}


def _activitynet_lists(world: World) -> dict[str, str]:
    return moments.activitynet_lists(
        world,
        [
            (place.class_name, place.group, place.clip, side(world, place.group, 1))
            for place in places(world)
        ],
    )


def _ava_lists(world: World) -> dict[str, str]:
    return moments.ava_lists(
        world, [(place.group, place.clip, side(world, place.group, 1)) for place in places(world)]
    )
