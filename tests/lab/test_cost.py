"""Estimates of a run agree with counts by hand, and a plan needs no data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vssl import methods, models
from vssl.errors import DataError
from vssl.lab import Mean, Net, PretextTest, PreTrain, cost, estimate, resolve
from vssl.lab.cost import Cost
from vssl.lab.reconstruction import Reconstruction
from vssl.samplers import Windows
from vssl.shelf.plan import PRETRAININGS, Plan, Planned, counted


@pytest.fixture
def planning(monkeypatch, tmp_path):
    """Set what `vssl reproduce --plan` sets, on a machine without any data."""
    monkeypatch.setenv("VSSL_PLAN_ONLY", "1")
    monkeypatch.setenv("VSSL_DATA", str(tmp_path))


def test_the_papers_pre_training_is_counted_as_in_the_paper(planning):
    start = resolve("paper").pretrain(methods.Pace(), "r2plus1d", seed=0)
    found = estimate(start, "paper")
    assert found.clips == 9537 * 10 * 18  # the tenfold list, 18 times
    multiply_adds = 3 * found.clips * models.macs(Net("r2plus1d").build(0), 16, 112)
    assert found.seconds == pytest.approx(cost.OVERHEAD + multiply_adds / cost.GPU_RATE)
    assert (found.data, found.found, found.size) == ("UCF101", False, "16 x 112 x 112")


@pytest.mark.parametrize("name", models.NAMES)
def test_a_net_is_counted_without_being_made(name):
    made = models.macs(models.build(name, 8, True), 8, 64)
    assert cost.multiply_adds(Net(name, 8, True), 8, 64) == made
    # This net has 32 billion parameters, which would not fit into memory.
    assert cost.multiply_adds(Net("r3d50", 2048), 8, 64) > 1e12


def test_a_test_by_windows_can_be_planned():
    demo = resolve("demo")
    tuned = demo.fine_tune(demo.pretrain(methods.Pace(), "r3d", seed=0))
    windows = replace(tuned, labelled=replace(tuned.labelled, test=Windows()))
    clips = estimate(windows, "demo").clips - estimate(tuned, "demo").clips
    assert clips == tuned.data.counts()[1] * (
        10 - 4
    )  # about ten windows a video, instead of demo's four


def test_kinetics_is_gone_through_once_an_epoch_and_s3dg_has_long_clips(planning):
    paper = resolve("paper")
    kinetics = paper.pretrain(methods.Pace(), "r2plus1d", 0, "kinetics400")
    assert estimate(kinetics, "paper").clips == 240_000 * 18
    long = paper.long().pretrain(methods.Pace(), "s3dg", 0)
    assert estimate(long, "paper").size == "64 x 224 x 224"
    assert methods.Pace().fine_tune("s3dg").rate == 1e-2
    assert methods.Pace().fine_tune("c3d").rate == 3e-3


def test_experiments_after_a_pre_training_are_counted_too():
    demo = resolve("demo")
    start = demo.pretrain(methods.Pace(), "r3d", seed=0)
    assert estimate(start, "demo").clips == 528 * 4 * 12
    assert estimate(demo.features(start), "demo").clips == (528 + 192) * 4
    assert estimate(PretextTest(start), "demo").clips == 192 * 4
    assert estimate(demo.fine_tune(start), "demo").clips == 528 * 8 + 192 * 4
    free = Cost(start.data.title(), True, 0, "16 x 56 x 56", cost.OVERHEAD, "one core")
    assert estimate(demo.retrieve(start), "demo") == free


def test_every_row_of_a_table_sees_as_many_clips():
    demo = resolve("demo")
    rows = [methods.Pace(paces=tuple(range(1, top + 1))) for top in (3, 4, 5, 6)]
    rows += [
        methods.Pace(play="signed"),
        methods.Pace(contrast="context"),
        methods.Pace(predict=False, contrast="pace"),
        methods.VCOP(),
    ]
    clips = {estimate(demo.pretrain(method, "r3d", 0), "demo").clips for method in rows}
    assert clips == {528 * 4 * 12}


def test_each_split_is_counted_and_their_mean_costs_nothing_more():
    demo = resolve("demo")
    start = demo.pretrain(methods.Pace(), "r3d", seed=0)
    splits = tuple(demo.fine_tune(start, "hmdb51", split=split) for split in (1, 2, 3))
    assert [one.data.split for one in splits] == [1, 2, 3]
    assert len({one.key() for one in splits}) == 3
    assert [demo.linear(start, split=split).data.split for split in (1, 2, 3)] == [1, 2, 3]
    free = Cost(splits[0].data.title(), True, 0, "16 x 56 x 56", cost.OVERHEAD, "one core")
    assert estimate(Mean(splits), "demo") == free
    assert all(estimate(one, "demo").clips > 0 for one in splits)


def test_data_may_be_missing_only_in_a_plan(monkeypatch, tmp_path):
    monkeypatch.setenv("VSSL_DATA", str(tmp_path))
    with pytest.raises(DataError):
        resolve("paper").data("hmdb51")
    monkeypatch.setenv("VSSL_PLAN_ONLY", "1")
    assert resolve("paper").data("hmdb51").counts() == (3570, 1530)


def test_real_lists_are_counted_when_they_are_there(realvideo):
    data = resolve("paper", data_root=str(realvideo / "ucf101")).data()
    train, test = data.open().dataset.split(1)
    assert data.counts() == (len(train), len(test))


def test_the_plan_shows_what_each_run_and_all_of_them_should_take():
    def planned(key: str, seconds: float, done: bool = False, found: bool = True) -> Planned:
        clips = 1.7e6 if key.startswith("pretrain") else 0
        estimated = Cost("UCF101", found, clips, "16 x 112 x 112", seconds, "one core")
        return Planned(key, f"do {key}", (), done, b"", estimated)

    ones = [
        planned("pretrain-a", 7200, found=False),
        planned("probe-b", 5),
        planned("probe-c", 9, done=True),
    ]
    plan = Plan(
        {one.key: one for one in ones},
        {"1": ["probe-b"]},
        {"1": ["pretrain-a", "probe-b"], "2": ["pretrain-a"]},
    )
    text = plan.text()
    line = "do pretrain-a: 1.7 M clips of 16 x 112 x 112, about 2.0 h, UCF101 not found here"
    assert line in text
    assert "do probe-b: about 5 s" in text and "do probe-c  (" in text
    assert "estimated: 2.0 h of computing on one core" in text
    assert "pre-trainings: 2 asked for by the notebooks, 1 distinct" in text
    assert counted(plan.runs.values()) == {
        "asked": 3,
        "distinct": 2,
        "pretrains_asked": 2,
        "pretrains_distinct": 1,
    }


def test_every_kind_of_pre_training_is_counted():
    def kinds(one: type[PreTrain]) -> list[type[PreTrain]]:
        return [one, *(kind for inner in one.__subclasses__() for kind in kinds(inner))]

    assert issubclass(Reconstruction, PreTrain)  # a subclass is known once it is imported
    named = {f"{kind.__name__.lower()}-" for kind in kinds(PreTrain)}
    assert set(PRETRAININGS) == named - {"withpretext-"}  # what the others have in common
