"""Evaluation agrees with slow, obvious counts and drops no query.

The linear probe finds a signal that is there, and finds none in noise.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vssl import evaluation
from vssl.augment import Augment, CentreCrop
from vssl.errors import VsslError
from vssl.evaluation import recognition, retrieval
from vssl.evaluation.features import over_clips
from vssl.evaluation.retrieval import blind, instance, nearest, recall
from vssl.samplers import RandomClip, Uniform, Windows
from vssl.training import Batches
from vssl.videos.store import part_of


class MemoryFrames:
    """Videos that can be told apart by their brightness."""

    height, width = 12, 14

    def __init__(self, lengths):
        self.num_frames = np.array(lengths)

    def gather(self, video, frames, window=None, out=None):
        level = (10 * video + frames % 7)[:, None, None, None]
        whole = np.broadcast_to(level, (len(frames), 12, 14, 3)).astype(np.uint8)
        return part_of(whole, window, out)


class MeanNet(nn.Module):
    """A net whose features are the means of the channels."""

    dim = 3

    def forward(self, x):
        return x.mean((3, 4), keepdim=True)

    def stages(self, x):
        return {"stage4": 2 * self(x), "stage5": self(x)}

    def features(self, x):
        return self(x).mean((2, 3, 4))


def slow_recall(queries, query_labels, gallery, gallery_labels, k):
    """Sort the gallery by cosine for one query at a time, and look at the first k."""
    right = 0
    for query, label in zip(queries, query_labels, strict=True):
        cosines = [query @ g / np.linalg.norm(query) / np.linalg.norm(g) for g in gallery]
        order = sorted(range(len(gallery)), key=lambda i: -cosines[i])[:k]
        right += any(gallery_labels[i] == label for i in order)
    return 100 * right / len(queries)


@pytest.mark.parametrize("level", ["video", "clip"])
def test_recall_equals_a_slow_count_of_every_query(level):
    rng = np.random.default_rng(0)
    # No batch size divides 13 or 31.
    queries, gallery = rng.normal(size=(13, 3, 5)), rng.normal(size=(31, 3, 5))
    q_labels, g_labels = rng.integers(6, size=13), rng.integers(6, size=31)
    found = recall(queries, q_labels, gallery, g_labels, level)
    if level == "video":
        flat = (queries.mean(1), q_labels, gallery.mean(1), g_labels)
    else:
        q_clips, g_clips = queries.reshape(-1, 5), gallery.reshape(-1, 5)
        flat = (q_clips, q_labels.repeat(3), g_clips, g_labels.repeat(3))
    for k in (1, 5, 10, 20):
        assert found[f"R@{k}"] == pytest.approx(slow_recall(*flat, k))


def test_a_gallery_smaller_than_k_is_searched_whole_and_perfect_features_score_100():
    features, labels = np.eye(4)[:, None, :], np.arange(4)
    assert set(recall(features, labels, features, labels).values()) == {100.0}
    query, gallery = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0], [2.0, 0.0]])
    assert nearest(query, gallery, 5).tolist() == [[1, 0]]


def test_features_are_those_of_every_readable_video_in_order_and_by_stage():
    frames = MemoryFrames([20, 0, 9, 40, 16])
    layers, videos = evaluation.extract(
        MeanNet(), frames, np.arange(5), Uniform(3, 8), 8, ("p5", "p4 average")
    )
    features = layers["p5"]
    assert videos.tolist() == [0, 2, 3, 4] and features.shape == (4, 3, 3)
    expected = np.mean([10 * 3 + f % 7 for f in Uniform(3, 8)(40).clips[1].frames]) / 255
    assert features[2, 1] == pytest.approx([expected] * 3, abs=1e-6)
    assert np.allclose(layers["p4 average"], 2 * features)
    with pytest.raises(VsslError, match="no layer 'p6'"):
        evaluation.extract(MeanNet(), frames, np.arange(5), Uniform(3, 8), 8, ("p6",))


def test_pooling_is_vcops_9216_values():
    assert evaluation.pool(torch.rand(2, 512, 2, 7, 7), "max").shape == (2, 9216)
    assert evaluation.pool(torch.rand(2, 512, 2, 7, 7), "average").shape == (2, 512)
    with pytest.raises(VsslError, match="'average' or 'max'"):
        evaluation.pool(torch.rand(1, 2, 1, 1, 1), "mean")


def test_recognition_averages_softmax_or_logits():
    class Head(nn.Module):
        def forward(self, view):
            # These scores make the two averages disagree: one clip is very sure of class 0, and two
            # are a little in favour of class 1.
            sure = (view.feature[:, :1] * 255 % 10 < 0.5).float()
            return torch.cat([sure * 9, (1 - sure) * 3, torch.zeros_like(sure)], 1)

    class Frames(MemoryFrames):
        def gather(self, video, frames, window=None, out=None):
            level = 0 if frames[0] == 0 else 5
            return part_of(np.full((len(frames), 12, 14, 3), level, np.uint8), window, out)

    task = (MeanNet(), Head(), Frames([24]), np.arange(1), Uniform(3, 8), 8)
    softmax, videos = evaluation.recognise(*task)
    logits, _ = evaluation.recognise(*task, average="logits")
    assert (softmax.argmax(1).tolist(), logits.argmax(1).tolist()) == ([1], [0])
    assert videos.tolist() == [0]
    thrice, _ = evaluation.recognise(*task, crops=3)
    assert np.allclose(thrice, softmax)  # every crop of these one-coloured frames is the same
    with pytest.raises(VsslError, match="1 crop or on 3"):
        evaluation.recognise(*task, crops=2)


def test_three_crops_lie_side_by_side_for_each_clip():
    class Frames(MemoryFrames):
        def gather(self, video, frames, window=None, out=None):
            level = (np.arange(14) * 10 + video)[None, None, :, None]
            whole = np.broadcast_to(level, (len(frames), 12, 14, 3)).astype(np.uint8)
            return part_of(whole, window, out)

    found, owners = over_clips(
        MeanNet(),
        lambda x: 255 * x.mean((1, 2, 3, 4))[:, None],
        Frames([24, 24]),
        np.arange(2),
        Uniform(2, 8),
        8,
        crops=3,
    )
    assert owners.tolist() == 6 * [0] + 6 * [1]
    left_middle_right = np.tile([35, 65, 95], 2)  # of each of a video's two clips
    expected = np.array([[0], [1]]) + left_middle_right
    assert np.allclose(found.reshape(2, 6), expected, atol=1e-3)


def test_top_five_counts_the_five_highest():
    scores = np.array([[9, 8, 7, 6, 5, 4], [1, 2, 3, 4, 5, 6.0]])
    found = [evaluation.top(scores, np.array(labels)) for labels in ([0, 0], [4, 5])]
    assert [(one["top1"], one["top5"]) for one in found] == [(50.0, 50.0), (50.0, 100.0)]


def test_five_guesses_are_right_five_times_as_often_as_one():
    for classes, five in ((16, 31.25), (4, 100.0)):
        blind = evaluation.top(np.zeros((3, classes)), np.zeros(3, int))
        assert (blind["chance top1"], blind["chance top5"]) == (100 / classes, five)


def test_instance_accuracy_asks_for_the_same_video():
    rng = np.random.default_rng(0)
    own = rng.normal(size=(20, 1, 16)) + 0.01 * rng.normal(size=(20, 4, 16))
    assert instance(own) == {"instance": 100.0, "chance": pytest.approx(100 * 3 / 79)}
    blind = np.mean([instance(rng.normal(size=(20, 4, 16)))["instance"] for _ in range(30)])
    assert blind == pytest.approx(100 * 3 / 79, abs=2)


def test_chance_and_majority():
    rates = evaluation.chance(np.array([0, 0, 0, 1, 2]), np.array([0, 1, 1, 2]))
    assert rates == {"chance": pytest.approx(100 / 3), "majority": 25.0}


def test_the_probe_finds_a_signal_and_finds_none_in_noise():
    rng = np.random.default_rng(0)
    labels = np.arange(160) % 4
    noise = rng.normal(size=(160, 2, 8))
    signal = noise + 3 * np.eye(8)[labels][:, None]
    known, truth = labels[:120], labels[120:]
    top1, predicted = evaluation.linear_probe(signal[:120], known, signal[120:], truth)
    assert top1 > 90 and top1 == 100 * (predicted == truth).mean()
    assert evaluation.linear_probe(noise[:120], known, noise[120:], truth)[0] < 50
    assert recognition.confusion(truth, truth, 4).trace() == 40


def test_calibration_gives_the_statistics_of_the_clips():
    torch.manual_seed(0)
    net = nn.Sequential(nn.BatchNorm3d(3), nn.Conv3d(3, 4, 1))
    frames = MemoryFrames([20] * 8)
    batches = Batches(frames, np.arange(8), RandomClip(8), Augment((CentreCrop(8),)), batch=4)
    evaluation.calibrate(net, batches, count=2)
    clips = [batches.prepared(b, torch.device("cpu"))[0][0] for b in batches.epoch(0)]
    means = torch.stack([x.mean((0, 2, 3, 4)) for x in clips]).mean(0)
    assert torch.allclose(net[0].running_mean, means, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_a_calibrated_net_is_ready_for_evaluation_and_keeps_its_momenta(training):
    net = nn.Sequential(nn.BatchNorm3d(3, momentum=0.3), nn.BatchNorm3d(3, momentum=None))
    frames = MemoryFrames([20] * 8)
    batches = Batches(frames, np.arange(8), RandomClip(8), Augment((CentreCrop(8),)), batch=4)
    evaluation.calibrate(net.train(training), batches, count=1)
    assert [norm.momentum for norm in net] == [0.3, None]
    assert not any(module.training for module in net.modules())
    before = net[0].running_mean.clone()
    net(torch.rand(2, 3, 2, 4, 4))
    assert torch.equal(net[0].running_mean, before)  # a pass does not change the statistics


def test_a_calibration_that_fails_still_puts_the_momenta_back():
    net = nn.Sequential(nn.BatchNorm3d(4, momentum=0.3))  # 4 channels, but clips have 3
    frames = MemoryFrames([20] * 8)
    batches = Batches(frames, np.arange(8), RandomClip(8), Augment((CentreCrop(8),)), batch=4)
    with pytest.raises(RuntimeError):
        evaluation.calibrate(net, batches)
    assert net[0].momentum == 0.3 and not net.training


def test_blind_retrieval_is_what_shuffled_neighbours_score():
    rng = np.random.default_rng(0)
    queries, gallery = np.repeat(np.arange(4), [5, 3, 2, 1]), np.repeat(np.arange(4), [2, 9, 4, 5])
    found = blind(queries, gallery, ranks=(1, 5, 30))
    shuffled = np.stack([rng.permutation(gallery)[:5] for _ in range(20000)])  # [draws, 5]
    for k in (1, 5):
        rate = np.mean([(shuffled[:, :k] == label).any(1).mean() for label in queries])
        assert found[f"R@{k}"] == pytest.approx(100 * rate, abs=1)
    assert found["R@30"] == pytest.approx(100)  # all 20 items of the gallery are searched
    by_clip = blind(queries, gallery, clips=10, ranks=(1, 5))
    assert by_clip["R@1"] == pytest.approx(found["R@1"])
    assert by_clip["R@5"] != pytest.approx(found["R@5"])


def test_every_window_of_a_video_counts_whatever_its_length():
    frames = MemoryFrames([20, 5, 40])
    head = nn.Module()
    head.forward = lambda view: view.feature
    scores, videos = evaluation.recognise(
        MeanNet(), head, frames, np.arange(3), Windows(8), 8, average="logits"
    )
    assert videos.tolist() == [0, 1, 2]
    for video in range(3):
        clips = Windows(8)(frames.num_frames[video]).clips
        whole = [frames.gather(video, clip.frames)[:, 2:10, 3:11] / 255 for clip in clips]
        assert np.allclose(scores[video], np.mean([one.mean((0, 1, 2)) for one in whole], 0))


def stable(queries, gallery, count):
    """Order whole rows by a stable sort, which puts the lower of two equal rows first."""

    def unit(x):
        return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)

    sim = unit(queries.astype(np.float32)) @ unit(gallery.astype(np.float32)).T
    return np.argsort(-sim, axis=1, kind="stable")[:, :count]


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    queries=st.integers(1, 6),
    gallery=st.integers(1, 60),
    count=st.integers(1, 70),
    levels=st.integers(1, 3),
)
def test_equally_near_neighbours_come_in_the_order_of_their_rows(
    seed, queries, gallery, count, levels
):
    rng = np.random.default_rng(seed)
    q, g = (rng.integers(0, levels, (n, 3)).astype(np.float32) for n in (queries, gallery))
    assert (retrieval.nearest(q, g, count) == stable(q, g, count)).all()


def test_queries_are_searched_in_parts_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(0)
    q, g = rng.normal(size=(50, 8)), rng.normal(size=(40, 8))
    whole = retrieval.nearest(q, g, 5)
    monkeypatch.setattr(retrieval, "BYTES", 4 * 40 * 7)
    assert (retrieval.nearest(q, g, 5) == whole).all()
    clips = rng.normal(size=(10, 3, 8))
    alone = retrieval.instance(clips)
    monkeypatch.setattr(retrieval, "BYTES", 2**28)
    assert alone == retrieval.instance(clips)
