from __future__ import annotations

import math
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.evaluation.tables import write_truth

from slowpaths.core.errors import TableError, UsageError
from slowpaths.evaluation.truth_table import read_truth

GOOD = "a.mp4,0.5,1.3,1.1,cover_drive"


def test_every_column_is_read(tmp_path: Path) -> None:
    columns = "video,start_s,end_s,impact_s,label,handedness,batter_id,match_id,venue,view,is_replay"
    path = write_truth(tmp_path / "t.csv", [r"day1\a.mp4,0.5,1.3,1.1,cut,left,Smith,m1,Lord's,pitch_side,1"], columns)
    (item,) = read_truth(path).deliveries
    assert (item.video, item.handedness, item.batter_id, item.match_id) == ("day1/a.mp4", "L", "Smith", "m1")
    assert (item.venue, item.view, item.is_replay, item.moment_s) == ("Lord's", "pitch_side", True, (1.1, 1.1))


def test_what_is_not_known_may_stay_empty(tmp_path: Path) -> None:
    path = write_truth(
        tmp_path / "t.csv",
        ["a.mp4,0.5,1.3,,leave,,unknown", "b.mp4,,,,,R,0", "", "c.mp4,1,2,1.5,,,"],
        "video,start_s,end_s,impact_s,label,handedness,is_replay",
    )
    leave, untimed, outside = read_truth(path).deliveries
    assert leave.moment_s == (0.5, 1.3) and math.isnan(leave.impact_s) and leave.is_replay is None
    assert untimed.moment_s == (-math.inf, math.inf) and untimed.is_replay is False
    assert outside.label == "" and outside.place == "line 5"


def test_a_parquet_file_says_the_same(tmp_path: Path) -> None:
    rows = {"video": ["a.mp4"], "start_s": [0.5], "end_s": [1.3], "impact_s": [None], "label": ["cut"]}
    pq.write_table(pa.table(rows, schema=None), tmp_path / "t.parquet")
    (item,) = read_truth(tmp_path / "t.parquet").deliveries
    assert (item.label, item.moment_s, item.place) == ("cut", (0.5, 1.3), "row 1")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([GOOD, "b.mp4,0,2,abc,cut"], "t.csv line 3, column impact_s: 'abc' is not a number of seconds"),
        (["b.mp4,0,inf,1,cut"], "line 2, column end_s: 'inf' is not a number of seconds"),
        (
            ["b.mp4,0,2,1,Cover Drive"],
            "line 2, column label: 'Cover Drive' is not a class of slowpaths; nearest: cover",
        ),
        (["b.mp4,2,1,,cut"], "line 2, column end_s: the stroke ends before it starts (2 to 1 s)"),
        (["b.mp4,0,1,5,cut"], "line 2, column impact_s: 5 s lies outside the stroke, 0 to 1 s"),
        (["b.mp4,-1,1,0,cut"], "line 2, column start_s: -1 lies before the video begins"),
        (["b.mp4,,1,,cut"], "line 2, column start_s: is empty; give both start_s and end_s, or neither"),
        ([",0,1,,cut"], "line 2, column video: is empty"),
        ([GOOD, "b.mp4,0,1,,cut", GOOD], "line 4, column video: repeats the delivery of line 2"),
        ([GOOD, "b.mp4,0,1"], "line 3: 3 values for 5 columns"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(TableError, match=re.escape(message)):
        read_truth(write_truth(tmp_path / "t.csv", rows))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("handedness", "both", "'both' is neither R nor L"),
        ("view", "pitch_end", "'pitch_end' is not a view; nearest: pitch_endon"),
        ("is_replay", "maybe", "'maybe' is neither 1 nor 0"),
    ],
)
def test_optional_columns_are_checked_too(tmp_path: Path, column: str, value: str, message: str) -> None:
    path = write_truth(tmp_path / "t.csv", [f"{GOOD},{value}"], f"video,start_s,end_s,impact_s,label,{column}")
    with pytest.raises(TableError, match=re.escape(message)):
        read_truth(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "video,start_s,end_s,impact,label\n", "no column 'impact_s' (it has video, start_s, end_s, impact"),
        ("t.csv", "video,start_s,end_s,impact,label\n", "rename 'impact'?"),
        ("t.csv", "video;start_s;end_s\n", "separated by semicolons"),
        ("t.csv", "video\tstart_s\tend_s\n", "separated by tabs"),
        ("t.csv", "video|start_s|end_s\n", "separated by bars"),
        ("t.csv", "video,video,label\n", "the column 'video' stands there twice"),
        ("t.csv", "", "no column 'video' (it has none)"),
        ("t.csv", b"video,\xff\xfe\n", "is not UTF-8 text"),
        ("t.parquet", "video", "is not a readable Parquet file"),
        ("t.txt", "video", "is neither a .csv nor a .parquet file"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TableError, match=re.escape(message)):
        read_truth(tmp_path / name)


def test_a_missing_file_and_an_unknown_taxonomy(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="does not exist"):
        read_truth(tmp_path / "t.csv")
    with pytest.raises(UsageError, match="unknown taxonomy 'kinetics'"):
        read_truth(write_truth(tmp_path / "t.csv", [GOOD]), taxonomy="kinetics")


def test_an_impact_alone_has_the_span_of_a_mined_clip(tmp_path: Path) -> None:
    path = write_truth(tmp_path / "t.csv", ["a.mp4,5,cut", "a.mp4,0.3,cut"], "video,impact_s,label")
    spans = [(item.start_s, item.end_s) for item in read_truth(path).deliveries]
    assert spans == [pytest.approx((4.2, 5.48)), pytest.approx((0.0, 0.78))]
    (item,) = read_truth(write_truth(path, ["a.mp4,,6,5,cut"])).deliveries
    assert (item.start_s, item.end_s) == pytest.approx((4.2, 6.0))


def test_several_tables_of_different_videos_are_read_as_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    a = write_truth(tmp_path / "a" / "t.csv", ["a.mp4,5,cut", "c.mp4,2,cut"], "video,impact_s,label")
    b = write_truth(tmp_path / "b" / "t.csv", ["b.mp4,4,6,5,cut"])
    truth = read_truth([a, b])
    assert [(item.video, item.impact_s) for item in truth.deliveries] == [("a.mp4", 5), ("c.mp4", 2), ("b.mp4", 5)]
    assert truth.name == f"{a} and {b}" and read_truth([a]).name == "t.csv"
    write_truth(b, ["./c.mp4,4,6,5,cut"])
    with pytest.raises(TableError, match=re.escape(f"{a} and {b} both have rows of c.mp4: leave them out of one")):
        read_truth([a, b])
    write_truth(b, ["b.mp4,4,6,5,nothing"])
    with pytest.raises(TableError, match=re.escape(f"{b} line 2, column label")):
        read_truth([a, b])
    with pytest.raises(TableError, match="an empty list holds no table"):
        read_truth([])


@pytest.mark.shared
def test_the_real_table_is_read(shared_dir: Path) -> None:
    truth = read_truth(shared_dir / "footage" / "truth.csv", taxonomy="cricshot10")
    assert len(truth.deliveries) == 28
    assert sum(not item.label for item in truth.deliveries) == 9
    assert next(item for item in truth.deliveries if item.video == "surya_output2.mp4").moment_s[0] == -math.inf


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (["-600", "-600"], "line 2, column video_duration_s: -600 is no length of a video"),
        (["0", ""], "line 2, column video_duration_s: 0 is no length of a video"),
        (["5", ""], "line 2, column video_duration_s: the video is 5 s long, and the stroke comes at 9 s"),
        (["60", "6000"], "line 3, column video_duration_s: the video is 6000 s long, 60 s in line 2"),
    ],
)
def test_a_length_that_a_video_cannot_have_is_named(tmp_path: Path, lengths: list[str], message: str) -> None:
    rows = [f"a.mp4,{time},cut,{length}" for time, length in zip((9, 20), lengths, strict=True)]
    path = write_truth(tmp_path / "t.csv", rows, "video,impact_s,label,video_duration_s")
    with pytest.raises(TableError, match=re.escape(message)):
        read_truth(path)
    rows = ["a.mp4,9,cut,20.1", "a.mp4,20.3,cut,", "b.mp4,1,cut,7", "a.mp4,3,cut,20"]  # rounded, unknown, another video
    assert len(read_truth(write_truth(path, rows, "video,impact_s,label,video_duration_s")).deliveries) == 4
