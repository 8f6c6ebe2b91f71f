"""The libraries that a stage compares with.

All of them are optional. One that cannot be used is skipped, and its row says why. `make peers`
installs them; torchcodec also needs the system's own FFmpeg.
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
    """The module of a library and its version, or None and the reason why it cannot be used."""
    module, package = PEERS[name]
    try:
        return importlib.import_module(module), metadata.version(package)
    except metadata.PackageNotFoundError:
        return importlib.import_module(module), "unknown"  # from another package
    except ModuleNotFoundError as error:
        return None, f"{error.name} is not installed"
    except Exception as error:  # a shared library can fail to load in many ways
        return None, str(error).strip().splitlines()[0][:120] or type(error).__name__
