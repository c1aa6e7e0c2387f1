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


def test_a_folder_without_gold(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"gold_shots\.csv is not a readable gold table"):
        GoldFolder(tmp_path).shots("a")
