"""Labels from files of other tools are those of the deliveries they mean."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from slowpaths.core.errors import TableError
from slowpaths.core.strokes import INDEX
from slowpaths.data.interchange.read import is_foreign, read_labels

DELIVERIES = pa.table(
    {"delivery_id": ["a", "b", "c"], "video_id": ["v", "v", "w"], "start_s": [1.2, 11.2, 1.2],
     "impact_s": [2.0, 12.0, 2.0]}
)  # fmt: skip
VIDEOS = pa.table({"video_id": ["v", "w"], "path": ["day/v.mp4", "w.mp4"]})


def read(path, text: str):
    path.write_text(text)
    found = read_labels(path, DELIVERIES, VIDEOS, seconds=lambda video_id, frame: frame / 50)
    return [tuple(row.values()) for row in found.table.to_pylist()], found.num_unmined


def test_spot_events_are_the_nearest_deliveries_of_their_video(tmp_path):
    def video(path, *events):
        return {"video": path, "events": [{"frame": frame, "label": label} for frame, label in events]}

    said = [video("day/v.mp4", (104, "cut"), (620, "sweep"), (626, "leave")), video("gone.mp4", (100, "cut"))]
    rows, num_unmined = read(tmp_path / "spot.json", json.dumps(said))
    assert rows == [("a", "cut"), ("b", "sweep")]  # .08 s and .4 s away; .52 s is another stroke
    assert num_unmined == 2


def test_kinetics_rows_begin_where_deliveries_do(tmp_path):
    text = "label,youtube_id,time_start,time_end,split\ncut,w.mp4,1.3,2.4,train\nsweep,w.mp4,30,31,train\n"
    assert read(tmp_path / "kinetics.csv", text) == ([("c", "cut")], 1)


def test_lists_name_clips_and_class_numbers(tmp_path):
    text = f"clips/a.mp4 {INDEX['cut']}\n\nelsewhere/c.mp4\t{INDEX['leave']}\n"
    assert read(tmp_path / "list.txt", text) == ([("a", "cut"), ("c", "leave")], 0)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.json", "{", "is no clip list, Kinetics CSV or spot JSON"),
        ("a.json", '{"events": 1}', "is no clip list, Kinetics CSV or spot JSON"),
        ("a.json", '[{"video": "gone.mp4", "events": []}]', "names no delivery of this mined folder"),
        ("a.txt", "clips/a.mp4 14\n", "line 1 is no path and class number below 14"),
        ("a.txt", "\n\n", "names no delivery of this mined folder"),
        ("a.csv", "label,youtube_id,time_start,time_end,split\ncut,w.mp4,soon,2,train\n", "line 2, column time_start"),
        ("a.csv", "label,youtube_id,time_start,time_end,split\ncut,w.mp4,nan,2,train\n", "line 2, column time_start"),
    ],
)
def test_what_is_none_of_these_is_said(tmp_path, name, text, sentence):
    with pytest.raises(TableError, match=sentence):
        read(tmp_path / name, text)


def test_kinetics_files_that_a_spreadsheet_saved_are_read(tmp_path):
    text = '\ufeff"split","time_start","label","youtube_id"\r\ntrain,1.3,cut,w.mp4\r\n'
    assert is_foreign(written := tmp_path / "kinetics.csv") is False  # not there yet
    assert read(written, text) == ([("c", "cut")], 0)
    assert is_foreign(written)


def test_each_row_knows_its_place_in_the_file(tmp_path):
    (path := tmp_path / "kinetics.csv").write_text("label,youtube_id,time_start\ncut,gone.mp4,1\n\nsweep,w.mp4,1.2\n")
    found = read_labels(path, DELIVERIES, VIDEOS, seconds=lambda video_id, frame: 0.0)
    assert (found.name, found.places) == ("kinetics.csv", ["line 4"])
    (path := tmp_path / "spot.json").write_text('[{"video": "w.mp4", "events": [{"frame": 100, "label": "cut"}]}]')
    found = read_labels(path, DELIVERIES, VIDEOS, seconds=lambda video_id, frame: frame / 50)
    assert (found.name, found.places) == ("spot.json", ["event 1 of w.mp4"])


def test_only_what_looks_like_another_tools_file_is_one(tmp_path):
    written = {
        "own.csv": "\ufeffdelivery_id,label\n", "list.csv": "\nclips/a.mp4 3\n", "empty.csv": "",
        "misspelt.csv": "id,label\n", "json.csv": '{"a": 1}', "tabs.csv": "delivery_id\tlabel\n",
    }  # fmt: skip
    for name, text in written.items():
        (tmp_path / name).write_text(text)
    names = [*written, "x.json", "x.txt", "x.parquet", "gone.csv"]
    assert [name for name in names if is_foreign(tmp_path / name)] == ["list.csv", "x.json", "x.txt"]
