"""A clip of a batch depends only on (seed, pass, video, view), not on what gathers it."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vssl import methods
from vssl.augment import Alternating, Augment, CentreCrop, RandomResizedCrop, Solarise
from vssl.clips import Clip, Sample
from vssl.errors import VsslError
from vssl.samplers import Interval, Pace, RandomClip, Repeat, Several
from vssl.training import Batches
from vssl.training.batches import AUGMENT, SAMPLER, Wanted, generator, read
from vssl.videos.store import part_of

METHOD = methods.Pace()
CPU = torch.device("cpu")


def make(frames, sampler=None, **changes):
    settings = {
        "augment": METHOD.augment(32),
        "batch": 8,
        "seed": 3,
        "actions": np.arange(len(frames.num_frames)) % 3,
    }
    videos = np.arange(len(frames.num_frames))
    return Batches(frames, videos, sampler or Pace(length=8), **(settings | changes))


def equal(a, b):
    return (
        len(a.groups) == len(b.groups)
        and all((x.clips == y.clips).all() for x, y in zip(a.groups, b.groups, strict=True))
        and (a.videos == b.videos).all()
        and all((a.labels[name] == b.labels[name]).all() for name in a.labels)
        and all(
            (x == y).all()
            for one, other in zip(a.groups, b.groups, strict=True)
            for p, q in zip(one.parameters, other.parameters, strict=True)
            for x, y in zip(p, q, strict=True)
        )
    )


def test_an_epoch_is_the_same_a_second_time_and_with_a_gathering_thread(memory_frames):
    batches = make(memory_frames((20,) * 20), Several(Pace(length=8), 4, "pace"))
    once, again = list(batches.epoch(1)), list(batches.epoch(1))
    threaded = list(batches.epoch(1, ahead=3))
    assert len(once) == len(batches) == len(threaded) == 10
    assert all(equal(a, b) and equal(a, c) for a, b, c in zip(once, again, threaded, strict=True))
    assert not equal(once[0], next(batches.epoch(2)))


def test_reading_windows_only_gives_the_views_of_whole_frames(memory_frames):
    batches = make(memory_frames((20,) * 8), Pace(length=8))
    batch = next(batches.epoch(1))
    assert batch.groups[0].clips.shape[2:4] == (32, 32)
    x = batches.prepared(batch, CPU)[0][0]
    for place, video in enumerate(batch.videos.tolist()):
        clip = batches.sampler(20, generator(batches.seed, SAMPLER, 1, video)).clips[0]
        whole = batches.frames.pixels[video][clip.frames]  # [T, H, W, C]
        rng = generator(batches.seed, AUGMENT, 1, video, 0)
        expected = batches.augment(torch.from_numpy(whole)[None], [rng])
        assert torch.equal(x[place], expected[0])


def test_clips_of_two_lengths_do_not_make_a_batch(memory_frames):
    frames = memory_frames((20,))
    with pytest.raises(VsslError, match="one length and size"):
        read(frames, [Wanted(0, np.arange(8), None), Wanted(0, np.arange(7), None)])
    with pytest.raises(VsslError, match="one length and size"):
        read(frames, [Wanted(0, np.arange(8), None), Wanted(0, np.arange(8), (0, 0, 4, 4))])


def test_a_clip_does_not_depend_on_the_batch_size(memory_frames):
    frames = memory_frames((20,) * 12)
    small = {int(b.videos[0]): b for b in make(frames, batch=1).epoch(0)}
    for batch in make(frames, batch=6).epoch(0):
        for place, video in enumerate(batch.videos.tolist()):
            assert (batch.groups[0].clips[place] == small[video].groups[0].clips[0]).all()
            assert batch.labels["pace"][place] == small[video].labels["pace"][0]


class Marks:
    """Frames whose pixels are all the number of their video.

    They take no memory, however many videos there are.
    """

    height, width = 6, 8

    def __init__(self, videos):
        self.num_frames = np.full(videos, 20)

    def gather(self, video, frames, window=None, out=None):
        whole = np.full((len(frames), self.height, self.width, 3), video, np.uint8)
        return part_of(whole, window, out)


FEW_EXAMPLES = settings(max_examples=60, deadline=None)
SHARED = {
    "videos": st.integers(1, 90),
    "batch": st.integers(1, 40),
    "views": st.integers(1, 5),
    "ranks": st.integers(1, 6),
}


def shares(videos, batch, views, ranks, **changes):
    """Make the batches of each rank, and those of one process that does the work of all ranks."""
    each = batch // views // ranks
    assume(0 < each * ranks <= videos)
    sampler, augment = Repeat(RandomClip(2), views), Augment((RandomResizedCrop(4),))
    whole = make(Marks(videos), sampler, augment=augment, batch=each * ranks * views, **changes)
    return whole, [replace(whole, batch=batch, rank=rank, ranks=ranks) for rank in range(ranks)]


@FEW_EXAMPLES
@given(**SHARED, seed=st.integers(0, 2**32), epoch=st.integers(0, 500), passes=st.integers(1, 3))
def test_the_shares_of_the_processes_are_equal_disjoint_and_make_up_the_batch(
    videos, batch, views, ranks, seed, epoch, passes
):
    whole, parts = shares(videos, batch, views, ranks, seed=seed, passes=passes)
    assert all(len(part) == len(whole) > 0 for part in parts)
    for number in range(epoch * passes, (epoch + 1) * passes):
        steps = zip(whole.parts(number), *(part.parts(number) for part in parts), strict=True)
        for together, *each in steps:
            assert {len(share) for share in each} == {len(together) // ranks}
            assert sorted(np.concatenate(each)) == sorted(together) == sorted(set(together))


@settings(max_examples=25, deadline=None)
@given(
    **{**SHARED, "videos": st.integers(1, 30)}, seed=st.integers(0, 2**32), ahead=st.integers(1, 12)
)
def test_clips_and_their_augmentation_do_not_depend_on_threads_or_processes(
    videos, batch, views, ranks, seed, ahead
):
    whole, parts = shares(videos, batch, views, ranks, seed=seed)
    sources = zip(*(part.epoch(1, ahead=ahead) for part in parts), strict=True)
    for together, each in zip(whole.epoch(1), sources, strict=True):
        size = len(together.groups[0].clips) // ranks
        for share in each:
            assert len(share.groups[0].clips) == len(share.groups[0].parameters) == size
        joined = {place: drawn for share in each for place, drawn in _by_place(share, views)}
        for place, (pixels, labels, parameters) in _by_place(together, views):
            same_pixels, same_labels, same_parameters = joined.pop(place)
            assert (pixels == same_pixels).all() and (pixels == place[0]).all()
            assert labels == same_labels
            assert all((a == b).all() for a, b in zip(parameters, same_parameters, strict=True))
        assert not joined


def _by_place(batch, views):
    """Yield each clip of a batch with its labels and parameters, by (video, view)."""
    for place, clip in enumerate(batch.groups[0].clips):
        row, view = divmod(place, views)
        labels = {name: value[row] for name, value in batch.labels.items()}
        yield (int(batch.videos[row]), view), (clip, labels, batch.groups[0].parameters[place])


def test_every_video_comes_once_a_pass_and_has_its_own_action(memory_frames):
    batches = make(memory_frames((20,) * 16), Repeat(RandomClip(8), 2), batch=8, passes=3)
    videos = np.concatenate([batch.videos for batch in batches.epoch(0)])
    assert (np.bincount(videos) == 3).all() and len(batches) == 12
    batch = next(batches.epoch(0))
    assert batch.groups[0].clips.shape == (8, 8, 32, 32, 3)  # only what the crop reads
    assert batch.labels["action"].shape == (4,)
    assert (batch.labels["action"] == batch.videos % 3).all()


@dataclass(frozen=True)
class Labels:
    """A clip with every kind of label that a sampler may give."""

    layout = (4, 4, 2)

    def __call__(self, num_frames, rng):
        clips = tuple(Clip(np.arange(length)) for length in self.layout)
        labels = {
            "whole": 3,
            "real": 0.5,
            "vector": np.array([0.25, 0.75]),
            "of each": np.array([0.0, 0.5, 1.0]),
            "matrix": np.arange(6, dtype=np.int32).reshape(3, 2),
        }
        return Sample(clips, labels)


def test_a_label_keeps_its_type_and_its_shape(memory_frames):
    batches = make(memory_frames((20,) * 6), Labels(), batch=6, actions=None)
    _, labels = batches.prepared(next(batches.epoch(0)), CPU)
    assert labels["whole"].tolist() == [3, 3] and labels["whole"].dtype == torch.int64
    assert labels["real"].tolist() == [0.5, 0.5]
    assert labels["vector"].tolist() == 2 * [[0.25, 0.75]]
    assert labels["of each"].tolist() == 2 * [[0.0, 0.5, 1.0]]
    assert labels["matrix"].shape == (2, 3, 2) and labels["matrix"].dtype == torch.int32


def test_a_sampler_may_give_no_labels(memory_frames):
    batches = make(memory_frames((20,) * 6), RandomClip(4), batch=6, actions=None)
    (x,), labels = batches.prepared(next(batches.epoch(0)), CPU)
    assert x.shape == (6, 3, 4, 32, 32) and labels == {}


def test_clips_of_each_length_are_a_separate_group(memory_frames):
    batches = make(memory_frames((20,) * 6), Labels(), batch=6)
    batch = next(batches.epoch(0))
    assert [group.clips.shape[:2] for group in batch.groups] == [(4, 4), (2, 2)]
    long, short = batches.prepared(batch, CPU)[0]
    assert long.shape == (4, 3, 4, 32, 32) and short.shape == (2, 3, 2, 32, 32)
    assert batches.size(batch) == 6 and batches.clips_a_video == 3
    # Each view is augmented by its own draw, whichever group it is in.
    video = int(batch.videos[1])
    rng = generator(batches.seed, AUGMENT, 0, video, 2)
    whole = torch.from_numpy(batches.frames.pixels[video][:2])[None]
    assert torch.equal(short[1], batches.augment(whole, [rng])[0])


def test_several_samples_of_a_video_lie_side_by_side(memory_frames):
    sampler = Several(Repeat(Pace(length=4), 2), 3)
    batches = make(memory_frames((20,) * 6), sampler, batch=12)
    batch = next(batches.epoch(0))
    assert batches.clips_a_video == 6 and batches.videos_a_batch == 2
    assert batch.labels["pace"].shape == (6, 2)
    assert (batch.labels["action"] == np.repeat(batch.videos % 3, 3)).all()
    drawn = sampler(20, generator(batches.seed, SAMPLER, 0, int(batch.videos[1])))
    assert (batch.labels["pace"][3:] == drawn.labels["pace"]).all()
    # View numbers go on through the samples, so no two clips of a video share a draw.
    crops = [tuple(drawn[0].ravel()) for drawn in batch.groups[0].parameters[:6]]
    assert len(set(crops)) > 1


def test_two_views_of_the_same_frames_are_augmented_differently(memory_frames):
    augment = methods.CVRL().augment(32)  # reads whole frames
    batches = make(memory_frames((40,) * 8), Interval(None, 8), augment=augment)
    batch = next(batches.epoch(0))
    assert (batch.groups[0].clips[::2] == batch.groups[0].clips[1::2]).all()
    x = batches.prepared(batch, CPU)[0][0]
    assert (x[::2] - x[1::2]).abs().amax((1, 2, 3, 4)).min() > 0.02


def test_the_second_augmentation_of_a_pair_is_for_the_second_view(memory_frames):
    pair = (Augment((CentreCrop(32), Solarise(probability))) for probability in (0.0, 1.0))
    pair = Alternating(*pair)
    batch = next(make(memory_frames((40,) * 8), Interval(None, 8), augment=pair).epoch(0))
    assert [bool(drawn[1]) for drawn in batch.groups[0].parameters] == [False, True] * 4


def test_unreadable_videos_are_left_out_and_too_few_videos_are_refused(memory_frames):
    batches = make(memory_frames((20, 0, 20, 20)), batch=3)
    assert 1 not in np.concatenate([batch.videos for batch in batches.epoch(0)])
    with pytest.raises(VsslError, match="3 readable videos do not fill a batch of 8"):
        make(memory_frames((20, 0, 20, 20)), batch=8)
