"""Learning from labels: which labels are kept, what stays frozen, and CVRL's protocols."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vssl import methods, models, samplers, training
from vssl.augment import RandomResizedCrop
from vssl.errors import VsslError
from vssl.lab import profile, resolve, run
from vssl.lab.labels import Frozen, share_of
from vssl.models.heads import MLP, Linear, Normalised

METHOD = methods.CVRL()
LABELLED = METHOD.labelled("kinetics400")


@pytest.fixture
def scale(puppet_data, monkeypatch):
    monkeypatch.setenv("VSSL_DATA", str(puppet_data))
    worlds = {
        "kinetics400": {
            "classes": ("walking", "squat", "jogging"),
            "groups": 6,
            "clips": 1,
            "frames": (12, 20),
        }
    }
    monkeypatch.setitem(profile.PROFILES, "smoke", replace(profile.SMOKE, worlds=worlds))
    return resolve("smoke", paper="cvrl")


@settings(max_examples=60, deadline=None)
@given(
    share=st.floats(0.001, 1),
    seed=st.integers(0, 2**32),
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
)
def test_a_share_of_the_labels_is_balanced_and_never_empties_a_class(share, seed, counts):
    actions = np.repeat(np.arange(len(counts)), counts)
    videos = np.random.default_rng(1).permutation(len(actions))
    chosen = share_of(actions, videos, share, seed)
    assert len(set(chosen.tolist())) == len(chosen) and set(chosen) <= set(videos)
    expected = [count if share == 1 else max(1, round(share * count)) for count in counts]
    assert np.bincount(actions[chosen], minlength=len(counts)).tolist() == expected
    assert (chosen == share_of(actions, videos, share, seed)).all()


def test_only_the_seed_decides_which_labels_are_kept(scale, monkeypatch):
    trained = []

    def fit(model, batches, *settings, **more):
        trained.append(batches.videos.tolist())
        raise KeyboardInterrupt  # the test needs only the videos to train on

    monkeypatch.setattr(training, "fit", fit)
    for net, seed in (("r3d", 0), ("c3d", 0), ("r3d", 1)):
        with pytest.raises(KeyboardInterrupt):
            scale.fine_tune(scale.random(net, seed), share=0.1).compute(None, ())
    assert trained[0] == trained[1] != trained[2]


def test_a_head_without_dropout_refuses_it_in_one_line(scale, monkeypatch):
    start = scale.random("r3d", 0)
    assert scale.fine_tune(start, dropout=0.5).labelled.head.dropout == 0.5
    monkeypatch.setattr(
        methods.CVRL, "labelled", lambda self, data: replace(LABELLED, head=MLP((8, 1)))
    )
    with pytest.raises(VsslError, match="has no dropout; leave it at 0"):
        scale.fine_tune(start, dropout=0.5)


def test_a_smaller_share_of_the_labels_is_part_of_a_larger_one():
    actions, videos = np.repeat(np.arange(4), 300), np.random.default_rng(0).permutation(1200)
    hundredth, tenth = (share_of(actions, videos, share, 0) for share in (0.01, 0.1))
    assert len(hundredth) == 12 and len(tenth) == 120 and set(hundredth) < set(tenth)


def test_a_frozen_net_is_never_in_training_mode_and_gets_no_gradient():
    net = models.build("r3d", width=4)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    frozen = Frozen(net).train()
    x = torch.rand(2, 3, 4, 16, 16)
    assert not any(module.training for module in frozen.modules())
    assert not frozen(x).requires_grad and not any(p.requires_grad for p in frozen.parameters())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_linear_evaluation_trains_only_the_last_layer(scale):
    start = scale.pretrain(METHOD, "r3d", seed=0)
    linear = scale.linear(start)
    labelled = linear.labelled
    assert (labelled.crops, labelled.stride, linear.test_size) == (3, 2, 48)
    assert labelled.head == Normalised(Linear(1), batch_norm=False)
    assert labelled.augment.steps[0] == RandomResizedCrop()
    found = run(linear)
    assert found.metrics["chance"] == pytest.approx(100 / 3) and found.metrics["top5"] == 100
    kept = torch.load(found.folder / "model.pt", weights_only=True)
    theirs = torch.load(run(start).folder / "model.pt", weights_only=True)
    ours = {
        name.removeprefix("backbone."): value
        for name, value in kept.items()
        if name.startswith("backbone.backbone.")
    }
    assert ours and all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_few_labels_are_passed_through_more_often(scale):
    start = scale.random("r3d", 0)
    tenth, whole = scale.fine_tune(start, share=0.1), scale.fine_tune(start)
    assert [one.labelled.recipe.passes for one in (tenth, whole)] == [3, 1]
    assert "on 10 % of the labels" in tenth.describe() and "labels" not in whole.describe()
    assert run(tenth).metrics["top1"] >= 0
    with pytest.raises(VsslError, match="share of the labels"):
        replace(tenth, share=0.0)


@pytest.mark.parametrize("wrong", [{"test_size": 49}, {"test_size": None, "size": 49}])
def test_a_test_that_is_impossible_is_refused_before_training(scale, wrong):
    linear = scale.linear(scale.random("r3d", 0))  # frames of 48 x 64
    with pytest.raises(VsslError, match="49 x 49 does not fit into frames of 48 x 64; lower"):
        replace(linear, **wrong)


def test_a_pre_training_can_go_on_from_another(scale):
    first = scale.pretrain(METHOD, "r3d", seed=0)
    second = scale.pretrain(METHOD, "r3d", seed=0, start=first)
    assert second.needs() == (first,) and first.key() != second.key()
    assert "after CVRL" in second.describe()
    begun = second.start.backbone((run(first),)).state_dict()
    ended = run(second)
    assert ended.metrics["instance_accuracy"] >= 0
    state = second.backbone((ended,)).state_dict()
    assert not all(torch.equal(value, begun[name]) for name, value in state.items())


def test_retrieval_is_by_action_by_scene_or_by_instance(scale):
    start = scale.random("r3d", 0)
    action, scene = run(scale.retrieve(start)), run(scale.retrieve(start, by="scene"))
    instance = run(scale.instance(start))
    assert 0 <= instance.metrics["instance"] <= 100
    assert instance.metrics["chance"] == pytest.approx(100 / 11)  # 6 videos, 2 clips
    assert action.metrics["chance"] == pytest.approx(100 / 3)
    assert scene.metrics["chance"] < action.metrics["chance"]
    with pytest.raises(VsslError, match="by its 'action' or by its 'scene'"):
        replace(scale.retrieve(start), by="look")


def test_the_scenes_of_real_videos_are_not_known(scale):
    data = replace(scale.data(), source=None, stand_in=False)
    with pytest.raises(VsslError, match="the scenes of Kinetics-400 are not known"):
        data.scenes()


@pytest.mark.parametrize("profile", ["smoke", "demo", "gpu"])
@pytest.mark.parametrize(("paper", "method"), [("cvrl", METHOD), ("pace", methods.Pace())])
def test_a_profile_runs_the_epochs_that_it_displays(profile, paper, method):
    scale = resolve(profile, paper=paper)
    made = scale.pretrain(method, "r3d", 0)
    assert made.recipe.epochs == scale.sizes.pretrain.epochs


@pytest.mark.parametrize(
    ("change", "field", "factor"), [({"batch": 2048}, "batch", 2), ({"epochs": 800}, "epochs", 4)]
)
def test_a_row_of_a_table_keeps_its_proportion_at_a_small_profile(change, field, factor):
    demo = resolve("demo", paper="cvrl")
    usual = demo.pretrain(methods.CVRL(), "r3d", 0).recipe
    changed = demo.pretrain(methods.CVRL(**change), "r3d", 0).recipe
    assert getattr(changed, field) == factor * getattr(usual, field)
    assert changed.rate == usual.rate * (factor if field == "batch" else 1)


def test_the_paper_profile_has_the_papers_settings(monkeypatch):
    monkeypatch.setenv("VSSL_PLAN_ONLY", "1")
    paper = resolve("paper", paper="cvrl")
    start = paper.pretrain(METHOD, paper.sizes.main, 0)
    assert (start.net.name, start.data.name) == ("r3d50", "kinetics400")
    assert (start.length, start.size) == (16, 224)
    assert start.recipe == METHOD.recipe() and start.sampler() == METHOD.sampler(16)
    linear = paper.linear(start, recipe=METHOD.linear())
    assert (linear.length, linear.size, linear.test_size) == (32, 224, 256)
    assert linear.labelled.test_at(32) == samplers.Uniform(10, 32, 2)
    assert linear.labelled.crops == 3
    with pytest.raises(VsslError, match="pass recipe="):
        paper.linear(start)


def test_an_inflated_net_starts_from_a_net_trained_on_frames(scale):
    start = scale.simclr("r3d50", seed=0)
    assert start.frames.length == 1 and start.frames.net.name == "r2d50"
    assert start.frames.sampler().law is None
    linear = scale.linear(start)
    assert linear.needs() == (start.frames,)
    assert "r3d50 inflated from r2d50 pre-trained by CVRL" in linear.describe()
    assert run(linear).metrics["chance"] == pytest.approx(100 / 3)
    flat, deep = start.frames.backbone((run(start.frames),)), start.backbone((run(start.frames),))
    inflated = deep.blocks["stage5"][0].conv1.weight
    kernel = flat.blocks["stage5"][0].conv1.weight[:, :, 0]
    assert inflated.shape[2] == 3 and torch.allclose(inflated.sum(2), kernel, atol=1e-6)


def test_imagenets_weights_fit_only_the_papers_width(scale):
    with pytest.raises(VsslError, match="64 channels wide"):
        scale.imagenet("r3d50", 0)
    with pytest.raises(VsslError, match="only r3d50 and r3d101 can be inflated, not r3d;"):
        resolve("gpu", paper="cvrl").imagenet("r3d", 0)
    start = resolve("gpu", paper="cvrl").imagenet("r3d50", 1)
    assert start.needs() == () and start.describe() == "r3d50 inflated from ImageNet, seed 1"


def test_a_plan_explains_why_it_has_no_imagenet_row_and_downloads_nothing(
    scale, tmp_path, monkeypatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("VSSL_PLAN_ONLY", raising=False)
    assert scale.lacks_imagenet("r3d50").endswith("this one has 4")
    wide = resolve("gpu", paper="cvrl")
    assert "say vssl.models.imagenet('r3d50') once" in wide.lacks_imagenet("r3d50")
    assert not list(tmp_path.iterdir())
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "resnet50-0676ba61.pth").touch()
    assert wide.lacks_imagenet("r3d50") == "" and "r3d101" in wide.lacks_imagenet("r3d101")
    with pytest.raises(VsslError, match="not for 'r3d'"):
        wide.lacks_imagenet("r3d")
    monkeypatch.setenv("VSSL_PLAN_ONLY", "1")
    assert wide.lacks_imagenet("r3d101") == ""
