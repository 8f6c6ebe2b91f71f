"""Trained nets to take along: a folder with weights, what they are, and a card to read.

    model.safetensors   the backbone's weights, as they were kept: float32 or half
    heads.safetensors   the heads that answered its pretext task, where they were asked for
    config.json         version of this format, net, input, and the digests of the weights' files
    README.md           what it learnt from and what it must not be used for

Nothing of it is code, and nothing is unpickled. The description stands in the weights' file too, so
the digest covers it: a pool that is there or not changes no weight, but it makes another net.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vssl import paths
from vssl.errors import VsslError
from vssl.files import replacing, write_json, write_text
from vssl.models import build, builder, published
from vssl.models.backbone import Backbone

FORMAT = 1
WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
HEADS = "heads.safetensors"
DIGESTS = ("weights", "heads")  # what a config says of each file
NET = {"name": str, "width": int, "pool": bool, "stem": str}  # the arguments of `models.build`


def load(place: str | Path, device: str | torch.device = "cpu") -> Backbone:
    """Give the trained net in a folder, or the shipped one of that name, in eval mode.

    It takes clips [N, 3, T, H, W] and computes in float32, however the weights were kept. A file
    that is missing, damaged, of another format or of another net is refused. A place may also be a
    file of weights that others published (`vssl.models.published`).
    """
    if place not in names() and Path(place).expanduser().is_file():
        return _moved(published.load(Path(place).expanduser()), device)
    folder = find(place)
    config = _config(folder)
    state = _state(folder, config, "weights")
    try:
        # Its initial weights are thrown away, and must not move the draws of whoever loads a net.
        with torch.random.fork_rng(devices=[]):
            backbone = build(**config["net"])
    except VsslError as error:
        raise VsslError(f"{folder / CONFIG}: {error}") from error
    fits(backbone, state, folder / WEIGHTS)
    backbone.load_state_dict(state)
    return _moved(backbone.eval(), device)


def _moved(backbone: Backbone, device: str | torch.device) -> Backbone:
    try:
        return backbone.to(device)
    except (RuntimeError, AssertionError) as error:  # no such device, or not here
        reason = str(error).splitlines()[0][:100]
        raise VsslError(f"the net cannot go to {device} ({reason}); load it on 'cpu'") from error


def heads(place: str | Path) -> dict[str, Tensor]:
    """The weights of the heads that answered the pretext task, in float32.

    They fit the objective of the method that the net learnt by, built on the net:
    `Pretext(net, method.objective(), layout).objective.load_state_dict(heads(place))`.
    """
    folder = find(place)
    config = _config(folder)
    if "heads" not in config:
        raise VsslError(f"{folder} holds no heads; vssl export --heads writes them")
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in _state(folder, config, "heads").items()
    }


def names() -> list[str]:
    """The nets that ship with the project."""
    return sorted(file.parent.name for file in paths.nets().glob(f"*/{CONFIG}"))


def find(place: str | Path) -> Path:
    """The folder of a trained net.

    A bare name is first looked up among the shipped nets, so that it means the same in every
    working folder; write ./NAME for a folder of yours.
    """
    if isinstance(place, str) and place in names():
        return paths.nets() / place
    folder = Path(place).expanduser()
    if folder.is_dir():
        return folder
    shipped = f"the shipped nets are {', '.join(names())}" if names() else "no net is shipped yet"
    raise VsslError(
        f"there is no folder and no shipped net {str(place)!r}; {shipped}, and vssl export makes a "
        "folder from a run"
    )


def write(
    folder: Path,
    state: dict[str, Tensor],
    net: dict[str, Any],
    clip: dict[str, Any],
    card: str,
    heads: dict[str, Tensor] | None = None,
) -> None:
    """Write a trained net into a new folder, which is whole or absent.

    net     the arguments of `models.build`.
    clip    what the net takes: frames, stride, size, range and layout.
    """
    if folder.exists() or folder.is_symlink():
        raise VsslError(f"{folder} is there already; name a new folder, or remove that one")
    from safetensors.torch import save

    about = {"format": FORMAT, "net": net, "input": clip}
    files, digests = {}, {}
    for what, file, some in (("weights", WEIGHTS, state), ("heads", HEADS, heads)):
        if some is None:
            continue
        plain = {name: value.detach().cpu().contiguous() for name, value in some.items()}
        # One entry of metadata: several would come in any order, and the same net in other bytes.
        files[file] = save(plain, {"vssl": json.dumps(about, sort_keys=True)})
        digests[what] = {"file": file, "sha256": hashlib.sha256(files[file]).hexdigest()}
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        for name, content in files.items():
            with replacing(temporary / name) as part:
                part.write_bytes(content)
        write_json(temporary / CONFIG, about | digests)
        write_text(temporary / CARD, card)
        os.rename(temporary, folder)
    except OSError as error:
        raise VsslError(
            f"cannot write {folder}: {error.strerror or error}; free some space or choose another "
            "folder"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def fits(backbone: Backbone, state: dict[str, Tensor], file: Path) -> None:
    """Refuse weights that are not those of a net, by names, shapes and kinds of numbers."""
    wanted = backbone.state_dict()
    if odd := sorted(wanted.keys() ^ state.keys()):
        what = "lacks" if odd[0] in wanted else "has, and the net does not,"
        raise VsslError(f"{file} is not of a {backbone.name}: it {what} {odd[0]}; {_AGAIN}")
    for name, value in wanted.items():
        found = state[name]
        if found.shape != value.shape or found.is_floating_point() != value.is_floating_point():
            raise VsslError(
                f"{file} does not fit: {name} is {found.dtype} {list(found.shape)}, and the net "
                f"wants {value.dtype} {list(value.shape)}; {_AGAIN}"
            )
        if not found.isfinite().all():
            raise VsslError(
                f"{file} has values in {name} that are no finite numbers; take another run"
            )


_AGAIN = "export it again, or fetch a whole copy"


def _config(folder: Path) -> dict[str, Any]:
    """What a folder says of its net, checked as far as it can be without the weights."""
    file = folder / CONFIG
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise VsslError(f"{folder} holds no trained net: {CONFIG} is missing; {_AGAIN}") from None
    except (OSError, ValueError) as error:
        raise VsslError(f"{file} cannot be read ({type(error).__name__}); {_AGAIN}") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        found = config.get("format") if isinstance(config, dict) else None
        raise VsslError(
            f"{file} is of format {found}, and this vssl reads format {FORMAT}; export the net "
            "again, or take the vssl that made it"
        )
    net, digests = config.get("net"), [config[what] for what in DIGESTS if what in config]
    if (
        not isinstance(net, dict)
        or {name: type(value) for name, value in net.items()} != NET
        or "weights" not in config
        or not all(isinstance(one, dict) for one in digests)
        or not all(isinstance(one.get("sha256"), str) for one in digests)
    ):
        raise VsslError(f"{file} does not say which net this is; {_AGAIN}")
    try:
        builder(net["name"])
    except VsslError as error:
        raise VsslError(f"{file}: {error}") from error
    return config


def _state(folder: Path, config: dict[str, Any], what: str) -> dict[str, Tensor]:
    """The weights of a file, once their digest and their own description agree with the config."""
    from safetensors import SafetensorError, safe_open

    file = folder / {"weights": WEIGHTS, "heads": HEADS}[what]
    try:
        with open(file, "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != config[what]["sha256"]:
            raise VsslError(f"{file} is damaged: its digest is not the config's; {_AGAIN}")
        with safe_open(file, "pt") as tensors:
            about = json.loads((tensors.metadata() or {}).get("vssl", "null"))
            if about != {name: value for name, value in config.items() if name not in DIGESTS}:
                raise VsslError(
                    f"{folder / CONFIG} was changed: the weights' own description is another one; "
                    f"{_AGAIN}"
                )
            return {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise VsslError(f"{folder} holds no weights: {file.name} is missing; {_AGAIN}") from None
    except (OSError, ValueError, SafetensorError) as error:
        raise VsslError(f"{file} cannot be read ({type(error).__name__}); {_AGAIN}") from error
