"""What a person says stays said: kept in the mined folder, gold in every later label set, impacts moved and back."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from tests.labelling.tables import footage_table, random_deliveries
from tests.mining.stick import IMPACT_S, SIZE, stick_track

import slowpaths
from slowpaths.cli import main
from slowpaths.core.records import Correction, Shot
from slowpaths.core.spans import Span
from slowpaths.store import tables
from slowpaths.store.ledger import read_ledger
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import CORRECTIONS, DELIVERIES, FOOTAGE, LABELS

IDS = [f"v-d{number:08d}" for number in range(60)]
HEADER = "delivery_id,label,kind,impact_s,note\n"


@pytest.fixture
def mined(tmp_path) -> MinedFolder:
    """Return a folder of 60 deliveries of one stick figure."""
    folder, track = MinedFolder(tmp_path / "mined"), replace(stick_track(), shot_id="v-s0000")
    deliveries = random_deliveries(60)
    for name, value in (
        ("video_id", "v"),
        ("impact_s", IMPACT_S),
        ("start_s", IMPACT_S - 0.8),
        ("end_s", IMPACT_S + 0.48),
    ):
        deliveries = deliveries.set_column(deliveries.column_names.index(name), name, [[value] * 60])
    folder.write(DELIVERIES, deliveries)
    footage = footage_table({"v": "m1"})
    for column, value in (("fps_fraction", "25"), ("width", SIZE[0]), ("height", SIZE[1]), ("duration_s", 20.0),
                          ("codec", "h264")):  # fmt: skip
        footage = footage.set_column(footage.column_names.index(column), column, [[value]])
    folder.write(FOOTAGE, footage)
    span = Span(0.0, 20.0)
    shot = Shot(shot_id="v-s0000", video_id="v", span=span, first_frame=0, last_frame=499, view="pitch_endon")
    tables.write_shots(folder.path / "shots.parquet", [shot])
    tables.write_poses(folder.path / "poses.parquet", [track])
    return folder


def relabel(mined: MinedFolder, *words: str) -> int:
    return main(["label", f"mined={mined.path}", "label_model=majority", *words])


def say(tmp_path, *rows: str, name: str = "corrections.csv") -> str:
    (tmp_path / name).write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return f"corrections={tmp_path / name}"


def gold_of(mined: MinedFolder) -> dict[str, str]:
    return {clip.delivery_id: clip.label for clip in mined.labels() if clip.source == "gold"}


def test_corrections_add_up_and_hold_in_every_later_label_set(mined, tmp_path):
    assert relabel(mined, say(tmp_path, f"{IDS[0]},cut,stroke,,", f"{IDS[1]},,no_stroke,,a bowler's warm-up")) == 0
    assert gold_of(mined) == {IDS[0]: "cut"}
    assert relabel(mined, say(tmp_path, f"{IDS[2]},sweep,,,", f"{IDS[3]},,wrong_person,,")) == 0
    assert relabel(mined, "label_model=naive_bayes") == 0
    assert gold_of(mined) == {IDS[0]: "cut", IDS[2]: "sweep"}
    labelled = mined.read(LABELS)["delivery_id"].to_pylist()
    assert set(IDS) - set(labelled) == {IDS[1], IDS[3]}
    assert mined.read(DELIVERIES).num_rows == 60
    kept = {one.delivery_id: (one.kind, one.label, one.note) for one in mined.corrections()}
    assert kept == {
        IDS[0]: ("stroke", "cut", ""),
        IDS[1]: ("no_stroke", "", "a bowler's warm-up"),
        IDS[2]: ("stroke", "sweep", ""),
        IDS[3]: ("wrong_person", "", ""),
    }
    assert relabel(mined, say(tmp_path, f"{IDS[1]},leave,stroke,,")) == 0  # the last word counts
    assert gold_of(mined) == {IDS[0]: "cut", IDS[1]: "leave", IDS[2]: "sweep"}
    assert relabel(mined, "gold=none") == 0
    assert gold_of(mined) == {} and mined.corrections() == []


def test_a_moved_impact_is_measured_again_from_poses_and_comes_back(mined, tmp_path, capsys):
    before = mined.file(DELIVERIES).read_bytes()
    there = f"{IMPACT_S + 0.08:.3f}"
    assert relabel(mined, say(tmp_path, f"{IDS[4]},,impact,{there},", f"{IDS[5]},cut,stroke,{there},")) == 0
    assert "2 impacts moved and measured again from poses" in " ".join(capsys.readouterr().out.split())
    rows = {row.delivery_id: row for row in mined.deliveries()}
    for name in IDS[4:6]:
        assert rows[name].impact_s == pytest.approx(IMPACT_S + 0.08)
        assert rows[name].span.start_s == pytest.approx(IMPACT_S + 0.08 - 0.8)
        assert rows[name].features["hand_height"] != mined.as_mined()[name].features["hand_height"]
        assert mined.as_mined()[name].impact_s == IMPACT_S
    labels = {clip.delivery_id: clip for clip in mined.labels()}
    assert labels[IDS[4]].source == "weak" and labels[IDS[4]].impact_s == pytest.approx(IMPACT_S + 0.08)
    outputs = read_ledger(mined.path)[-1].outputs
    assert {"corrections.parquet", "moved.parquet", "deliveries.parquet"} <= set(outputs)
    again = mined.file(DELIVERIES).read_bytes()
    assert relabel(mined, "label_model=naive_bayes") == 0  # applying it twice moves nothing further
    assert mined.file(DELIVERIES).read_bytes() == again
    assert relabel(mined, say(tmp_path, f"{IDS[4]},sweep,stroke,,")) == 0  # a stroke alone leaves the impact
    assert {one.delivery_id: one.impact_s for one in mined.corrections()}[IDS[4]] == pytest.approx(IMPACT_S + 0.08)
    assert relabel(mined, "gold=none") == 0
    assert mined.file(DELIVERIES).read_bytes() == before and mined.as_mined() == {}


def test_an_impact_without_poses_stays_and_that_is_said(mined, tmp_path, capsys):
    mined.file(tables.POSES).unlink()
    before = mined.file(DELIVERIES).read_bytes()
    assert relabel(mined, say(tmp_path, f"{IDS[4]},,impact,{IMPACT_S + 0.08:.3f},")) == 0
    assert "1 impacts stay where they are" in " ".join(capsys.readouterr().out.split())
    assert mined.file(DELIVERIES).read_bytes() == before


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["nobody,cut,stroke,,", "nemo,cut,,,"], "line 2, column delivery_id: 'nobody' is no delivery of this mined"),
        (["nobody,cut,stroke,,", "nemo,cut,,,"], "nor are 1 others"),
        ([f"{IDS[0]},cutt,stroke,,"], "line 2, column label: 'cutt' is no stroke; choose: cut"),
        ([f"{IDS[0]},cut,no_stroke,,"], "kind=no_stroke has no stroke, but 'cut' stands there"),
        ([f"{IDS[0]},,impact,,"], "kind=impact needs the impact"),
        ([f"{IDS[0]},cut,stroke,99,"], "99 is far from"),
        ([f"{IDS[0]},cut,strok,,"], "'strok' is not a kind of correction; nearest: stroke"),
        ([f"{IDS[0]},cut,stroke,inf,"], "'inf' is not a number of seconds"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(mined, tmp_path, capsys, rows, sentence):
    assert relabel(mined, say(tmp_path, f"{IDS[9]},cut,stroke,{IMPACT_S + 0.04},")) == 0
    before = {path: path.read_bytes() for path in mined.path.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert relabel(mined, say(tmp_path, *rows, name="bad.csv")) == 1
    said = capsys.readouterr().err
    assert sentence in said and said.strip().count("\n") == 0
    assert before == {path: path.read_bytes() for path in mined.path.rglob("*") if path.is_file()}


def test_gold_of_a_folder_that_never_kept_corrections_is_not_lost(mined, tmp_path):
    assert relabel(mined, say(tmp_path, f"{IDS[0]},cut,stroke,,")) == 0
    mined.file(CORRECTIONS).unlink()
    assert relabel(mined, "label_model=naive_bayes") == 0
    assert gold_of(mined) == {IDS[0]: "cut"}
    (kept,) = mined.corrections()
    assert (kept.delivery_id, kept.label, math.isnan(kept.impact_s)) == (IDS[0], "cut", True)


def test_corrections_wait_for_deliveries_that_are_gone_for_a_while(mined, tmp_path, capsys):
    assert relabel(mined, say(tmp_path, f"{IDS[0]},cut,,,", f"{IDS[5]},sweep,,,")) == 0
    whole = mined.read(DELIVERIES)
    mined.write(DELIVERIES, whole.slice(1))  # the first one's footage was left out
    capsys.readouterr()
    assert relabel(mined) == 0
    assert "1 corrections belong to deliveries that are not in this folder now" in capsys.readouterr().out
    assert {one.delivery_id for one in mined.corrections()} == {IDS[0], IDS[5]}
    mined.write(DELIVERIES, whole)
    assert relabel(mined) == 0
    labels = {row["delivery_id"]: row for row in mined.read(LABELS).to_pylist()}
    assert [labels[name]["source"] for name in (IDS[0], IDS[5])] == ["gold", "gold"]
    assert labels[IDS[0]]["label"] == "cut"


def test_the_python_api_takes_both(mined, tmp_path):
    slowpaths.label(mined.path, gold={IDS[0]: "cut", IDS[1]: "no_stroke"}, label_model="majority")
    tables.write_corrections(tmp_path / "more.parquet", [Correction(delivery_id=IDS[2], label="sweep")])
    found = slowpaths.label(mined.path, corrections=tmp_path / "more.parquet", label_model="majority")
    assert found.gold() == {IDS[0]: "cut", IDS[2]: "sweep"}
    assert len(found.labels()) == 59
    assert np.isnan(mined.corrections()[0].impact_s)


def test_labels_of_another_tool_are_corrections_too(mined, tmp_path, capsys):
    events = [{"frame": frame, "label": "cut"} for frame in (round(25 * IMPACT_S), 499)]
    (tmp_path / "spot.json").write_text(json.dumps([{"video": "v.mp4", "events": events}]))
    assert relabel(mined, f"corrections={tmp_path / 'spot.json'}") == 0
    assert list(gold_of(mined).values()) == ["cut"]
    assert "1 events of the other tool's file are no delivery" in " ".join(capsys.readouterr().out.split())
    (tmp_path / "list.txt").write_text(f"clips/{IDS[3]}.mp4 0\n")
    assert relabel(mined, f"corrections={tmp_path / 'list.txt'}") == 0
    assert gold_of(mined)[IDS[3]] == "leave" and len(gold_of(mined)) == 2
    (tmp_path / "bad.txt").write_text("clips/nobody.mp4 0\n")
    assert relabel(mined, f"corrections={tmp_path / 'bad.txt'}") == 1
    assert "bad.txt line 1, column delivery_id: 'nobody' is no delivery of this mined folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.csv", "", "a.csv has no column 'delivery_id' (it has none)"),
        ("a.csv", "id,label\nx,cut\n", "a.csv has no column 'delivery_id' (it has id, label)"),
        ("a.csv", HEADER, "a.csv holds no correction"),
        ("a.csv", "label,youtube_id,time_start\nsweep,gone.mp4,1\nkut,v.mp4,START\n",
         "a.csv line 3, column label: 'kut'"),
        ("a.csv", f"delivery_id,label\n{IDS[0]},cut\n{IDS[1]},cut\n{IDS[0]},sweep\n",
         f"a.csv line 4, column label: sweep contradicts line 2, which says cut of {IDS[0]}"),
        ("a.csv", f"{HEADER}{IDS[0]},cut,,,\n{IDS[0]},,no_stroke,,\n", "no_stroke contradicts line 2, which says cut"),
        ("a.csv", f"{HEADER}{IDS[0]},,impact,{IMPACT_S},\n{IDS[0]},cut,,{IMPACT_S - 0.2},\n", "column impact_s"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("key", ["corrections", "gold"])
def test_a_file_that_says_nothing_or_two_things_changes_nothing(mined, tmp_path, capsys, key, name, text, sentence):
    if key == "gold" and "youtube_id" in text:  # a clip list of others; as gold only our own tables are taken
        sentence = "a.csv has no column 'delivery_id'"
    assert relabel(mined, say(tmp_path, f"{IDS[5]},sweep,,,")) == 0
    (tmp_path / name).write_text(text.replace("START", str(IMPACT_S - 0.8)))
    capsys.readouterr()
    assert relabel(mined, f"{key}={tmp_path / name}") == 1
    assert sentence in capsys.readouterr().err
    assert gold_of(mined) == {IDS[5]: "sweep"}


def test_rows_of_one_delivery_that_agree_are_taken_together(mined, tmp_path):
    rows = f"{IDS[0]},cut,,,", f"{IDS[0]},,impact,{IMPACT_S + 0.04},", f"{IDS[0]},cut,stroke,,again"
    assert relabel(mined, say(tmp_path, *rows)) == 0
    assert [(one.label, one.impact_s) for one in mined.corrections()] == [("cut", pytest.approx(IMPACT_S + 0.04))]
