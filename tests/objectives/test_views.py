"""Objectives read views by their numbers, and labels of samples and of views."""

import pytest
import torch

from vssl.errors import VsslError
from vssl.models.heads import View
from vssl.objectives import Views


def two_lengths(samples=3, dim=4):
    """Make views 0 and 2 of one length and view 1 of another."""
    long = torch.randn(2 * samples, dim, 4, 2, 2)
    short = torch.randn(samples, dim, 2, 2, 2)
    groups = (
        ((0, 2), View(long, long.mean((2, 3, 4)))),
        ((1,), View(short, short.mean((2, 3, 4)))),
    )
    return Views(groups, 3, {"order": torch.arange(samples)}), long, short


def test_a_view_is_found_by_its_number_whatever_its_length():
    views, long, short = two_lengths()
    assert views.numbers == (0, 1, 2) and views.samples == 3
    assert torch.equal(views.view((1,)).map, short)
    assert torch.equal(views.view((2,)).map, long[1::2])
    assert torch.equal(views.view((2, 0)).feature[:2], long.mean((2, 3, 4))[[1, 0]])
    features = views.features()  # [3, 3, 4]
    assert torch.equal(features[:, 1], short.mean((2, 3, 4)))
    assert torch.equal(features[:, 2], long[1::2].mean((2, 3, 4)))


def test_the_views_of_a_group_are_not_copied(views):
    batch = views()
    assert batch.view() is batch.groups[0][1] and batch.view((0, 1)) is batch.groups[0][1]


def test_views_of_two_lengths_are_not_one_batch():
    views, *_ = two_lengths()
    with pytest.raises(VsslError, match="not of one length"):
        views.view()
    with pytest.raises(VsslError, match=r"reads the views \(3,\), and here are \(0, 1, 2\)"):
        views.view((3,))


@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_label_of_a_sample_applies_to_all_its_views_and_one_of_a_view_to_itself(shape):
    of_sample, of_view = torch.randn(4, *shape), torch.randn(4, 2, *shape)
    maps = torch.randn(8, 5, 1, 1, 1)
    group = ((0, 1), View(maps, maps.mean((2, 3, 4))))
    views = Views((group,), 2, {"sample": of_sample, "view": of_view})
    axes = len(shape)
    assert torch.equal(views.label("sample", axes=axes), of_sample.repeat_interleave(2, 0))
    assert torch.equal(views.label("view", axes=axes), of_view.flatten(0, 1))
    assert torch.equal(views.label("view", (1,), axes=axes), of_view[:, 1])
    assert torch.equal(views.sample_label("sample", axes=axes), of_sample)
    with pytest.raises(VsslError, match=r"the label 'view' has the shape \[4, 2"):
        views.sample_label("view", axes=axes)


def test_a_missing_or_misshapen_label_is_refused_in_one_line(views):
    with pytest.raises(VsslError, match="gives no label 'cut'; it gives pace"):
        views().label("cut")
    with pytest.raises(VsslError, match=r"shape \[4, 3\]; this objective reads one of 0 axes"):
        views(labels={"pace": torch.zeros(4, 3)}).label("pace")
