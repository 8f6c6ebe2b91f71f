"""Where several perform, boxes and lists say who does what where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vssl.errors import VsslError
from vssl.videos import puppets
from vssl.videos.puppets import layouts
from vssl.videos.puppets.crowd import ARMS, LEGS, PIECE, STAND, crowd
from vssl.videos.puppets.draw import draw

SMALL = replace(
    puppets.ava(), groups=4, frames=(120, 144), style=puppets.Style(grain=0.0, shake=0.5)
)


@pytest.mark.parametrize("group", [1, 2, 3, 4])
def test_a_performer_is_drawn_inside_its_box(group):
    members = crowd(SMALL, group, 1)
    shots = [member.shot for member in members]
    assert SMALL.people[0] <= len(members) <= SMALL.people[1]
    whole = draw(SMALL, *shots).astype(int)
    for number, member in enumerate(members):
        others = shots[:number] + shots[number + 1 :]
        changed = np.abs(whole - draw(SMALL, *others)).sum(-1) > 60  # [T, H, W]; no shadow
        for frame in range(0, len(changed), 30):
            rows, columns = np.nonzero(changed[frame])
            left, top, right, bottom = member.shot.box[frame]
            assert len(rows) > 50
            assert rows.min() >= top - 2 and rows.max() <= bottom + 5  # soles and shadow
            body = columns[rows < bottom - 0.12 * (bottom - top)]  # above the shadow
            assert body.min() >= left - 5 and body.max() <= right + 5  # hands and shadow


def test_who_stands_nearer_is_drawn_later_and_larger():
    for group in range(1, 5):
        shots = [member.shot for member in crowd(SMALL, group, 1)]
        floors = [shot.ground.mean() for shot in shots]
        assert floors == sorted(floors)


def test_a_performer_goes_on_for_a_while_and_arms_never_move_without_legs_named():
    for group in range(1, 5):
        for member in crowd(SMALL, group, 1):
            edges = [*member.spans[:, 0], member.spans[-1, 1]]
            assert edges[0] == 0 and min(np.diff(edges)) >= PIECE[0] * SMALL.fps - 1
            assert member.at(0) == member.doing[0] and member.at(edges[-1] - 1) == member.doing[-1]
            for doing in member.doing:
                assert doing[0] not in ARMS and len(doing) <= 2
                assert len(doing) == 1 or (doing[0] in (STAND, *LEGS) and doing[1] in ARMS)


def test_raised_hands_are_up_while_they_wave():
    seen = 0
    for group in range(1, 5):
        for member in crowd(replace(SMALL, classes=(STAND, "WaveTwoHands")), group, 1):
            points = member.shot.points
            up = points["left hand"][:, 1] < points["head"][:, 1]
            for (first, after), doing in zip(member.spans, member.doing, strict=True):
                inner = up[first + 6 : after - 6]
                assert inner.mean() > 0.9 if "WaveTwoHands" in doing else not inner.any()
                seen += 1
    assert seen > 8


def test_the_same_video_comes_again_and_another_is_another():
    one, again, other = (crowd(SMALL, group, 1) for group in (1, 1, 2))
    assert np.array_equal(one[0].shot.box, again[0].shot.box) and one[0].doing == again[0].doing
    assert not np.array_equal(one[0].shot.box[:100], other[0].shot.box[:100])


def test_the_lists_have_the_official_columns_and_tell_every_second():
    lists = layouts.lists(SMALL)
    assert set(lists) == {
        "ava_train_v2.2.csv",
        "ava_val_v2.2.csv",
        "ava_train_excluded_timestamps_v2.2.csv",
        "ava_val_excluded_timestamps_v2.2.csv",
        "ava_action_list_v2.2_for_activitynet_2019.pbtxt",
    }
    rows = [row.split(",") for side in ("train", "val") for row in _lines(lists, side)]
    told = {(row[0], int(row[1]), int(row[7])): set() for row in rows}
    for row in rows:
        told[row[0], int(row[1]), int(row[7])].add(SMALL.classes[int(row[6]) - 1])
        assert all(0 <= float(number) <= 1 for number in row[2:6])
    for place in layouts.places(SMALL):
        members = crowd(SMALL, place.group, place.clip)
        name = place.path.removeprefix("videos/").removesuffix(".mp4")
        for person, member in enumerate(members):
            last = (len(member.shot.box) - 1) // SMALL.fps
            for second in range(1, last):
                doing = set(member.at(second * SMALL.fps))
                assert told.get((name, 900 + second, person), doing) == doing
    videos = [{row.split(",")[0] for row in _lines(lists, side)} for side in ("train", "val")]
    assert not videos[0] & videos[1] and len(videos[0] | videos[1]) == SMALL.videos


def _lines(lists: dict[str, str], side: str) -> list[str]:
    return lists[f"ava_{side}_v2.2.csv"].splitlines()


def test_a_world_of_single_performers_has_no_crowd():
    with pytest.raises(VsslError, match="one performer"):
        crowd(puppets.ucf101(), 1, 1)
    with pytest.raises(VsslError, match="people must be"):
        replace(SMALL, people=(3, 2))


def test_a_crowd_is_drawn_to_disk(tmp_path):
    world = replace(SMALL, groups=2, frames=(40, 40), height=48, width=64)
    root = puppets.make(world, tmp_path / "ava", workers=1)
    assert len(list((root / "videos").glob("*.mp4"))) == world.videos == 2
