"""A generator of views: who learns from which loss, what the loss wants, and whose key it makes."""

import pytest
import torch
from torch.nn import functional as F

from vssl import methods, models
from vssl.models.autoencoder import Autoencoder, drawn
from vssl.objectives import KeySynthesis, SeeingCoin, ViewSynthesis
from vssl.objectives.base import held
from vssl.objectives.synthesis import EPSILON, SCALES, photometric

NAMES = ("photo", "kl", "infomax", "infomin")


def clips(count=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    few = torch.rand(count, 3, 4, 8, 8, generator=generator)
    return F.interpolate(few, (8, 24, 24), mode="trilinear", align_corners=False)


def synthesis(weights=(1.0, 1.0, 1.0, 1.0), seed=0):
    torch.manual_seed(seed)
    return ViewSynthesis(models.build("r3d", 4, True), weights)


def test_each_loss_teaches_only_the_net_that_it_is_meant_for():
    for place, name in enumerate(NAMES):
        weights = tuple(float(number == place) for number in range(4))
        model = synthesis(weights)
        torch.nn.init.normal_(model.flow.flow.weight, std=0.1)
        outcome = model((clips(),), {})
        assert torch.allclose(outcome.loss.detach(), outcome.metrics[f"{name}_loss"])
        outcome.loss.backward()
        taught = {
            part: any(
                p.grad is not None and bool(p.grad.abs().sum() > 0)
                for p in getattr(model, part).parameters()
            )
            for part in ("flow", "autoencoder", "features")
        }
        assert taught == {
            "flow": name == "photo",
            "autoencoder": name != "photo",
            "features": False,
        }


def test_the_photometric_loss_is_the_mean_over_scales_and_least_at_the_true_flow():
    x = torch.zeros(1, 3, 4, 24, 24)
    for time in range(4):  # a soft square that goes two pixels to the right in each frame
        x[:, :, time, 6:14, 2 + 2 * time : 10 + 2 * time] = 1
    x = F.avg_pool3d(x, (1, 5, 5), 1, (0, 2, 2))
    nothing, true, back = (torch.zeros(1, 2, 3, 24, 24) for _ in range(3))
    true[:, 0], back[:, 0] = 2, -2
    differences = [
        F.avg_pool3d(x, (1, cell, cell)).diff(dim=2).square().add(EPSILON**2).sqrt().mean()
        for cell in SCALES
    ]
    assert torch.allclose(photometric(x, nothing), torch.stack(differences).mean(), atol=1e-6)
    assert photometric(x, true) < 0.3 * photometric(x, nothing)
    assert photometric(x, back) > photometric(x, nothing)


def test_a_picture_smaller_than_the_coarsest_cell_has_a_photometric_loss():
    assert torch.isfinite(photometric(torch.rand(1, 3, 2, 5, 6), torch.zeros(1, 2, 1, 5, 6)))


def test_the_divergence_is_that_of_normal_distributions():
    model = synthesis()
    mean, logarithm = model.autoencoder.encode(clips())
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (logarithm / 2).exp()),
        torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean)),
    ).mean()
    assert torch.allclose(model((clips(),), {}).metrics["kl_loss"], expected, atol=1e-5)


def test_a_draw_has_the_mean_and_the_variance_that_are_asked_for():
    torch.manual_seed(0)
    mean, logarithm = torch.full((50_000,), 2.0), torch.full((50_000,), -1.0)
    some = drawn(mean, logarithm)
    assert some.mean().item() == pytest.approx(2, abs=0.02)
    assert some.var().item() == pytest.approx(torch.tensor(-1.0).exp().item(), abs=0.02)


def test_info_min_as_trained_takes_the_view_away_from_the_clip():
    """Eq. 16 as printed, minus a cosine, would bring them together."""
    model = synthesis((0.0, 0.0, 0.0, 1.0))
    x = clips(4)

    def alike():
        torch.manual_seed(1)
        return model((x,), {}).metrics["infomin_loss"].item()

    before = alike()
    optimizer = torch.optim.Adam(model.autoencoder.parameters(), 3e-3)
    for _ in range(80):  # in the first steps it may rise: batch normalisation sees another view
        optimizer.zero_grad()
        model((x,), {}).loss.backward()
        optimizer.step()
    assert alike() < before - 0.1


def test_info_max_brings_the_motion_of_the_view_to_that_of_the_clip():
    model = synthesis((0.0, 0.0, 1.0, 0.0))
    torch.nn.init.normal_(model.flow.flow.weight, std=0.3)
    x = clips(4)
    first = model((x,), {}).loss.item()
    optimizer = torch.optim.Adam(model.autoencoder.parameters(), 3e-3)
    for _ in range(40):
        optimizer.zero_grad()
        model((x,), {}).loss.backward()
        optimizer.step()
    assert model((x,), {}).loss.item() < 0.8 * first


def test_a_view_has_the_size_of_its_clip_whatever_that_is():
    net = Autoencoder(4, 2).eval()
    for shape in ((1, 3, 16, 40, 40), (2, 3, 7, 25, 31), (1, 3, 1, 8, 8)):
        made = net(torch.rand(shape))
        assert made.shape == shape and made.min() >= 0 and made.max() <= 1
        assert torch.equal(made, net(torch.rand(shape))) is False


def test_the_coin_says_which_keys_are_made_and_queries_stay():
    torch.manual_seed(0)
    made = KeySynthesis(Autoencoder(4, 2)).eval()
    views, made.coin = clips(6), torch.tensor([1, 0, 1])
    out = made(views).unflatten(0, (3, 2))
    given = views.unflatten(0, (3, 2))
    assert torch.equal(out[:, 0], given[:, 0])
    assert torch.equal(out[1, 1], given[1, 1])
    own = made.autoencoder(given[:, 0])
    assert torch.allclose(out[[0, 2], 1], own[[0, 2]], atol=1e-6)
    made.coin = torch.zeros(3, dtype=torch.long)
    assert torch.equal(made(views), views)


def test_a_pretext_model_hands_the_coin_on_and_does_not_teach_the_generator():
    torch.manual_seed(0)
    method = methods.Segments(queue=4)
    generator = KeySynthesis(Autoencoder(4, 2))
    backbone = models.build("r3d", 4, True)
    model = SeeingCoin(backbone, method.objective(), (16, 16), generator=generator)
    x = torch.rand(8, 3, 16, 16, 16)
    labels = {
        "order": torch.randint(6, (4, 2)),
        "rates": torch.rand(4, 2, 3),
        "synthesised": torch.tensor([1, 0, 0, 1]),
    }
    model.train()
    model((x,), labels).loss.backward()
    assert torch.equal(generator.coin, labels["synthesised"])
    assert all(p.grad is None for p in generator.parameters()) and not generator.training
    plain = SeeingCoin(models.build("r3d", 4, True), method.objective(), (16, 16))
    assert plain.generator is None and plain((x,), labels).loss.isfinite()


def test_what_is_held_gives_gradients_to_its_inputs_alone():
    net, x = torch.nn.Linear(2, 2), torch.ones(1, 2, requires_grad=True)
    held(net, x).sum().backward()
    assert x.grad is not None and net.weight.grad is None
