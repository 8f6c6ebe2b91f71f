"""CPNet and CRNet have the papers' parts, each row of the tables is a setting, and all learns."""

import numpy as np
import pytest
import torch
from torch import nn

from vssl import methods, samplers
from vssl.augment import BoxCrop, Flip, Jitter, RandomResizedCrop, Source
from vssl.clips import joined_labels, samples_of
from vssl.errors import VsslError
from vssl.models.heads import ConvHead
from vssl.objectives import Classify, MissingSection, Pretext, SeeingPixels

TASKS = {
    "justify": ("justification", 2.0),
    "localise": ("localisation", 1.0),
    "approximate": ("approximation", 0.1),
}


def terms(method):
    return {term.name: term.weight for term in method.objective().terms}


def test_defaults_are_the_papers():
    method = methods.CPNet()
    assert method.sampler() == method.test_sampler() == samplers.Continuity(16, 8)
    assert terms(method) == dict(TASKS.values())
    justify, localise, missing = (term.objective for term in method.objective().terms)
    assert justify == Classify("discontinuous", ConvHead(2), (0, 1))
    assert localise == Classify("cut", ConvHead(15), (1,))
    assert missing == MissingSection(ConvHead(128), omega=0.5)
    recipe, kinetics = method.recipe(), method.recipe("kinetics400")
    assert (recipe.rate, recipe.batch, recipe.epochs, recipe.steps) == (0.01, 96, 200, (100, 150))
    assert (kinetics.batch, kinetics.epochs, kinetics.steps) == (192, 40, (20, 30))
    tuned = method.fine_tune()
    assert (tuned.rate, tuned.batch, tuned.epochs, tuned.steps) == (0.01, 16, 200, (80, 160))
    labelled = method.labelled()
    assert (labelled.stride, labelled.test, labelled.average) == (
        1,
        samplers.Uniform(10),
        "softmax",
    )


def test_the_loss_of_justification_starts_at_the_sum_of_two_coins():
    """Eq. 1 adds the losses of the two clips: 2 log 2 for a net that knows nothing."""
    (term,) = methods.CPNet(localise=False, approximate=False).objective().terms
    flat = nn.functional.cross_entropy(torch.zeros(6, 2), torch.tensor([0, 1] * 3))
    assert term.weight * flat.item() == pytest.approx(2 * np.log(2))


@pytest.mark.parametrize("gap", [4, 8, 16])
def test_every_row_of_table_1_is_a_setting(gap):
    for some in (("justify",), ("localise",), ("approximate",), ("justify", "approximate")):
        method = methods.CPNet(**dict.fromkeys(TASKS, False) | dict.fromkeys(some, True), gap=gap)
        assert terms(method) == dict(TASKS[name] for name in some)
        assert method.sampler().layout == (16, 16, gap)
    with pytest.raises(VsslError, match="something to learn"):
        methods.CPNet(justify=False, localise=False, approximate=False)
    minus = methods.CPNet(omega=0).objective().terms[-1].objective
    assert minus.views == (0, 1)


def test_all_frames_of_a_clip_are_augmented_alike_unless_they_flicker():
    steps = methods.CPNet().augment(32).steps
    assert steps == (
        RandomResizedCrop(32, (0.5, 1.0), aspect=(3 / 4, 4 / 3)),
        Flip(),
        Jitter(0.4, 0.4, 0.4, 0.1),
    )
    flickering = methods.CPNet(flicker=0.3, cuts=4)
    crop, *_, flicker = flickering.augment(32).steps
    assert crop == BoxCrop(32)
    assert isinstance(flickering.sampler(), samplers.OneBox)
    drawn = flicker.draw(np.random.default_rng(0), Source(16, 60, 80))
    assert drawn.shape[0] == 16 and np.ptp(drawn[:, 0]) > 0.2
    assert (drawn[:, 1:3] == 1).all() and (drawn[:, 3] == 0).all() and (drawn[:, 8] == 1).all()


class Tiny(nn.Module):
    """A backbone of 8 channels."""

    dim = 8

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(3, 8, 3, padding=1, stride=(1, 2, 2))

    def forward(self, x):
        return self.conv(x).relu()


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        (methods.CPNet(gap=4, cuts=3), Pretext),
        (methods.CPNet(gap=8, cuts=1, flicker=0.2), Pretext),
        (methods.CRNet(methods.CPNet(approximate=False, gap=4, cuts=3)), SeeingPixels),
    ],
    ids=["CPNet", "as long as the clips", "CRNet"],
)
def test_all_parts_learn(method, kind):
    """The whole method on random films: each loss falls, and every weight has a part in it."""
    torch.manual_seed(0)
    sampler, augment = method.sampler(8), method.augment(16)
    films = torch.randint(0, 256, (4, 60, 24, 32, 3), dtype=torch.uint8)  # [videos, T, H, W, C]
    rng = np.random.default_rng(0)
    drawn = [sampler(60, rng) for _ in films]
    views: dict[int, list] = {}
    for film, sample in zip(films, drawn, strict=True):
        for clip in sample.clips:
            source = Source(len(clip.frames), 24, 32, clip.box)
            pixels = film[clip.frames][None]
            made = augment.apply(pixels, [augment.draw(rng, source)])
            views.setdefault(len(clip.frames), []).append(made)
    x = tuple(torch.cat(some) for some in views.values())
    labels = joined_labels([sample.labels for sample in drawn], samples_of(sampler))
    labels = {name: torch.from_numpy(np.asarray(value)) for name, value in labels.items()}
    model = kind(Tiny(), method.objective(8), sampler.layout, samples_of(sampler))
    rate = torch.optim.SGD(model.parameters(), 0.03, 0.9)
    found = []
    for _ in range(25):
        outcome = model(x, labels)
        found.append({name: float(value) for name, value in outcome.metrics.items()})
        rate.zero_grad()
        outcome.loss.backward()
        rate.step()
    assert all(found[-1][name] < found[0][name] for name in found[0] if name.endswith("_loss"))
    assert all(np.isfinite(value) for one in found for value in one.values())
    assert all(p.grad is not None for p in model.parameters())


def test_what_is_to_be_drawn_is_cut_and_coloured_like_the_clip():
    method = methods.CRNet()
    assert method.augment(32).steps == (BoxCrop(32),)
    sample = method.sampler()(90, np.random.default_rng(0))
    assert len({clip.box for clip in sample.clips}) == 1
    assert terms(method) == {"justification": 2.0, "localisation": 1.0, "reconstruction": 1.0}
