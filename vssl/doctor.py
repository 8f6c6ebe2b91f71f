"""`vssl doctor`: what is on this machine.

It also tries whether a 3-d convolution in half precision is right and fast.

Some builds of torch ran bf16 3-d convolutions several times slower than float32, without a word.
Five seconds here tell.
"""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import vssl
from vssl import paths

if TYPE_CHECKING:
    import torch

TOLERANCE = 0.02  # of the largest value; bf16 keeps 8 bits, so a right result lies well within
GIGABYTE = 1e9


def report(probe: bool = True) -> dict:
    """Look at everything and return it as plain data.

    `problems` stop vssl, `warnings` only cost time.
    """
    found: dict = {"problems": [], "warnings": [], "notes": []}
    found["python"] = f"{platform.python_version()} at {sys.executable}"
    found["vssl"] = f"{vssl.__version__} at {Path(vssl.__file__).parent}"
    found.update(_machine())
    found["torch"] = _torch(found)
    found["torchvision"] = _torchvision(found)
    found["pyav"] = _pyav(found)
    found["data"] = _data()
    if probe and found["torch"]:
        found["probe"] = _probe(found)
    return found


def text(report: dict) -> str:
    """Say a report in lines that a person reads."""
    torch, pyav = report["torch"] or {}, report["pyav"] or {}
    gpus = [
        f"{gpu['name']}, {gpu['memory_gb']:.0f} GB, bf16 {'yes' if gpu['bf16'] else 'no'}"
        for gpu in torch.get("gpus", [])
    ]
    lines = [
        ("python", report["python"]),
        ("vssl", report["vssl"]),
        (
            "torch",
            (
                f"{torch['version']}, CUDA {torch['cuda'] or 'none'}, cuDNN"
                f" {torch['cudnn'] or 'none'}"
                if torch
                else "missing"
            ),
        ),
        ("torchvision", report["torchvision"] or "missing"),
        ("PyAV", f"{pyav['version']}, FFmpeg {pyav['ffmpeg']}" if pyav else "missing"),
        ("cores", f"{report['cores']} of {platform.machine()}"),
        ("memory", f"{report['memory_gb']:.0f} GB"),
        ("disk", f"{report['disk_free_gb']:.0f} GB free for {report['data_folder']}"),
        ("GPU", "; ".join(gpus) or "none; everything runs on the CPU"),
        *(("data", f"{entry['name']}: {entry['folder']}") for entry in report["data"]),
        *(
            []
            if report["data"]
            else [
                (
                    "data",
                    f"none yet under {report['data_folder']}; vssl data make draws the puppets",
                )
            ]
        ),
    ]
    if "probe" in report:
        probe = report["probe"]
        lines.append(
            (
                "conv3d",
                (
                    f"float32 {probe['float32_ms']:.1f} ms, bf16 {probe['bf16_ms']:.1f} ms on"
                    f" {probe['device']}"
                ),
            )
        )
        lines.append(
            (
                "",
                (
                    f"bf16 differs from float32 by {100 * probe['difference']:.2f} % of the largest"
                    " value"
                ),
            )
        )
    lines += [
        (kind[:-1], line) for kind in ("notes", "warnings", "problems") for line in report[kind]
    ]
    lines.append(
        (
            "",
            (
                "something is missing: see the problems"
                if report["problems"]
                else "all that vssl needs is here"
            ),
        )
    )
    return "\n".join(f"{name:<12} {value}" for name, value in lines)


# ------------------------------------------------------------ what is there


def _machine() -> dict:
    place = paths.data()
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    return {
        "cores": (
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        ),
        "memory_gb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIGABYTE,
        "data_folder": str(place),
        "disk_free_gb": shutil.disk_usage(existing).free / GIGABYTE,
    }


def _torch(found: dict) -> dict | None:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a shared library that does not load
        found["problems"].append(
            f"torch does not load ({_first_line(error)}); make env installs it"
        )
        return None
    gpus = []
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            with torch.cuda.device(number):
                device = torch.cuda.get_device_properties(number)
                gpus.append(
                    {
                        "name": device.name,
                        "memory_gb": device.total_memory / GIGABYTE,
                        "bf16": torch.cuda.is_bf16_supported(),
                    }
                )
    elif shutil.which("nvidia-smi"):
        why = (
            f"its CUDA {torch.version.cuda} may want a newer driver"
            if torch.version.cuda
            else "this torch was built without CUDA"
        )
        found["warnings"].append(f"there is an NVIDIA driver here, but torch cannot use it: {why}")
    cudnn = torch.backends.cudnn.version() if torch.version.cuda else None
    return {"version": torch.__version__, "cuda": torch.version.cuda, "cudnn": cudnn, "gpus": gpus}


def _torchvision(found: dict) -> str | None:
    try:
        version = importlib.metadata.version("torchvision")
    except importlib.metadata.PackageNotFoundError:
        found["problems"].append("torchvision is not installed; make env installs it")
        return None
    wanted = _wanted_torch()
    try:
        import torchvision  # noqa: F401  registering its operators fails beside a torch it was not built for
    except (ImportError, OSError, RuntimeError) as error:
        match = f" (built for torch {wanted})" if wanted else ""
        found["problems"].append(
            f"torchvision {version}{match} does not load: {_first_line(error)}); make env installs"
            " a pair that fits"
        )
    return version


def _wanted_torch() -> str | None:
    """Read from torchvision's own metadata which torch it was built for."""
    for line in importlib.metadata.requires("torchvision") or ():
        name, equals, version = (
            line.partition(";")[0]
            .replace(" ", "")
            .replace("(", "")
            .replace(")", "")
            .partition("==")
        )
        if name == "torch" and equals:
            return version
    return None


def _pyav(found: dict) -> dict | None:
    try:
        import av
    except (ImportError, OSError) as error:
        found["problems"].append(f"PyAV does not load ({_first_line(error)}); make env installs it")
        return None
    ffmpeg = getattr(av, "ffmpeg_version_info", None)  # absent before PyAV 14
    return {
        "version": av.__version__,
        "ffmpeg": ffmpeg or ".".join(map(str, av.library_versions["libavcodec"])),
    }


def _data() -> list[dict]:
    """List the puppet sets and the folders of real data under the project's data folder."""
    manifests = sorted(paths.data().glob("puppets/*/manifest.json"))
    puppets = [
        {"name": f"puppets {manifest.parent.name}", "folder": str(manifest.parent)}
        for manifest in manifests
    ]
    folders = (folder for folder in sorted(paths.data().glob("real/*")) if folder.is_dir())
    return puppets + [{"name": f"real {folder.name}", "folder": str(folder)} for folder in folders]


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


# ------------------------------------------------------------ the probe


def _probe(found: dict) -> dict:
    """Convolve forwards and backwards in float32 and in bf16.

    Gives how far apart the two are, and how long each takes.
    """
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    shape = (16, 64, 16, 56, 56) if device.type == "cuda" else (1, 16, 8, 28, 28)
    generator = torch.Generator().manual_seed(0)
    clip = torch.randn(shape, generator=generator).to(device)  # [N, C, T, H, W]
    weight = (
        torch.randn(shape[1], shape[1], 3, 3, 3, generator=generator) / (27 * shape[1]) ** 0.5
    ).to(device)
    with torch.no_grad():
        exact = torch.nn.functional.conv3d(clip, weight, padding=1)
        half = torch.nn.functional.conv3d(clip.bfloat16(), weight.bfloat16(), padding=1).float()
    difference = float((half - exact).abs().max() / exact.abs().max())
    # If it is not a number, the result is wholly wrong, and JSON has no word for it.
    difference = difference if math.isfinite(difference) else 1.0
    times = {
        name: _milliseconds(clip.to(kind), weight.to(kind))
        for name, kind in (("float32", torch.float32), ("bf16", torch.bfloat16))
    }
    slower = times["bf16"] / times["float32"]
    if difference > TOLERANCE:
        found["warnings"].append(
            f"bf16 conv3d is wrong on {device.type}: {difference:.0%} off; train in float32 or take"
            " another torch"
        )
    if slower > 1 and device.type == "cuda":
        found["warnings"].append(
            f"bf16 conv3d takes {slower:.1f} times as long as float32 on this GPU; a newer torch or"
            " cuDNN may mend it"
        )
    if slower > 1 and device.type == "cpu":
        found["notes"].append(
            f"bf16 conv3d takes {slower:.1f} times as long as float32 on this CPU; vssl trains in"
            " float32 on CPUs"
        )
    return {
        "device": device.type,
        "float32_ms": times["float32"],
        "bf16_ms": times["bf16"],
        "difference": difference,
    }


def _milliseconds(clip: torch.Tensor, weight: torch.Tensor, seconds: float = 2.0) -> float:
    """Time one forward and backward convolution: the median of as many as fit into `seconds`."""
    import torch

    weight = weight.detach().requires_grad_()
    took: list[float] = []
    end = time.perf_counter() + seconds
    while len(took) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        torch.nn.functional.conv3d(clip, weight, padding=1).sum().backward()
        if clip.is_cuda:
            torch.cuda.synchronize()
        took.append(1000 * (time.perf_counter() - begin))
    return sorted(took[1:])[len(took[1:]) // 2]  # the first one loads kernels and picks algorithms
