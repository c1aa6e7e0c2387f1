from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.skeleton import INDEX
from slowpaths.video.overlay import SIDE_PX, draw_explanation, draw_skeletons, heat_over


def test_no_heat_leaves_the_picture_and_heat_colours_where_it_is() -> None:
    frame = np.full((16, 16, 3), 100, dtype=np.uint8)
    heat = np.zeros((16, 16))
    assert (heat_over(frame, heat) == 100).all()
    heat[:8] = 1.0
    shown = heat_over(frame, heat)
    assert shown.shape == (SIDE_PX, SIDE_PX, 3)
    assert (shown[SIDE_PX * 3 // 4 :] == 100).all()
    top = shown[: SIDE_PX // 4].reshape(-1, 3).astype(int)
    assert (np.abs(top - 100).max(axis=1) > 20).all()


def test_skeletons_share_one_scale_and_unseen_joints_are_left_out() -> None:
    poses = np.full((2, 17, 3), np.nan)
    for name, xy in {"left_hip": (0, 0), "left_knee": (0, 50), "right_hip": (10, 0)}.items():
        poses[0, INDEX[name], :2] = xy
    first, second = draw_skeletons(poses, width=100, height=100)
    ink = np.argwhere((first != first[0, 0]).any(axis=-1))
    assert np.ptp(ink[:, 0]) == pytest.approx(90, abs=6)  # the height is used
    assert (second == second[0, 0]).all()  # nobody is seen


def test_an_explanation_has_a_column_each(tmp_path) -> None:
    frames = np.zeros((3, 8, 8, 3), dtype=np.uint8)
    heat = {"slow": np.zeros((3, 8, 8)), "fast": np.ones((3, 8, 8))}
    shown = list(
        draw_explanation(
            frames, heat, keypoints_TJC=np.full((3, 17, 3), np.nan), bars=[("cut", 0.5)], lines=["rule · é"] * 40
        )
    )
    assert len(shown) == 3 and len({each.shape for each in shown}) == 1
    slow, fast = (shown[0][28 : 28 + SIDE_PX, at * SIDE_PX : (at + 1) * SIDE_PX] for at in (0, 1))
    assert slow.max() == 0 and fast.max() > 50
    with pytest.raises(ValueError):
        list(draw_explanation(frames, heat, keypoints_TJC=np.zeros((2, 17, 3)), bars=[], lines=[]))
