"""The files that make the environment agree with each other.

They are pyproject.toml, requirements.lock, environment.yml, the Makefile and CITATION.cff.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import vssl

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()
TARGETS = (
    "help",
    "env",
    "reproduce",
    "test",
    "lint",
    "unit",
    "shelf",
    "readme",
    "site",
    "lab",
    "teach",
    "bench",
    "gpu-pack",
    "gpu",
    "peers",
    "lock",
    "clean",
)

REQUIRED = [
    Requirement(line)
    for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"])
]
PINS = {
    canonicalize_name(requirement.name): requirement
    for requirement in (
        Requirement(line.rstrip(" \\")) for line in LOCK.splitlines() if re.match(r"\w", line)
    )
}


def versions(accepted: SpecifierSet) -> list[str]:
    """List the Python versions from 3.8 to 3.19 that a specifier accepts."""
    return [f"3.{minor}" for minor in range(8, 20) if f"3.{minor}" in accepted]


@pytest.mark.parametrize("requirement", REQUIRED, ids=lambda requirement: requirement.name)
def test_every_dependency_is_in_the_lock(requirement):
    pin = PINS[canonicalize_name(requirement.name)]
    (exact,) = pin.specifier
    assert exact.operator == "=="
    assert exact.version in requirement.specifier


def test_the_lock_has_hashes_and_names_no_place_to_fetch_from():
    blocks = re.split(r"\n(?=\w)", LOCK.strip())
    assert len(blocks) == len(PINS) > 50
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    others = [
        line
        for line in LOCK.splitlines()
        if not re.match(r"\w[\w.-]*==|    --hash=sha256:[0-9a-f]{64}", line)
    ]
    assert others == [], "index and find-links lines tie the lock to one place"
    assert "://" not in LOCK


def test_the_lock_serves_linux_with_every_python_we_accept():
    """The wheel of torch on Linux needs CUDA libraries, which a lock made elsewhere would miss."""
    for version in versions(SpecifierSet(PROJECT["requires-python"])):
        here = {
            "python_version": version,
            "python_full_version": f"{version}.0",
            "sys_platform": "linux",
            "platform_machine": "x86_64",
        }
        served = {
            name
            for name, pin in PINS.items()
            if pin.marker is None or Marker(str(pin.marker)).evaluate(here)
        }
        assert {canonicalize_name(requirement.name) for requirement in REQUIRED} <= served
        assert any(name.startswith("nvidia-cudnn") for name in served)


def test_the_lock_has_all_that_building_the_package_needs():
    """`uv pip install --no-build-isolation` takes the build tools from the environment."""
    (build,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    (exact,) = PINS[Requirement(build).name].specifier
    assert exact.version in Requirement(build).specifier


def test_every_dependency_has_a_comment_on_its_use():
    text = (ROOT / "pyproject.toml").read_text()
    bare = [
        str(r)
        for r in REQUIRED
        if not re.search(rf'^\s*"{re.escape(r.name)}[^"]*",?\s+#\s+\w', text, re.MULTILINE)
    ]
    assert bare == [], "say in a comment who needs it"


def test_the_wheel_holds_every_file_of_the_package():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    package = ROOT / "vssl"
    named = {path for pattern in patterns["package-data"]["vssl"] for path in package.glob(pattern)}
    others = {
        path
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    }
    assert package / "shelf" / "templates" / "report.html" in others
    assert others == named, "name the others in pyproject.toml's package-data"


def test_conda_users_get_the_same_packages():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [
        Requirement(entry.replace("=", "==", 1) + ".*")
        for entry in environment["dependencies"]
        if str(entry).startswith("python=")
    ]
    (python,) = plain
    inside = versions(python.specifier)
    assert inside and set(inside) <= set(versions(SpecifierSet(PROJECT["requires-python"])))
    (by_pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert by_pip == ["--require-hashes", "-r requirements.lock"]
    assert "pip" in environment["dependencies"]


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert vssl.__version__ == PROJECT["version"] == citation["version"]
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(vssl.__version__)}\b", changes, re.MULTILINE)
    assert citation["license"] == PROJECT["license"] == "MIT"


# ------------------------------------------------------------ makefile


def make(*arguments: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
    """Run make in an environment that shows nothing of an outer make."""
    if shutil.which("make") is None:
        pytest.skip("no make here")
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS", "ARGS", "ONLY", "PROFILE", "JOBS"))
    }
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_lists_every_target():
    done = make()
    assert done.returncode == 0, done.stderr
    listed = [line for line in done.stdout.splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in listed] == list(TARGETS)


def test_reproduce_takes_its_settings():
    plain = make("-n", "reproduce").stdout
    assert "vssl reproduce 000_start_here 100_pace --profile demo --jobs 2" in plain
    settings = ("ONLY=200 201", "PROFILE=gpu", "JOBS=3", "ARGS=--resume")
    chosen = make("-n", "reproduce", *settings).stdout
    assert "vssl reproduce 200 201 --profile gpu --jobs 3 --resume" in chosen


def test_makefile_and_pyproject_accept_the_same_pythons():
    makefile = (ROOT / "Makefile").read_text()
    low, high = re.search(r"\((3, \d+)\) <= .* < \((3, \d+)\)", makefile).groups()
    wanted = SpecifierSet(f">={low.replace(', ', '.')},<{high.replace(', ', '.')}")
    assert versions(wanted) == versions(SpecifierSet(PROJECT["requires-python"]))


def test_an_old_python_gets_one_line(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "requirements.lock"):
        (tmp_path / name).touch()
    done = make("env", "PYTHON=python2 no-such-python", folder=tmp_path)
    assert done.returncode == 2
    line = "make: no Python 3.11, 3.12 or 3.13 found (tried: python2 no-such-python)"
    assert done.stderr.splitlines()[0].startswith(line)
    assert not (tmp_path / ".venv").exists()


def test_a_venv_that_fails_leaves_nothing_half_made(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "requirements.lock"):
        (tmp_path / name).touch()
    fake = tmp_path / "python"
    fake.write_text('#!/bin/sh\n[ "$1" = -m ] && mkdir .venv && exit 1\nexit 0\n')
    fake.chmod(0o755)
    done = make("env", f"PYTHON={fake}", folder=tmp_path)
    assert done.returncode == 2
    assert "apt install python3-venv" in done.stderr.splitlines()[0]
    assert not (tmp_path / ".venv").exists()


def test_ci_runs_what_a_person_runs():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make test"]


def test_the_notebook_run_has_a_limit_for_a_cell():
    """Without a limit nbval waits half an hour for a kernel that has died."""
    done = make("-n", "shelf").stdout
    for option in ("--nbval-cell-timeout", "--nbval-current-env", "--dist loadfile"):
        assert option in done
