"""Prepare this checkout to travel to a machine with a GPU and without a network.

    python -m benchmarks.gpu.pack

It writes the commit into a file, since what travels has no history, and gathers the wheels that
such a machine lacks into `wheels/`. A tree with changes is refused: its numbers would be of no
commit.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from vssl import paths
from vssl.errors import VsslError
from vssl.lab.machine import commit

MOST_BYTES = 62_000_000  # of what travels of the tracked files, and wheels, together
HOME = "data/nets"  # the trained nets stay at home; nothing that runs there reads them
PYTHON = "3.12"
# What a machine with PyTorch and the usual scientific packages lacks. IPython and the kernel do
# without a debugger and without jedi.
LACKING = """
    av papermill nbclient nbformat ipykernel ipython jupyter-client jupyter-core traitlets pyzmq
    tornado comm matplotlib-inline nest-asyncio decorator pexpect ptyprocess prompt-toolkit wcwidth
    stack-data executing asttokens pure-eval pygments ipython-pygments-lexers fastjsonschema
    jsonschema jsonschema-specifications referencing rpds-py attrs tenacity ansicolors entrypoints
    threadpoolctl python-dateutil platformdirs requests click charset-normalizer idna urllib3
    certifi typing-extensions jinja2 markupsafe six safetensors
"""
PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014", "manylinux1")


def main() -> int:
    """Pack, and say how large it is."""
    root = paths.root()
    try:
        pack(root, commit())
        gather(root / "wheels", pinned((root / "requirements.lock").read_text(encoding="utf-8")))
        sizes = {"tracked files": travelling(root), "wheels": below(root / "wheels")}
        total = sum(sizes.values())
        for name, size in sizes.items():
            print(f"{name:<14} {size / 1e6:5.1f} MB")
        if total > MOST_BYTES:
            raise VsslError(
                f"{total / 1e6:.1f} MB would travel, {MOST_BYTES / 1e6:.0f} MB may: make tracked"
                " files smaller"
            )
    except VsslError as error:
        print(f"gpu-pack: {error}", file=sys.stderr)
        return 2
    print(f"leave {HOME} behind (rm -r {HOME}; later, git checkout {HOME} brings it back)")
    print("ready: there, say make gpu OUT=folder MINUTES=8")
    return 0


def pack(root: Path, here: str) -> None:
    """Write the commit down; a tree with changes is refused."""
    if here.endswith("+") or here == "unknown":
        raise VsslError("files differ from the commit; commit them first, then pack")
    (root / "COMMIT").write_text(here + "\n", encoding="utf-8")


def pinned(lock: str, names: str = LACKING) -> list[str]:
    """The versions of the lock for these packages; by name alone where the lock has none."""
    versions = dict(re.findall(r"(?m)^([A-Za-z0-9_.-]+)==([^\s;\\]+)", lock))
    return [f"{name}=={versions[name]}" if name in versions else name for name in names.split()]


def gather(folder: Path, wanted: list[str]) -> None:
    """Download the wheels that are not there yet."""
    folder.mkdir(exist_ok=True)
    platforms = [word for name in PLATFORMS for word in ("--platform", f"{name}_x86_64")]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", PYTHON, "--implementation", "cp", *platforms]
    done = subprocess.run(
        [*command, "-d", str(folder), *wanted], capture_output=True, text=True, check=False
    )
    if done.returncode:
        line = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise VsslError(f"the wheels could not be downloaded: {line}")


def travelling(root: Path) -> int:
    """Bytes of all files that git tracks, but for those that stay at home."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--", ".", f":!{HOME}"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    files = [root / name for name in listed.stdout.split("\0") if name]
    return sum(path.stat().st_size for path in files if path.is_file())


def below(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
