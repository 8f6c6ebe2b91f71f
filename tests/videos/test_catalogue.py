"""Every dataset that the package knows can be read, printed, counted and stood in for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vssl.errors import DataError, VsslError
from vssl.lab import profile
from vssl.lab.data import puppet_data
from vssl.videos import catalogue
from vssl.videos.datasets import crossing_groups
from vssl.videos.puppets import layouts


@pytest.mark.parametrize("known", catalogue.KNOWN, ids=lambda known: known.name)
def test_a_record_is_whole(known):
    assert catalogue.find(known.name) is known
    assert known.title and all(train > test > 0 for train, test in known.splits)
    with pytest.raises(VsslError, match="official splits"):
        known.videos(len(known.splits) + 1)
    if known.stand_in is None:
        with pytest.raises(VsslError, match=f"no puppets stand in for {known.title}"):
            known.world()
    else:
        assert known.world().name == known.name


def test_a_dataset_without_puppets_says_so():
    known = replace(catalogue.find("ucf101"), title="UCF50", stand_in=None)
    with pytest.raises(VsslError, match="no puppets stand in for UCF50"):
        known.world()


def test_names_are_told_apart_and_a_wrong_one_is_refused():
    assert len(set(catalogue.NAMES)) == len(catalogue.KNOWN)
    with pytest.raises(VsslError, match="ucf101, hmdb51, kinetics400, kinetics600"):
        catalogue.find("ucf102")


def test_every_profile_with_puppets_sizes_the_world_of_every_stand_in():
    for found in profile.PROFILES.values():
        if found.worlds is not None:
            assert set(found.worlds) == set(catalogue.STAND_INS), found.name
            for name in catalogue.STAND_INS:
                assert profile.world(name, found.name).name == name


@pytest.mark.parametrize("name", catalogue.NAMES)
def test_a_dataset_that_is_not_there_is_refused_with_advice(tmp_path, name):
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            DataError, match=r"not at .* should be there.* get .* https?://.* stand-in"
        ) as raised:
            catalogue.open_dataset(name, root)
        assert str(root) in str(raised.value) and "\n" not in str(raised.value)
    with pytest.raises(VsslError, match="ucf101, hmdb51, kinetics400"):
        catalogue.open_dataset("ucf102", tmp_path)


def test_the_stand_in_of_each_dataset_is_read(write, tmp_path):
    for world in [catalogue.find(name).world() for name in catalogue.STAND_INS]:
        root = tmp_path / world.name
        write(
            root, dict(layouts.lists(world)) | {place.path: "" for place in layouts.places(world)}
        )
        found = catalogue.open_dataset(world.name, root)
        assert found.missing == () and set(found.classes) == set(world.classes)
        assert (
            len(found.videos) == len(list(layouts.places(world))) and crossing_groups(found) == []
        )
        assert all(
            len(set(train) & set(test)) == 0 and len(train) > len(test) > 0
            for train, test in found.splits
        )


@pytest.mark.parametrize("name", catalogue.STAND_INS)
def test_a_stand_in_is_counted_as_its_lists_are_read(write, tmp_path, name):
    world = catalogue.find(name).world()
    root = write(
        tmp_path, dict(layouts.lists(world)) | {place.path: "" for place in layouts.places(world)}
    )
    for split, (train, test) in enumerate(catalogue.open_dataset(name, root).splits, 1):
        assert puppet_data(world, split, 48, 64).counts() == (len(train), len(test))
