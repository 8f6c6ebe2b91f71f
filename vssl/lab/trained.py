"""Trained nets as they lie on the disk: runs of pre-trainings, and weights that `keep` left.

They are found by name and read without their experiment, which is not needed: a run describes
itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from vssl import methods, paths
from vssl.errors import VsslError
from vssl.lab import key
from vssl.lab.data import Data
from vssl.lab.experiment import Net, PreTrain
from vssl.lab.weights import record_of
from vssl.models import shipped
from vssl.training import checkpoint

# The classes of pre-trainings; the others are `PreTrain` with another model above the backbone.
KINDS = ("PreTrain", "Reconstruction", "Synthesised")
SHOWN = 6  # names that an error lists


@dataclass(frozen=True)
class Trained:
    """A trained backbone on the disk: where its weights are, and what is known of them.

    A kept file may lie without its run's record; then metrics and record are empty.
    """

    file: Path
    description: dict[str, Any]
    metrics: dict[str, float]
    record: dict[str, Any]

    @property
    def key(self) -> str:
        """The name of the run that made it."""
        return f"{self.description[''].lower()}-{key.key(self.description)}"

    @property
    def net(self) -> Net:
        """What the backbone is."""
        return Net(**_fields(self.description.get("net", {})))

    @property
    def data(self) -> list[Data]:
        """All that it learnt from; also what an earlier training, which it went on from, saw."""
        return [Data(**_fields(one)) for one in _described(self.description, "Data")]

    def field(self, name: str) -> Any:
        """A plain field of the pre-training; a description leaves out what is at its default."""
        default = next(f.default for f in fields(PreTrain) if f.name == name)
        assert default is not MISSING
        return self.description.get(name, default)

    def clip(self) -> dict[str, Any]:
        """What the net takes: the clips that it learnt from, in numbers and words."""
        return {
            "frames": self.field("length"),
            "size": self.field("size"),
            # A pre-training may draw several; its paper reads labelled clips at this one.
            "stride": _stride(self.description["method"]),
            "range": [0, 1],
            "layout": "RGB [N, 3, T, H, W]",
        }

    def state(self) -> dict[str, Tensor]:
        """The backbone's weights alone; heads, targets and queues stay behind."""
        begin = "backbone."
        state = {
            name.removeprefix(begin): value
            for name, value in checkpoint.load(self.file).items()
            if name.startswith(begin)
        }
        shipped.fits(self.net.build(self.field("seed")), state, self.file)
        return state

    def heads(self) -> dict[str, Tensor]:
        """The weights of all heads of the objective; projectors and queues stay behind."""
        begin = "objective."
        found = {
            name.removeprefix(begin): value
            for name, value in checkpoint.load(self.file).items()
            if name.startswith(begin) and "head" in name.split(".")
        }
        if not found:
            raise VsslError(f"{self.key} learnt by no head; export it without heads")
        return found


def find(name: str) -> Trained:
    """A pre-training's run by its name or the beginning of it, or a kept file by its path."""
    if name.endswith(".pt"):
        return _kept(Path(name).expanduser())
    runs = sorted(file.parent.name for file in _store().glob("[!.]*/run.json"))
    nets = [run for run in runs if run.partition("-")[0] in map(str.lower, KINDS)]
    found = [name] if name in nets else [run for run in nets if name and run.startswith(name)]
    if len(found) == 1:
        return _run(_store() / found[0])
    if found:
        raise VsslError(f"{name!r} begins {len(found)} runs: {_some(found)}; give more of the name")
    other = next((run for run in runs if name and run.startswith(name)), None)
    what = f"{other} is no pre-training" if other else f"there is no run {name!r} in {_store()}"
    there = f"choose from {_some(nets)}" if nets else "no pre-training is there; run one first"
    raise VsslError(f"{what}; {there}")


def _run(folder: Path) -> Trained:
    trained = _read(folder / "run.json", folder / "model.pt")
    if trained.key != folder.name:
        raise VsslError(f"the run {folder} describes {trained.key}, not itself; compute it again")
    return trained


def _kept(file: Path) -> Trained:
    beside = file.with_suffix(".json")
    missing = next((path for path in (file, beside) if not path.is_file()), None)
    if missing:
        raise VsslError(f"there is no {missing}; vssl fill keeps weights with a description beside")
    described = _json(beside)
    record = record_of(file)
    if not record.is_file():
        return _checked(Trained(file, described, {}, {}), beside)
    trained = _read(record, file)
    if trained.description != described:
        raise VsslError(f"{record} is not of {file.name}: it describes another run; remove it")
    return trained


def _read(record: Path, weights: Path) -> Trained:
    read = _json(record)
    try:
        trained = Trained(weights, read["description"], read["metrics"], read["record"])
    except (KeyError, TypeError):
        raise VsslError(f"{record} is no record of a run; compute that run again") from None
    return _checked(trained, record)


def _checked(trained: Trained, source: Path) -> Trained:
    """Refuse a description that cannot be read as a pre-training's."""
    try:
        if trained.description[""] not in KINDS:
            raise VsslError(f"{source} is of a {trained.description['']}; export a pre-training")
        assert trained.data and trained.net and trained.clip()
    except (AttributeError, KeyError, TypeError, AssertionError) as error:
        raise VsslError(
            f"{source} does not describe a pre-training of this version ({type(error).__name__}); "
            "compute that run again"
        ) from error
    return trained


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VsslError(
            f"{file} cannot be read ({type(error).__name__}); compute that run again"
        ) from error


def _store() -> Path:
    return paths.runs() / "store"


def _some(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _fields(described: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in described.items() if name}


def _described(value: Any, kind: str) -> Iterator[dict[str, Any]]:
    """Every description of a kind inside another one."""
    if isinstance(value, dict) and value.get("") == kind:
        yield value
    inside = value.values() if isinstance(value, dict) else value
    if isinstance(inside, str) or not hasattr(inside, "__iter__"):
        return
    for one in inside:
        yield from _described(one, kind)


def _stride(method: dict[str, Any]) -> int:
    """The stride at which a method's paper reads labelled clips, that of the one it is built on."""
    if "base" in method:
        return _stride(method["base"])
    given = {"stride": method["stride"]} if "stride" in method else {}
    stride = getattr(methods, method[""])(**given).labelled().stride
    assert isinstance(stride, int)
    return stride
