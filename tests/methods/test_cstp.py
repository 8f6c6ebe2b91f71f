"""CSTP has the paper's parts, each row of its tables is a setting, and every part learns."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from vssl import methods, samplers
from vssl.augment import (
    Augment,
    Blur,
    BoxCrop,
    Flip,
    Grey,
    Jitter,
    RandomResizedCrop,
    Source,
    Tilt,
    Together,
    Turn,
)
from vssl.clips import joined_labels
from vssl.errors import VsslError
from vssl.models.heads import MLP, Linear, Normalised, View
from vssl.objectives import BYOL, Pair, Pretext, Weighted

SCHEMES = ("SimCLR", "MoCo", "BYOL", "SimSiam")
TASKS = ("playback", "rotation", "spatial", "temporal")


def bare(**settings) -> methods.CSTP:
    """CSTP with nothing to learn but what is named."""
    off = {"contrast": None, **dict.fromkeys(TASKS, False)}
    return methods.CSTP(**{**off, **settings})


def terms(method: methods.CSTP) -> dict[str, float]:
    objective = method.objective()
    assert isinstance(objective, Weighted)
    return {term.name: term.weight for term in objective.terms}


def test_defaults_are_the_papers():
    method = methods.CSTP()
    assert method.sampler() == samplers.Overlap(playback=(1, 2, 4, 8), rotation=True)
    weights = {"contrast": 0.1, "playback": 2.0, "rotation": 2.0, "spatial": 1.0, "temporal": 1.0}
    assert terms(method) == weights
    contrast, _, _, spatial, _ = (term.objective for term in method.objective().terms)
    assert contrast == BYOL(MLP((4096, 512)), MLP((4096, 512)), 0.996)
    assert spatial == Pair("spatial", MLP((1024, 5)))
    assert method.augment() == Augment(
        (
            BoxCrop(112),
            Flip(),
            Turn(),
            Together(
                (
                    Tilt(10),
                    Jitter(0.4, 0.4, 0.4, 0.1, probability=0.8),
                    Grey(0.2),
                    Blur(0.5, (0.1, 2.0), 5),
                ),
                0.3,
            ),
        )
    )
    recipe = method.recipe()
    assert (recipe.rate, recipe.epochs, recipe.batch, recipe.warm_up) == (0.03, 300, 120, 150)
    assert recipe.factor(0) * 0.03 == pytest.approx(1e-5)
    assert recipe.factor(150) == 1 and recipe.factor(300) * 0.03 == pytest.approx(1e-5)
    assert method.recipe("kinetics400").rate == 0.09
    labelled = method.labelled()
    assert labelled.head == Normalised(Linear(1)) and labelled.stride == 4
    assert labelled.test == samplers.Windows() and labelled.average == "logits"


def test_heads_have_the_parameters_of_the_papers():
    """On features of 512 numbers, as R(2+1)D gives them."""

    def count(module: nn.Module) -> int:
        return sum(p.numel() for p in module.parameters())

    contrast, playback, rotation, spatial, temporal = methods.CSTP().objective().build(512).terms
    mlp = 512 * 4096 + 4096 + 2 * 4096 + 4096 * 512 + 512
    assert count(contrast.projector) == count(contrast.predictor) == mlp == 4_207_104
    assert count(playback) == count(rotation) == 265_732  # 512 -> 512 -> 4
    assert count(spatial) == count(temporal) == 1_056_773  # 1024 -> 1024 -> 5
    linear = methods.CSTP(hidden=False).objective().build(512).terms
    assert [count(part) for part in linear[1:]] == [2052, 2052, 5125, 5125]


def test_every_row_of_table_2_is_a_setting():
    """16 sums of contrast, playback, rotation and STOR, less the one with nothing to learn."""
    for contrast, playback, rotation, stor in product((None, "BYOL"), *3 * ((False, True),)):
        settings = dict(zip(TASKS, (playback, rotation, stor, stor), strict=True))
        if not (contrast or any(settings.values())):
            with pytest.raises(VsslError, match="something to learn"):
                bare()
            continue
        named = [name for name, on in [("contrast", contrast), *settings.items()] if on]
        assert list(terms(bare(contrast=contrast, **settings))) == named


def test_augmentation_and_task_are_apart():
    """Table 1: clips may be played or turned without being asked for it, but not the other way."""
    rng = np.random.default_rng(0)
    quiet = bare(spatial=True, temporal=True, play=False, turn=False)
    drawn = [quiet.sampler()(300, rng) for _ in range(50)]
    assert all(one.labels["playback"] == 0 and "rotation" not in one.labels for one in drawn)
    assert not any(isinstance(step, Turn) for step in quiet.augment().steps)
    lively = bare(spatial=True, temporal=True)
    assert {lively.sampler()(300, rng).labels["playback"] for _ in range(50)} == {0, 1, 2, 3}
    for task, augmentation in (("playback", "play"), ("rotation", "turn")):
        with pytest.raises(VsslError, match=f"set {augmentation}=True"):
            bare(**{task: True, augmentation: False})


def test_a_contrast_alone_has_its_whole_rate():
    assert terms(bare(contrast="SimSiam")) == {"contrast": 1.0}


@pytest.mark.parametrize("data", ["ucf101", "kinetics400"])
def test_the_queue_of_moco_holds_whole_batches(data):
    """Of videos: a key each. A queue that the batch does not divide is refused in training."""
    method = bare(contrast="MoCo")
    assert method.objective().terms[0].objective.queue % (method.recipe(data).batch // 2) == 0


def test_an_unknown_scheme_is_one_clear_line():
    with pytest.raises(VsslError, match="one of SimCLR, MoCo, BYOL, SimSiam, or None; not 'byol'"):
        methods.CSTP(contrast="byol")


class Tiny(nn.Module):
    """A backbone of 8 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(3, 8, 3, padding=1)

    def forward(self, x):
        return self.conv(x).relu()

    dim = 8


@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_parts_learn_and_no_target_collapses_at_once(scheme):
    """The whole method on random films: each loss falls, and the projections stay apart."""
    torch.manual_seed(0)
    method = methods.CSTP(scheme, pairs=2, hidden=False)
    sampler, augment = method.sampler(8), method.augment(16)
    films = torch.randint(0, 256, (4, 60, 24, 32, 3), dtype=torch.uint8)  # [videos, T, H, W, C]
    rng = np.random.default_rng(0)
    drawn = [sampler(60, rng) for _ in films]
    clips, parameters = [], []
    for film, sample in zip(films, drawn, strict=True):
        for clip in sample.clips:
            clips.append(film[clip.frames])
            source = Source(8, 24, 32, clip.box, clip.quarter_turns)
            parameters.append(augment.draw(rng, source))
    x = augment.apply(torch.stack(clips), parameters)  # [16, C, T, S, S]
    labels = joined_labels([sample.labels for sample in drawn], 2)
    labels = {name: torch.from_numpy(np.asarray(value)) for name, value in labels.items()}
    model = Pretext(Tiny(), method.objective(8), sampler.layout, 2)
    rate = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.05, 0.9)
    found = []
    for _ in range(25):
        outcome = model(x, labels)
        found.append({name: float(value) for name, value in outcome.metrics.items()})
        rate.zero_grad()
        outcome.loss.backward()
        rate.step()
    for task in TASKS:
        assert found[-1][f"{task}_loss"] < found[0][f"{task}_loss"]
    assert all(np.isfinite(value) for one in found for value in one.values())
    assert found[-1]["contrast_feature_spread"] > 0.1 / np.sqrt(512)
    used = [p.grad is not None for p in model.parameters() if p.requires_grad]
    assert all(used), "every weight has a part in the loss"


def test_views_reach_the_pair_heads_in_their_order():
    head = methods.CSTP(hidden=False).objective().build(4).terms[3]
    assert head.described.views == (0, 1)
    joined = View(torch.zeros(2, 8, 1, 1, 1), torch.arange(16.0).view(2, 8))
    assert head.head(joined).shape == (2, 5)


def test_without_the_task_of_space_each_clip_is_cropped_for_itself():
    rng = np.random.default_rng(0)
    timely = bare(temporal=True, area=(0.4, 1.0))
    assert timely.augment(32).steps[0] == RandomResizedCrop(32, (0.4, 1.0), aspect=(3 / 4, 4 / 3))
    assert all(clip.box is None for clip in timely.sampler()(90, rng).clips)
    spacious = bare(spatial=True, area=(0.4, 1.0))
    assert spacious.augment(32).steps[0] == BoxCrop(32)
    boxes = [clip.box for _ in range(50) for clip in spacious.sampler()(90, rng).clips]
    assert min(box.height * box.width for box in boxes) > 0.39
    assert "temporal" not in spacious.sampler()(90, rng).labels


def test_pairs_of_one_video_play_at_different_rates():
    rng = np.random.default_rng(0)
    for _ in range(50):
        labels = methods.CSTP(pairs=3).sampler(8)(80, rng).labels
        assert len(set(labels["playback"].tolist())) == 3
    still = bare(spatial=True, temporal=True, play=False, turn=False, pairs=3).sampler(8)
    assert still(80, rng).labels["spatial"].shape == (3,)


def test_the_labelled_clips_of_table_1_are_played_and_turned_as_asked():
    both, none = (bare(contrast="BYOL", play=on, turn=on).varied() for on in (True, False))
    assert both.clip == samplers.Varied(strides=(1, 2, 4, 8), turned=True)
    assert none.clip == samplers.Varied(strides=(4,), turned=False)
    assert [any(isinstance(s, Turn) for s in one.augment.steps) for one in (both, none)] == [1, 0]
    assert both.recipe == none.recipe == methods.CSTP().labelled().recipe
    assert both.clip_at(8) == samplers.Varied(8, (1, 2, 4, 8), True)
