"""Every known dataset can be read, printed and counted, and most can be replaced by puppets."""

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
def test_a_record_is_complete(known):
    assert catalogue.find(known.name) is known
    assert known.title and all(train > test > 0 for train, test in known.splits)
    with pytest.raises(VsslError, match="official splits"):
        known.videos(len(known.splits) + 1)
    if known.stand_in is None:
        with pytest.raises(VsslError, match=f"no puppets stand in for {known.title}"):
            known.world()
    else:
        assert known.world().name == known.name


def test_a_dataset_without_puppets_has_no_stand_in():
    known = replace(catalogue.find("ucf101"), title="UCF50", stand_in=None)
    with pytest.raises(VsslError, match="no puppets stand in for UCF50"):
        known.world()


def test_names_are_unique_and_a_wrong_one_is_refused():
    assert len(set(catalogue.NAMES)) == len(catalogue.KNOWN)
    with pytest.raises(VsslError, match="ucf101, hmdb51, kinetics400, kinetics600, diving48"):
        catalogue.find("ucf102")


def test_every_profile_with_puppets_has_a_size_for_every_stand_in():
    for found in profile.PROFILES.values():
        if found.worlds is not None:
            assert set(found.worlds) == set(catalogue.STAND_INS), found.name
            for name in catalogue.STAND_INS:
                assert profile.world(name, found.name).name == name


@pytest.mark.parametrize("name", catalogue.NAMES)
def test_a_dataset_that_is_not_there_is_refused_with_advice(tmp_path, name):
    advice = " stand-in" if name in catalogue.STAND_INS else ""
    for root in (tmp_path, tmp_path / "nowhere"):
        line = r"not at .* should be there.* get .* https?://.*" + advice
        with pytest.raises(DataError, match=line) as raised:
            catalogue.open_dataset(name, root)
        assert str(root) in str(raised.value) and "\n" not in str(raised.value)
    with pytest.raises(VsslError, match="ucf101, hmdb51, kinetics400"):
        catalogue.open_dataset("ucf102", tmp_path)


def test_the_stand_in_of_each_dataset_can_be_read(write, tmp_path):
    for world in [catalogue.find(name).world() for name in catalogue.STAND_INS]:
        root = tmp_path / world.name
        empty = {place.path: "" for place in layouts.places(world)}
        write(root, dict(layouts.lists(world)) | empty)
        found = catalogue.open_dataset(world.name, root)
        assert found.missing == () and set(found.classes) == set(world.classes)
        assert len(found.videos) == len(list(layouts.places(world)))
        assert crossing_groups(found) == []
        for train, test in found.splits:
            assert not set(train) & set(test) and len(train) > len(test) > 0


@pytest.mark.parametrize("name", catalogue.STAND_INS)
def test_a_stand_in_has_as_many_videos_as_its_lists(write, tmp_path, name):
    world = catalogue.find(name).world()
    empty = {place.path: "" for place in layouts.places(world)}
    root = write(tmp_path, dict(layouts.lists(world)) | empty)
    for split, (train, test) in enumerate(catalogue.open_dataset(name, root).splits, 1):
        assert puppet_data(world, split, 48, 64).counts() == (len(train), len(test))
