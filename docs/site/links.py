"""Where a link in the project's Markdown leads on the site."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path

from docs.site.addresses import Addresses
from vssl.errors import VsslError

PICTURES = (".png", ".svg", ".gif", ".webp", ".jpg")


@dataclass
class Links:
    """What the site knows: a page for each of some files, and a page for each public name."""

    root: Path  # the project
    addresses: Addresses
    pages: dict[str, str]  # a file of the project -> its page
    names: dict[str, str]  # a name of the package, or of a notebook -> its page
    files: dict[str, bytes] = field(default_factory=dict)  # pictures that pages show

    def follow(self, source: str, target: str) -> str | None:
        """Where `target`, written in the file `source`, leads; None if the site lacks it."""
        if re.match(r"[a-z][a-z0-9+.-]*:", target) or target.startswith("#"):
            return target
        path, _, anchor = target.partition("#")
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if page := self.pages.get(inside):
            lower = re.sub(r"[^\w]+", "-", anchor.lower()).strip("-")
            return f"{page}#{lower}" if anchor else page
        place = self.root / inside
        if inside.startswith("..") or not place.exists():
            raise VsslError(f"{source} links to {target}, which is not there; mend the link")
        if place.suffix in PICTURES:
            self.files[f"pictures/{place.name}"] = place.read_bytes()
            return f"pictures/{place.name}"
        return self.addresses.file(inside) or None

    def known(self, name: str) -> str | None:
        """The page of a name that stands in the text as code: a notebook, a page, a class."""
        plain = name.removeprefix("vssl.").removesuffix("()")
        return self.names.get(plain) or self.pages.get(plain)
