"""A module imports only from lower layers, never in a circle, and nothing heavy too early."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vssl.sources import modules

ROOT = Path(__file__).resolve().parent.parent

# From the bottom up. The parts in a row may import each other, but not in a circle.
LAYERS = (
    ("errors", "paths", "files", "manifest", "progress", "sources", "statistics"),
    ("clips", "persons"),
    ("videos",),
    ("samplers", "augment", "models", "losses", "recipe"),
    ("objectives",),
    ("methods",),
    ("training", "evaluation", "figures"),
    ("lab",),
    ("results",),
    ("shelf",),
    ("doctor", "arguments"),
    ("commands",),
    ("cli",),
    ("__main__",),
)
HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer}
HEAVY = (
    "torch",
    "torchvision",
    "matplotlib",
    "seaborn",
    "sklearn",
    "av",
    "PIL",
    "papermill",
    "nbclient",
    "jupyterlab",
)


def imports(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """Return the modules of the package that `name` imports anywhere, inside functions too."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            folders = package.split(".")
            above = folders[: len(folders) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            # `from vssl import samplers` is a module; `from vssl.errors import VsslError` is not.
            found |= {
                f"{source}.{alias.name}" if f"{source}.{alias.name}" in known else source
                for alias in node.names
            }
    return (found & known.keys()) - {name}


def part(module: str) -> str:
    """Return the part that a module belongs to: `videos` for `vssl.videos.decode`."""
    return module.split(".")[1] if "." in module else ""


def upward(package: Path) -> list[str]:
    """List every import from a higher layer."""
    known = modules(package)
    edges = [
        (name, target)
        for name, path in known.items()
        for target in sorted(imports(name, path, known))
        if part(name) and part(target)
    ]
    return [
        f"{name} imports {target}"
        for name, target in edges
        if HEIGHT[part(target)] > HEIGHT[part(name)]
    ]


def circle(package: Path) -> list[str]:
    """Return the modules on the first circle of imports, or none if there is no circle."""
    known = modules(package)
    # A package's __init__ imports its own modules, and they may import each other directly. That is
    # no circle.
    graph = {
        name: {other for other in imports(name, path, known) if not name.startswith(f"{other}.")}
        for name, path in known.items()
    }
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name not in done:
            for other in sorted(graph[name]):
                if found := walk(other, [*trail, name]):
                    return found
            done.add(name)
        return []

    return next((found for name in graph if (found := walk(name, []))), [])


def test_every_part_of_the_package_is_in_a_layer():
    assert {part(name) for name in modules(ROOT / "vssl")} - {""} <= HEIGHT.keys(), (
        "add the new part to LAYERS"
    )


def test_no_module_imports_from_a_higher_layer():
    assert upward(ROOT / "vssl") == []


def test_the_package_imports_nothing_of_what_stands_outside():
    for path in (ROOT / "vssl").rglob("*.py"):
        found = re.findall(r"^\s*(?:from|import) (benchmarks|docs)\b", path.read_text(), re.M)
        assert not found, f"{path} imports {found[0]}, which is not installed with it"


def test_no_module_imports_in_a_circle():
    assert circle(ROOT / "vssl") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from vssl.shelf import runner", ["vssl.clips imports vssl.shelf.runner"]),
        ("def late():\n    import vssl.shelf.runner", ["vssl.clips imports vssl.shelf.runner"]),
        ("from .shelf.runner import reproduce", ["vssl.clips imports vssl.shelf.runner"]),
        ("from vssl.errors import VsslError", []),
    ],
)
def test_an_upward_import_is_found(tmp_path, text, found):
    for name, content in {
        "__init__": "",
        "clips": text,
        "errors": "",
        "shelf/__init__": "",
        "shelf/runner": "",
    }.items():
        path = tmp_path / "vssl" / f"{name}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(content)
    assert upward(tmp_path / "vssl") == found


def test_a_circle_is_found(tmp_path):
    (tmp_path / "vssl").mkdir()
    for name, content in {
        "__init__": "",
        "models": "from vssl import losses",
        "losses": "from vssl.models import build",
    }.items():
        (tmp_path / "vssl" / f"{name}.py").write_text(content)
    assert circle(tmp_path / "vssl") == ["vssl.losses", "vssl.models", "vssl.losses"]


def test_the_lower_layers_load_nothing_heavy():
    light = (
        "vssl",
        "vssl.clips",
        "vssl.samplers",
        "vssl.videos.decode",
        "vssl.videos.catalogue",
        "vssl.videos.datasets",
        "vssl.videos.readers.ucf101",
        "vssl.cli",
        "vssl.doctor",
    )
    code = f"import sys, {', '.join(light)}; print(*sorted({set(HEAVY)!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
