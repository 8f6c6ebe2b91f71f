"""The papers' numbers as they are typed in: every row has a name of its own, every number can be read, and what was easily mistaken."""

from __future__ import annotations

import csv

import pytest

from vssl import paths

FILES = sorted(paths.reported().rglob("*.csv"))
TEXT = {"row", "net", "method", "jitter", "classes", "pace", "contrast", "configuration", "params", "input", "dataset", "step"}
ROWS = {
    "table_1": 7, "table_2": 6, "table_3": 18, "table_4": 18, "table_5": 15, "figure_4": 4,
    "supplement_table_1": 5, "supplement_table_2": 3, "supplement_table_3": 3, "supplement_table_4": 3,
}  # fmt: skip


def lines(path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_row_has_a_slug_and_every_number_is_a_percentage(path):
    rows = lines(path)
    names = [row["row"] for row in rows]
    assert path.read_text(encoding="utf-8").startswith("# ") and len(set(names)) == len(names)
    for row in rows:
        assert None not in row and None not in row.values()  # a comma too many, or too few
        for column in row.keys() - TEXT:
            assert row[column] == "-" or 0 < float(row[column]) < 100, (row["row"], column)


def test_the_pace_paper_is_complete():
    assert {path.stem: len(lines(path)) for path in FILES if path.parent.name == "pace"} == ROWS


def test_two_rows_with_one_label_are_kept_apart():
    found = {row["row"]: row["UCF101"] for row in lines(paths.reported() / "pace" / "table_1.csv") if row["method"] == "p = [1, 4]"}
    assert found == {"p14": "72.0", "p14-jitter": "73.9"}


def test_recalls_never_fall_with_the_rank():
    for table in ("table_4", "table_5"):
        for row in lines(paths.reported() / "pace" / f"{table}.csv"):
            values = [float(row[f"Top{k}"]) for k in (1, 5, 10, 20, 50)]
            assert values == sorted(values), row["row"]


def test_the_same_number_stands_in_every_table_that_repeats_it():
    def column(table: str, name: str) -> dict[str, str]:
        return {row["row"]: row[name] for row in lines(paths.reported() / "pace" / f"{table}.csv")}

    best, second = column("table_1", "UCF101"), column("table_2", "UCF101")
    assert best["p14-jitter"] == second["pace"] == column("figure_4", "UCF101")["r2plus1d-pace"]
    assert best["p14-jitter"] == column("supplement_table_2", "UCF101")["baseline"]
    assert second["pace-same-context-fc"] == column("table_3", "UCF101")["pace-ucf101"]
    first = column("supplement_table_1", "UCF101")
    assert first == {row: value for row, value in best.items() if row in first}
