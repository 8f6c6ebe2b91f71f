"""The command `vssl`: its arguments, and what becomes of an error.

A mistake gets one line that says what is wrong and what to do, and exit code 2. What the commands
do is in `vssl.commands`.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from vssl import __version__, commands, paths
from vssl.arguments import Parser, count, duration, folder, guess, minutes, seeds
from vssl.errors import VsslError
from vssl.videos import catalogue

WRONG_INPUT = 2
INTERRUPTED = 130  # what a shell reports for Ctrl-C
CLOSED_PIPE = 141  # and for a reader that went away, as in `vssl ledger | head -1`

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 well, 1 something failed, 2 wrong input."""
    try:
        try:
            code = _dispatch(sys.argv[1:] if argv is None else argv)
        except SystemExit as end:  # argparse ends so after --help and --version
            code = int(end.code or 0)
        sys.stdout.flush()  # here, where a closed pipe can still be caught
        return code
    except VsslError as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        print("vssl: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes once more when it ends, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except ModuleNotFoundError as error:
        if (error.name or "vssl").startswith("vssl"):
            raise  # our own mistake, not a half-made environment
        return _complain(
            f"{error.name} is not installed for {sys.executable}; make env installs everything"
        )
    except OSError as error:
        if error.errno in DISK_FULL:
            return _complain(
                f"the disk is full{_at(error)}; free some space, or set VSSL_DATA and VSSL_RUNS to"
                " folders elsewhere"
            )
        if error.errno in NOT_ALLOWED or _in_our_folders(error.filename):
            return _complain(
                f"{error.strerror}{_at(error)}; VSSL_DATA and VSSL_RUNS say where data and runs go:"
                " choose folders you can write"
            )
        raise


def _complain(message: str) -> int:
    print(f"vssl: {' '.join(message.split())}", file=sys.stderr)
    return WRONG_INPUT


def _at(error: OSError) -> str:
    return f" at {error.filename}" if error.filename else ""


def _in_our_folders(filename: object) -> bool:
    """Whether a failing path lies where a person let us write, or leads there."""
    if not isinstance(filename, str):
        return False
    path = Path(filename)
    return any(
        path.is_relative_to(place) or place.is_relative_to(path)
        for place in (paths.data(), paths.runs())
    )


def _dispatch(argv: list[str]) -> int:
    parser = _parser()
    options, unknown = parser.parse_known_args(argv)
    command = getattr(options, "command", parser)
    if unknown:
        flags = [flag for action in command._actions for flag in action.option_strings]
        raise VsslError(
            f"{unknown[0]!r} is not understood{guess(unknown[0], flags)}; {command.prog} --help"
            " shows what is"
        )
    if not hasattr(options, "run"):
        command.print_help()
        return 0
    return options.run(options)


# ------------------------------------------------------------ arguments


def _add(
    group: argparse._SubParsersAction, name: str, what: str, run: Callable | None, examples: str
) -> argparse.ArgumentParser:
    parser = group.add_parser(
        name,
        help=what,
        description=what[0].upper() + what[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  {line}" for line in examples.splitlines()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=parser, **({"run": run} if run else {}))
    return parser


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="vssl",
        description=(
            "Five papers on self-supervised video representation learning, as a package and a shelf"
            " of notebooks."
        ),
        epilog="examples:\n  vssl reproduce 000 100 --profile demo\n  vssl doctor",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"vssl {__version__}")
    groups = parser.add_subparsers(metavar="COMMAND")
    _add_reproduce(groups)
    _add_fill(groups)
    data = _add(
        groups,
        "data",
        "draw puppet videos, index and check datasets",
        None,
        "vssl data make ucf101 --size demo",
    )
    _add_data(data.add_subparsers(metavar="COMMAND"))
    ledger = _add(
        groups,
        "ledger",
        "list the committed results, or add what notebooks left",
        commands.ledger,
        "vssl ledger\nvssl ledger --add\nvssl ledger --add --from ~/records",
    )
    ledger.add_argument(
        "--from",
        dest="source",
        type=folder,
        metavar="FOLDER",
        help="add the numbers in this folder, such as runs/ledger of another checkout",
    )
    ledger.add_argument(
        "--add", action="store_true", help="move the numbers that notebooks left into data/results/"
    )
    _add_export(groups)
    _add_teach(groups)
    doctor = _add(
        groups,
        "doctor",
        "say what is on this machine and try a 3-d convolution",
        commands.doctor,
        "vssl doctor\nvssl doctor --json",
    )
    doctor.add_argument("--json", action="store_true", help="print the same as JSON")
    doctor.add_argument(
        "--no-probe", action="store_true", help="leave out the convolution (about five seconds)"
    )
    return parser


def _add_chosen(parser: argparse.ArgumentParser, profiles: str, what: str) -> None:
    """Which notebooks, at which profile, and how many things at a time."""
    parser.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        help="notebooks by number or name, such as 100 or 100_pace; none: the whole shelf",
    )
    parser.add_argument(
        "--profile",
        default="demo",
        metavar="P",
        help=f"how large: {profiles} (default: demo)",
    )
    parser.add_argument(
        "--jobs", type=count, default=1, metavar="N", help=f"{what} at a time (default: 1)"
    )


def _add_reproduce(groups: argparse._SubParsersAction) -> None:
    reproduce = _add(
        groups,
        "reproduce",
        "run notebooks from start to end and write a report",
        commands.reproduce,
        "vssl reproduce 000 100 --profile demo\nvssl reproduce 100 --profile gpu --seeds 0,1,2"
        " --resume\nvssl reproduce --plan",
    )
    _add_chosen(reproduce, "smoke, demo, gpu or paper", "notebooks")
    reproduce.add_argument(
        "--resume", action="store_true", help="leave out notebooks that already ran well, unchanged"
    )
    reproduce.add_argument(
        "--seeds",
        type=seeds,
        metavar="LIST",
        help="seeds with commas, such as 0,1,2 (default: the profile's)",
    )
    reproduce.add_argument(
        "--data-root", type=folder, metavar="DIR", help="folder of real data in its official layout"
    )
    reproduce.add_argument(
        "--plan", action="store_true", help="list the experiments and stop before running any"
    )
    reproduce.add_argument(
        "--limit-minutes",
        type=minutes,
        metavar="M",
        help="end a notebook that takes longer (default: the shelf's limit)",
    )


def _add_fill(groups: argparse._SubParsersAction) -> None:
    fill = _add(
        groups,
        "fill",
        "compute what the ledger lacks of the planned seeds",
        commands.fill,
        "vssl fill --profile demo --jobs 2\nvssl fill 100 101 --within 2h\nvssl fill --plan\n"
        "vssl fill --status",
    )
    _add_chosen(fill, "demo, gpu or paper", "runs")
    fill.add_argument(
        "--within",
        type=duration,
        metavar="TIME",
        help="begin no run that would not end within this time, such as 45m or 2h",
    )
    fill.add_argument(
        "--plan", action="store_true", help="list what is missing and its cost, and compute nothing"
    )
    fill.add_argument("--status", action="store_true", help="say how far every table is, and stop")


def _add_export(groups: argparse._SubParsersAction) -> None:
    export = _add(
        groups,
        "export",
        "write a trained net into a folder that vssl.load reads",
        commands.export,
        "vssl export pretrain-1a2b --to ~/nets/pace\n"
        "vssl export runs/weights/100_pace/pretrain-1a2b3c4d5e6f7a8b.pt --to ~/nets/pace",
    )
    export.add_argument(
        "key",
        metavar="KEY",
        help="a pre-training in the run store, or the beginning of its name; or a kept file KEY.pt",
    )
    export.add_argument(
        "--to", required=True, type=Path, metavar="FOLDER", help="a folder that is not there yet"
    )
    export.add_argument(
        "--heads", action="store_true", help="take the heads of its pretext task along"
    )


def _add_teach(groups: argparse._SubParsersAction) -> None:
    teach = _add(
        groups,
        "teach",
        "write copies of notebooks for a class: the students' and the teacher's",
        commands.teach,
        "vssl teach --to ~/course\nvssl teach 300 400 --to ~/course",
    )
    teach.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        help="notebooks by number or name, such as 300; none: the story of each paper",
    )
    teach.add_argument(
        "--to",
        required=True,
        type=Path,
        metavar="FOLDER",
        help="a folder that is new or empty, or has copies that nobody has worked in",
    )


def _add_data(groups: argparse._SubParsersAction) -> None:
    make = _add(
        groups,
        "make",
        "draw the puppet sets that stand in for real data",
        commands.data_make,
        "vssl data make\nvssl data make ucf101 --size smoke",
    )
    make.add_argument(
        "sets", nargs="*", metavar="SET", help=f"{', '.join(catalogue.STAND_INS)}; none: all"
    )
    make.add_argument(
        "--size", default="demo", metavar="S", help="smoke, demo or gpu (default: demo)"
    )
    examples = (
        "vssl data {0} --root /data/UCF-101\nvssl data {0} --root /data/HMDB51 --name hmdb51\nvssl"
        " data {0} --name ucf101 --size demo"
    )
    index = _add(
        groups,
        "index",
        "count the videos of a dataset, name what is missing",
        commands.data_index,
        examples.format("index"),
    )
    check = _add(
        groups,
        "check",
        "decode every video of a dataset, list what fails",
        commands.data_check,
        examples.format("check"),
    )
    check.add_argument(
        "--jobs", type=count, metavar="N", help="videos at a time (default: one a core)"
    )
    shots = _add(
        groups,
        "shots",
        "list the videos in which the shot changes (needs PySceneDetect)",
        commands.data_shots,
        examples.format("shots"),
    )
    for parser in (index, check, shots):
        parser.add_argument(
            "--root",
            type=folder,
            metavar="DIR",
            help="folder of real data in its official layout; none: the puppets",
        )
        parser.add_argument(
            "--name",
            default="ucf101",
            metavar="SET",
            help=f"{', '.join(catalogue.NAMES)} (default: ucf101)",
        )
        parser.add_argument(
            "--size",
            default="demo",
            metavar="S",
            help="of the puppets: smoke, demo or gpu (default: demo)",
        )
    persons = _add(
        groups,
        "persons",
        "find the persons in the key frames of AVA, for detectors of actions",
        commands.data_persons,
        "vssl data persons /data/ava\nvssl data persons /data/ava --out persons.csv --download",
    )
    persons.add_argument(
        "root", type=folder, metavar="DIR", help="folder with AVA's lists and films"
    )
    persons.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the list to write (default: persons.csv in DIR, where it is looked for)",
    )
    persons.add_argument(
        "--download",
        action="store_true",
        help="fetch the weights of torchvision's person detector, if they are not here",
    )
