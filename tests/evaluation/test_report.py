from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from pyarrow import csv
from tests.evaluation.mined import TRUTH, TRUTH_COLUMNS, make_mined
from tests.evaluation.tables import make_study, prediction_table, write_truth

from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.core.strokes import STROKES
from slowpaths.evaluation.report import Report, evaluate
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import SHOTS
from slowpaths.store.tables import write_shots

GOLDEN = Path(__file__).parent / "golden" / "report_structure.json"


@pytest.fixture(scope="module")
def report(study: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    truth, predictions = study
    out = tmp_path_factory.mktemp("report")
    return evaluate(predictions, truth, command="made by hand").write(out), out


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


def test_a_split_of_other_predictions_is_written_down(tmp_path: Path) -> None:
    truth, predictions = make_study(tmp_path, num_matches=2, batters_per_match=1, balls=12)
    found = evaluate(predictions, truth, split_of=predictions, command="c").write(tmp_path / "out")
    assert found["settings"]["split_of"] == predictions.as_posix() and found["measures"]["top1"]["value"]


def test_predictions_of_one_moment_are_said_to_repeat(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "truth.csv", ["a.mp4,,,10,sweep", "a.mp4,,,40,cut"])
    rows = ["a.mp4,10.1,sweep,0.9", "a.mp4,10.1,sweep,0.9", "a.mp4,10.1,cut,0.5", "a.mp4,40,cut,0.5"]
    predictions = write_truth(tmp_path / "predictions.csv", rows, "video,impact_s,label,confidence")
    report = evaluate(predictions, truth)
    assert report.counts["false"] == 2 and any(note.startswith("2 predictions repeat another") for note in report.notes)
    write_truth(predictions, rows[2:], "video,impact_s,label,confidence")
    assert not any("repeat another" in note for note in evaluate(predictions, truth).notes)


def test_a_mined_folder_alone_gives_the_waterfall_and_its_labels(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    mined = make_mined(tmp_path / "mined")
    found = evaluate(truth=truth, mined=mined, truth_taxonomy="cricshot10").write(tmp_path / "out")
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
    found = evaluate(truth=truth, mined=mined, truth_taxonomy="cricshot10").write(tmp_path / "out")
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
    ).to_dict()
    assert found["measures"]["top1"]["value"] == 1.0
    assert found["measures"]["mining_precision"]["value"] == 0.5
    assert found["counts"]["other_predictions"] == 1
    assert any("give no probabilities" in note for note in found["notes"])


def test_predictions_of_no_true_video_are_refused(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    (tmp_path / "p.csv").write_text("video,impact_s,label\nelsewhere.mp4,1.5,cut\n")
    with pytest.raises(UsageError, match=r"no video in common: .* are 'elsewhere.mp4' and 'a.mp4'"):
        evaluate(truth=truth, predictions=tmp_path / "p.csv", truth_taxonomy="cricshot10")
    (tmp_path / "p.csv").write_text("video,impact_s,label\nday1/a.mkv,1.5,bf_punch\n")  # the same video by its stem
    found = evaluate(truth=truth, predictions=tmp_path / "p.csv", truth_taxonomy="cricshot10")
    assert found.counts["graded"] == 1


def test_predictions_that_meet_no_truth_are_no_zero(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    mined = make_mined(tmp_path / "mined")
    (tmp_path / "p.csv").write_text("video,impact_s,label\nelsewhere.mp4,1.5,cut\n")
    found = evaluate(truth=truth, predictions=tmp_path / "p.csv", mined=mined, truth_taxonomy="cricshot10").to_dict()
    of_names = [item for item in found["measures"].values() if item["side"] != "mining"]
    assert {item["value"] for item in of_names} == {None} and all(item["reason"] for item in of_names)


def test_notes_say_nothing_of_truth_that_was_not_judged(study: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("video,impact_s,label\nelsewhere.mp4,1.5,cut\nmatch0/innings.mp4,900,cut\n")
    notes = evaluate(truth=study[0], predictions=tmp_path / "p.csv").notes  # truth that names its matches
    assert not any("match_id" in note for note in notes)
    assert any("lie in" in note and note.endswith("are not judged.") for note in notes)


def test_notes_of_labels_and_of_mining_do_not_contradict_each_other(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", [*TRUTH, "gone.mp4,1,2,1.5,cover,R,pitch_endon"], TRUTH_COLUMNS)
    notes = evaluate(truth=truth, mined=make_mined(tmp_path / "mined"), truth_taxonomy="cricshot10").notes
    (said,) = [note for note in notes if "not in the mined folder" in note]
    assert said.endswith("mining counts them as missed.")  # accuracy does not judge them, and says so


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give predictions= or mined="),
        ({"predictions": "p.csv", "poses_truth": "s"}, "poses_truth= needs mined="),
        ({"predictions": "p.csv", "tolerance_s": float("nan")}, "tolerance_s=nan is no length of time"),
        ({"predictions": "p.csv", "tolerance_s": -1.0}, "tolerance_s=-1 is no length of time"),
        ({"predictions": "p.csv", "split": "dev"}, "unknown split 'dev'"),
        ({"predictions": "empty.csv"}, "empty.csv holds no rows"),
        ({"mined": "nowhere"}, "is not a folder"),
    ],
)
def test_a_wrong_call_is_one_sentence(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    truth = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    (tmp_path / "p.csv").write_text("video,impact_s,label\na.mp4,1.5,cut\n")
    (tmp_path / "empty.csv").write_text("video,impact_s,label\n")
    paths = {key: tmp_path / str(item) for key, item in arguments.items() if key not in ("split", "tolerance_s")}
    with pytest.raises(SlowpathsError, match=message):
        evaluate(truth=truth, out=tmp_path / "out", truth_taxonomy="cricshot10", **arguments | paths)
    assert not (tmp_path / "out").exists()


def test_a_truth_table_without_rows(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", [], TRUTH_COLUMNS)
    with pytest.raises(UsageError, match="holds no deliveries"):
        evaluate(truth=truth, predictions=tmp_path / "p.csv", out=tmp_path / "out")


def test_tables_in_memory_are_evaluated_without_a_folder(study: tuple[Path, Path]) -> None:
    truth, predictions = study
    by_file = evaluate(predictions, truth)
    by_table = evaluate(pq.read_table(predictions), csv.read_csv(truth))
    assert by_table["top1"] == by_file["top1"] and not by_table.inputs
    rows = {row["name"]: row for row in by_table.table()}
    assert rows["top1"]["value"] == by_file["top1"].value and rows["top1"]["side"] == "accuracy"


def test_the_command_holds_every_option_that_changes_the_report(study: tuple[Path, Path], tmp_path: Path) -> None:
    truth, predictions = study
    options = {"split": "all", "tolerance_s": 0.3, "model_id": "m", "is_complete": True}
    report = evaluate(predictions, truth, out=tmp_path / "a folder", **options)
    words = shlex.split(report.command)
    assert words[:2] == ["slowpaths", "evaluate"]
    given = dict(word.split("=", 1) for word in words[2:])
    assert {key: given[key] for key in options} == {"split": "all", "tolerance_s": "0.3", "model_id": "m",
                                                    "is_complete": "true"}  # fmt: skip
    assert given["predictions"] == str(predictions) and given["out"] == str(tmp_path / "a folder")
    assert given["truth_taxonomy"] == "slowpaths"
    assert evaluate(predictions, truth).command.count("=") == 3  # defaults are not repeated


def replayed(tmp_path: Path, *, is_said: bool) -> tuple[Path, Path]:
    """Write twelve balls that are each shown again twice; only the live ones are named right."""
    times = [(20.0 * ball + 1, 20.0 * ball + 8, 20.0 * ball + 15) for ball in range(12)]
    rows = [f"a.mp4,{t},cut,{int(n > 0) if is_said else ''}" for times_s in times for n, t in enumerate(times_s)]
    truth = write_truth(tmp_path / "t.csv", rows, "video,impact_s,label,is_replay")
    named = [f"a.mp4,{t},{'sweep' if n else 'cut'}" for times_s in times for n, t in enumerate(times_s)]
    return truth, write_truth(tmp_path / "p.csv", named, "video,impact_s,label")


def test_profiles_and_counts_know_no_replays(tmp_path: Path) -> None:
    report = evaluate(*reversed(replayed(tmp_path, is_said=True)))
    assert {row["deliveries"] for row in report.tables["profiles"]} == {12}
    assert report["profile_error"].value == 0.0
    assert (report["prevalence_error"].value, report["prevalence_error"].num) == (0.0, 12)
    assert report["top1"].num == 36 and report["top1"].value == pytest.approx(1 / 3)  # clips to name all the same
    assert report.counts["replays"] == 24 and any("24 of these are replays" in note for note in report.notes)


def test_where_truth_does_not_know_replays_it_is_said(tmp_path: Path) -> None:
    report = evaluate(*reversed(replayed(tmp_path, is_said=False)))
    assert {row["deliveries"] for row in report.tables["profiles"]} == {36}
    assert any("does not say of every delivery whether it is a replay" in note for note in report.notes)


def test_videos_are_as_long_as_the_tables_say(study: tuple[Path, Path], tmp_path: Path) -> None:
    truth, predictions = study
    videos = sorted({str(name) for name in pq.read_table(predictions)["video"].to_pylist()})
    shots = [f"{video},{start},{start + 30},pitch_endon" for video in videos for start in (0, 30)]
    table = write_truth(tmp_path / "shots.csv", shots, "video,start_s,end_s,view")
    assert evaluate(predictions, truth, shots_truth=table)["review_minutes"].chance == len(videos)
    assert "how long it is" in evaluate(predictions, truth)["review_minutes"].reason
    known = csv.read_csv(truth)
    known = known.append_column("video_duration_s", [[1200.0] * len(known)])
    assert evaluate(predictions, known)["review_minutes"].chance == 20 * len(videos)
    write_truth(table, shots[2:], "video,start_s,end_s,view")  # one video is missing: the sum would flatter
    assert evaluate(predictions, truth, shots_truth=table)["review_minutes"].reason


def test_what_mining_takes_for_a_replay_is_no_ball_where_truth_has_no_word(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    folder = MinedFolder(make_mined(tmp_path / "mined"))
    shots = [replace(shot, shot_id="s", is_replay=True) for shot in folder.shots()][:1]
    write_shots(folder.file(SHOTS), shots)  # every delivery lies in shot "s"
    report = evaluate(truth=truth, mined=folder.path, truth_taxonomy="cricshot10")
    assert report.counts["replays"] == 4 and report["prevalence_error"].reason == "every graded delivery is a replay"


def test_fewer_than_three_matches_give_no_interval_and_say_so(tmp_path: Path) -> None:
    truth, predictions = make_study(tmp_path, num_matches=2, batters_per_match=2, balls=20)
    report = evaluate(predictions, truth)
    assert all(item.low is None for item in report.measures)
    assert any("no interval can be given" in note for note in report.notes)


def test_the_shares_in_training_are_where_expectation_maximisation_starts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    prior, field = np.r_[0.6, 0.3, 0.1], np.r_[0.1, 0.3, 0.6]

    def rows(split: str, shares: np.ndarray, num: int) -> tuple[list[dict], list[str]]:
        true = rng.choice(3, size=num, p=shares)
        likelihood = np.exp(-0.5 * (rng.normal(true * 2.0, 1.0)[:, None] - 2.0 * np.arange(3)) ** 2) * prior
        probs = np.pad(likelihood / likelihood.sum(axis=1, keepdims=True), ((0, 0), (0, 11)))
        made = [{"video": split, "impact_s": 9.0 * i + 9, "probs": p, "split": split} for i, p in enumerate(probs)]
        return made, [f"{split},{9.0 * i + 9},{STROKES[stroke]}" for i, stroke in enumerate(true)]

    trained, _ = rows("train", prior, 600)
    tested, truth = rows("test", field, 600)
    table = write_truth(tmp_path / "t.csv", truth, "video,impact_s,label")
    report = evaluate(prediction_table([*trained, *tested]), table)
    errors = {row["method"]: row["absolute_error"] for row in report.tables["prevalence"]}
    assert errors["expectation maximisation"] < 0.25 * errors["mean probability"]
    without = evaluate(prediction_table(tested), table)
    assert "expectation maximisation" not in {row["method"] for row in without.tables["prevalence"]}
    assert any("expectation maximisation" in note for note in without.notes)


def test_batters_with_too_few_balls_have_no_profile_and_are_counted(tmp_path: Path) -> None:
    """One ball is no profile: of batters with 12, 9 and 1 balls one has a profile, and of none if all have nine."""

    def compared(sizes: dict[str, int]) -> Report:
        rows = [
            {"video": "v.mp4", "impact_s": 9.0 * at + 9, "label": STROKES[at % 3], "batter": batter}
            for at, batter in enumerate(name for name, num in sizes.items() for _ in range(num))
        ]
        lines = [f"v.mp4,{row['impact_s']},{row['label']},{row['batter']}" for row in rows]
        truth = write_truth(tmp_path / "t.csv", lines, "video,impact_s,label,batter_id")
        return evaluate(prediction_table([{k: v for k, v in row.items() if k != "batter"} for row in rows]), truth)

    found = compared({"a": 12, "b": 9, "c": 1})
    assert {row["group"] for row in found.tables["profiles"]} == {"a"}
    assert found["profile_fidelity"].num == found["profile_error"].num == 1
    assert "2 of 3 batters have fewer than 10 balls: they have no profile, and are left out where profiles are " in (
        " ".join(found.notes)
    )
    alone = compared({"a": 9, "b": 9})
    assert any(
        note.startswith("All 2 batters have fewer than 10 balls: profiles are those of the") for note in alone.notes
    )
    assert not any("fewer than 10 balls" in note for note in compared({"a": 12, "b": 10}).notes)
