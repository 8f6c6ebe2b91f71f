"""Run everything that wants a GPU, each part within a time of its own, and leave what it found.

    python3 benchmarks/gpu/go.py OUT MINUTES [PART ...]

Without the names of parts, all of them are run. It is for a bare machine with PyTorch and without a
network, so this file imports nothing but the standard library. What a part found is in OUT as soon
as the part has ended, however it ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_FILES, MOST_BYTES = 8, 16_000_000  # of OUT, and of each file in it
LOG = "log.txt"
# Many small runs share a GPU; each wants some cores to draw and to feed, and room for its frames.
CORES, GIGABYTES = 3, 30


@dataclass(frozen=True)
class Part:
    """One command, and how many seconds it may take at most."""

    name: str
    command: Sequence[str]
    seconds: float


def parts(minutes: float, cores: int, gigabytes: float) -> list[Part]:
    """What is run, in order; the last part gets the time that is left, a fifth or more."""
    python, tiny = sys.executable, rehearsal()
    vssl = [python, "-m", "vssl"]
    profile = "demo" if tiny else "gpu"
    some = ["100"] if tiny else []
    size = "smoke" if tiny else "gpu"
    jobs = max(1, min(cores // CORES, int(gigabytes // GIGABYTES))) if gigabytes else 1
    whole = 60 * minutes
    wheels = sorted(map(str, (ROOT / "wheels").glob("*.whl")))
    install = [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--upgrade"]
    tests = ["-q", "-p", "no:cacheprovider", "-k", "cuda or gpu or placement", "tests"]
    stages = ["augment"] if tiny else ["upload", "augment", "beside"]
    bench = [python, "-m", "benchmarks", *(["--rounds", "2"] if tiny else []), "--keep"]
    return [
        Part("wheels", [*install, "--target", str(ROOT / "site"), *wheels], 0.05 * whole),
        Part("doctor", [*vssl, "doctor"], 0.08 * whole),
        Part("tests", [python, "-m", "pytest", *tests], 0.15 * whole),
        Part("benchmark", [*bench, *stages], 0.15 * whole),
        Part("steps", [*bench, "step"], 0.15 * whole),
        Part("train", [*bench, "train"], 0.1 * whole),  # last of them: it reads videos, drawn first
        Part("puppets", [*vssl, "data", "make", "ucf101", "--size", size], 0.12 * whole),
        Part("fill", [*vssl, "fill", *some, "--profile", profile, "--jobs", str(jobs)], whole),
    ]


def main(words: Sequence[str]) -> int:
    """Run all parts; gives 1 if one failed, 2 for wrong input."""
    try:
        out, minutes, names = Path(words[0]), float(words[1]), words[2:]
    except (IndexError, ValueError):
        print("usage: python3 benchmarks/gpu/go.py OUT MINUTES [PART ...]", file=sys.stderr)
        return 2
    todo = parts(minutes, os.cpu_count() or 1, memory())
    if unknown := set(names) - {part.name for part in todo}:
        known = ", ".join(part.name for part in todo)
        print(f"there is no part {min(unknown)!r}; the parts are {known}", file=sys.stderr)
        return 2
    todo = [part for part in todo if not names or part.name in names]
    out.mkdir(parents=True, exist_ok=True)
    env = surroundings()
    if not rehearsal():  # which computes what the ledger has already
        shutil.copytree(ROOT / "data" / "results", env["VSSL_LEDGER"], dirs_exist_ok=True)
    return run(todo, out, 60 * minutes, env, collect)


def rehearsal() -> bool:
    """Whether this is a rehearsal at tiny sizes."""
    return os.environ.get("VSSL_REHEARSAL") == "1"


def memory() -> float:
    """Gigabytes of all GPUs together; 0 without one."""
    asked = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True).stdout
        return sum(float(line) for line in told.split()) / 1024
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0.0


def surroundings() -> dict[str, str]:
    """The environment of every part: our wheels, one thread each, all results in one place."""
    work = ROOT / "runs" / "gpu"
    search = os.pathsep.join([str(ROOT / "site"), str(ROOT)])
    # Without bytecode each process would compile all of PyTorch anew, which takes ten seconds.
    here = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return here | {
        "PYTHONPATH": search,
        "OMP_NUM_THREADS": "1",
        "VSSL_ROOT": str(ROOT),
        "VSSL_RUNS": str(work),
        "VSSL_LEDGER": str(work / "committed"),  # a copy, which the benchmark adds to
        "VSSL_FIGURES": str(work / "figures"),
        "PYTHONUNBUFFERED": "1",
    }


def run(
    todo: Sequence[Part],
    out: Path,
    seconds: float,
    env: Mapping[str, str],
    after: Callable[[Path, Mapping[str, str]], None],
) -> int:
    """Run the parts one after another, each to its own limit and all to the common one."""
    end = time.monotonic() + seconds
    told = []
    for part in todo:
        left = end - time.monotonic()
        limit = min(part.seconds, left)
        command = list(part.command)
        if part.name == "fill":  # it stops by itself before it is stopped
            command += ["--within", f"{max(1, limit - 20):.0f}s"]
        begin = time.monotonic()
        word = "no time left" if left < 5 else attempt(command, out / LOG, limit, env)
        told.append({"part": part.name, "seconds": round(time.monotonic() - begin, 1), "end": word})
        print(f"{part.name:<10} {told[-1]['seconds']:6.1f} s  {word}", flush=True)
        with contextlib.suppress(OSError):
            (out / "summary.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        after(out, env)
    return 1 if any(one["end"] != "well" for one in told) else 0


def attempt(command: Sequence[str], log: Path, limit: float, env: Mapping[str, str]) -> str:
    """Run one command with its output in the log; past its limit it is killed with its children."""
    with open(log, "ab") as output:
        output.write(f"\n===== {' '.join(command)[:300]}\n".encode())
        output.flush()
        try:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return f"could not start: {error}"
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return "well" if code == 0 else "too long" if code is None else f"ended with code {code}"


def collect(out: Path, env: Mapping[str, str]) -> None:
    """Bring home what there is: records, benchmark rows and executed notebooks."""
    work = Path(env["VSSL_RUNS"])
    packed = {
        "records.tar.gz": work / "ledger",
        "notebooks.tar.gz": work / "fill",
        "weights.tar.gz": work / "weights",
        "speed.tar.gz": Path(env["VSSL_LEDGER"]) / "speed",
    }
    for name, folder in packed.items():
        if folder.is_dir() and any(folder.rglob("*")):
            pack(folder, out / name)
    bound(out)


def pack(folder: Path, target: Path) -> None:
    """Put a folder into a compressed file, which takes the place of the old one when whole."""
    temporary = target.with_suffix(".part")
    with contextlib.suppress(OSError), tarfile.open(temporary, "w:gz") as file:
        file.add(folder, arcname=folder.name)
        os.replace(temporary, target)
    temporary.unlink(missing_ok=True)


def bound(out: Path) -> None:
    """Keep OUT within its bounds: a log that is too long loses its middle, another file goes."""
    log = out / LOG
    if log.is_file() and log.stat().st_size > MOST_BYTES:
        text, half = log.read_bytes(), MOST_BYTES // 2 - 100
        log.write_bytes(text[:half] + b"\n... cut ...\n" + text[-half:])
    files = sorted(path for path in out.iterdir() if path.is_file())
    for path in files:
        if path.stat().st_size > MOST_BYTES:
            print(f"{path.name} is left out: {path.stat().st_size / 1e6:.0f} MB", flush=True)
            path.unlink()
    for path in [path for path in out.iterdir() if path.is_dir()]:
        shutil.rmtree(path)
    for path in sorted(path for path in out.iterdir())[MOST_FILES:]:
        path.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
