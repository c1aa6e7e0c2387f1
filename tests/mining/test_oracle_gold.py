"""Broken gold tables stop mining with one sentence, before a video is opened or put into quarantine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.store.gold import write_gold

from slowpaths.core.errors import TableError
from slowpaths.mining.collect import collect
from slowpaths.mining.oracle import STAGES, OracleSource
from slowpaths.mining.settings import MiningSettings
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.video.write import write_clip

NUM_FRAMES = 100


def edit(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    folder = write_gold(tmp_path / "gold")
    frames = np.random.default_rng(0).integers(0, 255, (NUM_FRAMES, 32, 32, 3), dtype=np.uint8)
    write_clip(tmp_path / "footage" / "a.mp4", frames, fps=25)
    return folder


def mine(gold: Path, *stages: str) -> None:
    footage = gold.parent / "footage"
    collect(
        sorted(footage.iterdir()), root=footage, out=gold.parent / "mined", pose={"name": "simulated"},
        settings=MiningSettings(write_clips=False), oracle=OracleSource(stages=stages, truth=gold),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "table", "old", "new", "message"),
    [
        ("impact", "gold.csv", "2.400,60", "2.400,abc", r"gold\.csv line 2, column contact_frame: 'abc' is not a num"),
        ("impact", "gold.csv", "handedness", "handednes", r"gold\.csv has no column 'handedness' \(did you mean 'hand"),
        (
            "views",
            "gold_shots.csv",
            "9,pitch_endon,0",
            "9,banana,0",
            r"gold_shots\.csv line 3, column view: there is",
        ),
        ("boundaries", "gold_shots.csv", "1,40,99", "1,50,99", r"line 2, column first_frame: 50 leaves a gap"),
    ],
)
def test_a_broken_table_is_said_before_a_video_is_opened(
    gold: Path, stage: str, table: str, old: str, new: str, message: str
) -> None:
    edit(gold / table, old, new)
    with pytest.raises(TableError, match=message):
        OracleSource(stages=(stage,), truth=gold).check([Path("a.mp4")])


@pytest.mark.parametrize("last_frame", [500, 50])
def test_shots_that_end_elsewhere_than_the_video_stop_the_run(gold: Path, last_frame: int) -> None:
    edit(gold / "gold_shots.csv", "1,40,99", f"1,40,{last_frame}")
    with pytest.raises(TableError, match=rf"a\.mp4 end with frame {last_frame}, but it has 100 frames"):
        mine(gold, "boundaries")
    assert not MinedFolder(gold.parent / "mined").report_file.exists()


def test_shots_that_end_with_the_video_are_taken(gold: Path) -> None:
    known = OracleSource(stages=STAGES, truth=gold).read(gold.parent / "footage" / "a.mp4")
    assert [bounds.last_frame for bounds in known.boundaries()] == [39, NUM_FRAMES - 1]
