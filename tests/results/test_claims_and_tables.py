"""Claims are judged by one fixed method, and tables show the right numbers.

A table never mixes the paper's numbers with ours, and it never shows a number of smoke.
"""

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from vssl.errors import VsslError
from vssl.lab import machine
from vssl.lab.data import Data
from vssl.lab.mean import Mean
from vssl.lab.scale import resolve
from vssl.lab.store import Run
from vssl.results import ledger
from vssl.results.claims import Claim, judge
from vssl.results.measured import from_ledger, table
from vssl.results.numbers import Numbers
from vssl.results.reported import reported_column
from vssl.results.story import shown
from vssl.statistics import half_width, noticed

CLAIM = Claim("pace beats random", "pace", "random", "R@1", paper="19.9 > 9.9")


def by_seed(*values):
    return dict(enumerate(values))


@pytest.mark.parametrize(
    ("better", "worse", "verdict"),
    [
        ((30, 31, 29), (10, 10, 11), "holds"),
        ((10, 10, 11), (30, 31, 29), "reversed"),
        ((10, 14, 9), (10, 11, 12), "undecided"),
        ((30,), (10,), "undecided"),
        ((), (10,), "not run"),
    ],
)
def test_a_verdict_follows_from_the_numbers(better, worse, verdict):
    assert judge(CLAIM, by_seed(*better), by_seed(*worse)).verdict == verdict


def test_only_common_seeds_are_paired_and_the_interval_is_students():
    found = judge(CLAIM, {0: 30, 1: 32, 5: 99}, {0: 10, 1: 11, 2: 0})
    assert (found.seeds, found.difference) == (2, 20.5)
    error = 0.5  # the deviation of (20, 21), 0.707, over the root of 2
    assert found.half_width == pytest.approx(12.706 * error, rel=1e-3)
    assert found.detectable == pytest.approx(noticed(2) * 0.5)
    assert half_width([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(1.963, rel=1e-3)
    assert math.isinf(half_width([4.0]))


@pytest.mark.parametrize("pairs", [2, 3, 5, 8])
def test_a_difference_that_is_noticed_is_found_four_times_in_five(pairs):
    rng = np.random.default_rng(0)
    differences = noticed(pairs) / math.sqrt(pairs) + rng.standard_normal((20_000, pairs))
    error = differences.std(axis=1, ddof=1) / math.sqrt(pairs)
    edge = half_width([0.0] * (pairs - 1) + [1.0]) / (1 / pairs)  # the t of 2.5 % on either side
    found = np.mean(differences.mean(axis=1) > edge * error)
    assert found == pytest.approx(0.8, abs=0.012)  # four standard errors of 20,000 draws


def test_without_a_spread_nothing_is_decided():
    same = judge(CLAIM, by_seed(30, 31, 32), by_seed(20, 21, 22))
    assert same.verdict == "undecided"
    assert same.line() == "difference +10.0, the same for each of 3 seeds: no interval"


def test_a_claim_with_a_factor_needs_that_many_times_as_much():
    twice = Claim("twice", "pace", "random", "R@1", factor=2)
    assert judge(twice, by_seed(30, 31, 29), by_seed(10, 10, 11)).verdict == "holds"
    assert judge(twice, by_seed(10, 10, 11), by_seed(10, 10, 12)).verdict == "reversed"


def test_a_claim_that_no_result_could_meet_is_not_judged():
    thrice = Claim("three times", "pace", "random", "R@1", factor=3)
    found = judge(thrice, by_seed(90, 91), by_seed(60, 61))
    assert found.verdict == "not judged"
    assert found.line() == "3 times random is more than 100, the most there can be"
    assert judge(thrice, by_seed(90, 91), by_seed(30, 31)).verdict == "undecided"


@dataclass(frozen=True)
class Fixed:
    """An experiment whose result is its own number."""

    value: float

    def key(self):
        return f"fixed-{self.value}"

    def describe(self):
        return str(self.value)

    def needs(self):
        return ()

    def compute(self, folder, inputs):
        return {"R@1": self.value, "chance": 6.25}, {}


@pytest.fixture
def own_ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("VSSL_LEDGER", str(tmp_path / "ledger"))
    monkeypatch.setattr(machine, "commit", lambda: "abc123")  # a clean one
    return tmp_path / "ledger"


def measure(profile, seeds, pace, random, slug="pace/test"):
    rows = {"pace": [Fixed(v) for v in pace], "random": [Fixed(v) for v in random]}
    return made(slug, resolve(profile, seeds), {"R@1": ("R@1", rows)})


def made(slug, scale, columns):
    return table(Numbers(slug, scale, columns), "A table")


def test_smoke_numbers_are_computed_but_never_shown(own_ledger):
    found = measure("smoke", [0], [88.0], [77.0])
    assert "88" not in str(found) and "not run" in str(found) and "smoke" not in found.face


def test_ledger_goes_from_a_demo_run_to_the_smoke_table(own_ledger):
    demo = measure("demo", [0, 1], [30.0, 32.0], [10.0, 11.0]).judge(CLAIM)
    assert demo.cell("pace", "R@1") == "31.0 ± 12.7 (2 seeds)" and "6.2" in str(demo)
    assert ledger.entries() == []  # nothing is committed until asked for
    assert ledger.add() == ["pace/test (demo): 4 records, 0 figures' data"]
    measure("demo", [2], [34.0], [9.0])  # another seed, later
    ledger.add()
    smoke = measure("smoke", [0], [1.0], [2.0]).judge(CLAIM)
    assert smoke.values["R@1"] == {
        "pace": {0: 30.0, 1: 32.0, 2: 34.0},
        "random": {0: 10.0, 1: 11.0, 2: 9.0},
    }
    assert smoke.verdicts()[0].verdict == "holds"
    assert "from the ledger: demo profile" in smoke.face and "seeds 0, 1, 2" in smoke.face
    assert ledger.entries()[0]["seeds"] == [0, 1, 2]


def test_records_of_other_data_are_older(own_ledger):
    measure("demo", [0], [30.0], [10.0])
    ledger.add()
    path = ledger.path_of("pace/test", "demo")
    old = json.loads(path.read_text())
    for record in old["records"]:
        record["data"] = "ucf101-anotherdigest"
    path.write_text(json.dumps(old))
    measure("demo", [1], [31.0], [11.0])
    ledger.add()
    records = ledger.read("pace/test", "demo")["records"]
    assert {(record["seed"], record.get("older", False)) for record in records} == {
        (0, True),
        (1, False),
    }


def test_measuring_one_row_keeps_the_other_rows(own_ledger):
    measure("demo", [0], [30.0], [10.0])
    ledger.add()
    made("pace/test", resolve("demo", [1]), {"R@1": ("R@1", {"pace": [Fixed(33.0)]})})
    ledger.add()
    kept = [(r["row"], r["seed"], r["value"]) for r in ledger.read("pace/test", "demo")["records"]]
    assert kept == [("pace", 0, 30.0), ("pace", 1, 33.0), ("random", 0, 10.0)]


@dataclass(frozen=True)
class OnSplit(Fixed):
    """The same experiment on one split of a dataset."""

    data: Data | None = None


def test_a_mean_over_splits_is_an_experiment_and_the_ledger_names_the_splits(own_ledger):
    values = enumerate((10.0, 20.0, 60.0), 1)
    parts = tuple(OnSplit(value, Data("ucf101", "d", split)) for split, value in values)
    columns = {"3 splits": ("R@1", {"row": [Mean(parts)]})}
    columns["split 2"] = ("R@1", {"row": [parts[1]]})
    made("pace/test", resolve("demo", [0]), columns)
    ledger.add()
    kept = {r["column"]: r for r in ledger.read("pace/test", "demo")["records"]}
    assert (kept["3 splits"]["value"], kept["3 splits"]["chance"]) == (30.0, 6.25)
    assert kept["3 splits"]["data"] == "ucf101-d-split1+2+3"
    assert (kept["split 2"]["value"], kept["split 2"]["data"]) == (20.0, "ucf101-d-split2")
    assert kept["3 splits"]["minutes"].keys() >= kept["split 2"]["minutes"].keys()


def test_a_mean_averages_common_metrics_adds_up_the_unreadable_and_needs_parts():
    first = Run(None, {"top1": 1.0, "unreadable": 2.0}, {}, computed=False)
    second = Run(None, {"top1": 4.0, "unreadable": 3.0, "own": 9.0}, {}, computed=False)
    metrics, _ = Mean((Fixed(1.0), Fixed(2.0))).compute(None, (first, second))
    assert metrics == {"top1": 2.5, "unreadable": 5.0}
    with pytest.raises(VsslError, match="at least one"):
        Mean(())


def test_claims_about_unknown_rows_are_refused(own_ledger):
    line = "'cvrl', which the table does not have; it has pace, random"
    with pytest.raises(VsslError, match=line):
        measure("smoke", [0], [1.0], [2.0]).judge(Claim("x", "cvrl", "random", "R@1"))


def test_reported_numbers_have_their_own_column(own_ledger):
    papers = {"Top1": reported_column("pace/table_4:Top1")}
    assert papers["Top1"]["r3d-pace-p4"] == 23.8
    rows = {"Top1": ["r3d-random", "r3d-pace-p5"]}
    shown_table = from_ledger("pace/none", "t", "demo", rows, papers).to_dict()
    assert shown_table["columns"] == ["", "Top1, paper", "Top1"]
    assert shown_table["rows"][1] == ["r3d-pace-p5", "19.9", "not run"]
    with pytest.raises(VsslError, match="no column 'Top2'"):
        reported_column("pace/table_4:Top2")
    with pytest.raises(VsslError, match="no reported numbers"):
        reported_column("pace/table_99:Top1")


def test_a_column_has_hundredths_where_the_paper_has_them(own_ledger):
    own = measure("demo", [0, 1], pace=[1.582, 1.604], random=[1.633, 1.644])
    claim = Claim("random errs more", "random", "pace", "R@1")
    in_tenths, in_hundredths = (
        replace(own, reported={"R@1": {"pace": value}}).judge(claim).to_dict()
        for value in (1.6, 1.58)
    )
    assert in_tenths["rows"][0] == ["pace", "1.6", "1.6 ± 0.1 (2 seeds)"]
    assert in_hundredths["rows"][0] == ["pace", "1.58", "1.59 ± 0.14 (2 seeds)"]
    lines = [shown["claims"][0]["ours"].split(" ±")[0] for shown in (in_tenths, in_hundredths)]
    assert lines == ["difference +0.0", "difference +0.05"]


def test_html_is_escaped_and_its_headings_have_scopes(own_ledger):
    text = from_ledger("pace/none", "a < b", "demo", {"R": ["<row>"]})._repr_html_()
    assert "a &lt; b" in text and "&lt;row&gt;" in text
    assert 'scope="row"' in text and "<row>" not in text


def test_the_data_of_a_figure_at_smoke_is_the_ledgers(own_ledger):
    live = shown("pace/test", "curve", resolve("smoke"), {"y": [1.0]})
    assert live["y"] == [1.0] and live.source.startswith("not in the ledger yet")
    shown("pace/test", "curve", resolve("demo"), {"y": [2.0, 3.0], "names": ["a"]})
    ledger.add()
    kept = shown("pace/test", "curve", resolve("smoke"), {"y": [1.0], "names": []})
    assert kept["y"].tolist() == [2.0, 3.0] and kept["names"] == ["a"]
    assert kept.source.startswith("from the ledger: demo profile")
    assert kept.frames("v_Walk_g01_c01", [0, 3]).shape == (2, 96, 128, 3)  # drawn anew
    assert "puppets for UCF101" in kept.source
    both = shown("pace/test", "both", resolve("demo"), {"y": [1.0]}, of="two sets")
    assert "two sets" in both.source
    other = shown("pace/test", "curve", resolve("smoke"), {"z": [1.0]})
    assert other["z"] == [1.0] and other.source.startswith("not in the ledger yet in this form")


@pytest.mark.parametrize("path", ["pace/table_4"])
def test_reported_rows_are_keyed_by_different_slugs(path):
    from vssl import paths

    text = (paths.reported() / f"{path}.csv").read_text()
    rows = [line.split(",") for line in text.splitlines() if not line.startswith("#")]
    slugs = [row[0] for row in rows[1:]]
    assert len(slugs) == len(set(slugs))
    assert all(len(row) == len(rows[0]) for row in rows)


@dataclass(frozen=True)
class Levelled(Fixed):
    """An experiment with a chance level of its own, and another for a rank."""

    level: float = 25.0

    def key(self):
        return f"levelled-{self.value}-{self.level}"

    def compute(self, folder, inputs):
        chance = {"chance": self.level, "chance R@5": 3 * self.level}
        return {"accuracy": self.value, "R@5": self.value, **chance}, {}


def test_chance_is_a_column_if_rows_differ_in_it_and_otherwise_a_row(own_ledger):
    rows = {"three": [Levelled(60.0, level=33.3)], "four": [Levelled(50.0)]}
    demo = resolve("demo", [0])
    found = made("pace/test", demo, {"right": ("accuracy", rows)}).to_dict()
    assert found["columns"] == ["", "right", "right, chance"]
    assert [row[2] for row in found["rows"]] == ["33.3", "25.0"]
    rows = {"a": [Levelled(1.0)], "b": [Levelled(2.0)]}
    same = made("pace/test", demo, {"right": ("accuracy", rows)}).to_dict()
    assert same["columns"] == ["", "right"] and same["rows"][-1] == ["chance", "25.0"]


def test_a_rank_has_its_own_chance(own_ledger):
    found = made("pace/test", resolve("demo", [0]), {"R@5": ("R@5", {"a": [Levelled(80.0)]})})
    assert found.levels() == {"R@5": 75.0}


def test_a_table_knows_its_profile_seeds_and_hours_and_counts_a_shared_run_once(own_ledger):
    measure("demo", [0, 1], [30.0, 32.0], [10.0, 11.0])
    ledger.add()
    path = ledger.path_of("pace/test", "demo")
    kept = json.loads(path.read_text())
    for record in kept["records"]:
        record["minutes"] = {"shared": 30.0, f"own-{record['row']}-{record['seed']}": 15.0}
    path.write_text(json.dumps(kept))
    about = measure("smoke", [0], [1.0], [2.0]).to_dict()
    assert (about["slug"], about["profile"], about["seeds"]) == ("pace/test", "demo", [0, 1])
    assert about["hours"] == pytest.approx((30 + 4 * 15) / 60)


def test_claims_are_tallied_and_an_unmeasured_table_is_marked(own_ledger):
    found = measure("demo", [0, 1, 2], [30.0, 32.0, 31.0], [10.0, 11.0, 12.0])
    back = Claim("not so", "random", "pace", "R@1")
    assert found.judge(CLAIM, back).tally() == "Of 2 claims 1 holds, 1 is reversed"
    assert found.groups("R@1") == {
        "R@1": {"pace": [30.0, 32.0, 31.0], "random": [10.0, 11.0, 12.0]}
    }
    empty = measure("smoke", [0], [1.0], [2.0], slug="pace/never")
    assert empty.empty and not found.empty
    assert (
        empty.tally() == "Nothing of this was run yet" and empty.face == "demo profile: not run yet"
    )
