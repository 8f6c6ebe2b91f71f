"""Building a frame store: every video of a dataset is decoded, by many processes.

A worker decodes one video at a time, to memory or to an unnamed file when it is long, and adds it
to the store (see `journal`). A worker that dies is replaced, and a build that was killed goes on
where it stopped. Workers are new interpreters that import numpy and PyAV only, started by a command
line. A fork would share the decoder's locks, and `multiprocessing`'s spawn would import the
caller's script, and its torch, in each of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable, Sequence
from dataclasses import asdict, replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Any

from vssl import files, paths
from vssl.errors import VideoError, VsslError
from vssl.progress import progress
from vssl.videos import decode, journal
from vssl.videos.entries import survey
from vssl.videos.journal import Plan

WORKER = "from vssl.videos.building import work; work()"
Worker = subprocess.Popen[bytes]
IN_MEMORY = 2**28  # bytes of one video that a worker holds before it turns to the disk


def build(plan: Plan, workers: int | None = None) -> None:
    """Decode the videos that are not in the journal yet, then write the index.

    A second process waits for the first, and finds the store built.
    """
    try:
        with files.locked(plan.file("lock")):
            if plan.file("index.json").exists() and outdated(plan):
                plan.file("index.json").unlink()
            if not plan.file("index.json").exists():
                _build(plan, workers)
    except OSError as error:
        raise VsslError(
            f"cannot write the frame store {plan.folder}: {error.strerror or error}; "
            "set VSSL_DATA to another disk"
        ) from error


def outdated(plan: Plan) -> bool:
    """Whether files have changed since they were decoded, so that their frames are others now.

    A file has changed if its size has. One that failed has also changed if its date has: it may
    have been mended. A file that is gone leaves the store as it is.
    """
    index = journal.read_index(Path(plan.folder))
    if (index["key"], len(index["sizes"])) != (plan.key, len(plan.paths)):
        return False  # another store, which whoever opens it will say
    for video, path in enumerate(plan.paths):
        size, changed = state(path)
        known = index["sizes"][video], index["changed"].get(str(video), changed)
        if size >= 0 and (size, changed) != known:
            return True
    return False


def state(path: str) -> tuple[int, int]:
    """The size of a video's file and when it was changed; -1 and 0 where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return -1, 0
    return found.st_size, found.st_mtime_ns


def source_frame(frame: int, fps: float | None, own: float) -> int:
    """The frame of a video with frame rate `own` that is shown as number `frame` at `fps`."""
    return frame if fps is None else int(frame * own / fps + 1e-6)


# ------------------------------------------------------------------------------------- the builder


def _build(plan: Plan, workers: int | None) -> None:
    done = {record["video"] for record in journal.read(plan)}
    todo = [video for video in range(len(plan.paths)) if video not in done]
    if todo:
        _check_space(plan, todo)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        # Starting a worker costs more than decoding a few videos.
        count = min(workers or cores or 1, len(todo) if workers else -(-len(todo) // 4))
        with contextlib.closing(_decode(plan, todo, count)) as finished:
            for _ in progress(
                finished, f"decoding {len(todo)} videos into {plan.key}", total=len(todo)
            ):
                pass
    journal.close(plan)


def _decode(plan: Plan, todo: Iterable[int], count: int) -> Generator[int, None, None]:
    """Hand out videos, one to each worker at a time, and yield them as they are done."""
    queue = iter(todo)
    busy: dict[IO[bytes], tuple[Worker, int]] = {}  # a worker's stdout -> (the worker, its video)

    def hand(process: Worker) -> None:
        video = next(queue, None)
        if video is None:
            return _end(process)
        stdin, stdout = _pipes(process)
        busy[stdout] = process, video
        with contextlib.suppress(BrokenPipeError):  # it died, which the end of its stdout will show
            stdin.write(json.dumps([video, plan.paths[video]]).encode() + b"\n")
            stdin.flush()

    try:
        for _ in range(count):
            hand(_start(plan))
        while busy:
            outputs: list[Any] = list(busy)  # `wait` is annotated for sockets and the like alone
            ready: list[Any] = wait(outputs)
            for answer in ready:
                line = answer.readline()
                process, video = busy[answer]
                if b"stop" in line:
                    raise VsslError(json.loads(line)["stop"])
                del busy[answer]
                if not line:
                    _end(process)
                    _worker_died(plan, process.returncode, video)
                    process = _start(plan)
                hand(process)
                yield video
    finally:
        for process, _ in busy.values():
            process.kill()
            _end(process)


def _start(plan: Plan) -> Worker:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=paths.for_children(),
    )
    with contextlib.suppress(BrokenPipeError):
        _pipes(process)[0].write(
            json.dumps([asdict(replace(plan, paths=())), os.getpid()]).encode() + b"\n"
        )
    return process


def _end(process: Worker) -> None:
    """Close a worker's stdin, its sign to end, and wait until it has."""
    stdin, stdout = _pipes(process)
    with contextlib.suppress(BrokenPipeError):
        stdin.close()
    process.wait()
    stdout.close()


def _pipes(process: Worker) -> tuple[IO[bytes], IO[bytes]]:
    """A worker's stdin and stdout."""
    assert process.stdin is not None and process.stdout is not None
    return process.stdin, process.stdout


def _worker_died(plan: Plan, code: int, video: int) -> None:
    """Deal with the death of a worker.

    A crash of the decoder counts as a failure of its video. Anything else ends the build; the
    videos decoded so far are kept.
    """
    path = plan.paths[video]
    size, changed = state(path)
    if code < 0 and -code not in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        journal.append(
            plan,
            {
                "video": video,
                "failed": f"{path} crashes the decoder ({signal.Signals(-code).name})",
                "size": size,
                "changed": changed,
            },
        )
        return
    how = (
        f"was killed ({signal.Signals(-code).name}; out of memory?)"
        if code < 0
        else f"ended with code {code}"
    )
    raise VsslError(
        f"a decoding process {how} while it read {path}; "
        "what is done is kept, run again with fewer workers to go on"
    )


def lacking_space(plan: Plan, todo: Sequence[int] | None = None) -> str:
    """Why the frames of these videos would not fit on the disk, in a line; empty if they would.

    Where no videos are named, it is all of them, less what is stored. Some of them say how many
    bytes a frame takes.
    """
    if not plan.keep:
        return ""
    stored = 0 if todo is not None else _size(str(plan.file("frames.u8")))
    todo = range(len(plan.paths)) if todo is None else todo
    some = {plan.paths[todo[i * len(todo) // 16]] for i in range(16)} if todo else set()
    frames_a_byte = sum(_claimed_frames(path, plan.fps) for path in some) / max(
        1, sum(_size(path) for path in some)
    )
    needed = frames_a_byte * sum(_size(plan.paths[video]) for video in todo) * plan.frame_bytes
    place = Path(plan.folder)
    while not place.exists():  # before the first build
        place = place.parent
    free = shutil.disk_usage(place).free
    if needed - stored <= free:
        return ""
    return (
        f"the frame store {plan.key} needs about {needed / 1e9:.1f} GB and {plan.folder} has "
        f"{free / 1e9:.1f} GB free"
    )


def _check_space(plan: Plan, todo: list[int]) -> None:
    """Refuse to begin a build that will not fit, as estimated from some of the videos."""
    if lacking := lacking_space(plan, todo):
        raise VsslError(
            f"{lacking}; free some space, set VSSL_DATA to another disk, or ask for smaller frames"
        )


def _claimed_frames(path: str, fps: float | None) -> float:
    try:
        frames, own = decode.claimed(path)
    except VideoError:  # it will be listed as failed
        return 0
    return frames * fps / own if fps and own else frames


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


# -------------------------------------------------------------------------------------- the worker


def work() -> None:
    """Decode the videos named on stdin, one per line; the first line is the plan."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the builder gets it too, and ends its workers
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # the builder is gone: end without a message
    settings, builder = json.loads(sys.stdin.buffer.readline())
    plan = Plan(**settings)
    for line in sys.stdin.buffer:
        video, path = json.loads(line)
        answer: dict = {"video": video}
        try:
            _decode_one(plan, video, path, builder)
        except OSError as error:
            reason = error.strerror or error
            answer = {
                "stop": f"cannot write the frame store {plan.folder}: {reason}; "
                "what is done is kept, run again to go on"
            }
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _decode_one(plan: Plan, video: int, path: str, builder: int) -> None:
    frames, size, changed = 0, *state(path)
    checksum: Any = hashlib.blake2b(digest_size=8)  # of all that is stored
    with tempfile.SpooledTemporaryFile(IN_MEMORY, dir=plan.folder) as spool:
        try:
            own = decode.claimed(path)[1]
            if plan.fps is not None and own <= 0:
                raise VideoError(
                    f"{path} does not name its frame rate, "
                    f"so it cannot be brought to {plan.fps} frames a second"
                )
            if plan.keep:
                for number, picture in enumerate(decode.stream(path, plan.height, plan.width)):
                    while source_frame(frames, plan.fps, own) == number:
                        frames += 1
                        spool.write(picture.data)
                        checksum.update(picture.data)
                more: dict[str, Any] = {}
            else:
                found = survey(path)
                frames = next(
                    frame
                    for frame in itertools.count()
                    if source_frame(frame, plan.fps, own) >= found.num_frames
                )
                more = {"entries": found.entries}
                with open(path, "rb") as file:  # the frames are not at hand, so it is the file's
                    checksum = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8))
            more |= {"checksum": checksum.hexdigest(), "size": size}
            record = {"video": video, "frames": frames, "fps": plan.fps or own, **more}
        except VideoError as error:
            record = {"video": video, "failed": str(error), "size": size, "changed": changed}
        spool.seek(0)
        journal.append(plan, record, spool, builder)
