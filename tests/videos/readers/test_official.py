"""The official lists and a few real videos beside the checkout are read right."""

from __future__ import annotations

from vssl.videos import catalogue, lists
from vssl.videos.datasets import crossing_groups


def test_no_group_crosses_an_official_split(realvideo):
    for folder, group_of, sizes in (
        ("ucf101_official", lists.ucf101_group, catalogue.find("ucf101").splits),
        ("hmdb51_lists", lists.hmdb51_group, catalogue.find("hmdb51").splits),
    ):
        _, splits = lists.read_class_lists(realvideo / "annotations" / folder)
        assert [(len(train), len(test)) for train, test in splits] == list(sizes)
        for train, test in splits:
            assert not {group_of(name) for name in train} & {group_of(name) for name in test}
            assert not set(train) & set(test)


def test_the_official_lists_have_the_counts_of_the_papers(realvideo):
    classes, splits = lists.read_class_lists(realvideo / "annotations" / "ucf101_official")
    every = {name for split in splits for side in split for name in side}
    assert len(classes) == 101 and len(every) == 13320
    assert len({lists.ucf101_group(name) for name in every}) == 2525
    assert classes[0] == "ApplyEyeMakeup" and {name.split("/")[0] for name in every} == set(classes)
    val = lists.read_kinetics(realvideo / "annotations" / "kinetics_meta" / "kinetics-400_val.csv")
    assert len({name.split("/")[0] for name in val}) == 400
    assert val[0] == "abseiling/0wR5jVB-WPk_000417_000427"


def test_the_real_ucf101_videos_are_read(realvideo):
    found = catalogue.open_dataset("ucf101", realvideo / "ucf101")
    assert len(found.videos) == 24 and len(found.missing) == 370
    assert found.classes == ("BabyCrawling", "Punch", "PushUps")
    assert [tuple(map(len, split)) for split in found.splits] == [(12, 12), (12, 12), (24, 0)]
    assert crossing_groups(found) == []
