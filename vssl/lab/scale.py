"""A profile made definite for one notebook: seeds, data, and experiments of the right size."""

from __future__ import annotations

import functools
import os
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import torch

from vssl import models, paths
from vssl.clips import clips_of
from vssl.errors import DataError, VsslError
from vssl.lab import key, parameters
from vssl.lab.data import Data, puppet_data, real_data
from vssl.lab.detect import DETECT_RECIPE, Detect
from vssl.lab.experiment import Inflated, Net, PreTrain, Random, Start
from vssl.lab.labels import FineTune, LinearEvaluation
from vssl.lab.listed import Listed
from vssl.lab.localise import BMN_RECIPE, Localise
from vssl.lab.measures import Features, Instance, Probe, Retrieve
from vssl.lab.profile import Profile, find, world
from vssl.lab.synthesis import Synthesised
from vssl.methods import CSTP, CVRL, CPNet, Labelled, Method, Pace, Segments
from vssl.models.heads import Linear, Normalised, Scores
from vssl.objectives.base import views_read
from vssl.persons import Noise
from vssl.recipe import Recipe
from vssl.samplers import Uniform

METHODS: dict[str, Method] = {
    "pace": Pace(),
    "cvrl": CVRL(),
    "cstp": CSTP(),
    "cpnet": CPNet(),
    "segments": Segments(),
}  # by the key of their paper
UNIT_LENGTH = Normalised(Linear(1), batch_norm=False)  # CVRL's linear evaluation


@dataclass(frozen=True)
class Scale:
    """A profile made definite for one notebook: seeds, data, and experiments of the right size."""

    sizes: Profile
    seeds: tuple[int, ...]
    data_root: Path | None = None
    paper: str = "pace"

    @property
    def profile(self) -> str:
        """The profile's name."""
        return self.sizes.name

    def data(self, name: str | None = None, split: int = 1) -> Data:
        """A dataset, or the puppets that stand in for it.

        It is real where a data root is given, or where the profile asks for it.
        """
        name, height, width = name or self.sizes.data, self.sizes.height, self.sizes.width
        if self.data_root is None and self.sizes.worlds is not None:
            return puppet_data(world(name, self.profile), split, height, width)
        try:
            return real_data(
                name, self.data_root or paths.data() / "real" / name, split, height, width
            )
        except DataError:
            if "VSSL_PLAN_ONLY" not in os.environ:
                raise
            # A plan can be made before the data is there.
            return Data(name, "not found", split, height, width)

    def long(self) -> Scale:
        """The same profile with longer and larger clips, for a net that needs both."""
        length, size, height, width = self.sizes.long
        sizes = replace(self.sizes, length=length, size=size, height=height, width=width)
        return replace(self, sizes=sizes)

    def net(self, name: str = "r2plus1d", times: int = 1) -> Net:
        """A backbone at this profile's width, or at so many times of it."""
        sizes = self.sizes
        return Net(name, times * sizes.net_width, sizes.pool, sizes.stem)

    def method(self) -> Method:
        """The method of this scale's paper, as the paper has it."""
        return METHODS[self.paper]

    def changed(self, method: Method) -> Method:
        """A method, and the one that it is built on, with what this profile changes in them."""
        changes = dict(self.sizes.methods.get(type(method).__name__, {}))
        if hasattr(method, "base"):
            changes["base"] = self.changed(method.base)
        return replace(method, **changes)

    def labelled(self, data: str | None = None) -> Labelled:
        """How this scale's paper treats labelled clips.

        There are as many test clips as the profile says.
        """
        labelled = self.method().labelled(data or self.sizes.data)
        if not isinstance(labelled.test, Uniform):
            return labelled
        return replace(labelled, test=replace(labelled.test, count=self.sizes.clips))

    def random(
        self, net: str | Net, seed: int, calibrated: bool = False, data: str | None = None
    ) -> Random:
        """A net that was never trained."""
        stride, source = self.labelled(data).stride, self.data(data)
        made, size = self._net(net), self.sizes.size
        return Random(made, source, self.labelled_length, size, seed, calibrated, stride)

    def pretrain(
        self,
        method: Method,
        net: str | Net,
        seed: int,
        data: str | None = None,
        start: PreTrain | None = None,
    ) -> PreTrain:
        """Pre-training by a method's own recipe, or by the profile's where it has one.

        By the profile's, every row of a table sees as many clips. Where a row's point is another
        batch or more epochs than its paper's own, the profile's recipe has so many times more.
        """
        sizes, source, changed = self.sizes, self.data(data), self.changed(method)
        recipe = changed.recipe(source.name)
        made = PreTrain(
            changed, self._net(net), source, recipe, sizes.length, sizes.size, seed, start
        )
        _refuse_short_clips(made.net, cast(Hashable, changed), sizes.length)
        if sizes.pretrain:
            ours = self._as_many_clips(sizes.pretrain, method, changed, source.name)
            made = replace(made, recipe=ours)
        wanted = isinstance(changed, Segments) and changed.synthesise
        return Synthesised.of(made) if wanted else made

    def _as_many_clips(self, ours: Recipe, method: Method, changed: Method, data: str) -> Recipe:
        """The profile's recipe, so that a method sees as many clips as the paper's own does."""
        base: Method = getattr(method, "base", method)
        recipe, usual = changed.recipe(data), type(base)().recipe(data)
        share = clips_of(self.changed(self.method()).sampler()) / clips_of(changed.sampler())
        epochs = max(1, round(ours.epochs * share * recipe.epochs / usual.epochs))
        size = recipe.batch / usual.batch
        batch, rate = round(ours.batch * size), ours.rate * size
        return replace(ours, epochs=epochs, batch=batch, rate=rate)

    def simclr(self, net: str | Net, seed: int, data: str | None = None) -> Inflated:
        """An R3D-50 inflated from a ResNet-50 that learnt to tell single frames apart (SimCLR).

        It saw as many frames as CVRL sees clips.
        """
        flat, made = replace(self, sizes=replace(self.sizes, length=1)), self._net(net)
        frames = flat.pretrain(CVRL(law=None), replace(made, name="r2d50"), seed, data)
        return Inflated(made, frames, seed)

    def imagenet(self, net: str | Net, seed: int) -> Inflated:
        """An R3D inflated from ImageNet's weights; every seed starts alike."""
        return Inflated(self._net(net), seed=seed)

    def lacks_imagenet(self, net: str | Net) -> str:
        """Why no row of this net can start from ImageNet's weights, in a line; empty if one can.

        A plan downloads nothing.
        """
        made = self._net(net)
        if made.width != 64:
            wide = f"and this one has {made.width}"
            return f"ImageNet's weights are for nets 64 channels wide, {wide}"
        if "VSSL_PLAN_ONLY" in os.environ or models.imagenet_weights(made.name)[1].exists():
            return ""  # a plan can be made before the weights are there
        return (
            f"its weights are not here yet; say vssl.models.imagenet({made.name!r}) once, in "
            "Python, to download them"
        )

    def features(self, start: Start, data: str | None = None) -> Features:
        """Frozen features of a start."""
        stride, source, sizes = self.labelled(data).stride, self.data(data), self.sizes
        length = self.labelled_length
        return Features(start, source, length, sizes.size, sizes.clips, stride=stride)

    def retrieve(
        self,
        start: Start,
        data: str | None = None,
        layer: str = "p5",
        level: Literal["video", "clip"] = "video",
        by: str = "action",
    ) -> Retrieve:
        """Retrieval by frozen features."""
        return Retrieve(self.features(start, data), layer, level, by)

    def instance(self, start: Start, data: str | None = None) -> Instance:
        """How often a clip finds its own video."""
        return Instance(self.features(start, data))

    def probe(self, start: Start, data: str | None = None) -> Probe:
        """A linear probe of frozen features."""
        return Probe(self.features(start, data))

    def linear(
        self,
        start: Start,
        data: str | None = None,
        recipe: Recipe | None = None,
        split: int = 1,
        head: Scores = UNIT_LENGTH,
    ) -> LinearEvaluation:
        """A layer on frozen features, by the profile's recipe.

        Where the profile has none, `recipe` must be the paper's.
        """
        chosen = self._recipe(self.sizes.linear, recipe)
        labelled = replace(self.labelled(data), recipe=chosen, head=head)
        return LinearEvaluation(**self._from_labels(start, data, split, labelled))

    def fine_tune(
        self,
        start: Start,
        data: str | None = None,
        recipe: Recipe | None = None,
        share: float = 1.0,
        dropout: float = 0.0,
        split: int = 1,
        labelled: Labelled | None = None,
    ) -> FineTune:
        """Fine-tuning from a start, with its seed, by the profile's recipe.

        Where the profile has none, `recipe` must be the paper's. With a `share` of the labels the
        profile's recipe goes through them 0.3 / share times, but at least once: over a small share
        it sees three tenths of the clips that it sees over all labels. Where `labelled` is given,
        it takes the place of how this scale's paper treats labelled clips.
        """
        chosen = self._recipe(self.sizes.fine_tune, recipe)
        if self.sizes.fine_tune and share < 1:
            chosen = replace(chosen, passes=max(1, round(0.3 / share)))
        labelled = replace(labelled or self.labelled(data), recipe=chosen)
        if dropout:
            if not hasattr(labelled.head, "dropout"):
                raise VsslError(f"the head {labelled.head} has no dropout; leave it at 0")
            labelled = replace(labelled, head=replace(labelled.head, dropout=dropout))
        return FineTune(**self._from_labels(start, data, split, labelled), share=share)

    def localise(self, start: Start, data: str = "activitynet") -> Localise:
        """When something happens in long videos, by BMN on frozen features of a start."""
        features = self.features(start, data)
        features = replace(features, clips=self.sizes.positions, layers=("p5",))
        return Localise(features, self.sizes.localise or BMN_RECIPE)

    def detect(self, start: Start, data: str = "ava") -> Detect:
        """Where something happens: a detector of actions, trained from a start with its seed.

        Of real videos a list of their persons must be there. Of puppets they are made up. Frames
        are stored large enough that none is enlarged in training.
        """
        source = self.data(data)
        persons = Noise() if source.stand_in else self._listed(source)
        made = Detect(start, source, DETECT_RECIPE, persons=persons, seed=start.seed)
        made = replace(made, **self.sizes.detect)
        if (height := made.sides[0]) <= source.height:
            return made
        width = 2 * round(source.width * height / source.height / 2)
        return replace(made, data=replace(source, height=height, width=width))

    def _listed(self, data: Data) -> Listed:
        """The list of persons in the folder of a real dataset."""
        try:
            if not isinstance(data.source, Path):
                raise DataError(f"{data.title()} is not there, and so no list of its persons is")
            return Listed.beside(data.source)
        except DataError:
            if "VSSL_PLAN_ONLY" not in os.environ:
                raise
            return Listed("not found")  # a plan can be made before the list is there

    @property
    def labelled_length(self) -> int:
        """Frames of a labelled clip."""
        return self.sizes.labelled or self.sizes.length

    def _from_labels(
        self, start: Start, data: str | None, split: int, labelled: Labelled
    ) -> dict[str, Any]:
        """The fields that fine-tuning and linear evaluation share."""
        return {
            "start": start,
            "data": self.data(data, split),
            "labelled": labelled,
            "length": self.labelled_length,
            "size": self.sizes.size,
            "test_size": self.sizes.test_size,
            "seed": start.seed,
        }

    def _net(self, net: str | Net) -> Net:
        return self.net(net) if isinstance(net, str) else net

    def _recipe(self, ours: Recipe | None, paper: Recipe | None) -> Recipe:
        if chosen := ours or paper:
            return chosen
        raise VsslError(
            "the paper profile needs the paper's own recipe: pass recipe=, for example"
            " method.fine_tune()"
        )

    def describe(self) -> str:
        """The sizes in a few stable lines, to print in a notebook."""
        s, labelled = self.sizes, self.labelled()
        taken = {1: "", 2: ", every 2nd"}.get(labelled.stride, f", every {labelled.stride}th")
        crops = f" in {labelled.crops} crops" if labelled.crops > 1 else ""
        frames = f", of {s.labelled} frames" if s.labelled else ""
        pixels = f"{s.size} x {s.size} pixels, from frames of {s.height} x {s.width}"
        pooled = ", pooled after the stem" if s.pool else ""
        changes = [
            f"{name} with {', '.join(f'{field} = {value}' for field, value in fields.items())}"
            for name, fields in s.methods.items()
        ]
        return "\n".join(
            (
                f"profile  {s.name}: {s.meant}",
                f"seeds    {', '.join(map(str, self.seeds))}",
                (
                    f"clips    {s.length} frames{taken} of {pixels}; {s.clips} a test"
                    f" video{crops}{frames}"
                ),
                f"nets     {s.net_width} channels wide{pooled}",
                f"methods  {'; '.join(changes) or 'as in their papers'}",
            )
        )


@functools.lru_cache(maxsize=256)
def _refuse_short_clips(net: Net, method: Any, length: int) -> None:
    """Refuse a clip that the net would pool away to nothing; it is known before any training."""
    layout = method.sampler(length).layout
    with torch.device("meta"):
        backbone = models.build(net.name, net.width, net.pool)
        read = views_read(method.objective(length).build(backbone.dim), len(layout))
    shortest, least = min(layout[number] for number in read), backbone.minimum[0]
    if shortest < least:
        raise VsslError(
            f"{net.name} needs clips of {least} frames or more, and {key.brief(method)} gives it"
            f" one of {shortest}: make that longer, or take another net"
        )


def resolve(
    profile: str, seeds: Any = None, data_root: str | None = None, paper: str = "pace"
) -> Scale:
    """Turn a notebook's three parameters into a scale, with a paper's own sizes where it has some.

    What is wrong with a parameter is said in one line.
    """
    parameters.refuse_unknown()
    sizes = find(profile, paper)
    chosen = parameters.seeds_of(seeds) or sizes.seeds
    return Scale(sizes, chosen, parameters.root_of(data_root), paper)
