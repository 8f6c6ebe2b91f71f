"""What is exported is the net of the run, with a card that says what it is and is not."""

from dataclasses import replace

import pytest
import torch

import vssl
from vssl import cli, methods
from vssl.clips import samples_of
from vssl.errors import VsslError
from vssl.files import write_json
from vssl.lab import keep, run, trained
from vssl.models import shipped
from vssl.objectives import Pretext
from vssl.results import export


@pytest.fixture
def start(tiny, monkeypatch, tmp_path):
    """A small pre-training, computed."""
    monkeypatch.setenv("VSSL_LEDGER", str(tmp_path / "ledger"))
    made = tiny.pretrain(methods.Pace(short="fit"), "r3d", seed=0)
    run(made)
    return made


def clips(start):
    return torch.rand(2, 3, start.length, start.size, start.size)


def test_the_exported_net_is_the_runs_bit_by_bit(start, tmp_path):
    folder = export.export(start.key()[:-2], tmp_path / "net")
    x, wanted = clips(start), start.backbone((run(start),)).eval()
    with torch.no_grad():
        assert torch.equal(vssl.load(folder)(x), wanted(x))


def test_its_heads_come_along_and_give_the_same_answers(start, tmp_path):
    done = run(start)
    folder = export.export(start.key(), tmp_path / "net", heads=True)
    whole = start.model(done).eval()
    sampler, method = start.sampler(), start.method
    objective = method.objective(start.length)
    model = Pretext(vssl.load(folder), objective, sampler.layout, samples_of(sampler)).eval()
    model.objective.load_state_dict(shipped.heads(folder))
    x = clips(start).repeat_interleave(samples_of(sampler), 0)
    labels = {"pace": torch.zeros(len(x), dtype=torch.int64)}
    with torch.no_grad():
        assert torch.equal(model(x, labels).loss, whole(x, labels).loss)
    plain = export.export(start.key(), tmp_path / "plain")
    with pytest.raises(VsslError, match="holds no heads; vssl export --heads"):
        shipped.heads(plain)
    (folder / "heads.safetensors").write_bytes(b"other")
    with pytest.raises(VsslError, match="damaged"):
        shipped.heads(folder)


def test_a_kept_file_is_exported_in_half_precision(start, tmp_path):
    (file,) = keep(start, tmp_path / "kept")
    folder = export.export(str(file), tmp_path / "net")
    x, wanted = clips(start), start.backbone((run(start),)).eval().half().float()
    with torch.no_grad():
        assert torch.equal(vssl.load(folder)(x), wanted(x))
    full = export.export(start.key(), tmp_path / "full") / "model.safetensors"
    assert (folder / "model.safetensors").stat().st_size < 0.7 * full.stat().st_size


def test_the_card_says_what_it_learnt_from_and_how(start, tmp_path):
    text = (export.export(start.key(), tmp_path / "net") / "README.md").read_text()
    record = run(start).record
    for words in (
        "# r3d, pre-trained by Pace on puppets for UCF101",
        start.key(),
        "stand-in data",
        "Nothing that it does says anything about real videos",
        "research and teaching only",
        "short=fit",
        "Recipe(",
        record["commit"],
        record["hardware"],
        f"torch {record['versions']['torch']}",
        "| loss |",
        "None is known to be of this very run",
        "MIT",
    ):
        assert words in text, words


def test_a_card_of_real_videos_does_not_call_them_puppets(start):
    source = trained.find(start.key())
    real = {**source.description["data"], "stand_in": False}
    described = {**source.description, "data": real}
    text = export.card(replace(source, description=described))
    assert "UCF101: real videos" in text and "puppets" not in text
    assert "terms of the videos" in text


def test_weights_without_a_record_say_so(start, tmp_path):
    source = replace(trained.find(start.key()), record={}, metrics={})
    assert export.card(source).count("kept without the record of their run") == 2


def test_the_card_names_what_was_not_clean(start):
    source = trained.find(start.key())
    frames = {"ucf101": {"frames": "8b2e7b22", "failed": ["a.avi", "b.avi"]}}
    text = export.card(replace(source, record=source.record | {"commit": "1+", "frames": frames}))
    assert "2 videos of it could not be decoded" in text
    assert "with changes that were not committed" in text


def test_the_ledgers_numbers_of_this_very_run_are_found(start, tmp_path):
    found = run(start)
    names = ("commit", "hardware", "versions")
    mine = {
        **{name: found.record[name] for name in names},
        "minutes": {start.key(): round(found.minutes, 2), "retrieve-1": 0.1},
        "row": "pace",
        "column": "R@1",
        "seed": 0,
        "value": 38.02,
        "chance": 50.0,
        "title": "puppets for UCF101",
    }
    others = [
        mine | {"commit": "elsewhere", "row": "other commit"},
        mine | {"minutes": {start.key(): 99.0}, "row": "other minutes"},
        mine | {"minutes": {"pretrain-0": 1.0}, "row": "other run"},
    ]
    write_json(tmp_path / "ledger" / "pace" / "t.smoke.json", {"records": [mine, *others]})
    source = trained.find(start.key())
    assert [one["row"] for _, _, one in export.numbers(source)] == ["pace"]
    assert "| pace/t | smoke | pace | R@1 | 0 | 38.0 | 50.0 | puppets for UCF101 |" in export.card(
        source
    )


def test_the_command_exports_once(start, tmp_path, capsys):
    argv = ["export", start.key(), "--to", str(tmp_path / "net")]
    assert cli.main(argv) == 0
    assert "vssl.load reads it" in capsys.readouterr().out
    assert vssl.load(tmp_path / "net").name == "r3d"
    assert cli.main(argv) == 2
    err = capsys.readouterr().err
    assert "is there already" in err and err.count("\n") == 1


def test_weights_of_another_net_are_not_exported(start, tmp_path):
    file = run(start).folder / "model.pt"
    state = torch.load(file, weights_only=True)
    torch.save({name: v for name, v in state.items() if "stage5" not in name}, file)
    with pytest.raises(VsslError, match="it lacks blocks"):
        export.export(start.key(), tmp_path / "net")
    assert not (tmp_path / "net").exists()
