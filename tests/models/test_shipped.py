"""A trained net in a folder: it comes back bit by bit, or is refused in one line."""

import json
import os
import signal
import subprocess
import sys

import pytest
import torch

import vssl
from vssl import models
from vssl.errors import VsslError
from vssl.models import shipped

NET = {"name": "r3d", "width": 4, "pool": True, "stem": "plain"}
CLIP = {"frames": 4, "size": 32, "stride": 1, "range": [0, 1], "layout": "RGB [N, 3, T, H, W]"}


@pytest.fixture
def backbone():
    torch.manual_seed(0)
    net = models.build(**NET)
    net(torch.rand(2, 3, 4, 32, 32))  # batch statistics of its own
    return net.eval()


@pytest.fixture
def folder(backbone, tmp_path):
    target = tmp_path / "nets" / "mine"
    shipped.write(target, backbone.state_dict(), NET, CLIP, "# A card\n")
    return target


def edit(folder, **changes):
    file = folder / "config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps(config | changes))


def refused(folder, words):
    with pytest.raises(VsslError, match=words) as caught:
        vssl.load(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", models.NAMES)
def test_every_net_comes_back_bit_by_bit(name, tmp_path):
    net = models.build(name, 4).eval()
    about = {"name": name, "width": 4, "pool": False, "stem": "plain"}
    shipped.write(tmp_path / "net", net.state_dict(), about, CLIP, "")
    found, wanted = vssl.load(tmp_path / "net").state_dict(), net.state_dict()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)


def test_a_loaded_net_is_ready(backbone, folder):
    net, clips = vssl.load(str(folder)), torch.rand(2, 3, 4, 32, 32)
    assert isinstance(net, models.Backbone) and not net.training
    assert torch.equal(net.features(clips), backbone.features(clips))


def test_half_weights_are_computed_with_in_float32(backbone, tmp_path):
    kept = {n: v.half() if v.is_floating_point() else v for n, v in backbone.state_dict().items()}
    shipped.write(tmp_path / "half", kept, NET, CLIP, "")
    backbone.load_state_dict(kept)
    net, clips = vssl.load(tmp_path / "half"), torch.rand(2, 3, 4, 32, 32)
    assert net.features(clips).dtype == torch.float32
    assert torch.equal(net.features(clips), backbone.features(clips))
    small, large = (
        (tmp_path / "half" / "model.safetensors").stat().st_size,
        sum(4 * value.numel() for value in kept.values()),
    )
    assert small < large


def test_loading_moves_no_draw(folder):
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    vssl.load(folder)
    assert torch.equal(torch.rand(3), wanted)


def test_the_same_net_gives_the_same_bytes(backbone, folder, tmp_path):
    shipped.write(tmp_path / "again", backbone.state_dict(), NET, CLIP, "# A card\n")
    for name in ("model.safetensors", "config.json", "README.md"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_shipped_net_is_found_by_its_name(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("VSSL_ROOT", str(tmp_path))
    refused("pace-demo", "no net is shipped yet")
    (tmp_path / "data").mkdir()
    folder.parent.rename(tmp_path / "data" / "nets")
    assert vssl.load("mine").name == "r3d"
    refused("pace-demo", "the shipped nets are mine")
    monkeypatch.chdir(tmp_path / "data" / "nets")
    (tmp_path / "data" / "nets" / "empty").mkdir()
    refused("./empty", "config.json is missing")


def test_flipped_bytes_are_refused(folder):
    file = folder / "model.safetensors"
    content = file.read_bytes()
    for place in (3, 100, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        refused(folder, "is damaged: its digest")


def test_a_truncated_file_is_refused(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    refused(folder, "is damaged: its digest")


def test_what_is_missing_is_refused(folder):
    (folder / "model.safetensors").unlink()
    refused(folder, "model.safetensors is missing")
    (folder / "config.json").unlink()
    refused(folder, "config.json is missing")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "is of format 2, and this vssl reads format 1"),
        ({"format": None}, "is of format None"),
        ({"net": NET | {"name": "r4d"}}, "there is no backbone 'r4d'"),
        ({"net": NET | {"pool": False}}, "was changed"),  # which fits the weights all the same
        ({"net": NET | {"width": 8}}, "was changed"),
        ({"net": NET | {"width": "8"}}, "does not say which net"),
        ({"net": ["r3d"]}, "does not say which net"),
        ({"weights": None}, "does not say which net"),
        ({"weights": {"sha256": "0" * 64}}, "is damaged"),
        ({"input": CLIP | {"range": [0, 255]}}, "was changed"),
        ({"more": 1}, "was changed"),
    ],
)
def test_an_edited_config_is_refused(folder, changes, words):
    edit(folder, **changes)
    refused(folder, words)


@pytest.mark.parametrize("text", ["", "[1]", "{", "3"])
def test_a_config_that_is_none_is_refused(folder, text):
    (folder / "config.json").write_text(text)
    refused(folder, "config.json (cannot be read|is of format None)")


def without(state):
    state.popitem()


def larger(state):
    state["blocks.stem.more"] = torch.zeros(1)


def reshaped(state):
    name = next(iter(state))
    state[name] = state[name][:-1]


def whole_numbers(state):
    name = next(iter(state))
    state[name] = state[name].int()


def endless(state):
    next(iter(state.values())).fill_(float("inf"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without, "is not of a r3d: it lacks"),
        (larger, "is not of a r3d: it has"),
        (reshaped, "does not fit: "),
        (whole_numbers, "does not fit: .*int32"),
        (endless, "that are no finite numbers"),
    ],
)
def test_weights_of_another_net_are_refused(backbone, tmp_path, change, words):
    state = backbone.state_dict()
    change(state)
    shipped.write(tmp_path / "odd", state, NET, CLIP, "")
    refused(tmp_path / "odd", words)


def test_weights_that_are_no_safetensors_are_refused(folder):
    import hashlib

    torch.save({}, folder / "model.safetensors")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    edit(folder, weights={"file": "model.safetensors", "sha256": digest})
    refused(folder, "cannot be read")


@pytest.mark.parametrize("width", [2, 0, -1])
def test_a_net_that_cannot_be_built_is_refused(backbone, tmp_path, width):
    shipped.write(tmp_path / "odd", backbone.state_dict(), NET | {"width": width}, CLIP, "")
    refused(tmp_path / "odd", "has empty layers")


def test_a_device_that_is_not_here_is_refused(folder):
    with pytest.raises(VsslError, match="load it on 'cpu'"):
        vssl.load(folder, device="nowhere")


def test_nothing_is_overwritten(backbone, folder):
    before = (folder / "README.md").read_bytes()
    with pytest.raises(VsslError, match="is there already"):
        shipped.write(folder, backbone.state_dict(), NET, CLIP, "another")
    assert (folder / "README.md").read_bytes() == before


def test_an_interruption_leaves_nothing(backbone, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(shipped, "write_text", stop)
    with pytest.raises(KeyboardInterrupt):
        shipped.write(tmp_path / "net", backbone.state_dict(), NET, CLIP, "")
    assert list(tmp_path.iterdir()) == []


def test_a_kill_leaves_no_half_folder(backbone, tmp_path):
    code = f"""
import os, signal
from vssl import models
from vssl.models import shipped
shipped.write_text = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
net = models.build(**{NET!r})
from pathlib import Path
shipped.write(Path({str(tmp_path / "net")!r}), net.state_dict(), {NET!r}, {{}}, "")
"""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "net").exists()
    shipped.write(tmp_path / "net", backbone.state_dict(), NET, CLIP, "")
    assert vssl.load(tmp_path / "net").name == "r3d"


def test_a_folder_that_cannot_be_written_gets_one_line(backbone, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VsslError, match="cannot write"):
        shipped.write(tmp_path / "file" / "net", backbone.state_dict(), NET, CLIP, "")


def test_vssl_itself_loads_no_torch():
    code = "import sys, vssl; print(vssl.load.__name__, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "load False\n"
