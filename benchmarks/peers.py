"""The libraries that a stage compares with.

All are optional: one that is not there is skipped, by name and with the reason.

`make peers` installs them; torchcodec also wants the system's own FFmpeg.
"""

from __future__ import annotations

import importlib
from importlib import metadata
from types import ModuleType

# The module to import, and the package it comes in.
PEERS = {
    "torchcodec": ("torchcodec.decoders", "torchcodec"),
    "decord": ("decord", "decord"),
    "OpenCV": ("cv2", "opencv-python-headless"),
    "torchvision": ("torchvision.transforms.v2", "torchvision"),
    "kornia": ("kornia.augmentation", "kornia"),
    "lightly": ("lightly.loss", "lightly"),
    "pytorch-metric-learning": ("pytorch_metric_learning.losses", "pytorch-metric-learning"),
}


def find(name: str) -> tuple[ModuleType | None, str]:
    """A peer's module and its version, or None and why it cannot be used here."""
    module, package = PEERS[name]
    try:
        return importlib.import_module(module), metadata.version(package)
    except metadata.PackageNotFoundError:
        return importlib.import_module(module), "unknown"  # another distribution of the same module
    except ModuleNotFoundError as error:
        return None, f"{error.name} is not installed"
    except Exception as error:  # a shared library that does not load ends in many ways
        return None, str(error).strip().splitlines()[0][:120] or type(error).__name__
