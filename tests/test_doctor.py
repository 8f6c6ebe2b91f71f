"""The doctor lists what is on this machine and explains what is wrong."""

from __future__ import annotations

import importlib.metadata
import json
import sys

import pytest

from vssl import cli, doctor


@pytest.fixture
def empty() -> dict:
    return {"problems": [], "warnings": [], "notes": []}


def test_this_machine_is_described(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("VSSL_DATA", str(tmp_path / "not" / "yet"))
    assert cli.main(["doctor", "--json", "--no-probe"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["problems"] == [] and report["cores"] >= 1 and report["memory_gb"] > 0.5
    version = report["torch"]["version"]
    assert version == importlib.metadata.version("torch") or "+" in version
    assert report["pyav"]["ffmpeg"] and report["torchvision"]
    text = doctor.text(report)
    assert "vssl data make draws the puppets" in text and "all that vssl needs is here" in text


def test_data_that_is_there_is_listed(monkeypatch, tmp_path):
    monkeypatch.setenv("VSSL_DATA", str(tmp_path))
    (tmp_path / "puppets" / "ucf101-demo").mkdir(parents=True)
    (tmp_path / "puppets" / "ucf101-demo" / "manifest.json").write_text("{}")
    (tmp_path / "puppets" / "half-drawn").mkdir()
    (tmp_path / "real" / "UCF-101").mkdir(parents=True)
    assert [entry["name"] for entry in doctor._data()] == ["puppets ucf101-demo", "real UCF-101"]


def test_a_missing_torch_is_reported_and_nothing_breaks(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    report = doctor.report()
    assert report["torch"] is None and "probe" not in report
    problem = report["problems"][0]
    assert problem.startswith("torch does not load") and "make env" in problem
    assert "torch        missing" in doctor.text(report)


def test_a_torchvision_for_another_torch_is_reported(monkeypatch, empty):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    needs = ["numpy", "torch (==2.99.0)", 'scipy; extra == "scipy"']
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: needs)
    doctor._torchvision(empty)
    assert "built for torch 2.99.0" in empty["problems"][0]
    assert empty["problems"][0].count("\n") == 0


def test_the_probe_finds_bf16_right_on_this_machine(monkeypatch, empty):
    monkeypatch.setattr(doctor, "_milliseconds", lambda clip, weight: 1.0)
    probe = doctor._probe(empty)
    assert 0 < probe["difference"] < doctor.TOLERANCE
    assert empty["warnings"] == []


def test_a_wrong_bf16_is_reported(monkeypatch, empty):
    import torch

    right = torch.nn.functional.conv3d
    monkeypatch.setattr(doctor, "_milliseconds", lambda clip, weight: 1.0)

    def broken(clip, weight, **rest):
        return right(clip, weight, **rest) * (float("nan") if clip.dtype == torch.bfloat16 else 1)

    monkeypatch.setattr(torch.nn.functional, "conv3d", broken)
    probe = doctor._probe(empty)
    json.dumps(probe, allow_nan=False)
    assert any("bf16 conv3d is wrong" in line for line in empty["warnings"])


def test_a_slow_bf16_is_reported(monkeypatch, empty):
    import torch

    monkeypatch.setattr(
        doctor, "_milliseconds", lambda clip, weight: 4.0 if clip.dtype == torch.bfloat16 else 1.0
    )
    doctor._probe(empty)
    assert any("4.0 times as long" in line for line in empty["warnings"] + empty["notes"])
