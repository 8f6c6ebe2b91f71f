"""Which code made a number: a digest of the definitions that a run passes through.

The digest starts at the classes of the objects in an experiment's description. It follows the names
that their definitions use, through the package's imports, to the definitions behind them. So a new
sampler, net or experiment makes no run old, wherever it is written, and neither does a comment.

What does not count:

- docstrings, what annotations name, and the texts of errors;
- `describe`, `title` and the like, which are for people, for plans and for records;
- readers, decoder, frame store and puppets: a run records a checksum of the frames they made;
- the lab's own housekeeping, which decides when and where a run is computed, and never its result;
- the table of all nets: `Net` names the builder of the one that it builds.

A name that is only known as a text cannot be followed. An object of the description that chooses a
definition so says which, by a method `code()`.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vssl import sources

UNCOUNTED_MODULES = (
    "vssl.errors",
    "vssl.files",
    "vssl.lab.age",
    "vssl.lab.code",
    "vssl.lab.cost",
    "vssl.lab.key",
    "vssl.lab.machine",
    "vssl.lab.parameters",
    "vssl.lab.processes",
    "vssl.lab.store",
    "vssl.lab.weights",
    "vssl.paths",
    "vssl.progress",
    "vssl.sources",
    "vssl.videos",
)
UNCOUNTED_NAMES = (("vssl.models", "_BUILDERS"),)
# For people, for plans and for records.
UNCOUNTED_METHODS = ("contents", "describe", "label", "title", "work")
# Parts of a syntax tree that change nothing, or that only some versions of Python have.
UNCOUNTED_FIELDS = ("ctx", "type_comment", "type_params", "kind")

Definition = tuple[str, str]  # module and name


class Code:
    """The definitions of some source files, and how they use each other."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self._modules: dict[str, _Module] = {}

    def digest(self, starts: Iterable[Definition]) -> str:
        """A digest of all definitions that `starts` reach."""
        return self._known(frozenset(starts))[0]

    def modules(self, starts: Iterable[Definition]) -> frozenset[str]:
        """The modules of all definitions that `starts` reach."""
        return self._known(frozenset(starts))[1]

    @functools.lru_cache(maxsize=256)  # noqa: B019  (one object lives as long as the process)
    def _known(self, starts: frozenset[Definition]) -> tuple[str, frozenset[str]]:
        found = sorted(self.reached(starts))
        text = "\n".join(
            f"{module} {name} {self._serialised(module, name)}" for module, name in found
        )
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return digest, frozenset(module for module, _ in found)

    def reached(self, starts: Iterable[Definition]) -> set[Definition]:
        """The definitions of `starts`, and all that they use of the package, step after step."""
        found: set[Definition] = set()
        waiting = [origin for start in starts for origin in self._origin(*start, ())]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self._uses(*one)
        return found

    def _module(self, name: str) -> _Module:
        if name not in self._modules:
            self._modules[name] = _Module(name, ast.parse(self.texts[name]), name in self._packages)
        return self._modules[name]

    @functools.cached_property
    def _packages(self) -> set[str]:
        return {name.rpartition(".")[0] for name in self.texts}

    def _serialised(self, module: str, name: str) -> str:
        return " ".join(map(_serialised, self._module(module).statements(name)))

    def _uses(self, module: str, name: str) -> Iterator[Definition]:
        for statement in self._module(module).statements(name):
            for used, attributes in _names(statement):
                yield from self._origin(module, used, attributes)

    def _origin(
        self, module: str, name: str, attributes: tuple[str, ...], depth: int = 0
    ) -> Iterator[Definition]:
        """Where a name of a module is defined; `attributes` are looked up if it is a module."""
        if _uncounted(module, name) or depth > 20:
            return
        here = self._module(module)
        if name in here.defined:
            yield module, name
        elif name in here.imported:
            source, original = here.imported[name]
            if (
                original
                and f"{source}.{original}" in self.texts
                and not self._has(source, original)
            ):
                source, original = f"{source}.{original}", ""
            if original:
                if source in self.texts:
                    yield from self._origin(source, original, attributes, depth + 1)
            else:  # a module: what is used of it
                while attributes and f"{source}.{attributes[0]}" in self.texts:
                    source, attributes = f"{source}.{attributes[0]}", attributes[1:]
                if attributes and source in self.texts:
                    yield from self._origin(source, attributes[0], attributes[1:], depth + 1)

    def _has(self, module: str, name: str) -> bool:
        if module not in self.texts:
            return False
        here = self._module(module)
        return name in here.defined or name in here.imported


class _Module:
    """The top level of one file: which statements define a name, and where imports come from."""

    def __init__(self, name: str, tree: ast.Module, package: bool) -> None:
        self.defined: dict[str, list[ast.stmt]] = {}
        self.imported: dict[str, tuple[str, str]] = {}  # name -> module and the name there, or ""
        self._always: list[ast.stmt] = []  # statements that define nothing, and may change anything
        for statement in tree.body:
            names = _bound(statement)
            for bound in names:
                self.defined.setdefault(bound, []).append(statement)
            imports = isinstance(statement, ast.Import | ast.ImportFrom)
            if not (names or imports or _is_docstring(statement) or _for_types_only(statement)):
                self._always.append(statement)
        for node in ast.walk(tree):  # imports inside functions too
            if isinstance(node, ast.Import):
                for alias in node.names:
                    target = alias.name if alias.asname else alias.name.partition(".")[0]
                    self.imported[alias.asname or target] = (target, "")
            elif isinstance(node, ast.ImportFrom):
                source = node.module or ""
                if node.level:
                    parts = name.split(".")
                    parts = parts[: len(parts) - node.level + package]
                    source = ".".join([*parts, *([source] if source else [])])
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = (source, alias.name)

    def statements(self, name: str) -> list[ast.stmt]:
        """What defines a name, and what its file does besides defining."""
        return [*self.defined[name], *self._always]


def _uncounted(module: str, name: str) -> bool:
    inside = any(module == one or module.startswith(f"{one}.") for one in UNCOUNTED_MODULES)
    return inside or (module, name) in UNCOUNTED_NAMES


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement of a file's top level defines."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return {
            node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)
        }
    return set()


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _for_types_only(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"


def _children(node: ast.AST) -> Iterator[tuple[str, object]]:
    """The parts of a piece of syntax that can change a result."""
    for field, value in ast.iter_fields(node):
        if field in UNCOUNTED_FIELDS:
            continue
        if isinstance(node, ast.Raise) and field in ("exc", "cause"):
            continue  # an error makes no number, whatever it says
        if field == "body" and isinstance(value, list):
            value = [
                one
                for one in value
                if not _is_docstring(one)
                and not (
                    isinstance(node, ast.ClassDef)
                    and isinstance(one, ast.FunctionDef)
                    and one.name in UNCOUNTED_METHODS
                )
            ]
        yield field, value


def _serialised(value: object) -> str:
    """Syntax as text, the same on every version of Python."""
    if isinstance(value, ast.AST):
        parts = (f"{name}={_serialised(child)}" for name, child in _children(value))
        return f"{type(value).__name__}({','.join(parts)})"
    if isinstance(value, list):
        return f"[{','.join(map(_serialised, value))}]"
    return repr(value)


def _names(node: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names that a piece of syntax uses, each with the attributes taken of it."""
    attributes: list[str] = []
    inner: ast.AST = node
    while isinstance(inner, ast.Attribute):
        attributes.append(inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name):
        yield inner.id, tuple(reversed(attributes))
        return
    for field, value in _children(inner):
        if field in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _names(child)


def objects(value: object) -> Iterator[object]:
    """All dataclasses in a description, the description itself first."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield value
        for field in dataclasses.fields(value):
            if field.metadata.get("key", True):
                yield from objects(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from objects(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from objects(item)


def starts(description: object) -> set[Definition]:
    """The definitions that an experiment's description names.

    These are the classes of its objects, and what an object says of itself by a method `code()`,
    where a text in its fields chooses a definition.
    """
    found: set[Definition] = set()
    for one in objects(description):
        found.add((type(one).__module__, type(one).__qualname__))
        chosen = getattr(one, "code", None)
        found |= set(chosen()) if callable(chosen) else set()
    return {(module, name) for module, name in found if module in sources.AT_IMPORT}


LOADED = Code(sources.AT_IMPORT)


def of(experiment: Any, inputs: Iterable[str]) -> str:
    """A digest of the code of a run: its own, with the digests of the runs that it starts from."""
    first = starts(experiment)
    sources.check(LOADED.modules(first))
    own = LOADED.digest(first)
    return hashlib.sha256("\n".join((own, *inputs)).encode()).hexdigest()[:16]
