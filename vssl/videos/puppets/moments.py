"""File names and annotations of worlds in which something happens in a part of a video."""

from __future__ import annotations

import json
from collections.abc import Sequence

from vssl.videos.puppets.crowd import crowd
from vssl.videos.puppets.shot import frames
from vssl.videos.puppets.untrimmed import acts
from vssl.videos.puppets.world import World

EXCERPT = 900  # AVA's seconds are those of a film, of which an excerpt begins at this one


def video_id(world: World, class_name: str, group: int, clip: int) -> str:
    """The made-up YouTube id of one video."""
    return f"{world.upload(class_name, group)[:10]}{clip}"


def activitynet_path(world: World, class_name: str, group: int, clip: int) -> str:
    """Where a video lies, as ActivityNet's tools name it."""
    return f"videos/v_{video_id(world, class_name, group, clip)}.mp4"


def activitynet_lists(world: World, videos: Sequence[tuple[str, int, int, str]]) -> dict[str, str]:
    """The annotations of version 1.3 of videos (class, group, clip, side): segments in seconds."""
    database = {}
    for class_name, group, clip, side in videos:
        count = frames(world, class_name, group, clip)
        segments = acts(world, class_name, group, clip, count) / world.fps
        database[video_id(world, class_name, group, clip)] = {
            "subset": "validation" if side == "test" else "training",
            "duration": round(count / world.fps, 3),
            "resolution": f"{world.width}x{world.height}",
            "url": "",
            "annotations": [
                {"segment": segment, "label": class_name} for segment in segments.round(3).tolist()
            ],
        }
    taxonomy = [
        {"nodeName": name, "nodeId": number, "parentName": "Root", "parentId": -1}
        for number, name in enumerate(world.classes)
    ]
    whole = {"version": "VERSION 1.3", "taxonomy": taxonomy, "database": database}
    return {"activity_net.v1-3.min.json": json.dumps(whole)}


def ava_path(world: World, class_name: str, group: int, clip: int) -> str:
    """Where a video lies."""
    return f"videos/{video_id(world, class_name, group, clip)}.mp4"


def ava_lists(world: World, videos: Sequence[tuple[int, int, str]]) -> dict[str, str]:
    """The lists of version 2.2 of videos (group, clip, side).

    A line is a person and a class in a second: where the box is, in fractions, and who it is. The
    first and the last second are left out, where a clip around the key frame would not fit.
    """
    rows: dict[str, list[str]] = {"train": [], "val": []}
    for group, clip, side in videos:
        name = video_id(world, "", group, clip)
        for person, member in enumerate(crowd(world, group, clip)):
            box = member.shot.box / [world.width, world.height, world.width, world.height]  # [T, 4]
            for second in range(1, (len(box) - 1) // world.fps):
                left, top, right, bottom = box[second * world.fps].clip(0, 1)
                if right - left < 0.01 or bottom - top < 0.01:
                    continue  # out of the picture
                for doing in member.at(second * world.fps):
                    rows["val" if side == "test" else "train"].append(
                        f"{name},{EXCERPT + second:04d},{left:.3f},{top:.3f},{right:.3f},"
                        f"{bottom:.3f},{world.classes.index(doing) + 1},{person}\n"
                    )
    texts = {f"ava_{side}_v2.2.csv": "".join(lines) for side, lines in rows.items()}
    texts |= {f"ava_{side}_excluded_timestamps_v2.2.csv": "" for side in rows}
    texts["ava_action_list_v2.2_for_activitynet_2019.pbtxt"] = "".join(
        f'item {{\n  name: "{name}"\n  id: {number}\n}}\n'
        for number, name in enumerate(world.classes, 1)
    )
    return texts
