"""The signs of off, leg and forward, checked on a batter in three dimensions who was written by somebody else."""

from __future__ import annotations

import pytest
from tests.mining.stick import IMPACT_S, SIZE
from tests.mining.striker.test_handedness import filmed_batter

from slowpaths.mining.features.measure import measure


def features(stroke: str, *, view: str = "pitch_endon", is_right_handed: bool = True) -> dict[str, float]:
    track = filmed_batter(stroke, view=view, is_right_handed=is_right_handed)
    p = 0.95 if is_right_handed else 0.05
    return measure(track, impact_s=IMPACT_S, view=view, handedness_p=p, picture_size=SIZE)


@pytest.mark.parametrize("is_right_handed", [True, False])
def test_end_on_hands_go_where_the_stroke_goes(is_right_handed):
    sweeps = {
        stroke: features(stroke, is_right_handed=is_right_handed)
        for stroke in ("cut", "pull_hook", "sweep", "reverse_sweep_ramp", "cover_drive", "on_drive")
    }
    for stroke in ("cut", "reverse_sweep_ramp", "cover_drive"):
        assert sweeps[stroke]["hand_sweep"] > 0.2, stroke
        assert sweeps[stroke]["finish_side"] > 0.2, stroke
    for stroke in ("pull_hook", "sweep", "on_drive"):
        assert sweeps[stroke]["hand_sweep"] < -0.2, stroke
        assert sweeps[stroke]["finish_side"] < -0.2, stroke
    assert sweeps["pull_hook"]["chest_opening"] > sweeps["cut"]["chest_opening"] + 0.2


@pytest.mark.parametrize("is_right_handed", [True, False])
@pytest.mark.parametrize("view", ["pitch_endon", "pitch_side"])
def test_front_foot_strokes_stride_forward_and_back_foot_strokes_back(view, is_right_handed):
    forward = features("ff_defence", view=view, is_right_handed=is_right_handed)
    back = features("bf_defence", view=view, is_right_handed=is_right_handed)
    gain = 0.10 if view == "pitch_endon" else 1.0  # the sine of the camera's elevation is .13
    assert forward["stride_front"] > 1.0 * gain
    assert abs(forward["stride_back"]) < 0.25
    assert back["stride_back"] < -0.4 * gain
    assert forward["com_shift"] > back["com_shift"] + 0.3 * gain


@pytest.mark.parametrize("view", ["pitch_endon", "pitch_side"])
def test_what_needs_no_direction(view):
    drive, pull, sweep = (features(stroke, view=view) for stroke in ("straight_drive", "pull_hook", "sweep"))
    defence, leave = features("ff_defence", view=view), features("leave", view=view)
    assert pull["hand_height"] > 0.6 > 0.3 > drive["hand_height"]
    assert leave["hand_height"] > 0.9
    assert sweep["back_knee_height"] < 0.5 < pull["back_knee_height"]
    assert sweep["hip_drop"] > drive["hip_drop"]
    assert drive["finish_height"] > 0.3 > -0.3 > defence["finish_height"]
    assert drive["peak_hand_speed"] > defence["peak_hand_speed"]


def test_end_on_the_bat_swings_down_in_a_drive_and_across_in_a_pull():
    assert features("straight_drive")["hand_path_deg"] < 35
    assert features("pull_hook")["hand_path_deg"] > 55
    assert features("cut")["hand_path_deg"] > 55
