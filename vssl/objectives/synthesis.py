"""Views made by a net that learnt to keep the motion and to change the rest (TCSVT 2021, III-G)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vssl.models import Backbone
from vssl.models.autoencoder import Autoencoder, drawn
from vssl.models.flow import FlowNet, warp
from vssl.objectives.base import Outcome, held
from vssl.objectives.pretext import Pretext

EPSILON = 1e-3  # Eq. 13
SCALES = (1, 2, 4, 8)  # pixels a cell; a coarse picture tells a way that a fine one is blind to
SYNTHESISED = "synthesised"  # the label of the coin: 1, if the key is a synthesised view


class ViewSynthesis(nn.Module):
    """What trains a generator of views: `fit` gives it clips, and gets the sum of four losses.

    flow       O, which learns from the photometric loss alone (Eq. 13, here at four scales).
    generator  G, called `autoencoder` here, which learns from the other three: KL (Eq. 14), and

               info-max  the flow of the view it makes is close to the flow of the clip (Eq. 15);
               info-min  the feature of that view is far from the clip's (Eq. 16).
    features   f, the backbone as it begins. Nothing here teaches it.

    The paper puts O back after each step to what it was. Here the terms that must not teach O or f
    hold them still, which comes to the same. As printed, Eq. 16 is minus a cosine, and to minimise
    it would make view and clip alike; the text wants the opposite. So we minimise the cosine. The
    weights of the losses are not in the paper.
    """

    def __init__(self, features: Backbone, weights: tuple[float, float, float, float]) -> None:
        super().__init__()
        self.flow, self.autoencoder = FlowNet(), Autoencoder()
        self.features = features.requires_grad_(False)
        self.weights = weights

    def forward(self, x: Tensor | tuple[Tensor, ...], labels: dict[str, Tensor]) -> Outcome:
        """Clips [N, 3, T, H, W] in [0, 1], alone or in a tuple as batches have them."""
        (x,) = x if isinstance(x, tuple) else (x,)
        flow = self.flow(x).float()  # [N, 2, T - 1, H, W]
        photo = photometric(x.float(), flow)
        mean, logarithm = (part.float() for part in self.autoencoder.encode(x))
        divergence = (mean.square() + logarithm.exp() - logarithm - 1).mean() / 2
        view = self.autoencoder.decode(drawn(mean, logarithm), x)  # [N, 3, T, H, W]
        motion = charbonnier(held(self.flow, view).float() - flow.detach())
        with torch.no_grad():
            own = _pooled(self.features, x)  # [N, D]
        alike = F.cosine_similarity(_pooled(self.features, view), own, dim=1).mean()
        named = {"photo": photo, "kl": divergence, "infomax": motion, "infomin": alike}
        loss = torch.stack(
            [weight * one for weight, one in zip(self.weights, named.values(), strict=True)]
        ).sum()
        metrics = {f"{name}_loss": one.detach() for name, one in named.items()}
        # How wrong it would be to say that nothing moves: the bar for the photometric loss.
        metrics["still_loss"] = photometric(x.float(), torch.zeros_like(flow)).detach()
        return Outcome(loss, metrics)


class KeySynthesis(nn.Module):
    """Of each pair of views, query and key, the key is made from the query where `coin` is 1.

    `coin` is set for each batch by the model that this is a part of.
    """

    coin: Tensor

    def __init__(self, autoencoder: Autoencoder) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, views: Tensor) -> Tensor:
        """Views [2B, 3, T, H, W], those of a sample side by side, to views of the same shape."""
        query, second = views.unflatten(0, (-1, 2)).unbind(1)  # [B, 3, T, H, W] each
        tossed = self.coin.to(views.device).bool()  # [B]
        key = second.clone()
        key[tossed] = self.autoencoder(query[tossed]).to(second.dtype)
        return torch.stack([query, key], 1).flatten(0, 1)


class SeeingCoin(Pretext):
    """A pretext model whose generator is told the label "synthesised" of each sample."""

    def forward(self, x: Tensor | tuple[Tensor, ...], labels: dict[str, Tensor]) -> Outcome:
        """As `Pretext.forward`."""
        if isinstance(self.generator, KeySynthesis):
            self.generator.coin = labels[SYNTHESISED]
        return super().forward(x, labels)


def photometric(x: Tensor, flow: Tensor) -> Tensor:
    """How unlike its next frame, warped back by the flow, a frame is, as a mean over scales.

    Clips [N, 3, T, H, W], and the flow [N, 2, T - 1, H, W] from each frame to the next in pixels.
    """
    losses = []
    for cell in (cell for cell in SCALES if cell <= min(x.shape[3:])):
        small = F.avg_pool3d(x, (1, cell, cell), ceil_mode=True)  # [N, 3, T, H/c, W/c]
        way = F.avg_pool3d(flow, (1, cell, cell), ceil_mode=True) / cell
        losses.append(charbonnier(warp(small[:, :, 1:], way) - small[:, :, :-1]))
    return torch.stack(losses).mean()


def charbonnier(difference: Tensor) -> Tensor:
    """The mean of sqrt(z^2 + epsilon^2): the absolute value, but smooth at 0."""
    return (difference.square() + EPSILON**2).sqrt().mean()


def _pooled(backbone: nn.Module, x: Tensor) -> Tensor:
    """The mean of the last map over time and space, [N, D], in float32."""
    return backbone(x).float().mean((2, 3, 4))
