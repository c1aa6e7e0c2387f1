from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.evaluation.mined import make_mined

from slowpaths.core.errors import TableError
from slowpaths.core.spans import Span
from slowpaths.evaluation.mining_check import read_mined
from slowpaths.evaluation.shot_check import check_boundaries, check_shots, read_true_shots, video_lengths


@pytest.mark.parametrize(
    "content",
    [
        "file,first_frame,last_frame,view,is_replay\na.mp4,0,700,pitch_endon,0\na.mp4,720,999,field,unknown\n"
        "b.mp4,0,999,pitch_side,1\nbroken.mp4,0,9,crowd,0\n",
        "video,start_s,end_s,view,is_replay\na.mp4,0,28,pitch_endon,0\na.mp4,28.8,40,field,\nb.mp4,0,40,pitch_side,1\n"
        "broken.mp4,0,1,crowd,0\n",
    ],
)
def test_the_mined_shot_that_covers_most_is_compared(tmp_path: Path, content: str) -> None:
    path = tmp_path / "shots.csv"
    path.write_text(content)
    mined = read_mined(make_mined(tmp_path / "mined"))
    fates = check_shots(mined, read_true_shots(mined, path))
    assert [(fate.view, fate.found_view) for fate in fates] == [
        ("pitch_endon", "pitch_endon"),
        ("field", "crowd"),
        ("pitch_side", "pitch_endon"),
    ]
    assert [fate.is_replay for fate in fates] == [False, None, True]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("video,start_s,end_s,view\na.mp4,0,1,pitch\n", "line 2, column view: 'pitch' is not a view; nearest: pitch"),
        ("video,start_s,end_s,view\na.mp4,2,1,crowd\n", "line 2, column end_s: the shot needs both ends, in order"),
        ("video,view\na.mp4,crowd\n", "no column 'start_s'"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "shots.csv"
    path.write_text(content)
    with pytest.raises(TableError, match=message):
        read_true_shots(read_mined(make_mined(tmp_path / "mined")), path)


@pytest.mark.parametrize(
    ("content", "found", "right"),
    [
        # a.mp4 is cut at 29 s by mining: four frames off; b.mp4 has no cut where truth has one
        ("a.mp4,0,28.84,pitch_endon,cut\na.mp4,28.84,40,field,cut\nb.mp4,0,9,pitch_side,cut\nb.mp4,9,40,field,cut\n",
         [True, False], [True]),
        # a quarter of a second is too far for a cut and near enough for a wipe
        ("a.mp4,0,28.75,pitch_endon,cut\na.mp4,28.75,40,field,cut\n", [False], [False]),
        ("a.mp4,0,28.75,pitch_endon,cut\na.mp4,28.75,40,field,wipe\n", [True], [True]),
        # truth says nothing about what lies between its shots, nor beyond them
        ("a.mp4,0,28,pitch_endon,cut\na.mp4,30,40,field,cut\n", [], []),
        ("a.mp4,0,20,pitch_endon,cut\n", [], []),
    ],
)  # fmt: skip
def test_cuts_are_judged_where_two_true_shots_meet(tmp_path: Path, content: str, found: list, right: list) -> None:
    path = tmp_path / "shots.csv"
    path.write_text("video,start_s,end_s,view,transition\n" + content)
    mined = read_mined(make_mined(tmp_path / "mined"))
    check = check_boundaries(mined, read_true_shots(mined, path))
    assert check.is_found.tolist() == found and check.is_right.tolist() == right


def test_shots_of_the_very_same_file_are_known_by_its_id(tmp_path: Path) -> None:
    path = tmp_path / "shots.csv"
    path.write_text("video_id,start_s,end_s,view\nva,0,28,pitch_endon\nelsewhere,0,28,crowd\nvx,0,1,crowd\n")
    mined = read_mined(make_mined(tmp_path / "mined"))
    (shot,) = read_true_shots(mined, path)  # vx is quarantined
    assert (shot.video_id, shot.view, shot.is_replay) == ("va", "pitch_endon", None)


def test_shots_given_in_frames_are_compared_by_frames(tmp_path: Path) -> None:
    # the clock of a.mp4 starts late and runs unevenly: frame 725 is shown at 40 s, where an average rate says 29 s
    mined = read_mined(make_mined(tmp_path / "mined"))
    late = [
        replace(shot, span=Span(shot.first_frame / 25 + 11 * (shot.first_frame > 0), shot.last_frame / 25 + 11))
        for shot in mined.shots
    ]
    mined = replace(mined, shots=tuple(late))
    path = tmp_path / "shots.csv"
    path.write_text("video,first_frame,last_frame,view\na.mp4,0,726,pitch_endon\na.mp4,727,999,crowd\n")
    truths = read_true_shots(mined, path)
    check = check_boundaries(mined, truths)
    assert check.is_found.tolist() == [True] and check.is_right.tolist() == [True]
    assert [fate.found_view for fate in check_shots(mined, truths)] == ["pitch_endon", "crowd"]
    path.write_text("video,first_frame,last_frame,view\na.mp4,0,730,pitch_endon\na.mp4,731,999,crowd\n")
    assert check_boundaries(mined, read_true_shots(mined, path)).is_found.tolist() == [False]  # six frames off


def test_tables_in_seconds_and_in_frames_are_read_together(tmp_path: Path) -> None:
    seconds, frames = tmp_path / "s.csv", tmp_path / "f.csv"
    seconds.write_text("video,start_s,end_s,view\na.mp4,0,29,pitch_endon\n")
    frames.write_text("file,first_frame,last_frame,view\nb.mp4,0,999,pitch_side\n")
    mined = read_mined(make_mined(tmp_path / "mined"))
    shots = read_true_shots(mined, [seconds, frames])
    assert [(shot.video, shot.end_s, shot.is_framed) for shot in shots] == [("a.mp4", 29, False), ("b.mp4", 40, True)]
    assert video_lengths([seconds, frames]) == {"a.mp4": 29}
    frames.write_text("file,first_frame,last_frame,view\na.mp4,0,999,pitch_side\n")
    with pytest.raises(TableError, match=r"both have rows of a\.mp4"):
        read_true_shots(mined, [seconds, frames])
