"""The package's public names with their docstrings, read from the source without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vssl.errors import VsslError

PARTS = (
    "samplers",
    "augment",
    "models",
    "losses",
    "objectives",
    "methods",
    "videos",
    "training",
    "evaluation",
    "lab",
    "results",
    "figures",
)
WIDE = 88  # characters; a longer signature gets a line for each argument
Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Name:
    """A public function or class, as its page shows it."""

    name: str  # as one writes it after `from vssl import samplers`: samplers.Pace
    signature: str
    text: str  # its docstring
    file: str  # in the project
    line: int
    members: tuple[Name, ...] = ()  # a class's public methods

    @property
    def anchor(self) -> str:
        """The anchor on the page of its part."""
        return self.name


@dataclass(frozen=True)
class Module:
    """A module with its public names; `own` of them are written in full, with the module's name."""

    name: str
    text: str
    file: str
    names: tuple[Name, ...]


@dataclass(frozen=True)
class Part:
    """A part of the package: what it gives by its own name, and its modules' other names."""

    name: str
    text: str
    file: str
    names: tuple[Name, ...]
    modules: tuple[Module, ...]

    def every(self) -> Iterator[Name]:
        """All names of the part, methods among them."""
        for name in (*self.names, *(one for module in self.modules for one in module.names)):
            yield name
            yield from name.members


def read(package: Path) -> tuple[Part, ...]:
    """Read the public parts that a package has."""
    return tuple(_part(package / name) for name in PARTS if (package / name).is_dir())


def where(parts: tuple[Part, ...]) -> Mapping[str, str]:
    """The page and anchor of each name: `samplers.Pace` -> `samplers.html#samplers.Pace`."""
    return {
        name.name: f"api-{part.name}.html#{name.anchor}" for part in parts for name in part.every()
    }


def _part(folder: Path) -> Part:
    main = _parsed(folder / "__init__.py")
    given = _given(main)
    own = list(_names(main, folder / "__init__.py", folder.name, set(_exports(main))))
    modules = []
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder).with_suffix("").parts
        if path.name == "__init__.py" or any(word.startswith("_") for word in inside):
            continue
        tree = _parsed(path)
        called = ".".join((folder.name, *inside))
        shared = {name for name, module in given.items() if module == f"vssl.{called}"}
        own += _names(tree, path, folder.name, shared)
        every = _names(tree, path, called)
        others = tuple(one for one in every if one.name.rpartition(".")[2] not in shared)
        if others:
            text = ast.get_docstring(tree) or ""
            modules.append(Module(called, text, _place(path, folder), others))
    own.sort(key=lambda name: name.name.lower())
    text = ast.get_docstring(main) or ""
    file = _place(folder / "__init__.py", folder)
    return Part(folder.name, text, file, tuple(own), tuple(modules))


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError) as error:
        raise VsslError(f"{path} cannot be read as Python ({error}); mend it first") from None


def _place(path: Path, folder: Path) -> str:
    return path.relative_to(folder.parent.parent).as_posix()


def _exports(tree: ast.Module) -> list[str]:
    """The names in a module's `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(one.value) for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
    return []


def _given(tree: ast.Module) -> dict[str, str]:
    """The names that a part gives by its own name, each with the module that it comes from."""
    imported = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    return {name: imported[name] for name in _exports(tree) if name in imported}


def _names(
    tree: ast.Module, path: Path, called: str, only: set[str] | None = None
) -> Iterator[Name]:
    """The public functions and classes of a module that say what they do."""
    folder = next(parent for parent in path.parents if parent.parent.name == "vssl")
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if (only is None or node.name in only) and ast.get_docstring(node):
            yield _named(node, called, _place(path, folder))


def _named(node: Definition, called: str, file: str) -> Name:
    name = f"{called}.{node.name}"
    members: tuple[Name, ...] = ()
    if isinstance(node, ast.ClassDef):
        members = tuple(
            _named(one, name, file)
            for one in node.body
            if isinstance(one, ast.FunctionDef)
            and not one.name.startswith("_")
            and ast.get_docstring(one)
        )
    text = ast.get_docstring(node) or ""
    return Name(name, _signature(node, name), text, file, node.lineno, members)


def _signature(node: Definition, name: str) -> str:
    """How a function or class is called."""
    if isinstance(node, ast.FunctionDef):
        if any(ast.unparse(mark).endswith("property") for mark in node.decorator_list):
            return f"{name}: {ast.unparse(node.returns)}" if node.returns else name
        arguments, gives = _arguments(node.args), node.returns
    else:
        arguments, gives = _built_from(node), None
    end = f" -> {ast.unparse(gives)}" if gives else ""
    line = f"{name}({', '.join(arguments)}){end}"
    if len(line) <= WIDE:
        return line
    return "\n".join((f"{name}(", *(f"    {one}," for one in arguments), f"){end}"))


def _built_from(node: ast.ClassDef) -> list[str]:
    """What makes an object of a class: the arguments of `__init__`, or a dataclass's fields."""
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            return _arguments(one.args)
    if not any("dataclass" in ast.unparse(mark) for mark in node.decorator_list):
        return []
    fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
    return [ast.unparse(one) for one in fields if not ast.unparse(one.target).startswith("_")]


def _arguments(arguments: ast.arguments) -> list[str]:
    """The arguments of a function as they stand, without `self`."""
    plain = [*arguments.posonlyargs, *arguments.args]
    missing = len(plain) - len(arguments.defaults)
    words = [
        _argument(one, None if place < missing else arguments.defaults[place - missing])
        for place, one in enumerate(plain)
    ]
    if plain and plain[0].arg in ("self", "cls"):
        del words[0]
    if arguments.vararg:
        words.append(f"*{_argument(arguments.vararg)}")
    elif arguments.kwonlyargs:
        words.append("*")
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    words += [_argument(one, default) for one, default in pairs]
    return [*words, *([f"**{_argument(arguments.kwarg)}"] if arguments.kwarg else [])]


def _argument(one: ast.arg, default: ast.expr | None = None) -> str:
    typed = f"{one.arg}: {ast.unparse(one.annotation)}" if one.annotation else one.arg
    if default is None:
        return typed
    return (
        f"{typed} = {ast.unparse(default)}" if one.annotation else f"{typed}={ast.unparse(default)}"
    )
