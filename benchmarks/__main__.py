"""`python -m benchmarks` (or `make bench`): time each part beside what one would use otherwise."""

from __future__ import annotations

import argparse
import sys

from vssl.arguments import Parser, count, folder, one_of
from vssl.errors import VsslError
from vssl.results.races import STAGES

INTERRUPTED = 130  # what a shell reports for Ctrl-C

EXAMPLES = """examples:
  make bench
  make bench ARGS="decode augment --rounds 9"
  make bench ARGS="decode --videos /data/UCF-101"
"""


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks asked for and return the exit code: 0 well, 2 for wrong input."""
    parser = Parser(
        prog="python -m benchmarks",
        description="Time each part beside what one would use otherwise.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    known = ", ".join(STAGES)
    parser.add_argument(
        "stages",
        nargs="*",
        metavar="STAGE",
        help=f"{known}; none: all (some nine minutes on two cores)",
    )
    parser.add_argument(
        "--videos",
        type=folder,
        metavar="DIR",
        help="read videos of this folder; none: puppets of UCF101's size",
    )
    parser.add_argument(
        "--rounds",
        type=count,
        default=5,
        metavar="N",
        help="rounds of each race, of which the median counts (default: 5)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the rows in data/results/speed/")
    try:
        options = parser.parse_args(argv)
        stages = [one_of(name, STAGES, "stage") for name in options.stages]
        from benchmarks import run  # here, so that help and mistakes need not wait for torch

        return run.bench(stages, options.videos, options.rounds, options.keep)
    except VsslError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("benchmarks: interrupted", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
