"""Draw a world to disk once, by several processes; a run that was stopped is continued."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from vssl.errors import VsslError
from vssl.files import locked, write_json, write_text
from vssl.progress import progress
from vssl.videos.puppets.layouts import Place, lists, places
from vssl.videos.puppets.worker import Task, draw_videos, draw_with
from vssl.videos.puppets.world import World, digest, folder

BYTES_A_PIXEL = 0.08  # of an encoded video; 0.03 to 0.05 were measured
MANIFEST = "manifest.json"  # written last, so a folder without one is not finished
STARTED = ".drawing"  # written first; it holds the digest of the world that is being drawn
LOCK = ".lock"


def make(world: World, root: Path | None = None, workers: int | None = None) -> Path:
    """Draw what is missing of `world` under `root`, and return that folder.

    `workers` processes share the work, by default one a core. The next run continues one that was
    killed. A second process that needs the same folder waits for the first.
    """
    root = folder(world) if root is None else Path(root)
    if workers is not None and workers < 1:
        raise VsslError(f"workers must be 1 or more, not {workers}")
    if _whole(world, root):
        return root
    _claim(world, root)
    with locked(root / LOCK):
        if not _whole(world, root):  # another process may have drawn it while this one waited
            write_text(root / STARTED, digest(world) + "\n")
            _draw_missing(world, root, workers or len(os.sched_getaffinity(0)))
            for path, text in lists(world).items():
                write_text(root / path, text)
            about = {
                "digest": digest(world),
                "stand_in": True,
                "name": world.name,
                "videos": world.videos,
                "world": asdict(world),
            }
            write_json(root / MANIFEST, about)
    return root


def _whole(world: World, root: Path) -> bool:
    """Whether the folder holds all of this world; another world in its place is an error."""
    try:
        found = json.loads((root / MANIFEST).read_text(encoding="utf-8"))["digest"]
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise VsslError(
            f"{root / MANIFEST} is damaged ({error}); delete the folder {root} and draw it again"
        ) from error
    _same(found, world, root)
    return not _missing(world, root)


def _claim(world: World, root: Path) -> None:
    """Refuse a folder that holds other files than this world's, so that none is overwritten."""
    if not root.exists():
        return
    if not root.is_dir():
        raise VsslError(f"cannot draw puppets into {root}: it is not a folder")
    # Asked before the markers are looked for: another process may be starting at this moment.
    holds = any(not path.name.startswith(".") for path in root.iterdir())
    if (root / STARTED).is_file():
        _same((root / STARTED).read_text(encoding="utf-8").strip(), world, root)
    elif holds and not (root / MANIFEST).is_file():
        raise VsslError(
            f"cannot draw puppets into {root}: it holds other files; choose a new or empty folder"
        )


def _same(found: str, world: World, root: Path) -> None:
    if found != digest(world):
        raise VsslError(
            f"{root} holds the puppets {found}, not {digest(world)}; "
            "choose another folder or delete that one"
        )


def _missing(world: World, root: Path) -> list[Place]:
    return [place for place in places(world) if not (root / place.path).is_file()]


def _draw_missing(world: World, root: Path, workers: int) -> None:
    for leftover in root.rglob(".*.tmp"):  # of a run that was killed
        leftover.unlink(missing_ok=True)
    missing = _missing(world, root)
    needed = len(missing) * world.frames[1] * world.height * world.width * BYTES_A_PIXEL
    free = shutil.disk_usage(root).free
    if free < needed:
        lack = (
            f"{needed / 1e6:.0f} MB for {len(missing)} puppet videos, {free / 1e6:.0f} MB are free"
        )
        raise VsslError(
            f"not enough space in {root}: it takes {lack}; free some space or choose another folder"
        )
    tasks = [
        Task(class_name, group, tuple((place.clip, place.path) for place in videos))
        for (class_name, group), videos in groupby(
            missing, key=lambda place: (place.class_name, place.group)
        )
    ]
    workers = min(workers, len(tasks))
    drawn: Iterator[str] = (
        draw_with(workers, world, root, tasks) if workers > 1 else draw_videos(world, root, tasks)
    )
    for _ in progress(drawn, f"drawing puppets {world.name}", total=len(missing)):
        pass
