"""Runs and kept files are found by name, and read as the backbones that their experiments give."""

import json
from dataclasses import replace

import pytest
import torch

from vssl import methods, paths
from vssl.errors import VsslError
from vssl.files import write_json
from vssl.lab import (
    Net,
    PreTrain,
    Reconstruction,
    Synthesised,
    key,
    resolve,
    run,
    trained,
)
from vssl.lab.weights import keep, record_of


def described(method, **changes):
    scale = resolve("demo")
    return replace(scale.pretrain(method, "r3d", 100), **changes)


def stored(start: PreTrain):
    """A run that was never computed: what `find` reads of it, and no weights."""
    folder = paths.runs() / "store" / start.key()
    record = {"description": key.described(start), "metrics": {"loss": 1.0}, "record": {}}
    write_json(folder / "run.json", record)
    return folder


@pytest.mark.parametrize(
    "method",
    [
        methods.Pace(),
        methods.CVRL(),
        methods.CVRL(stride=3),
        methods.CPNet(),
        methods.CRNet(),
        methods.CSTP(),
        methods.Segments(),
        methods.VCOP(),
        methods.WithCut(methods.CVRL(stride=4), gap=8),
    ],
    ids=lambda method: key.brief(method)[:40],
)
def test_a_description_is_read_back(method):
    start = described(method, length=8)
    stored(start)
    found = trained.find(start.key())
    assert found.key == start.key() and found.net == start.net
    assert {data.title() for data in found.data} == {"puppets for UCF101"}
    assert found.clip() == {
        "frames": 8,
        "size": start.size,
        "stride": method.labelled().stride,
        "range": [0, 1],
        "layout": "RGB [N, 3, T, H, W]",
    }
    assert (found.field("seed"), found.metrics) == (100, {"loss": 1.0})


def test_every_kind_of_pre_training_is_known():
    kinds = {PreTrain, Reconstruction, Synthesised}
    assert {kind.__name__ for kind in kinds} == set(trained.KINDS)
    assert all(issubclass(kind, PreTrain) for kind in kinds)


def test_what_stands_at_its_default_is_found_too():
    start = PreTrain(methods.Pace(), Net(), described(methods.Pace()).data, methods.Pace().recipe())
    stored(start)
    found = trained.find(start.key())
    assert (found.net, found.field("seed")) == (Net(), 0)
    assert (found.clip()["frames"], found.clip()["size"]) == (16, 112)


def test_all_that_an_earlier_training_saw_counts():
    real = replace(described(methods.Pace()).data, stand_in=False, name="kinetics400")
    before = described(methods.Pace(), data=real)
    start = described(methods.CVRL(), start=before)
    stored(start)
    assert {data.stand_in for data in trained.find(start.key()).data} == {True, False}


def test_the_beginning_of_a_name_is_enough_and_others_are_refused():
    with pytest.raises(VsslError, match="no pre-training is there; run one first"):
        trained.find("pretrain-1")
    runs = [described(methods.Pace(), seed=seed) for seed in range(3)]
    folders = [stored(one) for one in runs]
    (folders[0].parent / "retrieve-abc").mkdir()
    write_json(folders[0].parent / "retrieve-abc" / "run.json", {})
    first = runs[0].key()
    assert trained.find(first[:-4]).key == first
    for name, words in {
        "pretrain-": "begins 3 runs: pretrain-",
        "": "there is no run ''",
        "pretrain-zz": f"choose from .*{first}",
        "retrieve-a": "retrieve-abc is no pre-training; choose from pretrain-",
        "no/file.pt": "there is no no/file.pt",
    }.items():
        with pytest.raises(VsslError, match=words) as caught:
            trained.find(name)
        assert "\n" not in str(caught.value)


def test_many_runs_are_listed_briefly():
    for seed in range(9):
        stored(described(methods.Pace(), seed=seed))
    with pytest.raises(VsslError, match="and 3 more"):
        trained.find("nothing")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "no record of a run"),
        ('{"description": {"": "Probe"}, "metrics": {}, "record": {}}', "of a Probe; export a pre"),
        ('{"description": {"": "PreTrain"}, "metrics": {}, "record": {}}', "does not describe"),
        ('{"description": 3, "metrics": {}, "record": {}}', "does not describe"),
    ],
)
def test_a_damaged_record_is_refused(text, words):
    folder = stored(described(methods.Pace()))
    (folder / "run.json").write_text(text)
    with pytest.raises(VsslError, match=words):
        trained.find(folder.name)


def test_a_run_that_describes_another_is_refused():
    folder = stored(described(methods.Pace()))
    folder.rename(folder.with_name("pretrain-0000000000000000"))
    with pytest.raises(VsslError, match="not itself"):
        trained.find("pretrain-0000")


@pytest.fixture
def start(tiny):
    """A small pre-training, computed."""
    made = tiny.pretrain(methods.Pace(short="fit"), "r3d", seed=0)
    run(made)
    return made


def test_the_state_is_the_backbones_alone(start):
    found = trained.find(start.key())
    state, wanted = found.state(), start.backbone((run(start),)).state_dict()
    assert state.keys() == wanted.keys()
    assert all(torch.equal(state[name], wanted[name]) for name in wanted)


def test_kept_weights_are_half_and_bring_their_record(start, tmp_path):
    (file,) = keep(start, tmp_path / "kept")
    found = trained.find(str(file))
    assert found.key == start.key() and found.record == run(start).record
    assert {value.dtype for value in found.state().values()} == {torch.float16, torch.int64}
    record = json.loads(record_of(file).read_text())
    write_json(record_of(file), record | {"description": record["description"] | {"seed": 9}})
    with pytest.raises(VsslError, match="describes another run"):
        trained.find(str(file))
    record_of(file).unlink()  # as weights of before records were kept
    assert trained.find(str(file)).record == {}
    file.with_suffix(".json").unlink()
    with pytest.raises(VsslError, match=r"there is no .*\.json"):
        trained.find(str(file))
