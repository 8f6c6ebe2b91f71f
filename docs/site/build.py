"""Build the site: gather the pages, frame them, check them, and write them all at once."""

from __future__ import annotations

import itertools
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from docs.site import check, notebook, reference, search, shelf, verdicts
from docs.site.addresses import Addresses
from docs.site.links import Links
from docs.site.page import Page, frame, parted, sections
from docs.site.prose import Heading, Prose
from vssl import __version__, paths
from vssl.errors import VsslError
from vssl.manifest import Entry

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = ("style.css", "site.js")
MARK = "assets/site.js"  # by which a folder is known as one that this build wrote
SHELF = re.compile(r"<!-- shelf -->.*?<!-- /shelf -->", re.DOTALL)
FIRST = ("reading", "evidence", "scaling", "pilots")  # pages of docs/ in this order, then others


@dataclass(frozen=True)
class Built:
    """What was written."""

    folder: Path
    pages: int
    bytes: int
    largest: tuple[str, int]  # the page with the most bytes
    outside: list[str]  # addresses outside the site


def build(folder: Path, addresses: Addresses | None = None) -> Built:
    """Write the site into `folder`, in place of an earlier one."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise VsslError(f"{folder} holds other things than a site; give an empty or a new folder")
    files = make(addresses or Addresses())
    outside = check.check(files)
    files["links.txt"] = "".join(f"{address}\n" for address in outside).encode()
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in sorted(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    sizes = {name: len(content) for name, content in files.items() if name.endswith(".html")}
    largest = max(sizes.items(), key=lambda item: item[1])
    return Built(folder, len(sizes), sum(map(len, files.values())), largest, outside)


def make(addresses: Addresses) -> dict[str, bytes]:
    """Make every file of the site, by its path."""
    site = _Site(addresses)
    notebooks = [site.notebook(entry) for entry in site.entries]
    for before, after in itertools.pairwise(notebooks):
        before.after, after.before = after, before
    texts = [site.text(source) for source in site.texts]
    apis = [site.api(part) for part in site.parts]
    pages = [site.start(), *notebooks, site.report(), *texts, *apis]
    for name, count in Counter(page.file for page in pages).items():
        if count > 1:
            raise VsslError(f"{count} pages would be {name}; give the one in docs/ another name")
    for page in pages:
        site.files[page.file] = site.framed(page, texts, apis)
    site.files["assets/index.js"] = search.index(pages).encode()
    for name in ASSETS:
        site.files[f"assets/{name}"] = (TEMPLATES / name).read_bytes()
    return site.files


class _Site:
    """The pages of one build, and what they share."""

    def __init__(self, addresses: Addresses) -> None:
        self.root, self.addresses = paths.root(), addresses
        self.groups = shelf.groups()
        self.entries = [entry for group in self.groups for entry in group.entries]
        self.parts = reference.read(self.root / "vssl")
        self.texts = _texts(self.root)
        own = {f"notebooks/{entry.id}.ipynb": f"{entry.id}.html" for entry in self.entries}
        names = {entry.id: f"{entry.id}.html" for entry in self.entries}
        self.names = dict(reference.where(self.parts))
        self.links = Links(self.root, addresses, own | self.texts, names | self.names)
        self.files: dict[str, bytes] = self.links.files

    def prose(self, source: str, raise_by: int = 0) -> Prose:
        """A renderer for the Markdown of a file."""
        return Prose(partial(self.links.follow, source), self.links.known, raise_by)

    def notebook(self, entry: Entry) -> Page:
        """The page of a notebook."""
        source = f"notebooks/{entry.id}.ipynb"
        body = notebook.body(entry.path, self.prose(source))
        self.files |= body.files
        self.files[source] = entry.path.read_bytes()
        group = next(group for group in self.groups if entry in group.entries)
        used = [(name, self.names[name]) for name in body.names if name in self.names]
        title, html = parted(body.html)
        head = frame(
            "notebook.html",
            entry=entry,
            title=title,
            paper=group.paper,
            status=shelf.status(entry),
            minutes=entry.minutes.get(shelf.PROFILE),
            source=source,
            colab=self.addresses.colab(source),
            binder=self.addresses.binder(source),
            repository=self.addresses.repository,
        )
        html += frame("names.html", used=used)
        return Page(
            f"{entry.id}.html", entry.title, head, html, body.headings, body.sections, group.title
        )

    def text(self, source: str) -> Page:
        """The page of a Markdown file."""
        words = (self.root / source).read_text(encoding="utf-8")
        prose = self.prose(source)
        if source == "README.md":
            words = "# Install and use\n\n" + SHELF.sub(
                "[The start page](README.md) lists the notebooks.", words[words.index("\n## ") :]
            )
            prose.follow = lambda target: (
                "index.html" if target == "README.md" else self.links.follow(source, target)
            )
        html = prose.render(words)
        if not prose.headings:
            raise VsslError(f"{source} has no heading; begin it with # and its title")
        title = prose.headings[0].text
        found = sections(html, prose.headings)
        return Page(self.texts[source], title, *parted(html), prose.headings, found, "Pages")

    def start(self) -> Page:
        """The first page: what this is, and the map of papers and notebooks."""
        words = (self.root / "README.md").read_text(encoding="utf-8")
        opening = re.split(r"^(?:!\[|## )", words.partition("\n")[2], flags=re.MULTILINE)[0]
        known = {"report.html": "Which claims hold", **self._titles()}
        html = frame(
            "start.html",
            opening=self.prose("README.md").render(opening),
            groups=self.groups,
            readers=shelf.readers(self.entries, list(known)),
            known=known,
            status=shelf.status,
            profile=shelf.PROFILE,
        )
        top = Heading(1, "vssl", "top")
        heads = [
            Heading(2, group.title, f"group-{place}") for place, group in enumerate(self.groups)
        ]
        return Page("index.html", "vssl", *parted(html), [top, *heads], [(top, "start")])

    def report(self) -> Page:
        """The verdicts of the shelf."""
        # A notebook without numbers of its own shows claims only as examples.
        found = {
            entry.id: verdicts.claims(entry.path) if entry.numbers else () for entry in self.entries
        }
        claims = [claim for several in found.values() for claim in several]
        html = frame(
            "report.html",
            groups=self.groups,
            found=found,
            with_claims=[name for name, several in found.items() if several],
            counts=verdicts.counted(claims),
            counted=verdicts.counted,
            signs=verdicts.VERDICTS,
            status=shelf.status,
            total=len(claims),
        )
        top = Heading(1, "Which claims hold", "top")
        heads = [
            Heading(2, group.title, f"group-{place}")
            for place, group in enumerate(self.groups)
            if any(found[entry.id] for entry in group.entries)
        ]
        return Page(
            "report.html", top.text, *parted(html), [top, *heads], [(top, "report verdicts")]
        )

    def api(self, part: reference.Part) -> Page:
        """The page of a part of the package."""
        file = f"api-{part.name}.html"
        html = frame(
            "reference.html",
            part=part,
            said=lambda text, source: self.prose(source, raise_by=3).render(text),
            line=self.addresses.file,
        )
        top = Heading(1, f"vssl.{part.name}", "top")
        own = [Heading(2, name.name, name.anchor) for name in part.names]
        others = [Heading(2, module.name, f"module-{module.name}") for module in part.modules]
        found = [(top, part.text)]
        found += [(Heading(3, one.name, one.anchor), one.text) for one in part.every()]
        return Page(file, top.text, *parted(html), [top, *own, *others], found, "Package")

    def framed(self, page: Page, texts: list[Page], apis: list[Page]) -> bytes:
        """A page in the frame that all share."""
        text = frame(
            "base.html",
            page=page,
            groups=self.groups,
            texts=texts,
            apis=apis,
            version=__version__,
            repository=self.addresses.repository,
        )
        return text.encode()

    def _titles(self) -> dict[str, str]:
        """The title of each text page, from its first heading."""
        titles = {"install.html": "Install and use"}
        for source, page in self.texts.items():
            first = (self.root / source).read_text(encoding="utf-8").partition("\n")[0]
            titles.setdefault(page, first.lstrip("# "))
        return titles


def _texts(root: Path) -> dict[str, str]:
    """The Markdown files that become pages, each with its page."""
    known = {"README.md": "install.html"}
    place = {name: number for number, name in enumerate(FIRST)}
    for path in sorted((root / "docs").glob("*.md"), key=lambda p: (place.get(p.stem, 9), p.name)):
        known[f"docs/{path.name}"] = f"{path.stem.lower()}.html"
    if (root / "CONTRIBUTING.md").exists():
        known["CONTRIBUTING.md"] = "contributing.html"
    return known
