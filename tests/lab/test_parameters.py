"""A notebook's parameters are read as papermill and people write them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vssl import paths
from vssl.errors import VsslError
from vssl.lab import parameters


@pytest.mark.parametrize(
    ("given", "seeds"),
    [
        ("0,1,2", (0, 1, 2)),
        ("[3, 4]", (3, 4)),
        ("7", (7,)),
        (7, (7,)),
        ([0, 1], (0, 1)),
        ((5,), (5,)),
        ("", ()),
        (None, ()),
        ([], ()),
    ],
)
def test_seeds_are_a_list_a_number_or_a_text(given, seeds):
    assert parameters.seeds_of(given) == seeds


@pytest.mark.parametrize("given", ["one", "1,,2", "-1", [-1], [True], 1.5, "0 1", "1,1", [2, 2]])
def test_what_are_no_seeds_is_refused(given):
    with pytest.raises(VsslError, match=r"seeds must be whole numbers|a seed is named twice"):
        parameters.seeds_of(given)


def test_only_cells_of_papermill_are_looked_at():
    assert parameters.injected('# Parameters\nprofil = "demo"\nseeds = "1"\n') == [
        "profil",
        "seeds",
    ]
    assert parameters.injected("profil = 1") == []
    assert parameters.injected("# Parameters\nthis is no Python") == []


def papermill(tmp_path: Path, *words: str) -> subprocess.CompletedProcess:
    """papermill on its own, on a real notebook, without the runner."""
    source, target = paths.notebooks() / "201_cvrl_table_1.ipynb", tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", str(source), str(target), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path)


def test_papermill_alone_lists_all_parameters_with_their_types(tmp_path):
    done = papermill(tmp_path, "--help-notebook")
    for name in parameters.NAMES:
        assert f"{name}: str" in done.stdout, done.stdout + done.stderr


def test_papermill_alone_passes_seeds_as_text(tmp_path):
    done = papermill(tmp_path, "-p", "seeds", "3,4", "--no-progress-bar")
    assert done.returncode == 0, done.stderr
    assert "seeds    3, 4" in (tmp_path / "out.ipynb").read_text()


def test_papermill_alone_refuses_a_parameter_that_no_notebook_knows(tmp_path):
    done = papermill(tmp_path, "-p", "profil", "demo", "--no-progress-bar")
    assert done.returncode != 0
    assert "no notebook has a parameter 'profil'; did you mean profile?" in done.stderr
