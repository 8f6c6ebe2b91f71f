"""Saved figures have the same bytes in every process and an alt text, and leave nothing open."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import types

import numpy as np
import pytest
from PIL import Image

from vssl import figures, paths
from vssl.errors import VsslError
from vssl.figures import saving

ALT = "Two bars, the second one longer than the first."

SCRIPT = """
import numpy as np
from vssl import figures
points = np.random.default_rng(0).normal(size=(30, 2))
places, labels = {"before": points, "after": points * 2}, np.arange(30) % 3
figure = figures.embedding.panels(places, labels, ["a", "b", "c"], "A finding")
figures.save(figure, "twice", alt="Three classes of points that mix.", note="seed 0")
"""


def drawn():
    return figures.bars.bars(
        {"set": {"one": [1.0, 2.0], "two": [3.0, 3.5]}},
        title="Two beats one",
        ylabel="points",
        chance=0.5,
    )


def test_bytes_are_the_same_in_two_processes(tmp_path):
    found = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        env = {**os.environ, "VSSL_FIGURES": str(folder), "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", SCRIPT], check=True, env=env)
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert sorted(found[0]) == ["twice.json", "twice.png", "twice.svg"]
    assert found[0] == found[1]
    assert b"Software" not in found[0]["twice.png"]
    assert b"dc:date" not in found[0]["twice.svg"]
    assert b"Three classes of points that mix." in found[0]["twice.svg"]


def test_sidecar_holds_the_alt_text_and_the_digest():
    figures.save(drawn(), "bars", alt=f"  {ALT}\n")
    sidecar = json.loads((paths.figures() / "bars.json").read_text())
    digest = hashlib.sha256((paths.figures() / "bars.png").read_bytes()).hexdigest()
    assert sidecar == {"alt": ALT, "sha256": digest}
    names = sorted(path.name for path in paths.figures().iterdir())
    assert names == ["bars.json", "bars.png", "bars.svg"]


def test_a_smoke_figure_never_replaces_a_real_one():
    figures.save(drawn(), "bars", alt=ALT)
    before = (paths.figures() / "bars.png").read_bytes()
    figure = drawn()
    figures.save(figure, "bars", alt=ALT, smoke=True, note="seed 0")
    assert (paths.figures() / "bars.png").read_bytes() == before
    assert (paths.figures() / "smoke" / "bars.png").is_file()
    assert "mean nothing; seed 0" in figure.get_supxlabel()


def test_an_empty_figure_never_replaces_a_real_one_and_is_no_smoke_result():
    figure = drawn()
    figures.save(figure, "bars", alt=ALT, empty=True, note="demo profile: not run yet")
    assert [path.name for path in paths.figures().iterdir()] == ["smoke"]
    assert figure.get_supxlabel() == "demo profile: not run yet"


@pytest.mark.parametrize("alt", ["", "   ", "a figure", "x" + " " * 40])
def test_alt_text_is_required(alt):
    with pytest.raises(VsslError, match="alt text"):
        figures.save(drawn(), "bars", alt=alt)
    assert not paths.figures().exists()


@pytest.mark.parametrize("name", ["", "../bars", "a/b", "bars.png", "-x"])
def test_a_name_must_be_a_plain_word(name):
    with pytest.raises(VsslError, match="cannot be called"):
        figures.save(drawn(), name, alt=ALT)


def test_saving_leaves_no_figure_open_in_pyplot():
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figures.save(drawn(), "ours", alt=ALT)
    assert pyplot.get_fignums() == []
    figure, axis = pyplot.subplots()  # a figure of the reader
    axis.plot([1, 2])
    figures.save(figure, "theirs", alt=ALT)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("kernel", [True, False])
def test_a_notebook_shows_the_image_once_with_its_alt_text(monkeypatch, kernel):
    import IPython
    import IPython.display

    shown = []
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    shell = types.SimpleNamespace(kernel=object() if kernel else None)
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    monkeypatch.setattr(IPython.display, "display", lambda data, **rest: shown.append((data, rest)))
    figures.save(drawn(), "bars", alt=ALT)
    if not kernel:
        assert shown == []
        return
    [(data, rest)] = shown
    assert data["text/plain"] == "<figure bars>"
    assert base64.b64decode(data["image/png"]) == (paths.figures() / "bars.png").read_bytes()
    assert rest == {"metadata": {"image/png": {"alt": ALT}}, "raw": True}


def test_a_small_figure_has_the_same_size_and_fewer_bytes():
    for name, small in (("plain", False), ("small", True)):
        figures.save(drawn(), name, alt=ALT, small=small)
    plain, small = (paths.figures() / f"{name}.png" for name in ("plain", "small"))
    assert small.stat().st_size < 0.6 * plain.stat().st_size
    figures.save(drawn(), "few", alt=ALT, small=True, colours=8)
    assert len(Image.open(small.with_name("few.png")).getcolors()) == 8
    assert Image.open(small).size == Image.open(plain).size
    sidecar = json.loads((paths.figures() / "small.json").read_text())
    assert sidecar["sha256"] == hashlib.sha256(small.read_bytes()).hexdigest()


def test_a_rare_colour_keeps_its_place_among_few():
    rng = np.random.default_rng(0)
    sky = np.clip(rng.normal((150, 150, 200), 12, (96, 96, 3)), 0, 255).astype(np.uint8)
    sky[40:44, 40:44] = (230, 40, 40)  # a ball: 16 of 9216 pixels
    few = np.asarray(saving.fewer_colours(Image.fromarray(sky), 64).convert("RGB")).astype(int)
    assert np.abs(few[40:44, 40:44] - (230, 40, 40)).max() < 20
    assert len(np.unique(few.reshape(-1, 3), axis=0)) <= 64
