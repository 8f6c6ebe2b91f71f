"""The report has the same facts in three forms, and its page needs no other file and no colours."""

from __future__ import annotations

import itertools
import json
from html.parser import HTMLParser

import pytest

from vssl.shelf import report as reports
from vssl.shelf.outcomes import Outcome, Report

TABLE = {
    "title": "Retrieval",
    "caption": "demo profile, puppets for UCF101, seeds 0, 1, 2",
    "columns": ["", "R@1, paper", "R@1"],
    "rows": [["pace", "31.9", "26.6 ± 1.2 (3 seeds)"], ["random & net", "–", "9.9 (1 seed)"]],
    "claims": [
        {
            "claim": "pace beats random",
            "paper": "31.9 > 9",
            "column": "R@1",
            "ours": "+16.7 ± 2.0",
            "verdict": "holds",
        }
    ],
}
RECORD = {
    "tables": [TABLE],
    "memory_mb": 812,
    "gpu_memory_mb": 0,
    "profile": "demo",
    "seeds": [0, 1, 2],
    "commit": "abc+",
    "hardware": "a processor, 2 cores",
    "versions": {"python": "3.11.2", "torch": "2.15.0"},
}
GOOD = Outcome(
    "100_pace",
    "Pace",
    "Does it <learn>?",
    "passed",
    "",
    3.25,
    "logs/100_pace.log",
    "100_pace.ipynb",
    RECORD,
)
KEPT = Outcome(
    "200_cvrl",
    "CVRL",
    "How far apart?",
    "kept",
    "",
    1.0,
    "logs/200_cvrl.log",
    "200_cvrl.ipynb",
    RECORD,
)
BAD = Outcome(
    "300_segments",
    "Segments",
    "In which order?",
    "failed",
    "KeyError: 'a|b' in cell run",
    0.4,
    "logs/300_segments.log",
)
BLOCKED = Outcome(
    "400_cpnet", "CPNet", "Where is the cut?", "blocked", "pre-train failed: loss is not finite"
)
REPORT = Report("demo", 12.5, "2026-07-01 12:00", (GOOD, KEPT, BAD, BLOCKED))


class Page(HTMLParser):
    """The tags and the text of a page, read by a parser that checks that tags are closed."""

    VOID = ("meta", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(reports.html(REPORT))


def test_the_summary_counts():
    assert REPORT.summary() == "4 notebooks at the profile demo: 2 passed, 2 did not, in 12.5 min"
    assert (
        Report("demo", 0.5, "", (GOOD,)).summary()
        == "1 notebook at the profile demo: all passed, in 30 s"
    )


def test_the_page_closes_its_tags_and_needs_no_other_file(page):
    assert page.open == []
    links = [
        attrs.get("href") or attrs.get("src")
        for _, attrs in page.tags
        if "href" in attrs or "src" in attrs
    ]
    assert links and all(
        link.startswith("#") or not link.startswith(("http", "/", "file")) for link in links
    )
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe"}
    assert "url(" not in reports.html(REPORT) and "@import" not in reports.html(REPORT)


def test_the_headings_are_in_order(page):
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(deeper <= before + 1 for before, deeper in itertools.pairwise(levels))


def test_every_header_of_a_table_says_what_it_heads(page):
    scopes = [attrs.get("scope") for tag, attrs in page.tags if tag == "th"]
    assert set(scopes) == {"row", "col", "rowgroup"}


def test_the_status_is_written_in_words(page):
    for words in ("passed", "passed earlier", "failed", "not run", "holds"):
        assert words in page.words, words


def test_all_text_is_there_and_escaped(page):
    for words in (
        "Does it <learn>?",
        "KeyError: 'a|b' in cell run",
        "random & net",
        "26.6 ± 1.2",
        "(3 seeds)",
        "pace beats random [R@1]",
        "0.8 GB of memory",
    ):
        assert words in page.words, words


def test_markup_in_any_text_arrives_as_text():
    markup = "<script>\"&'</script>"
    claim = dict.fromkeys(TABLE["claims"][0], markup)
    table = {
        "title": markup,
        "caption": markup,
        "columns": [markup] * 2,
        "rows": [[markup] * 2],
        "claims": [claim],
        "profile": markup,
    }
    record = {"tables": [table], "commit": markup, "hardware": markup, "versions": {markup: markup}}
    outcomes = [
        Outcome(markup, markup, markup, status, markup, log=markup, executed=markup, record=record)
        for status in ("kept", "failed")
    ]
    text = reports.html(Report(markup, 1.0, markup, tuple(outcomes)))
    assert Page(text).open == []
    assert "<script" not in text and "</script" not in text
    assert text.count("&lt;script&gt;&#34;&amp;&#39;&lt;/script&gt;") > 40


def test_columns_of_numbers_have_a_class_of_their_own():
    text = reports.html(REPORT)
    assert '<td class="number">26.6 ± 1.2 <small>(3 seeds)</small></td>' in text
    assert '<td class="short">31.9 &gt; 9</td>' in text


def test_the_markdown_has_the_same_facts_and_keeps_its_columns():
    text = reports.markdown(REPORT)
    assert "| 100_pace | passed | 3.2 min | 0.8 GB |" in text
    assert "failed: KeyError: 'a\\|b' in cell run (log: `logs/300_segments.log`)" in text
    assert "| pace beats random [R@1] | 31.9 > 9 | +16.7 ± 2.0 | holds |" in text
    tables = [
        line.replace("\\|", "").count("|") for line in text.splitlines() if line.startswith("|")
    ]
    assert set(tables) == {4, 5}


def test_all_three_are_written(tmp_path):
    assert reports.write(tmp_path, REPORT) == tmp_path / "report.html"
    kept = json.loads((tmp_path / "report.json").read_text())
    assert next(iter(kept)) == "claims" and kept["claims"]["totals"]["holds"] == 2
    assert kept["outcomes"][0]["record"]["tables"] == [TABLE]
    assert Outcome(**kept["outcomes"][2]) == BAD
    assert (tmp_path / "report.md").read_text() == reports.markdown(REPORT)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(None, "–"), (0.2, "12 s"), (1, "1.0 min"), (119, "119.0 min"), (180, "3.0 h")],
)
def test_a_time_is_written_in_the_unit_that_suits_it(minutes, text):
    assert reports.span(minutes) == text


def test_the_claims_stand_before_the_overview():
    for text in (reports.html(REPORT), reports.markdown(REPORT)):
        places = [
            text.index(words)
            for words in ("2 claims in 2 tables", "pace beats random [R@1]", "Overview", "Does it ")
        ]
        assert places == sorted(places)


def test_a_link_of_the_summary_has_its_target(page):
    links = {
        attrs["href"][1:]
        for tag, attrs in page.tags
        if tag == "a" and attrs["href"].startswith("#")
    }
    targets = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert links <= set(targets) and len(targets) == len(set(targets))
    # One link is in the summary, and one in the overview.
    assert reports.html(REPORT).count('<a href="#100_pace">') == 2


def test_without_a_table_there_is_no_summary(tmp_path):
    report = Report("demo", 1.0, "", (BAD, BLOCKED))
    assert "Results" not in reports.html(report) + reports.markdown(report)
    reports.write(tmp_path, report)
    assert "claims" not in json.loads((tmp_path / "report.json").read_text())


def test_the_counts_are_written_once_and_only_where_they_are_known():
    counted = Report("demo", 1.0, "", (GOOD,), {"asked": 9, "distinct": 4})
    for text in (reports.html(counted), reports.markdown(counted)):
        assert text.count("9 runs asked for, 4 distinct.") == 1
    assert "asked for" not in reports.html(REPORT) + reports.markdown(REPORT)
