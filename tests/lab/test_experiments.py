"""Every experiment runs from end to end at the smallest size.

Puppets and real UCF101 files go through the same commands and the same code.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import nn

from vssl import methods
from vssl.clips import clips_of
from vssl.errors import VsslError
from vssl.lab import Elsewhere, PretextTest, Reconstruction, Synthesised, Tuned, done, resolve, run
from vssl.lab.experiment import Keyed

METHOD = methods.Pace(short="fit")


@pytest.fixture
def scale(tiny):
    return tiny


def test_all_tests_of_a_pre_training_give_sensible_numbers(scale):
    start = scale.pretrain(METHOD, "r3d", seed=0)
    assert start.method.clips_a_video == 4 and start.sampler().samples == 4
    retrieval, probe = run(scale.retrieve(start)), run(scale.probe(start))
    pretext = run(PretextTest(start))
    opened = scale.data().open()
    assert len(opened.train) == 8 and len(opened.test) == 4
    features = run(scale.features(start)).arrays
    assert features["p5"].shape == (12, 2, 32) and features["p4"].shape[0] == 12
    assert features["test"].sum() == 4
    assert retrieval.metrics["chance"] == 50
    assert 0 <= retrieval.metrics["R@1"] <= retrieval.metrics["R@5"] <= 100
    assert probe.metrics["chance"] == 50 and len(probe.arrays["predicted"]) == 4
    assert pretext.metrics["chance pace_accuracy"] == 25
    assert sorted(pretext.arrays["pace_truth"]) == sorted(4 * [0, 1, 2, 3])
    right = pretext.arrays["pace_truth"] == pretext.arrays["pace_predicted"]
    assert pretext.metrics["pace_accuracy"] == pytest.approx(100 * right.mean())
    assert run(scale.retrieve(start, layer="p4")).metrics["majority"] == 50


def test_clip_order_runs_like_pace_and_sees_as_many_clips(scale):
    start = scale.pretrain(methods.VCOP(), "r3d", seed=0)
    assert run(start).metrics["loss"] > 0
    assert run(scale.retrieve(start)).metrics["chance"] == 50
    order = run(PretextTest(start))
    assert len(order.arrays["truth"]) == 4 and 0 <= order.metrics["accuracy"] <= 100
    demo = resolve("demo")
    ours, theirs = demo.pretrain(methods.VCOP(), "r3d", 0), demo.pretrain(METHOD, "r3d", 0)
    assert (ours.recipe.epochs, clips_of(ours.sampler())) == (16, 3)
    assert (theirs.recipe.epochs, clips_of(theirs.sampler())) == (12, 4)


@dataclass(frozen=True)
class Fade(Keyed):
    """An experiment whose result is a generator of views that fades them; it learns nothing."""

    share: float = 0.5

    def describe(self):
        return "fading"

    def needs(self):
        return ()

    def work(self):
        raise NotImplementedError

    def compute(self, folder, inputs):
        torch.save({"share": torch.tensor(self.share)}, folder / "fade.pt")
        return {"share": self.share}, {}

    def net(self, run):
        made = nn.Module()
        made.share = torch.load(run.folder / "fade.pt", weights_only=True)["share"]
        made.forward = lambda x: x * made.share
        return made


def test_a_generator_of_views_is_an_experiment_that_the_pre_training_needs(scale):
    plain = scale.pretrain(METHOD, "r3d", seed=0)
    faded = replace(plain, generator=Fade())
    assert faded.needs() == (Fade(),) and plain.key() != faded.key()
    same = run(replace(plain, generator=Fade(1.0)))
    assert same.metrics["loss"] == run(plain).metrics["loss"] != run(faded).metrics["loss"]
    assert done(Fade()) and run(scale.retrieve(faded)).metrics["chance"] == 50


def test_every_method_has_a_pretext_test(scale):
    start = scale.pretrain(methods.WithCut(methods.Pace(), gap=4), "r3d", seed=0)
    metrics = run(PretextTest(start)).metrics
    assert {"pace_accuracy", "cut_accuracy", "cut_loss", "majority cut_accuracy"} < metrics.keys()


def test_a_pre_training_that_draws_pixels_runs_like_the_others(scale):
    method = methods.CRNet(methods.CPNet(approximate=False, gap=4, cuts=2))
    plain = scale.pretrain(method, "r3d", seed=0)
    with pytest.raises(VsslError, match=r"lab\.Reconstruction\.of"):
        run(plain)
    start = Reconstruction.of(plain)
    assert start.key() != plain.key() and start.needs() == ()
    metrics = run(PretextTest(start)).metrics
    assert {"cut_accuracy", "localisation_loss", "reconstruction_unexplained"} & metrics.keys()
    assert run(scale.retrieve(start)).metrics["chance"] == 50


def test_half_of_the_keys_of_segments_are_made_by_a_generator_of_their_own(scale):
    segments = resolve("smoke", paper="segments").sizes
    scale = replace(scale, paper="segments", sizes=replace(segments, worlds=scale.sizes.worlds))
    start = scale.pretrain(methods.Segments(), "r3d", seed=0)
    views = start.generator
    assert isinstance(start, Synthesised) and start.needs() == (views,)
    other = scale.pretrain(methods.Segments(lambda_2=1.0, queue=32), "r3d", seed=0)
    assert other.generator == views and other.key() != start.key()  # one generator serves both
    without = scale.pretrain(methods.Segments(synthesise=False), "r3d", seed=0)
    assert without.generator is None and without.recipe == start.recipe
    metrics = run(PretextTest(start)).metrics
    assert {"order_accuracy", "rate_squared_error", "contrast_loss"} <= metrics.keys()
    assert not any(name.startswith("generator") for name in start.model(run(start)).state_dict())
    assert run(scale.retrieve(start)).metrics["chance"] == 50
    assert views.work().trained > 0 and "generator of views" in views.describe()
    made = views.model(run(views)).eval()
    clip = torch.rand(1, 3, 16, 40, 40)
    assert made.autoencoder(clip).shape == clip.shape
    assert "photo_loss" in run(views).metrics


def test_a_net_that_learnt_from_labels_is_looked_at_like_any_other(scale):
    learnt = scale.fine_tune(scale.pretrain(METHOD, "r3d", seed=0))
    tuned = Tuned(learnt)
    assert tuned.needs() == (learnt,) and "fine-tuning" in tuned.describe()
    features = scale.features(tuned)
    assert features.key() != scale.features(learnt.start).key()
    before = learnt.start.backbone((run(learnt.start),)).state_dict()
    after = tuned.backbone((run(learnt),)).state_dict()
    assert before.keys() == after.keys()
    assert not all(torch.equal(before[name], after[name]) for name in before)
    assert run(features).arrays["p5"].shape == run(scale.features(learnt.start)).arrays["p5"].shape


@pytest.mark.parametrize("which", ["synthesis", "experiment"])
def test_a_generator_and_what_learns_from_its_views_end_in_the_same_weights_if_stopped(
    scale, monkeypatch, tmp_path, which
):
    segments = resolve("smoke", paper="segments").sizes
    scale = replace(scale, paper="segments", sizes=replace(segments, worlds=scale.sizes.worlds))
    start = scale.pretrain(methods.Segments(), "r3d", seed=0)
    training = start.generator if which == "synthesis" else start
    inputs = tuple(map(run, training.needs()))
    training = replace(training, recipe=replace(training.recipe, epochs=3))
    for folder in ("whole", "stopped"):
        (tmp_path / folder).mkdir()
    training.compute(tmp_path / "whole", inputs)

    def stop(record):
        if record["epoch"] == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"vssl.lab.{which}.say_epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            training.compute(tmp_path / "stopped", inputs)
    torch.manual_seed(99)  # whatever the process did in between
    training.compute(tmp_path / "stopped", inputs)
    one, other = (torch.load(tmp_path / name / "model.pt") for name in ("whole", "stopped"))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_pretext_test_elsewhere_uses_the_same_net_on_other_videos(scale):
    there = replace(scale.data(), test_on="validation")
    start = scale.pretrain(methods.CPNet(gap=4), "r3d", seed=0)
    here, moved = PretextTest(start), Elsewhere(PretextTest(start), there)
    assert moved.needs() == (start,) and moved.key() != here.key()
    assert there.title() in moved.describe() and moved.work().data == there
    # Where the other data is its own, nothing changes.
    same = run(Elsewhere(PretextTest(start), start.data)).metrics
    assert same == run(here).metrics
    assert set(run(moved).arrays["videos"]) == set(there.open().test)


def test_a_clip_too_short_for_the_net_is_refused_before_any_training(scale):
    short = methods.CPNet(gap=4)
    with pytest.raises(VsslError, match=r"c3d needs clips of 8 frames or more.*gap=4.*one of 4"):
        scale.pretrain(short, "c3d", seed=0)
    assert scale.pretrain(short, "r3d", seed=0).method.gap == 4
    unread = methods.CPNet(gap=4, approximate=False)  # the missing section is not looked at
    assert scale.pretrain(unread, "c3d", seed=0).net.name == "c3d"


def test_the_same_seed_gives_the_same_features_and_another_does_not(scale, tmp_path, monkeypatch):
    def features(seed, where):
        monkeypatch.setenv("VSSL_RUNS", str(tmp_path / where))
        return run(scale.features(scale.pretrain(METHOD, "r3d", seed))).arrays["p5"]

    first = features(0, "a")
    assert (first == features(0, "b")).all() and not np.allclose(first, features(1, "a"))


def test_random_starts_differ_by_calibration_only(scale):
    starts = [scale.random("r3d", 0, calibrated) for calibrated in (False, True)]
    plain, calibrated = (run(scale.features(start)).arrays["p5"] for start in starts)
    assert plain.shape == calibrated.shape and not np.allclose(plain, calibrated)
    weights = [dict(start.backbone(()).named_parameters()) for start in starts]
    assert all((weights[0][name] == weights[1][name]).all() for name in weights[0])


@pytest.mark.parametrize("paper", ["pace", "cvrl"])
@pytest.mark.parametrize("profile", ["smoke", "demo"])
def test_a_random_start_is_calibrated_on_clips_like_those_it_is_tested_on(profile, paper):
    scale = resolve(profile, paper=paper)
    start = scale.random("r3d", 0, calibrated=True)
    linear, features = scale.linear(start), scale.features(start)
    assert (start.length, start.stride) == (linear.length, linear.labelled.stride)
    assert (start.length, start.stride) == (features.length, features.stride)


def test_fine_tuning_starts_from_the_pre_trained_weights(scale):
    start = scale.pretrain(METHOD, "r2plus1d", seed=0)
    tuned = run(scale.fine_tune(start))
    assert done(start) and tuned.metrics["chance"] == 50 and len(tuned.arrays["predicted"]) == 4
    still = scale.fine_tune(start, recipe=None)
    recipe = replace(still.labelled.recipe, rate=0.0, weight_decay=0.0)
    frozen = replace(still, labelled=replace(still.labelled, recipe=recipe))
    model = run(frozen)
    kept = torch.load(model.folder / "model.pt", weights_only=True)
    # With a rate of 0 the weights stay where pre-training left them.
    for name, value in start.backbone((run(start),)).named_parameters():
        assert torch.equal(kept[f"backbone.{name}"], value)


def test_profiles_and_parameters_are_checked_in_one_line(scale, tmp_path):
    for wrong, message in [
        ({"profile": "dmeo"}, "no profile 'dmeo'; did you mean 'demo'"),
        ({"profile": "demo", "paper": "cvlr"}, "no paper 'cvlr'; did you mean 'cvrl'"),
        ({"profile": "demo", "seeds": "0,one"}, "seeds must be whole numbers"),
        ({"profile": "demo", "seeds": "1,1"}, "a seed is named twice"),
        ({"profile": "demo", "seeds": [True]}, "seeds must be whole numbers"),
        ({"profile": "demo", "data_root": str(tmp_path / "nowhere")}, "there is no folder"),
    ]:
        with pytest.raises(VsslError, match=message) as caught:
            resolve(**wrong)
        assert "\n" not in str(caught.value)
    with pytest.raises(VsslError, match="UCF"):
        resolve("demo", data_root=str(tmp_path)).data()
    assert resolve("paper").pretrain is not None


def test_the_paper_profile_changes_nothing_of_the_paper(realvideo):
    paper = resolve("paper", data_root=str(realvideo / "ucf101"))
    start = paper.pretrain(methods.Pace(), "r2plus1d", seed=0)
    assert start.recipe == methods.Pace().recipe() and start.method == methods.Pace()
    assert (start.length, start.size, start.data.height) == (16, 112, 128)
    assert (start.net.width, start.net.pool) == (64, False)
    title = "UCF101, 3 of 101 classes"
    assert not start.data.stand_in and start.data.title() == title
    tuned = paper.fine_tune(start, recipe=methods.Pace().fine_tune())
    assert tuned.labelled == replace(methods.Pace().labelled(), recipe=methods.Pace().fine_tune())


def test_real_ucf101_runs_like_the_puppets(realvideo, tmp_path, monkeypatch):
    monkeypatch.setenv("VSSL_DATA", str(tmp_path))
    real = resolve("smoke", data_root=str(realvideo / "ucf101"))
    opened = real.data().open()
    assert len(opened.dataset.videos) == 24 and not opened.frames.failed
    start = real.pretrain(METHOD, "r3d", seed=0)
    found = run(real.retrieve(start))
    assert found.metrics["chance"] > 0 and run(start).metrics["loss"] > 0


def test_a_broken_test_video_is_counted_and_named_on_the_table(scale, tmp_path, monkeypatch):
    from vssl.lab.profile import world
    from vssl.results import Numbers, table
    from vssl.results import shown as shown_data
    from vssl.videos import puppets

    monkeypatch.setenv("VSSL_DATA", str(tmp_path))
    root = puppets.make(replace(world("ucf101", "smoke"), seed=5))
    broken = root / "UCF-101" / "Walk" / "v_Walk_g01_c01.mp4"  # group 1 is tested on in split 1
    broken.write_bytes(broken.read_bytes()[:700])
    damaged = replace(scale, data_root=root)
    found = run(damaged.retrieve(damaged.random("r3d", 0)))
    assert found.metrics["unreadable"] == 1
    assert list(damaged.data().open().frames.failed) == ["v_Walk_g01_c01"]
    # It is called demo, because a number of smoke would not be shown.
    demo = replace(damaged, sizes=replace(damaged.sizes, name="demo"))
    rows = {"random": [damaged.retrieve(damaged.random("r3d", 0))]}
    shown = table(Numbers("pace/broken", demo, {"R@1": ("R@1", rows)}), "t")
    figure = shown_data("pace/broken", "curve", demo, {"y": [1.0]})
    assert figure.source.endswith("; 1 video that could not be decoded is left out")
    left_out = "1 video that could not be decoded is left out (v_Walk_g01_c01)"
    assert left_out in shown.face
