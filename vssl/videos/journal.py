"""A frame store's folder while it is built: a file of frames, a journal of what is whole, an index.

A video's frames are appended to `frames.u8`, and they reach the disk before its line is written in
`journal.jsonl`. What lies in `frames.u8` beyond the journal's last line was not finished, and the
next video overwrites it. So a kill, a full disk or a power cut at any moment costs the videos that
were being decoded, and nothing else. The index is written when every video is done.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vssl import files
from vssl.errors import VsslError

FORMAT = 3  # of the folder; raise it when a store of older code must not be read
READ = 2**16  # bytes read back at first, in search of the last line


@dataclass(frozen=True)
class Plan:
    """What to build and where."""

    folder: str
    key: str
    paths: tuple[str, ...]  # of the videos
    height: int
    width: int
    fps: float | None = None  # None: each video's own
    keep: bool = True  # False: frames are counted and not stored

    @property
    def frame_bytes(self) -> int:
        """Bytes of one stored frame."""
        return self.height * self.width * 3

    def file(self, name: str) -> Path:
        """A file of the folder."""
        return Path(self.folder) / name


def read(plan: Plan) -> list[dict]:
    """The records so far.

    A journal is begun if there is none, and a last line that was not written to its end is cut off.
    """
    # A worker of a killed builder may still be writing its last record.
    with files.locked(plan.file("append.lock")):
        return _read(plan, plan.file("journal.jsonl"))


def _read(plan: Plan, path: Path) -> list[dict]:
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    whole = [line for line in lines if line.endswith(b"\n")]
    if not whole:
        # Of a store that is built anew; who reads it still has the old file, which has no name now.
        plan.file("frames.u8").unlink(missing_ok=True)
        files.write_text(path, json.dumps({"format": FORMAT, "key": plan.key, "end": 0}) + "\n")
        return []
    try:
        header, *records = [json.loads(line) for line in whole]
        end = max(record["end"] for record in (header, *records))
    except (ValueError, KeyError, TypeError) as error:
        raise VsslError(
            f"{path} is damaged; delete {plan.folder} and build the store again"
        ) from error
    if (header.get("format"), header.get("key")) != (FORMAT, plan.key):
        raise VsslError(
            f"{plan.folder} holds the beginning of another store ({header.get('key')}); "
            "delete it or choose another folder"
        )
    if plan.keep and _bytes(plan.file("frames.u8")) < end * plan.frame_bytes:
        raise VsslError(
            f"{plan.folder} is damaged: frames.u8 is shorter than its journal says; "
            "delete the folder and build the store again"
        )
    if len(whole) < len(lines):
        os.truncate(path, sum(map(len, whole)))
    return records


def append(
    plan: Plan, record: dict, frames: IO[bytes] | None = None, builder: int | None = None
) -> None:
    """Add a video's record under a lock, unless the builder of this worker is gone.

    A record is {"video", "size", "failed", "changed"} or {"video", "size", "frames", "fps",
    "checksum"}, where no frames are kept with "entries" too.
    """
    journal_file, frames_file = plan.file("journal.jsonl"), plan.file("frames.u8")
    with files.locked(plan.file("append.lock")):
        if builder is not None and os.getppid() != builder:
            raise SystemExit(1)  # the next builder may have read the journal already
        with open(journal_file, "rb") as journal:
            size = journal.seek(0, os.SEEK_END)
            first = json.loads(_last_line(journal, size))["end"]
        if plan.keep and frames is not None and record.get("frames"):
            with open(frames_file, "r+b" if frames_file.exists() else "w+b") as file:
                file.seek(first * plan.frame_bytes)
                shutil.copyfileobj(frames, file, 2**20)
                file.flush()
                os.fsync(file.fileno())  # before the journal's line, which says that they are whole
        try:
            with open(journal_file, "ab") as journal:
                journal.write(
                    json.dumps(record | {"end": first + record.get("frames", 0)}).encode() + b"\n"
                )
        except OSError:
            os.truncate(journal_file, size)  # half a line would spoil the next
            raise


def _last_line(journal: IO[bytes], size: int) -> bytes:
    """The last line of a journal of `size` bytes.

    What is read back doubles until it holds the whole line: that of a video of 15 minutes with a
    key frame every 12 frames has 90 kilobytes.
    """
    length = READ
    while True:
        journal.seek(max(0, size - length))
        _, newline, line = journal.read().rstrip(b"\n").rpartition(b"\n")
        if newline or length >= size:
            return line
        length *= 2


def close(plan: Plan) -> None:
    """Turn the journal into the index when every video has its line; the store is then whole."""
    records = sorted(read(plan), key=lambda record: record["video"])
    total = max((record["end"] for record in records), default=0)
    if plan.keep:
        with open(plan.file("frames.u8"), "ab") as file:
            file.truncate(total * plan.frame_bytes)
            os.fsync(file.fileno())
    index = {
        "format": FORMAT,
        "key": plan.key,
        "kept": plan.keep,
        "height": plan.height,
        "width": plan.width,
        "total": total,
        "first": [record["end"] - record.get("frames", 0) for record in records],
        "num_frames": [record.get("frames", 0) for record in records],
        "fps": [record.get("fps", 0.0) for record in records],
        "entries": [record.get("entries", []) for record in records],
        "checksums": [record.get("checksum", "") for record in records],
        "sizes": [record["size"] for record in records],
        "changed": {
            str(record["video"]): record["changed"] for record in records if "changed" in record
        },
        "failed": {
            Path(plan.paths[record["video"]]).stem: record["failed"]
            for record in records
            if "failed" in record
        },
    }
    files.write_json(plan.file("index.json"), index)
    plan.file("journal.jsonl").unlink()


def read_index(folder: Path) -> dict:
    """The index of a whole store."""
    file = folder / "index.json"
    if not file.exists():
        raise VsslError(f"there is no frame store at {folder}; FrameStore.build makes one")
    try:
        index = json.loads(file.read_text(encoding="utf-8"))
        whole = (
            len(index["num_frames"])
            == len(index["fps"])
            == len(index["first"])
            == len(index["entries"])
            == len(index["checksums"])
            == len(index["sizes"])
        )
        known = index["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VsslError(
            f"the frame store {folder} is damaged, its index.json cannot be read; "
            f"delete {folder} and build it again"
        ) from error
    if not known or not whole:
        raise VsslError(
            f"the frame store {folder} was written by another version; "
            f"delete {folder} and build it again"
        )
    return index


def _bytes(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
