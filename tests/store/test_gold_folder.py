"""Gold tables of real clips."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.gold import write_gold

from slowpaths.core.errors import TableError
from slowpaths.core.records import Box
from slowpaths.store.gold_folder import GoldFolder


@pytest.fixture
def gold(tmp_path: Path) -> GoldFolder:
    return GoldFolder(write_gold(tmp_path / "gold"))


def test_shots_come_in_order_and_the_first_starts_the_video(gold: GoldFolder) -> None:
    shots = gold.shots("a")
    assert [(shot.first_frame, shot.last_frame) for shot in shots] == [(0, 39), (40, 99)]
    assert [(shot.shot_id, shot.transition, shot.is_replay) for shot in shots] == [
        ("a-0", "start", False),
        ("a-1", "cut", True),
    ]
    assert [shot.is_replay for shot in gold.shots("b")] == [False]  # unknown


def test_balls_are_the_strokes_whose_contact_is_seen(gold: GoldFolder) -> None:
    first, second = gold.balls("a")
    assert (first.impact_s, first.frame, first.handedness) == (0.4, 10, "R")
    assert second.box == Box(x1=10, y1=20, x2=30, y2=60)
    assert [ball.handedness for ball in gold.balls("b")] == [""]
    assert gold.balls("c") == []


def test_truth_has_the_box_at_contact_and_the_group_as_match(gold: GoldFolder) -> None:
    rows = gold.truth_rows()
    assert [row["match_id"] for row in rows] == ["scene", "scene", "somebody/one"]
    assert [row["box_x2"] for row in rows] == ["140", "30", "10"]
    assert gold.groups()["golf.mp4"] == "somebody/golf"
    assert gold.kinds() == {"a.mp4": "broadcast", "b.mov": "phone", "c.mp4": "broadcast", "golf.mp4": ""}


def test_the_file_of_a_video_without_shots_is_not_there(gold: GoldFolder) -> None:
    assert gold.file("a", "shots").is_file() and gold.file("other", "balls").is_file()
    assert not gold.file("other", "shots").exists()


def test_a_contact_that_no_frame_shows_is_a_stroke_without_a_frame(gold: GoldFolder) -> None:
    edit(gold.strokes_file, "2.400,60", "2.400,")
    assert [ball.frame for ball in gold.balls("a")] == [10, None]


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("gold.csv", "2.400,60", "2.400,6.5", "line 2, column contact_frame: '6.5' is not a whole number"),
        ("gold.csv", "2.400,60", "nan,60", "line 2, column impact_s: 'nan' is not a number from 0 on"),
        ("gold.csv", "60,pitch_endon,10,", "60,pitch_endon,,", "line 2, column striker_x1: '' is not a number"),
        ("gold.csv", "10,20,30,60", "30,20,10,60", "line 2, column striker_x2: the box ends before it begins"),
        (
            "gold.csv",
            "60,L",
            "60,left",
            r"line 2, column handedness: there is no 'left' \(it is one of R, L, unknown\)",
        ),
        ("gold.csv", "60,L", "60,L,1", "line 2: there are 10 values for 9 columns"),
        ("gold_shots.csv", "1,40,99", "1,x,99", "line 2, column first_frame: 'x' is not a number"),
        ("gold_shots.csv", "0,0,39,pitch", "0,0,42,pitch", "line 2, column first_frame: 40 leaves a gap or an overlap"),
        ("gold_shots.csv", "1,40,99", "1,40,30", "line 2, column last_frame: 30 lies before the first frame"),
        ("gold_shots.csv", "39,pitch_endon,0", "39,pitch_endon,yes", "line 3, column is_replay: there is no 'yes'"),
        ("gold_shots.csv", "last_frame", "lastframe", r"has no column 'last_frame' \(did you mean 'lastframe'"),
    ],
)
def test_a_broken_line_is_named(gold: GoldFolder, table: str, old: str, new: str, message: str) -> None:
    edit(gold.path / table, old, new)
    with pytest.raises(TableError, match=rf"{table}.*{message}"):
        gold.shots("a"), gold.balls("a")


def edit(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["footage", "footage_b"])
def test_the_gold_of_the_real_clips_is_whole(shared_dir: Path, name: str) -> None:
    gold = GoldFolder(shared_dir / name)
    for clip in gold.clips.iterdir():
        assert gold.shots(clip.stem)
        assert all(ball.frame is None or ball.box for ball in gold.balls(clip.stem))


def test_a_folder_without_gold(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"gold_shots\.csv is not a readable gold table"):
        GoldFolder(tmp_path).shots("a")
