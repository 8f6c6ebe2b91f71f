"""The real shelf as a site: whole, linked, readable."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest

from docs.site.check import check
from vssl import manifest, paths


class Levels(HTMLParser):
    """The levels of a page's headings, and how many landmarks it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))


@pytest.fixture(scope="session")
def html(real) -> dict[str, str]:
    """The pages as text."""
    return {name: text.decode() for name, text in real.items() if name.endswith(".html")}


def test_every_link_anchor_and_picture_is_right(real):
    outside = check(real)
    assert outside and all(address.startswith("https://") for address in outside)


def test_every_notebook_and_every_page_of_docs_is_there(html):
    assert {f"{entry.id}.html" for entry in manifest.shelf()} <= html.keys()
    assert {f"{path.stem}.html" for path in (paths.root() / "docs").glob("*.md")} <= html.keys()


def test_no_formula_is_left_as_it_was(html):
    formulas = 0
    for name, text in html.items():
        bare = re.sub(r"<(pre|code|script)\b.*?</\1>", "", text, flags=re.DOTALL)
        assert not re.search(r"\\(mathcal|frac|log|sum|hat|text)\b", bare), name
        formulas += text.count("<math ")
    assert formulas > 50


def test_headings_skip_no_level_and_the_title_is_one(html):
    for name, text in html.items():
        levels = Levels(text).levels
        assert levels[0] == 1 and levels.count(1) == 1, name
        steps = itertools.pairwise(levels)
        assert all(deeper <= before + 1 for before, deeper in steps), name


def test_every_page_has_landmarks_and_a_way_past_them(html):
    for name, text in html.items():
        tags = Levels(text).tags
        assert tags.count("main") == tags.count("article") == tags.count("footer") == 1, name
        assert '<html lang="en">' in text and 'class="skip" href="#main"' in text, name


def test_no_table_can_widen_a_page(html):
    for name, text in html.items():
        boxes = len(re.findall(r'<div class="scroll"[^>]*><table', text))
        assert boxes == text.count("<table"), name


def test_nothing_is_fetched_from_elsewhere(html):
    for name, text in html.items():
        assert not re.search(r'(src|srcset)="(https?:)?//|<link [^>]*href="http', text), name


def test_the_report_has_the_claims_of_the_shelf(html):
    assert re.search(r"all \d{2,} claims", html["report.html"])
    assert "<strong>" in html["report.html"]


def test_the_scripts_and_styles_stay_small(real):
    assert real["assets/site.js"].count(b"\n") < 150
    assert real["assets/style.css"].count(b"\n") < 400


def test_an_example_of_a_claim_is_no_verdict(html):
    examples = [entry for entry in manifest.shelf() if not entry.numbers]
    report = html["report.html"].split("<article>")[1].split("</article>")[0]
    assert examples and not any(f'href="{entry.id}.html"' in report for entry in examples)
