from __future__ import annotations

from pathlib import Path

import pytest
from tests.evaluation.mined import make_mined

from slowpaths.core.errors import TableError
from slowpaths.evaluation.checks import read_mined
from slowpaths.evaluation.shotcheck import check_shots


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
    fates = check_shots(read_mined(make_mined(tmp_path / "mined")), path)
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
        check_shots(read_mined(make_mined(tmp_path / "mined")), path)
