from __future__ import annotations

from pathlib import Path

import pytest
from tests.evaluation.mined import TRUTH, TRUTH_COLUMNS, make_mined
from tests.evaluation.tables import write_truth

from slowpaths.core.errors import TableError
from slowpaths.evaluation.mining_check import (
    MiningCheck,
    check_mining,
    is_hand_right,
    is_striker_right,
    is_view_right,
    read_mined,
    waterfall,
)
from slowpaths.evaluation.truth_table import read_truth


def _check(folder: Path, *, is_complete: bool = False) -> MiningCheck:
    truth = read_truth(write_truth(folder / "t.csv", TRUTH, TRUTH_COLUMNS), taxonomy="cricshot10")
    return check_mining(read_mined(make_mined(folder / "mined")), truth, is_complete=is_complete)


def test_the_fate_of_every_true_delivery(tmp_path: Path) -> None:
    check = _check(tmp_path)
    assert [fate.found is not None for fate in check.fates] == [True, True, False, True, False, False]
    assert [fate.is_exact for fate in check.fates] == [True, False, False, True, False, False]
    assert [is_hand_right(fate) for fate in check.fates] == [True, False, None, True, None, None]
    assert [is_view_right(fate) for fate in check.fates] == [True, True, False, False, None, None]


def test_deliveries_are_lost_step_by_step(tmp_path: Path) -> None:
    rows = {row["step"]: row["deliveries"] for row in waterfall(_check(tmp_path))}
    assert list(rows.values()) == [6, 4, 3, 3, 2, 2, 1, 1]
    assert rows["shot is a playing view"] == 3


def test_the_box_of_a_delivery_is_the_strikers_where_half_of_the_union_is_common(tmp_path: Path) -> None:
    # every mined box is 0 0 10 20; the second delivery is found too early to be judged, the fourth has no box in truth
    boxes = ["0,0,10,25", "0,0,10,20", ",,,", ",,,", ",,,", ",,,"]
    rows = [f"{row},{box}" for row, box in zip(TRUTH, boxes, strict=True)]
    table = write_truth(tmp_path / "t.csv", rows, f"{TRUTH_COLUMNS},box_x1,box_y1,box_x2,box_y2")
    check = check_mining(read_mined(make_mined(tmp_path / "mined")), read_truth(table, taxonomy="cricshot10"))
    assert [is_striker_right(fate) for fate in check.fates] == [True, None, None, None, None, None]
    table.write_text(table.read_text().replace("0,0,10,25", "0,0,10,45"))
    check = check_mining(read_mined(tmp_path / "mined"), read_truth(table, taxonomy="cricshot10"))
    assert is_striker_right(check.fates[0]) is False
    table.write_text(table.read_text().replace("0,0,10,45", "9,0,3,45"))
    with pytest.raises(TableError, match=r"line 2, column box_x1: the box needs box_x1 < box_x2"):
        read_truth(table, taxonomy="cricshot10")


def test_claims_in_videos_that_truth_does_not_mention(tmp_path: Path) -> None:
    check = _check(tmp_path)
    assert check.is_near.tolist() == [True, True, False, True]
    assert check.is_right.tolist() == [True, False, False, True]
    assert check.clean_videos == {"clean.mp4": 0, "noisy.mp4": 1}
    complete = _check(tmp_path, is_complete=True)
    assert complete.is_near.tolist() == [True, True, False, True, False]


def test_a_folder_that_is_not_mined(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="is not a folder: give the out= folder"):
        read_mined(tmp_path / "nowhere")
    with pytest.raises(TableError, match=r"footage\.parquet does not exist"):
        read_mined(tmp_path)
