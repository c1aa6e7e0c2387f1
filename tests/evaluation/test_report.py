from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.evaluation.mined import TRUTH, TRUTH_COLUMNS, make_mined
from tests.evaluation.tables import make_study, write_truth

from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.evaluation.report import evaluate

GOLDEN = Path(__file__).parent / "golden" / "report_structure.json"


@pytest.fixture(scope="module")
def report(study: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    truth, predictions = study
    out = tmp_path_factory.mktemp("report")
    return evaluate(truth=truth, predictions=predictions, out=out, command="made by hand"), out


def _structure(value: Any) -> Any:
    """Return keys and types: what others read the report by."""
    if isinstance(value, dict):
        return {key: _structure(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_structure(value[0])] if value else []
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def test_the_report_keeps_its_structure(report: tuple[dict[str, Any], Path]) -> None:
    found, out = report
    assert json.loads((out / "report.json").read_text()) == found
    assert _structure(found) == json.loads(GOLDEN.read_text())


def test_accuracy_and_usefulness_stand_side_by_side(report: tuple[dict[str, Any], Path]) -> None:
    found, out = report
    text = (out / "report.md").read_text()
    assert "| accuracy | top1 |" in text and "| usefulness | profile_fidelity |" in text
    assert "Only 6 labelled matches (fewer than 30)" in text
    for figure in found["figures"]:
        assert (out / "figures" / f"{figure}.png").exists() and f"figures/{figure}.png" in text
    assert found["counts"]["graded"] + found["counts"]["missed"] == 360
    top1 = found["measures"]["top1"]
    assert top1["low"] < top1["value"] < top1["high"] and top1["chance"] < top1["constant"] < top1["low"]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    truth, predictions = make_study(tmp_path, num_matches=2, batters_per_match=1, balls=12)
    texts = []
    for name in ("one", "two"):
        evaluate(truth=truth, predictions=predictions, out=tmp_path / name, command="c")
        files = sorted((tmp_path / name).rglob("*.*"))
        texts.append({path.name: path.read_bytes() for path in files})
    assert texts[0] == texts[1]


def test_a_mined_folder_alone_gives_the_waterfall_and_its_labels(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    mined = make_mined(tmp_path / "mined")
    found = evaluate(truth=truth, mined=mined, truth_taxonomy="cricshot10", out=tmp_path / "out")
    assert found["measures"]["mining_recall"]["value"] == pytest.approx(2 / 6)
    assert found["measures"]["top1"]["value"] == 0.5  # cover right, pull wrong
    assert found["counts"]["missed"] == 1  # the sweep of a readable video; the broken one was never searched
    assert found["tables"]["waterfall"][0] == {"step": "in truth", "deliveries": 6}
    assert found["tables"]["rule_families"]
    assert "waterfall" in found["figures"]
    assert found["measures"]["value_cost1"]["value"] == 0.0


def test_a_mined_folder_without_labels_says_so(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    mined = make_mined(tmp_path / "mined", labels=False, rules=False)
    found = evaluate(truth=truth, mined=mined, truth_taxonomy="cricshot10", out=tmp_path / "out")
    assert "top1" not in found["measures"]
    assert any("run `slowpaths label`" in note for note in found["notes"])
    assert found["measures"]["rule_votes"]["reason"] == "the mined folder has no rules.json"


def test_predictions_and_a_mined_folder_together(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    mined = make_mined(tmp_path / "mined")
    (tmp_path / "p.csv").write_text("video,impact_s,label\na.mp4,1.5,bf_punch\nz.mp4,1.5,cut\n")
    found = evaluate(
        truth=truth,
        predictions=tmp_path / "p.csv",
        mined=mined,
        truth_taxonomy="cricshot10",
        out=tmp_path / "out",
    )
    assert found["measures"]["top1"]["value"] == 1.0
    assert found["measures"]["mining_precision"]["value"] == 0.5
    assert found["counts"]["other_predictions"] == 1
    assert any("give no probabilities" in note for note in found["notes"])


def test_predictions_that_meet_no_truth_are_no_zero(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    (tmp_path / "p.csv").write_text("video,impact_s,label\nelsewhere.mp4,1.5,cut\n")
    found = evaluate(truth=truth, predictions=tmp_path / "p.csv", truth_taxonomy="cricshot10", out=tmp_path / "o")
    assert {item["value"] for item in found["measures"].values()} == {None}
    assert all(item["reason"] for item in found["measures"].values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give predictions= or mined="),
        ({"predictions": "p.csv", "shots_truth": "s.csv"}, "shots_truth= needs mined="),
        ({"predictions": "p.csv", "split": "dev"}, "unknown split 'dev'"),
        ({"predictions": "empty.csv"}, "empty.csv holds no rows"),
        ({"mined": "nowhere"}, "is not a folder"),
    ],
)
def test_a_wrong_call_is_one_sentence(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    truth = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    (tmp_path / "p.csv").write_text("video,impact_s,label\na.mp4,1.5,cut\n")
    (tmp_path / "empty.csv").write_text("video,impact_s,label\n")
    paths = {key: tmp_path / str(item) for key, item in arguments.items() if key not in ("split",)}
    with pytest.raises(SlowpathsError, match=message):
        evaluate(truth=truth, out=tmp_path / "out", truth_taxonomy="cricshot10", **arguments | paths)
    assert not (tmp_path / "out").exists()


def test_a_truth_table_without_rows(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", [], TRUTH_COLUMNS)
    with pytest.raises(UsageError, match="holds no deliveries"):
        evaluate(truth=truth, predictions=tmp_path / "p.csv", out=tmp_path / "out")
