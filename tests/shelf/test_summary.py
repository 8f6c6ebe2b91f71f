"""The summary of results counts tables and claims, lists their facts, and reads older records."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import pytest

from vssl.shelf import report as reports
from vssl.shelf import summary as summaries
from vssl.shelf.summary import summarise, verdict_of


@dataclass(frozen=True)
class Outcome:
    notebook: str = "101_pace_table_1"
    title: str = "Pace: which paces?"
    succeeded: bool = True
    record: dict = field(default_factory=dict)


def table(*verdicts: str, **more) -> dict:
    claims = [
        {
            "claim": f"claim {at}",
            "paper": "2 > 1",
            "column": "Top1",
            "ours": "+1.0",
            "verdict": verdict,
        }
        for at, verdict in enumerate(verdicts)
    ]
    return {
        "title": "Which paces?",
        "caption": "",
        "columns": ["", "Top1"],
        "rows": [["pace", "1.0"]],
        "claims": claims,
        **more,
    }


def outcome(*tables: dict, **more) -> Outcome:
    return Outcome(record={"tables": list(tables), "profile": "smoke", "seeds": [7]}, **more)


FACTS = {"slug": "pace/table_1", "profile": "demo", "seeds": [0, 1, 2], "hours": 3.14}


def test_the_totals_are_over_all_tables():
    found = summarise(
        [
            outcome(table("holds", "reversed"), table()),
            outcome(table("undecided", "undecided", "holds"), notebook="102"),
        ]
    )
    assert found.totals() == {
        "claims": 5,
        "tables": 3,
        "tables_with_claims": 2,
        "holds": 2,
        "reversed": 1,
        "undecided": 2,
        "not run": 0,
        "not judged": 0,
        "waiting": 0,
    }
    assert (
        found.lead()
        == "5 claims in 2 tables: 2 hold, 1 reversed, 2 undecided; 1 table without claims"
    )
    partly = summarise([outcome(table("holds", "not run"))])
    assert partly.lead() == "2 claims in 1 table: 1 holds, 0 reversed, 0 undecided, 1 not run"
    assert (
        summarise([outcome(table("holds"))]).lead()
        == "1 claim in 1 table: 1 holds, 0 reversed, 0 undecided"
    )


def test_a_notebook_that_did_not_pass_has_no_results():
    found = summarise(
        [
            outcome(table("holds"), notebook="300_segments", succeeded=False),
            outcome(table("undecided")),
            Outcome(succeeded=False),
        ]
    )
    assert [shown.notebook for shown in found.tables] == ["101_pace_table_1"]
    assert (
        found.lead()
        == "1 claim in 1 table: 0 hold, 0 reversed, 1 undecided; 2 notebooks did not pass and are"
        " left out"
    )
    assert "300_segments" not in reports.render("results.html", results=found) + str(
        summaries.rows(found)
    )


def test_every_table_has_its_header_once():
    found = summarise(
        [
            outcome(
                table("holds", "reversed", **FACTS),
                table(**(FACTS | {"seeds": [0], "hours": 0.05, "profile": "gpu"})),
            )
        ]
    )
    page, lines = reports.render("results.html", results=found), summaries.rows(found)
    assert page.count('scope="rowgroup"') == page.count("<tbody") == 2
    headers = re.findall(r'<th role="rowheader" scope="rowgroup" colspan="4">(.*?)</th>', page)
    assert [re.sub("<[^>]*>", "", header) for header in headers] == [
        "Which paces? 101_pace_table_1 · demo · seeds 0, 1, 2 · 3.1 h",
        "Which paces? 101_pace_table_1 · gpu · seed 0 · 3.0 min",
    ]
    assert [line[0] for line in lines] == [
        (
            "**[Which paces?](#101_pace_table_1-pace-which-paces)** · 101_pace_table_1 · demo ·"
            " seeds 0, 1, 2 · 3.1 h"
        ),
        "claim 0 [Top1]",
        "claim 1 [Top1]",
        (
            "**[Which paces?](#101_pace_table_1-pace-which-paces)** · 101_pace_table_1 · gpu · seed"
            " 0 · 3.0 min"
        ),
        "no claims",
    ]
    assert [line[3] for line in lines] == ["", "✓ holds", "✗ reversed", "", ""]
    assert page.index("claim 1") < page.index("seed 0<") < page.index("no claims")


def test_the_facts_of_an_older_record_are_its_own_and_never_those_of_the_run():
    (shown,) = summarise([outcome(table("holds"))]).tables
    assert shown.facts() == ["101_pace_table_1"]
    assert replace(shown, seeds=(), hours=0.0).facts() == [
        "101_pace_table_1",
        "seeds none",
        "0.0 h",
    ]
    without = {name: value for name, value in table().items() if name != "claims"}
    assert summarise([outcome(without)]).lead() == "0 claims in 0 tables; 1 table without claims"


def test_text_from_a_notebook_is_escaped():
    odd = table(title="a [b] & <i>", profile='"x"<b>')
    odd["claims"] = [
        {
            "claim": "p < q",
            "paper": "1 < 2 & '3'",
            "column": "",
            "ours": "+1 <u> (2 <s>)",
            "verdict": "<em>",
        }
    ]
    found = summarise([outcome(odd, notebook='1"2')])
    page, (header, claim) = reports.render("results.html", results=found), summaries.rows(found)
    assert not re.search(r"<(i|b|u|s|em)>", page)
    for words in (
        "a [b] &amp; &lt;i&gt;",
        'href="#1&#34;2"',
        "p &lt; q<",
        "<small>(2 &lt;s&gt;)</small>",
        "&lt;em&gt;</span>",
    ):
        assert words in page, words
    assert header[0].startswith("**[a \\[b\\] & <i>](#") and claim[-1] == "<em>"


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (
            {"asked": 312, "distinct": 140, "pretrains_asked": 84, "pretrains_distinct": 24},
            (
                "312 runs asked for, 140 distinct; of them pre-trainings: 84 asked for, 24"
                " distinct, so none was computed twice."
            ),
        ),
        ({"asked": 312, "distinct": 140}, "312 runs asked for, 140 distinct."),
        (
            {"asked": 312, "pretrains_asked": 84},
            "312 runs asked for; of them pre-trainings: 84 asked for.",
        ),
        (
            {"pretrains_asked": 3, "pretrains_distinct": 3},
            "Pre-trainings: 3 asked for, 3 distinct, so none was computed twice.",
        ),
        (
            {"asked": 1, "distinct": 1, "pretrains_asked": 0, "pretrains_distinct": 0},
            "1 run asked for, 1 distinct.",
        ),
        ({"asked": 0, "distinct": 0}, ""),
        ({}, ""),
    ],
)
def test_the_counts_in_a_sentence(counts, sentence):
    assert summaries.runs(counts) == sentence


def beside(value: float, **more) -> dict:
    made = {"column": "top1", "row": "pace", "seed": 5, "value": value, "low": 20.0, "high": 30.0}
    return made | {"as_ledger": 20.0 <= value <= 30.0} | more


def test_a_run_is_held_against_the_ledger():
    nothing = summarise([outcome(table("holds"))])
    assert nothing.compared() == "" and nothing.differing() == []
    found = summarise([outcome(table(reproduced=[beside(25.0), beside(29.0), beside(40.0)]))])
    assert found.compared().startswith("2 of 3 numbers are as the ledger's")
    assert "1 differs; by chance about 0 would" in found.compared()
    assert found.differing() == ["Which paces?: pace, top1, seed 5: 40.0, expected 20.0 to 30.0"]


def test_verdicts_are_corrected_for_the_number_of_claims():
    one = table("holds", "undecided", "holds")
    for claim, p in zip(one["claims"], (0.001, 0.5, 0.04), strict=True):
        claim["p"] = p
    assert summarise([outcome(one)]).corrected() == (
        "1 of these 2 verdicts stands if one allows for 3 tests (Benjamini-Hochberg, 5 %)"
    )
    assert summarise([outcome(table("undecided"))]).corrected() == ""


def test_a_verdict_is_found_in_its_words():
    assert verdict_of("holds on puppets (demo)") == "holds"
    assert verdict_of("not judged") == "not judged" and verdict_of("2 of 5 seeds") == "waiting"
