"""t-SNE repeats exactly, and a class is named only where its points lie together."""

from __future__ import annotations

import numpy as np
import pytest

from vssl import figures
from vssl.errors import VsslError
from vssl.figures.embedding import alike, panels, scatter, tsne

NAMES = ["Archery", "Bowling", "YoYo"]


def clusters(spread: float, n: int = 12, dim: int = 8) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(3 * n) % 3
    rng = np.random.default_rng(0)
    return 10 * np.eye(3, dim)[labels] + spread * rng.normal(size=(3 * n, dim)), labels


def names_on(axis) -> list[str]:
    return sorted(text.get_text() for text in axis.texts)


def test_tsne_is_deterministic_and_keeps_clusters_together():
    features, labels = clusters(0.5)
    first = tsne(features, seed=3)
    assert first.shape == (36, 2)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, tsne(features.copy(), seed=3))
    centres = np.stack([first[labels == k].mean(0) for k in range(3)])
    nearest = np.square(first[:, None] - centres[None]).sum(2).argmin(1)
    assert (nearest == labels).all()


def test_tsne_accepts_few_and_narrow_features():
    assert tsne(np.arange(4.0)[:, None]).shape == (4, 2)


@pytest.mark.parametrize(
    ("features", "options", "message"),
    [
        (np.zeros((3, 5)), {}, "at least 4"),
        (np.zeros((9, 5)), {}, "collapse"),
        (np.full((9, 5), np.nan), {}, "finite"),
        (np.eye(9), {"perplexity": 9}, "perplexity"),
    ],
)
def test_tsne_refuses_what_it_cannot_place(features, options, message):
    with pytest.raises(VsslError, match=message):
        tsne(features, **options)


def test_only_islands_have_a_name_on_them():
    points, labels = clusters(0.3, dim=2)
    points[labels == 2] = [-10.0, -10.0]  # the third class has no axis of its own in the plane
    mixed = np.random.default_rng(1).normal(size=points.shape)
    figure = panels({"before": mixed, "after": points}, labels, NAMES, "Classes come apart")
    before, after = figure.axes
    assert names_on(after) == sorted(NAMES)
    assert len(names_on(before)) < 3
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == NAMES  # the legend names all classes in any case
    alt = "Three classes, mixed before and apart after."
    figures.save(figure, "panels", alt=alt, note="seed 0")


def test_a_hundred_classes_have_a_legend_and_no_names_over_the_points():
    names = [f"class {k}" for k in range(101)]
    points = np.random.default_rng(0).normal(size=(202, 2))
    figure = scatter(points, np.arange(202) % 101, names, "t")
    assert names_on(figure.axes[0]) == []
    assert len(figure.legends[0].get_texts()) == 101


def test_each_class_has_its_colour_and_its_marker():
    labels = np.arange(32) % 16
    points = np.random.default_rng(0).normal(size=(32, 2))
    axis = scatter(points, labels, [f"class {k}" for k in range(16)], "t").axes[0]
    looks = [(line.get_color(), line.get_marker()) for line in axis.lines]
    assert len(set(looks)) == 16


def test_a_class_without_points_is_left_out():
    figure = scatter(np.eye(2), np.array([0, 2]), NAMES, "t")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Archery", "YoYo"]


def test_wrong_shapes_are_refused():
    with pytest.raises(VsslError, match="coordinates"):
        scatter(np.zeros((4, 3)), np.zeros(4, int), NAMES, "t")
    with pytest.raises(VsslError, match="as many labels"):
        scatter(np.zeros((4, 2)), np.zeros(3, int), NAMES, "t")
    with pytest.raises(VsslError, match="below 3"):
        scatter(np.zeros((4, 2)), np.full(4, 3), NAMES, "t")
    with pytest.raises(VsslError, match="at least one"):
        panels({}, np.zeros(0, int), NAMES, "t")


def test_alike_is_the_share_of_points_whose_nearest_in_another_group_has_their_label():
    points = np.array([[0, 0], [0.1, 0], [5, 5], [5, 5.1], [9, 9]])
    own = np.arange(5)
    assert alike(points, np.array([1, 1, 2, 3, 2]), own) == 2 / 5
    assert alike(points, np.array(["a", "a", "b", "b", "b"]), own) == 1
    together = np.array([0, 0, 1, 2, 3])  # the first two are of one group
    assert alike(points, np.array([1, 1, 1, 2, 2]), together) == 3 / 5
    assert alike(points[:1], np.array([1]), own[:1]) == 0


def test_alike_agrees_with_a_slow_loop():
    rng = np.random.default_rng(0)
    points, labels, groups = rng.random((30, 2)), rng.integers(3, size=30), rng.integers(8, size=30)
    right = []
    for i in range(30):
        others = [j for j in range(30) if groups[j] != groups[i]]
        nearest = min(others, key=lambda j: float(((points[i] - points[j]) ** 2).sum()))
        right.append(labels[nearest] == labels[i])
    assert alike(points, labels, groups) == np.mean(right)
