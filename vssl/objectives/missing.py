"""What a cut takes out of a clip: its features (CPNet, Eq. 3), or its pixels (CRNet, App. H)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vssl import losses
from vssl.errors import VsslError
from vssl.models.decoder import Decoder
from vssl.models.heads import ConvHead, Head
from vssl.objectives.base import Outcome, Parts, Views
from vssl.objectives.contrast import feature_spread
from vssl.objectives.pretext import Pretext

PIXELS = "pixels"
HEAD, DECODER = ConvHead(128), Decoder()  # of Table 7, and PRP's


@dataclass(frozen=True)
class MissingSection:
    """The discontinuous clip lies nearer to its missing section than to a clip elsewhere (Eq. 3).

    Views 0, 1 and 2 are the continuous clip, the discontinuous one and its missing section, as
    `samplers.Continuity` has them. With e their projections and sim the cosine, the loss is

        omega * max(0, margin - (sim(e_d, e_m) - sim(e_d, e_c)))
        - (1 - omega) * log(q+ / (q+ + sum of q-)),

    where q+ = exp(sim(e_d, e_c) / temperature), and q- are the same of e_d and the continuous and
    the discontinuous clips of all other videos. With `omega` 0 (CPNet-) the missing section does
    not go through the net.
    """

    head: Head = HEAD
    omega: float = 0.5
    margin: float = 0.2
    temperature: float = 0.07

    def __post_init__(self) -> None:
        if not 0 <= self.omega <= 1:
            raise VsslError(f"omega is a share, from 0 to 1; not {self.omega}")

    @property
    def views(self) -> tuple[int, ...]:
        """The numbers of the views that are read."""
        return (0, 1, 2) if self.omega else (0, 1)

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        return Parts(self, head=self.head.build(dim))

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        e = parts.head(views.view((0, 1))).unflatten(0, (-1, 2))  # [B, 2, D'], e_c and e_d
        _, sim, positive = losses.against_all(e, self.temperature, views.video)  # sim [2n, 2N]
        sim, positive = sim[1::2], positive[1::2]  # the discontinuous clips are the anchors
        contrast = F.cross_entropy(sim, positive)
        with torch.no_grad():
            found = (sim.argmax(1) == positive).float().mean()
        metrics = {
            "contrast": contrast.detach(),
            "instance_accuracy": found,
            "feature_spread": feature_spread(e.flatten(0, 1)),
        }
        if not self.omega:
            return Outcome(contrast, metrics)
        e_m = parts.head(views.view((2,)))  # [B, D']
        triplet, nearer = losses.triplet(e[:, 1], e_m, e[:, 0], self.margin)
        metrics |= {"triplet": triplet.detach(), "nearer": (nearer.detach() > 0).float().mean()}
        return Outcome(self.omega * triplet + (1 - self.omega) * contrast, metrics)


@dataclass(frozen=True)
class Reconstruct:
    """The squared error of a decoder that draws the pixels of one view from the map of another.

    The pixels come as a label of the sample, which `SeeingPixels` adds. All numbers lie in [0, 1].
    """

    of: int = 2  # the view to draw, which does not go through the backbone
    views: tuple[int] = (1,)  # the view to draw it from
    decoder: Decoder = DECODER

    def build(self, dim: int) -> nn.Module:
        """The module: Views -> Outcome, for features of `dim` numbers."""
        return Parts(self, decoder=self.decoder.build(dim))

    def outcome(self, parts: Any, views: Views) -> Outcome:
        """The loss over a batch."""
        if PIXELS not in views.labels:
            raise VsslError(
                "a reconstruction needs the pixels of its missing section: train it by"
                " lab.Reconstruction.of(...)"
            )
        truth = views.sample_label(PIXELS, axes=4)  # [B, C, T, H, W]
        drawn = parts.decoder(views.view(self.views).map, truth.shape[2:])
        error = F.mse_loss(drawn.float(), truth.float())
        # What the best single picture without any detail would do: each video's own mean colour.
        flat = (truth - truth.mean((2, 3, 4), keepdim=True)).square().mean()
        return Outcome(error, {"unexplained": error.detach() / flat.clamp(min=1e-8)})


class SeeingPixels(Pretext):
    """A pretext model whose objective may read the pixels of one view, as a label of the sample."""

    def forward(self, x: Tensor | tuple[Tensor, ...], labels: dict[str, Tensor]) -> Outcome:
        """As `Pretext.forward`."""
        drawn = [part.described for part in self.objective.modules() if isinstance(part, Parts)]
        asked = {one.of for one in drawn if isinstance(one, Reconstruct)}
        if len(asked) != 1:
            raise VsslError(f"this model draws one view of a sample; its objective {len(asked)}")
        clips = x if isinstance(x, tuple) else (x,)
        ((_, pixels),) = self.chosen(clips, tuple(asked))
        return super().forward(x, {**labels, PIXELS: pixels})
