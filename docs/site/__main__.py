"""`python -m docs.site` (or `make site`): write the site to read."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from vssl import paths
from vssl.arguments import Parser
from vssl.errors import VsslError

EXAMPLES = """examples:
  make site
  make site REPOSITORY=https://github.com/you/vssl
  python -m docs.site --to /tmp/site
"""


def main(argv: list[str] | None = None) -> int:
    """Build the site and return the exit code: 0 well, 2 for what has to be mended first."""
    parser = Parser(
        prog="python -m docs.site",
        description="Write the notebooks, the pages and the package's reference as a site.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--to", type=Path, metavar="DIR", help="the folder (default: site/)")
    parser.add_argument(
        "--repository",
        default=os.environ.get("VSSL_REPOSITORY", ""),
        metavar="URL",
        help="where the project is kept, for links to its lines, Colab and Binder",
    )
    parser.add_argument("--branch", default="main", help="its branch (default: main)")
    try:
        options = parser.parse_args(argv)
        from docs.site.addresses import Addresses  # here, so that help need not wait
        from docs.site.build import build

        began = time.perf_counter()
        addresses = Addresses(options.repository.rstrip("/"), options.branch)
        built = build(options.to or paths.root() / "site", addresses)
    except VsslError as error:
        print(f"site: {error}", file=sys.stderr)
        return 2
    name, most = built.largest
    print(
        f"{built.pages} pages, {built.bytes / 1e6:.1f} MB, in {time.perf_counter() - began:.0f} s;"
        f" the largest page is {name} with {most / 1e3:.0f} kB"
    )
    print(f"{len(built.outside)} addresses outside, not tried: {built.folder / 'links.txt'}")
    print(f"open {built.folder / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
