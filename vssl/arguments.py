"""Command-line arguments whose every mistake is one line, with the nearest right word."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from vssl.errors import DataError, VsslError


class Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are VsslErrors of one line, with the nearest right word."""

    def error(self, message: str) -> NoReturn:
        raise VsslError(
            f"{message.removeprefix('argument ')}; {self.prog} --help shows what is expected"
        )

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            choices = list(action.choices)
            raise VsslError(
                f"there is no command {value!r}{guess(str(value), choices)}; {self.prog} knows"
                f" {', '.join(choices)}"
            )


def guess(word: str, known: Iterable[str]) -> str:
    """Say which of `known` was perhaps meant, or nothing."""
    near = difflib.get_close_matches(word.split("=")[0], list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def one_of(word: str, known: Iterable[str], what: str) -> str:
    """Return `word` if it is one of `known`.

    Otherwise say which there are, and which was perhaps meant.
    """
    known = list(known)
    if word in known:
        return word
    raise VsslError(
        f"there is no {what} {word!r}{guess(word, known)}; choose from {', '.join(known)}"
    )


def folder(text: str) -> Path:
    """Read a folder that must be there."""
    path = Path(text).expanduser().resolve()
    if not path.is_dir():
        raise DataError(
            f"there is no folder {path}; give the folder that holds the dataset's videos and lists"
        )
    return path


def seeds(text: str) -> tuple[int, ...]:
    """Read different whole numbers, with commas between them."""
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 0 or len(set(numbers)) < len(numbers):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of different whole numbers such as 0,1,2"
        )
    return numbers


def count(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def minutes(text: str) -> float:
    """Read a number of minutes."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes above 0")
    return number


def duration(text: str) -> float:
    """Read a time such as 90s, 45m or 2h, in seconds."""
    size = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    try:
        number = float(text[:-1])
    except ValueError:
        number = 0.0
    if not size or not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 45m or 2h")
    return number * size
