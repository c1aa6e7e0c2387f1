"""Every rule has a delivery where it fires and one where it must not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slowpaths.core.strokes import STROKES
from slowpaths.labelling.rules.calibration import Calibration
from slowpaths.labelling.rules.catalogue import all_rules
from slowpaths.labelling.rules.votes import apply_rules
from tests.labelling.tables import deliveries_table

DEFAULTS = Calibration(antimodes={})  # every cut keeps its default
RULES = {rule.code: rule for rule in all_rules()}
SIDE: dict[str, Any] = {"view": "pitch_side"}
NETS: dict[str, Any] = {"view": "nets_endon"}

# code, features that fire it, symbol, features that must not, column overrides of both
CASES: list[tuple[str, dict[str, float], str, dict[str, float], dict[str, Any]]] = [
    (
        "foot.stride",
        {"stride_front": 1.3, "stride_back": 0.1},
        "front",
        {"stride_front": 0.5, "stride_back": 0.1},
        SIDE,
    ),
    (
        "foot.stride",
        {"stride_front": 0.0, "stride_back": -0.5},
        "back",
        {"stride_front": 0.9, "stride_back": -0.5},
        SIDE,
    ),
    ("foot.stride", {"stride_front": 0.3, "stride_back": 0.0}, "front", {"stride_front": 0.1, "stride_back": 0.0}, {}),
    ("foot.size_change", {"size_change": 0.05}, "front", {"size_change": 0.01}, NETS),
    ("foot.size_change", {"size_change": -0.05}, "back", {"size_change": -0.01}, NETS),
    ("foot.com_shift", {"com_shift": 0.3}, "front", {"com_shift": 0.1}, SIDE),
    ("foot.com_shift", {"com_shift": -0.2}, "back", {"com_shift": -0.1}, SIDE),
    (
        "foot.knee_pair",
        {"knee_front_deg": 125, "knee_back_deg": 165},
        "front",
        {"knee_front_deg": 125, "knee_back_deg": 130},
        SIDE,
    ),
    (
        "foot.knee_pair",
        {"knee_front_deg": 170, "knee_back_deg": 145},
        "back",
        {"knee_front_deg": 155, "knee_back_deg": 145},
        SIDE,
    ),
    ("foot.stride", {"stride_front": 0.0, "stride_back": -0.3}, "back", {"stride_front": 0.0, "stride_back": -0.1}, {}),
    ("foot.head_level", {"head_drop": 0.3}, "lower", {"head_drop": 0.0}, {}),
    ("foot.head_level", {"head_drop": -0.2}, "higher", {"head_drop": 0.0}, {}),
    ("foot.head_level", {"head_drop": 0.05}, "level", {"head_drop": 0.2}, {}),
    ("foot.head_over_front", {"head_over_front": 0.0}, "front", {"head_over_front": -0.4}, SIDE),
    ("foot.head_over_front", {"head_over_front": -0.9}, "back", {"head_over_front": -0.6}, SIDE),
    (
        "foot.pivot_lift",
        {"front_foot_lift": 0.3, "back_foot_shift": 0.05},
        "pivot",
        {"front_foot_lift": 0.3, "back_foot_shift": 0.6},
        {},
    ),
    (
        "foot.pivot_open",
        {"front_foot_swing": 0.5, "back_foot_shift": 0.05},
        "pivot",
        {"front_foot_swing": 0.1, "back_foot_shift": 0.05},
        {},
    ),
    (
        "plane.hand_path",
        {"hand_path_deg": 15, "hand_path_linearity": 0.9},
        "vertical",
        {"hand_path_deg": 45, "hand_path_linearity": 0.9},
        {},
    ),
    (
        "plane.hand_path",
        {"hand_path_deg": 75, "hand_path_linearity": 0.9},
        "horizontal",
        {"hand_path_deg": 75, "hand_path_linearity": 0.5},
        {},
    ),
    ("plane.flow_axis", {"flow_horizontal": 0.3}, "vertical", {"flow_horizontal": 0.5}, {}),
    ("plane.flow_axis", {"flow_horizontal": 0.7}, "horizontal", {"flow_horizontal": 0.55}, {}),
    ("plane.high_elbow", {"elbow_height": 0.4}, "vertical", {"elbow_height": 0.1}, {}),
    ("plane.high_elbow", {"elbow_height": -0.1}, "horizontal", {"elbow_height": 0.2}, {}),
    ("plane.hand_height", {"hand_height": 0.9}, "high", {"hand_height": 0.5}, {}),
    ("plane.hand_height", {"hand_height": 0.0}, "low", {"hand_height": 0.3}, {}),
    ("side.hand_sweep", {"hand_sweep": 0.6}, "off", {"hand_sweep": 0.2}, {}),
    ("side.hand_sweep", {"hand_sweep": -0.6}, "leg", {"hand_sweep": -0.2}, {}),
    ("side.hand_sweep", {"hand_sweep": -0.05}, "straight", {"hand_sweep": -0.25}, {}),
    ("plane.bat", {"bat_across": 0.9}, "horizontal", {"bat_across": 0.4}, {}),
    ("plane.bat", {"bat_across": 0.1}, "vertical", {"bat_across": 0.4}, {}),
    ("side.bat_after", {"bat_off_after": 0.8}, "off", {"bat_off_after": 0.3}, {}),
    ("side.bat_after", {"bat_off_after": -0.8}, "leg", {"bat_off_after": -0.3}, {}),
    ("finish.bat", {"bat_up_after": 0.7}, "up", {"bat_up_after": -0.3}, {}),
    ("finish.bat", {"bat_up_after": -0.9}, "down", {"bat_up_after": -0.3}, SIDE),
    ("side.finish_side", {"finish_side": 0.8}, "off", {"finish_side": 0.3}, {}),
    ("side.finish_side", {"finish_side": -0.8}, "leg", {"finish_side": -0.3}, {}),
    ("side.chest_open", {"chest_opening": 0.4}, "leg", {"chest_opening": 0.15}, {}),
    ("side.chest_open", {"chest_opening": -0.1}, "off", {"chest_opening": 0.1}, {}),
    ("side.front_foot_line", {"front_foot_line": 0.4}, "off", {"front_foot_line": 0.0}, {}),
    ("side.front_foot_line", {"front_foot_line": -0.3}, "leg", {"front_foot_line": -0.1}, {}),
    ("side.gaze_after", {"gaze_side": 0.5}, "off", {"gaze_side": 0.2}, {"view": "closeup"}),
    ("side.gaze_after", {"gaze_side": -0.5}, "leg", {"gaze_side": -0.2}, {}),
    ("side.gaze_after", {"gaze_side": 0.1}, "straight", {"gaze_side": 0.4}, {}),
    ("energy.slow_hands", {"peak_hand_speed": 3.0}, "defend", {"peak_hand_speed": 6.0}, SIDE),
    ("energy.fast_hands", {"peak_hand_speed": 10.0}, "attack", {"peak_hand_speed": 5.5}, {}),
    ("energy.soft_hands", {"post_impact_speed": 0.1}, "defend", {"post_impact_speed": 0.4}, SIDE),
    ("energy.follow_through", {"post_impact_speed": 0.7}, "attack", {"post_impact_speed": 0.3}, {}),
    ("energy.arc_length", {"arc_length": 0.9}, "defend", {"arc_length": 1.7}, {}),
    ("energy.arc_length", {"arc_length": 2.8}, "attack", {"arc_length": 2.0}, {}),
    ("energy.backlift", {"backlift_height": 0.3}, "attack", {"backlift_height": 0.0}, {}),
    ("energy.backlift", {"backlift_height": -0.5}, "defend", {"backlift_height": -0.2}, {}),
    ("energy.runs_after", {"runs_after": 2.0}, "attack", {"runs_after": 0.4}, {}),
    ("finish.height", {"finish_height": 0.8}, "high", {"finish_height": 0.2}, {}),
    ("finish.height", {"finish_height": -0.5}, "low", {"finish_height": -0.1}, {}),
    (
        "finish.wrap",
        {"finish_wrap": 0.5, "finish_height": 0.2},
        "wrap",
        {"finish_wrap": 0.5, "finish_height": -0.2},
        {},
    ),
    ("knee.down", {"back_knee_height": 0.1, "hip_drop": 0.4}, "knee", {"back_knee_height": 0.6, "hip_drop": 0.4}, {}),
    ("knee.head_drop", {"head_drop": 0.6, "knee_front_deg": 95}, "knee", {"head_drop": 0.6, "knee_front_deg": 150}, {}),
    ("knee.head_drop", {"head_drop": 0.6, "hip_drop": 0.4}, "knee", {"head_drop": 0.6, "hip_drop": 0.1}, {}),
    (
        "knee.sweep_direction",
        {"hand_sweep": -0.5, "back_knee_height": 0.1, "hip_drop": 0.4},
        "leg",
        {"hand_sweep": -0.5, "back_knee_height": 0.7, "hip_drop": 0.0},
        {},
    ),
    (
        "knee.sweep_direction",
        {"hand_sweep": 0.5, "head_drop": 0.6, "knee_front_deg": 95},
        "off",
        {"hand_sweep": 0.1, "head_drop": 0.6, "knee_front_deg": 95},
        {},
    ),
    ("knee.grip_switch", {"grip_switch_s": 0.3}, "switch", {"grip_switch_s": 0.1}, {}),
    (
        "strokes.cut",
        {
            "stride_back": -0.3,
            "hand_reach": 0.8,
            "hand_height": 0.5,
            "peak_hand_speed": 8.0,
            "hand_path_deg": 70,
            "hand_path_linearity": 0.9,
        },
        "cut",
        {
            "stride_back": -0.3,
            "hand_reach": 0.8,
            "hand_height": 0.5,
            "peak_hand_speed": 8.0,
            "hand_path_deg": 20,
            "hand_path_linearity": 0.9,
        },
        {},
    ),
    (
        "strokes.pull",
        {"hand_sweep": -0.8, "hand_height": 0.7, "chest_opening": 0.4, "flow_horizontal": 0.7},
        "pull",
        {"hand_sweep": 0.8, "hand_height": 0.7, "chest_opening": 0.4, "flow_horizontal": 0.7},
        {},
    ),
    (
        "strokes.flick_roll",
        {"wrist_roll": 1.0, "finish_side": -0.4, "flow_horizontal": 0.3},
        "flick",
        {"wrist_roll": 0.0, "finish_side": -0.4, "flow_horizontal": 0.3},
        {},
    ),
    (
        "strokes.glance",
        {"post_impact_speed": 0.2, "hand_sweep": -0.2, "arc_length": 1.2},
        "glance",
        {"post_impact_speed": 0.2, "hand_sweep": -0.6, "arc_length": 1.2},
        {},
    ),
    (
        "strokes.bf_punch",
        {"stride_back": -0.3, "post_impact_speed": 0.4, "hand_path_deg": 15, "hand_path_linearity": 0.9},
        "punch",
        {"stride_back": -0.3, "post_impact_speed": 0.8, "hand_path_deg": 15, "hand_path_linearity": 0.9},
        {},
    ),
    (
        "loft.lean_back",
        {"lean_back_deg": 15, "peak_hand_speed": 9.0, "finish_height": 0.9},
        "loft",
        {"lean_back_deg": -5, "peak_hand_speed": 9.0, "finish_height": 0.9},
        SIDE,
    ),
    (
        "loft.down_the_wicket",
        {"stride_front": 2.0, "stride_back": 1.2},
        "advance",
        {"stride_front": 2.0, "stride_back": 0.1},
        SIDE,
    ),
    (
        "leave.no_downswing",
        {"arc_length": 0.4, "hand_height": 0.9},
        "leave",
        {"arc_length": 0.4, "hand_height": 0.2},
        {},
    ),
    ("leave.withdraw", {"hands_withdraw": 0.4}, "leave", {"hands_withdraw": 0.4, "onset_z": 12.0}, {}),
    ("sound.silent", {"onset_z": 1.5}, "leave", {"onset_z": 9.0}, {}),
    (
        "camera.pan",
        {"camera_pan_off": 0.2, "camera_zoom": 0.3},
        "off",
        {"camera_pan_off": 0.05, "camera_zoom": 0.3},
        {},
    ),
    (
        "camera.pan",
        {"camera_pan_off": -0.2, "camera_zoom": 0.0},
        "leg",
        {"camera_pan_off": -0.05, "camera_zoom": 0.0},
        {},
    ),
    ("camera.tilt", {"camera_tilt_up": 0.1}, "up", {"camera_tilt_up": 0.01}, {}),
    ("camera.tilt", {"camera_tilt_up": -0.1}, "down", {"camera_tilt_up": -0.01}, {}),
]


def vote(code: str, features: dict[str, Any], **columns: Any) -> list[str]:
    rule = RULES[code]
    num = max([np.size(value) for value in features.values()], default=1)
    votes = apply_rules(deliveries_table(num, features, **columns), rules=[rule], calibration=DEFAULTS)
    return [rule.symbols[symbol] if symbol >= 0 else "" for symbol in votes.symbols_NR[:, 0]]


@pytest.mark.parametrize(("code", "fires", "symbol", "silent", "columns"), CASES)
def test_rule_fires_and_keeps_silent(
    code: str, fires: dict[str, float], symbol: str, silent: dict[str, float], columns: dict[str, Any]
) -> None:
    assert vote(code, fires, **columns) == [symbol]
    assert symbol not in vote(code, silent, **columns)


def test_loudness_compares_hits_of_one_video() -> None:
    loud = vote("sound.loudness", {"onset_z": np.array([5.0, 6, 7, 8, 9, 10, 11, 12])})
    assert loud == ["defend", "defend", "", "", "", "", "attack", "attack"]
    assert vote("sound.loudness", {"onset_z": np.array([5.0, 6, 7, 8, 9, 10, 11])}) == [""] * 7


def test_a_faint_hit_among_loud_ones_was_no_bat() -> None:
    hits = np.array([12.0, 30, 50, 60, 60, 60, 70, 80, 90])  # a quarter of their median is 15
    assert vote("sound.silent", {"onset_z": hits}) == ["leave"] + [""] * 8


def test_a_far_camera_sees_straight_bats_slow() -> None:
    assert vote("energy.slow_hands", {"peak_hand_speed": 2.0}) == [""]
    assert vote("energy.soft_hands", {"post_impact_speed": 0.1}) == [""]


def test_a_camera_that_rests_says_something_where_it_follows_other_balls() -> None:
    zoom, pans = {"camera_zoom": 0.0}, np.array([0.01, -0.2, 0.05, np.nan])
    assert vote("camera.pan", {"camera_pan_off": pans, **zoom}) == ["still", "leg", "", ""]
    assert vote("camera.pan", {"camera_pan_off": pans, "camera_zoom": 0.2})[0] == ""
    assert vote("camera.pan", {"camera_pan_off": np.array([0.01, -0.02, 0.05, np.nan]), **zoom}) == [""] * 4


def test_a_far_camera_shows_no_change_of_size() -> None:
    assert vote("foot.size_change", {"size_change": 0.05}) == [""]


def test_every_symbol_of_every_rule_has_a_case() -> None:
    covered = {(code, symbol) for code, _, symbol, _, _ in CASES} | {
        ("sound.loudness", "attack"), ("sound.loudness", "defend"), ("camera.pan", "still"),
    }  # fmt: skip
    assert covered == {(rule.code, symbol) for rule in all_rules() for symbol in rule.symbols}


def test_rules_are_declared_well() -> None:
    families = {rule.family for rule in all_rules()}
    assert families == {
        "foot", "plane", "side", "energy", "finish", "knee", "strokes", "loft", "leave", "sound", "camera",
    }  # fmt: skip
    assert len(RULES) == len(all_rules()) >= 15
    for rule in all_rules():
        assert rule.code.startswith(rule.family + ".")
        assert rule.reason.endswith(".") and "\n" not in rule.reason
        assert len(rule.source) > 20
        assert all(strokes <= set(STROKES) for strokes in rule.votes.values())
        assert rule.requires


@pytest.mark.parametrize("stroke", STROKES)
def test_every_stroke_can_be_voted_for_alone_or_narrowed_to_two(stroke: str) -> None:
    """The intersection of some votes leaves the stroke nearly alone, so that the label model can find it."""
    left = set(STROKES)
    for rule in all_rules():
        for strokes in rule.votes.values():
            if stroke in strokes:
                left &= strokes
    assert stroke in left and len(left) <= 2
