"""A profile made definite for one notebook: its seeds, its data, and experiments of the right size."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vssl import models, paths
from vssl.clips import views
from vssl.errors import DataError, VsslError
from vssl.lab.data import Data, puppet_data, real_data
from vssl.lab.experiment import Inflated, Net, PreTrain, Random, Start
from vssl.lab.labels import FineTune, Linear
from vssl.lab.measures import Features, Instance, Probe, Retrieve
from vssl.lab.sizes import Profile, find
from vssl.methods import CVRL, Method
from vssl.recipe import Recipe
from vssl.videos import catalogue, puppets


def world(name: str, profile: str) -> puppets.World:
    """The puppet world that stands in for a dataset at a profile's size."""
    sizes = find(profile).worlds
    if sizes is None:
        raise VsslError(
            "the paper profile runs on real data only: bring it with --data-root, or choose smoke, demo or gpu"
        )
    return replace(catalogue.find(name).world(), **sizes.get(name, {}))


@dataclass(frozen=True)
class Scale:
    """A profile made definite for one notebook: its seeds, its data, and experiments of the right size."""

    sizes: Profile
    seeds: tuple[int, ...]
    data_root: Path | None = field(default=None)

    @property
    def profile(self) -> str:
        """The profile's name."""
        return self.sizes.name

    def data(self, name: str | None = None, split: int = 1) -> Data:
        """A dataset: real where a data root is given (or the profile asks for it), else its stand-in."""
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
            return Data(
                name, "not found", split, height, width
            )  # a plan can be made before the data is there

    def long(self) -> Scale:
        """The same profile with longer and larger clips, for a net that a paper gives more of both."""
        length, size, height, width = self.sizes.long
        return replace(
            self, sizes=replace(self.sizes, length=length, size=size, height=height, width=width)
        )

    def net(self, name: str = "r2plus1d", times: int = 1) -> Net:
        """A backbone at this profile's width, or at so many times of it."""
        return Net(name, times * self.sizes.net_width, self.sizes.pool)

    def random(
        self, net: str | Net, seed: int, calibrated: bool = False, data: str | None = None
    ) -> Random:
        """A net that was never trained."""
        s = self.sizes
        return Random(
            self._net(net),
            self.data(data),
            s.labelled or s.length,
            s.size,
            seed,
            calibrated,
            s.stride,
        )

    def pretrain(
        self,
        method: Method,
        net: str | Net,
        seed: int,
        data: str | None = None,
        start: PreTrain | None = None,
    ) -> PreTrain:
        """Pre-training by a method: its own recipe, or the profile's, by which every row of a table sees as many clips.

        Where a row's point is another batch or more epochs than its paper's own, the profile's recipe has so many times more.
        """
        sizes = self.sizes
        together = min(sizes.together, method.most_together)
        source = self.data(data)
        recipe = method.recipe(source.name)
        jittered = method.jittered(sizes.jitter)
        made = PreTrain(
            jittered,
            self._net(net),
            source,
            recipe,
            sizes.length,
            sizes.size,
            together,
            seed,
            start,
        )
        if not sizes.pretrain:
            return made
        usual, ours = type(method)().recipe(source.name), sizes.pretrain
        share = sizes.together / views(made.sampler())  # a sample of more clips takes fewer epochs
        epochs = max(1, round(ours.epochs * share * recipe.epochs / usual.epochs))
        size = recipe.batch / usual.batch
        return replace(
            made,
            recipe=replace(
                ours, epochs=epochs, batch=round(ours.batch * size), rate=ours.rate * size
            ),
        )

    def simclr(self, net: str | Net, seed: int, data: str | None = None) -> Inflated:
        """An R3D-50 inflated from a ResNet-50 that learnt to tell single frames apart (SimCLR), over as many frames as CVRL sees clips."""
        flat = replace(self, sizes=replace(self.sizes, length=1))
        return Inflated(
            self._net(net),
            flat.pretrain(CVRL(law=None), replace(self._net(net), name="r2d50"), seed, data),
            seed,
        )

    def imagenet(self, net: str | Net, seed: int) -> Inflated:
        """An R3D inflated from ImageNet's weights; every seed starts alike."""
        return Inflated(self._net(net), seed=seed)

    def lacks_imagenet(self, net: str | Net) -> str:
        """Why no row of this net can start from ImageNet's weights, in a line; empty where one can. A plan downloads nothing."""
        made = self._net(net)
        if made.width != 64:
            return (
                f"ImageNet's weights are for nets 64 channels wide, and this one has {made.width}"
            )
        if "VSSL_PLAN_ONLY" in os.environ or models.imagenet_weights(made.name)[1].exists():
            return ""  # a plan can be made before the weights are there
        return f"its weights are not here yet; say vssl.models.imagenet({made.name!r}) once, in Python, to download them"

    def features(self, start: Start, data: str | None = None) -> Features:
        """Frozen features of a start."""
        sizes = self.sizes
        length = sizes.labelled or sizes.length
        return Features(
            start, self.data(data), length, sizes.size, sizes.clips, stride=sizes.stride
        )

    def retrieve(
        self,
        start: Start,
        data: str | None = None,
        layer: str = "p5",
        level: str = "video",
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
        self, start: Start, data: str | None = None, recipe: Recipe | None = None, split: int = 1
    ) -> Linear:
        """A linear layer on frozen features, trained by the profile's recipe, or where it has none by the paper's, which is `recipe`."""
        return Linear(
            start,
            self.data(data, split),
            self._recipe(self.sizes.linear, recipe),
            **self._labelled(start),
        )

    def fine_tune(
        self,
        start: Start,
        data: str | None = None,
        recipe: Recipe | None = None,
        share: float = 1.0,
        dropout: float = 0.0,
        split: int = 1,
    ) -> FineTune:
        """Fine-tuning from a start, with its seed: by the profile's recipe, or where it has none by the paper's, which is `recipe`.

        With a `share` of the labels the profile's recipe goes through them 0.3 / share times, but at least once: over a small share it
        sees three tenths of the clips that it sees over all labels.
        """
        chosen = self._recipe(self.sizes.fine_tune, recipe)
        if self.sizes.fine_tune and share < 1:
            chosen = replace(chosen, passes=max(1, round(0.3 / share)))
        return FineTune(
            start,
            self.data(data, split),
            chosen,
            **self._labelled(start),
            share=share,
            dropout=dropout,
        )

    def _net(self, net: str | Net) -> Net:
        return self.net(net) if isinstance(net, str) else net

    def _recipe(self, ours: Recipe | None, paper: Recipe | None) -> Recipe:
        if ours or paper:
            return ours or paper
        raise VsslError(
            "the paper profile needs the paper's own recipe: pass recipe=, for example method.fine_tune()"
        )

    def _labelled(self, start: Start) -> dict[str, Any]:
        """How labelled clips are read, and tested."""
        s = self.sizes
        shape = {
            "length": s.labelled or s.length,
            "size": s.size,
            "clips": s.clips,
            "seed": start.seed,
        }
        return {
            **shape,
            "stride": s.stride,
            "resized": s.resized,
            "crops": s.crops,
            "test_size": s.test_size,
        }

    def describe(self) -> str:
        """The sizes in a few stable lines, to print in a notebook."""
        s = self.sizes
        taken = (
            f", every {s.stride}nd"
            if s.stride == 2
            else f", every {s.stride}th"
            if s.stride > 2
            else ""
        )
        test = f"{s.clips} a test video{f' in {s.crops} crops' if s.crops > 1 else ''}{f', of {s.labelled} frames' if s.labelled else ''}"
        drawn = (
            f"{s.together} clips of one video, differently labelled, share a batch"
            if s.together > 1
            else "the paper's sampling"
        )
        jitter = (
            "as strong as in the paper's code"
            if s.jitter == 1
            else f"{s.jitter:g} times as strong as in the paper's code"
        )
        return "\n".join(
            (
                f"profile  {s.name}: {s.meant}",
                f"seeds    {', '.join(map(str, self.seeds))}",
                f"clips    {s.length} frames{taken} of {s.size} x {s.size} pixels, from frames of {s.height} x {s.width}; {test}",
                f"nets     {s.net_width} channels wide{', pooled after the stem' if s.pool else ''}",
                f"batches  {drawn}",
                f"jitter   {jitter}, where colours are jittered at all",
            )
        )


def resolve(
    profile: str, seeds: Any = None, data_root: str | None = None, paper: str = "pace"
) -> Scale:
    """Turn a notebook's three parameters into sizes, a paper's own where it has them, and say in one line what is wrong with one."""
    sizes = find(profile, paper)
    if seeds is not None:
        given = [seeds] if isinstance(seeds, int) else seeds
        if (
            not isinstance(given, list | tuple)
            or not given
            or any(type(seed) is not int or seed < 0 for seed in given)
        ):
            raise VsslError(f"seeds must be whole numbers like [0, 1, 2], not {seeds!r}")
        seeds = tuple(given)
    root = Path(data_root).expanduser().resolve() if data_root else None
    if root is not None and not root.is_dir():
        raise VsslError(
            f"there is no folder {root}; give data_root the folder that holds the dataset, or leave it out for puppets"
        )
    return Scale(sizes, seeds or sizes.seeds, root)
