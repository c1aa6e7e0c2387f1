"""What stands where truth is asked for: one table, several, worlds; through the verb, and what a list stands for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.evaluation.mined import TRUTH, TRUTH_COLUMNS, make_mined
from tests.evaluation.tables import write_truth

from slowpaths.apps._truth import truth_tables
from slowpaths.cli import main

SHOTS = ("a.mp4,0,29,pitch_endon", "b.mp4,0,40,pitch_side")


def write_shots(path: Path, *rows: str) -> Path:
    return write_truth(path, list(rows), "video,start_s,end_s,view")


@pytest.fixture
def evaluated(tmp_path):
    """Evaluate one mined folder against truth and true shots, as they are typed, and return code and report."""
    mined = make_mined(tmp_path / "mined")

    def run(truth: str, shots: str, name: str):
        words = [f"mined={mined}", f"truth={truth}", f"shots_truth={shots}", f"out={tmp_path / name}"]
        code = main(["evaluate", *words, "truth_taxonomy=cricshot10"])
        return code, json.loads((tmp_path / name / "report.json").read_text()) if code == 0 else {}

    return run


def test_two_sets_are_evaluated_at_once_as_their_joined_tables_are(tmp_path, evaluated, capsys):
    halves = enumerate((TRUTH[:3], TRUTH[3:]))
    first, last = (write_truth(tmp_path / f"{i}.csv", rows, TRUTH_COLUMNS) for i, rows in halves)
    shots = [write_shots(tmp_path / f"shots_{i}.csv", row) for i, row in enumerate(SHOTS)]
    both = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS), write_shots(tmp_path / "shots.csv", *SHOTS)
    code, report = evaluated(f"[{first},{last}]", f"[{shots[0]},{shots[1]}]", "of_lists")
    assert code == 0
    assert report["measures"] == evaluated(str(both[0]), str(both[1]), "joined")[1]["measures"]
    assert [report["inputs"][key]["name"] for key in ("truth_1", "truth_2", "shots_truth_2")] == [
        "0.csv", "1.csv", "shots_1.csv"
    ]  # fmt: skip
    assert f"truth=[{first},{last}]" in report["command"].replace("'", "")
    capsys.readouterr()
    assert evaluated(f"[{first},{both[0]}]", str(both[1]), "twice")[0] == 1
    sentence = capsys.readouterr().err.strip()
    assert f"{first} and {both[0]} both have rows of a.mp4: leave them out of one" in sentence
    assert len(sentence.splitlines()) == 1


def test_what_several_truths_stand_for(tmp_path):
    for name in ("w", "v"):
        (tmp_path / name / "truth").mkdir(parents=True)
        for file in ("truth.csv", "shots.parquet"):
            (tmp_path / name / "truth" / file).touch()
    worlds, table = (tmp_path / "w", tmp_path / "v"), tmp_path / "t.csv"
    given = {"mined": tmp_path, "shots_truth": None, "poses_truth": None, "is_complete": None}
    assert truth_tables({**given, "truth": table}, tmp_path) == {"truth": table}
    assert truth_tables({**given, "truth": worlds[0]}, tmp_path) == {
        "truth": worlds[0] / "truth" / "truth.csv", "is_complete": True,
        "shots_truth": worlds[0] / "truth" / "shots.parquet", "poses_truth": worlds[0] / "truth",
    }  # fmt: skip
    assert truth_tables({**given, "truth": worlds}, tmp_path) == {
        "truth": tuple(world / "truth" / "truth.csv" for world in worlds), "is_complete": True,
        "shots_truth": tuple(world / "truth" / "shots.parquet" for world in worlds),
    }  # fmt: skip
    mixed = truth_tables({**given, "truth": (worlds[0], table)}, tmp_path)
    assert mixed["truth"] == (worlds[0] / "truth" / "truth.csv", table)
    assert mixed["shots_truth"] == (worlds[0] / "truth" / "shots.parquet",) and "is_complete" not in mixed
