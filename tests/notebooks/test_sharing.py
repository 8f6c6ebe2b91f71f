"""The notebooks of a paper compute nothing twice and treat every row of a table alike."""

from __future__ import annotations

import contextlib
import io

import pytest

from vssl.clips import clips_of
from vssl.lab import PreTrain, estimate
from vssl.manifest import shelf
from vssl.methods import Segments
from vssl.shelf import worker
from vssl.shelf.plan import counted


def closure(experiment) -> dict:
    """Return an experiment and all that it needs, by key."""
    found = {experiment.key(): experiment}
    for need in experiment.needs():
        found |= closure(need)
    return found


def experiments_of(profile: str, paper: str) -> dict[str, dict]:
    """Return what the notebooks of a paper ask for: notebook -> key -> experiment."""
    found = {}
    for entry in [entry for entry in shelf() if entry.paper == paper]:
        with contextlib.redirect_stdout(io.StringIO()):
            experiments = worker.flat(worker.planned(entry.path, {"profile": profile}))
        found[entry.id] = {}
        for experiment in experiments:
            found[entry.id] |= closure(experiment)
    return found


@pytest.fixture(autouse=True)
def planning(monkeypatch, tmp_path):
    monkeypatch.setenv("VSSL_PLAN_ONLY", "1")
    monkeypatch.setenv("VSSL_DATA", str(tmp_path))


@pytest.fixture
def paper():
    return experiments_of("paper", "pace")


def trained(notebooks: dict[str, dict]) -> dict[str, PreTrain]:
    every = [pair for notebook in notebooks.values() for pair in notebook.items()]
    return {key: one for key, one in every if isinstance(one, PreTrain)}


def test_no_pre_training_is_computed_twice(paper):
    counts = counted(paper.values())
    # Counted by hand from the tables: 6 of Table 1; 5 more of Table 2; Kinetics-400 and S3D-G of
    # Table 3; C3D and R3D of Tables 4 and 5; VCOP on three nets of Figure 4; slow; two larger
    # steps; two ways to play backwards; and that of the story.
    assert counts["pretrains_distinct"] == 6 + 5 + 2 + 2 + 3 + 1 + 2 + 2 + 1
    assert counts["pretrains_asked"] == 1 + 6 + 6 + 3 + 3 + 3 + 4 + 3 + 3 + 3 + 6
    assert counts["distinct"] < counts["asked"]
    runs = trained(paper)
    assert len(runs) == len(set(runs.values()))  # no two keys belong to the same experiment


def test_the_paper_profile_runs_the_paper(paper):
    for key, one in trained(paper).items():
        assert one.recipe == one.method.recipe(one.data.name), key
        assert (one.net.width, one.net.pool, one.data.stand_in) == (64, False, False), key
    table_1 = trained({"101_pace_table_1": paper["101_pace_table_1"]})
    methods = {one.method for one in table_1.values()}
    assert {(method.short, method.strength) for method in methods} == {("loop", 1.0)}


def test_every_row_of_a_table_has_the_same_budget():
    for name, experiments in experiments_of("demo", "pace").items():
        starts = [one for one in trained({name: experiments}).values() if one.data.name == "ucf101"]
        assert len({estimate(one, "demo").clips for one in starts}) == 1, name


def test_cvrls_notebooks_share_too_and_run_the_paper():
    notebooks = experiments_of("paper", "cvrl")
    counts, runs = counted(notebooks.values()), trained(notebooks)
    # Counted by hand: 2 of the story; 4 nets and SimCLR's frames on both Kinetics sets of Table 2,
    # from which Tables 3, 4, 5, 10 and 11 start; 3 heads of Table 6; 3 batches of Table 7; 2
    # lengths of Table 8; 3 rows of Table 9; RandAugment of Table 12; 5 laws of Figure 3; and in
    # Figure 4 the longest on the smaller set and the two shorter ones on the larger.
    assert counts["pretrains_distinct"] == 2 + 10 + 3 + 3 + 2 + 3 + 1 + 5 + 3
    assert counts["pretrains_asked"] == 2 + 10 + 2 + 2 + 2 + 4 + 4 + 4 + 4 + 2 + 2 + 2 + 6 + 6
    assert len(runs) == len(set(runs.values())) == counts["pretrains_distinct"]
    for key, one in runs.items():
        assert one.recipe == one.method.recipe(one.data.name), key
        assert (one.length, one.size) == ((1 if one.net.name == "r2d50" else 16), 224), key
        assert not one.data.stand_in and not one.net.pool and one.net.width % 64 == 0, key


def test_cstps_notebooks_share_too_and_run_the_paper():
    notebooks = experiments_of("paper", "cstp")
    counts, runs = counted(notebooks.values()), trained(notebooks)
    # Counted by hand: 3 of the story; 7 of Table 1; the sums of Table 2 without those 3 and without
    # Table 1's three single tasks; the three other schemes of Table 3 with 4 sets of tasks each;
    # the other sets of rates of Table 4; the halves of Table 5, whose whole is Table 1's; and 3
    # nets on two sets, and the frozen one on Kinetics-400, less R(2+1)D on UCF101, of Table 6.
    assert counts["pretrains_distinct"] == 3 + 7 + (15 - 6) + 3 * 4 + 5 + 2 + (2 * 3 + 1 - 1)
    assert counts["pretrains_asked"] == 3 + 7 + 15 + 19 + 6 + 3 + 7 + 2
    assert len(runs) == len(set(runs.values())) == counts["pretrains_distinct"]
    for key, one in runs.items():
        assert one.recipe == one.method.recipe(one.data.name), key
        assert (one.net.width, one.net.pool, one.net.stem) == (64, False, "plain"), key
        assert (one.length, one.size, one.data.stand_in) == (16, 112, False), key


@pytest.mark.parametrize("profile", ["demo", "gpu"])
def test_every_row_of_a_table_of_cstp_has_the_same_budget(profile):
    for name, experiments in experiments_of(profile, "cstp").items():
        starts = [one for one in trained({name: experiments}).values() if one.data.name == "ucf101"]
        assert len({(one.recipe.epochs, one.recipe.batch) for one in starts}) == 1, name


def test_cpnets_notebooks_share_too_and_run_the_paper():
    notebooks = experiments_of("paper", "cpnet")
    counts, runs = counted(notebooks.values()), trained(notebooks)
    # Counted by hand: 3 of the story; 16 of Table 1, on nine tenths of the videos, whose three gaps
    # are Table 8's; 3 nets on two sets of Table 2, less the story's, from which Tables 4, 9, 10, 11
    # and Figure 5 start; I3D and R3D on Diving48 of Table 3; and 3 methods on 3 nets, each without
    # and with a cut, of Table 6; CRNet's 3 nets, which Tables 10 and 11 share; and 3 methods on
    # ActivityNet of Table 5.
    assert counts["pretrains_distinct"] == 3 + 16 + (6 - 1) + 2 + 3 * 3 * 2 + 3 + 3
    assert counts["pretrains_asked"] == 3 + 16 + 6 + 6 + 3 + 18 + 3 + 6 + 3 + 3 + 2 + 2 * 3 + 3
    assert len(runs) == len(set(runs.values())) == counts["pretrains_distinct"]
    for key, one in runs.items():
        assert one.recipe == one.method.recipe(one.data.name), key
        assert (one.net.width, one.net.pool, one.net.stem) == (64, False, "plain"), key
        assert (one.length, one.size, one.data.stand_in) == (16, 112, False), key
        assert one.data.fps == {"kinetics400": 15, "diving48": 25}.get(one.data.name), key


@pytest.mark.parametrize("profile", ["demo", "gpu"])
def test_every_row_of_a_table_of_cpnet_has_the_same_budget(profile):
    for name, experiments in experiments_of(profile, "cpnet").items():
        starts = [one for one in trained({name: experiments}).values() if one.data.name == "ucf101"]
        if name != "406_cpnet_table_6":  # which joins the cut to methods of other budgets
            assert len({(one.recipe.epochs, one.recipe.batch) for one in starts}) <= 1, name
        else:
            assert len({estimate(one, profile).clips for one in starts}) == 1


def test_segments_notebooks_share_too_and_run_the_paper():
    notebooks = experiments_of("paper", "segments")
    runs = trained(notebooks)
    # Counted by hand: 2 of the story; of Table 6 the order alone, and the contrast by the cosine
    # and without views; 3 other numbers of segments; 3 other ranges; of Table 5 classes on 2 nets;
    # C3D and R3D of Table 2; 2 single tasks of Table 7; the order alone on 2 more nets and VCOP on
    # 3 of Table 8; 4 and 5 shapes of Table 9; and of Table 10 clips as keys on 2 more nets, and on
    # Kinetics-400 on 2. Tables 11 and 12 have nothing of their own.
    assert len(runs) == 2 + 3 + 3 + 3 + 2 + 2 + 2 + (2 + 3) + (4 + 5) + (2 + 2)
    assert len(runs) == len(set(runs.values()))
    for key, one in runs.items():
        assert one.recipe == one.method.recipe(one.data.name), key
        assert (one.net.width, one.net.pool, one.net.stem) == (64, False, "plain"), key
        assert not one.data.stand_in, key
    shapes = {(one.length, one.size) for one in runs.values()}
    assert shapes == {(16, 112), (32, 112), (64, 112), (16, 152), (16, 224)}
    # One generator of views for each net, range, number of segments, shape and set.
    views = {one.generator for one in runs.values() if one.generator}
    assert len(views) == 3 + 3 + 3 + 4 + 5


@pytest.mark.parametrize("profile", ["demo", "gpu"])
def test_every_row_of_a_table_of_segments_has_the_same_budget(profile):
    for name, experiments in experiments_of(profile, "segments").items():
        starts = [one for one in trained({name: experiments}).values() if one.data.name == "ucf101"]
        ours = [one for one in starts if isinstance(one.method, Segments)]
        videos = {one.recipe.batch / clips_of(one.sampler()) for one in ours}
        assert len(videos) == 1, name  # of a batch
        clips = {one.recipe.epochs * clips_of(one.sampler()) for one in starts}
        assert max(clips) - min(clips) <= 1, name  # VCOP too, whose epochs are rounded
