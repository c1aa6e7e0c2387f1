"""What the scripts draw for people to look at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from scripts.contact_sheet import contact_sheet
from scripts.overlay_pose import draw_people


def test_a_sheet_needs_a_picture(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no picture"):
        contact_sheet(tmp_path / "sheet.png", [])


def test_contact_sheet_shows_every_picture(tmp_path: Path) -> None:
    greys = [np.full((50, 100, 3), 40 * (number + 1), dtype=np.uint8) for number in range(5)]
    contact_sheet(tmp_path / "sheet.png", greys, columns=3, height=40, captions=[str(n) for n in range(5)])
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None and sheet.shape == (2 * 56, 3 * 80, 3)
    assert [int(sheet[20 + 56 * (n // 3), 40 + 80 * (n % 3), 0]) for n in range(5)] == [40, 80, 120, 160, 200]


def test_people_are_drawn_where_they_are() -> None:
    frame = np.zeros((100, 100, 3), dtype=np.uint8)
    keypoints_NJC = np.full((2, 17, 3), np.nan)
    keypoints_NJC[0, 5], keypoints_NJC[0, 6] = (20, 30, 0.9), (60, 30, 0.9)  # shoulders: one limb
    keypoints_NJC[0, 9] = (80, 80, 0.1)  # not sure: not drawn
    drawn = draw_people(frame, keypoints_NJC, np.array([[10, 10, 70, 90], [np.nan] * 4]), captions=["striker", ""])
    assert not frame.any()
    assert drawn[30, 40].any() and drawn[50, 10].any()
    assert not drawn[80, 80].any() and not drawn[50, 50].any()
