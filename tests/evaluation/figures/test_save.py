from __future__ import annotations

from pathlib import Path

from slowpaths.evaluation.figures.save import FIGURES, save_tables
from slowpaths.evaluation.measure import Table

TABLES: dict[str, Table] = {
    "confusion": [{"true": "a", "a": 3, "b": 1}, {"true": "b", "a": 0, "b": 2}],
    "reliability": [
        {"low": 0.0, "high": 0.5, "deliveries": 0, "confidence": float("nan"), "accuracy": float("nan")},
        {"low": 0.5, "high": 1.0, "deliveries": 4, "confidence": 0.8, "accuracy": 0.75},
    ],
    "risk_coverage": [{"coverage": share, "risk": share / 5, "undetected": share**2 / 5} for share in (0.5, 1.0)],
    "effort": [
        {"class": name, "minutes": minutes, "recall": minutes / 2} for name in "abcde" for minutes in (0.0, 1.0, 2.0)
    ],
    "profiles": [
        {"group": "Smith", "deliveries": 9, "class": name, "true": 0.5, "counted": float("nan")} for name in "ab"
    ],
    "waterfall": [{"step": "in truth", "deliveries": 3}, {"step": "found", "deliveries": 1}],
    "impact_error": [{"video": "a", "true_s": 1.0, "error_s": 0.04}, {"video": "b", "true_s": 1.0, "error_s": -9.0}],
}


def test_every_figure_is_drawn_with_its_table_and_its_command(tmp_path: Path) -> None:
    drawn = save_tables(tmp_path, TABLES, command="slowpaths evaluate truth=t.csv")
    assert drawn == list(FIGURES) == list(TABLES)
    for name in drawn:
        picture = (tmp_path / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG") and b"slowpaths evaluate truth=t.csv" in picture
        assert len((tmp_path / f"{name}.csv").read_text().splitlines()) == len(TABLES[name]) + 1
    assert "slowpaths evaluate truth=t.csv" in (tmp_path / "README.md").read_text()


def test_the_same_tables_give_the_same_bytes_and_leave_nothing_behind(tmp_path: Path) -> None:
    few = {name: TABLES[name] for name in ("waterfall", "impact_error")}
    save_tables(tmp_path, few, command="c")
    first = (tmp_path / "waterfall.png").read_bytes()
    (tmp_path / "my_notes.csv").write_text("of somebody else")
    save_tables(tmp_path, {"waterfall": few["waterfall"], "impact_error": []}, command="c")
    assert (tmp_path / "waterfall.png").read_bytes() == first
    left = ["README.md", "my_notes.csv", "waterfall.csv", "waterfall.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left
