from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mining.stick import IMPACT_S, SIZE, as_track, filmed, stick_track

from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.skeleton import INDEX, mirror
from slowpaths.mining.features.measure import measure

CAMERA = ("camera_pan_off", "camera_tilt_up", "camera_zoom")


def measured(track, **more) -> dict[str, float]:
    given_ = {"impact_s": IMPACT_S, "view": "pitch_endon", "handedness_p": 0.9, "picture_size": SIZE} | more
    return measure(track, **given_)


def assert_same(first: dict[str, float], second: dict[str, float], *, but: tuple[str, ...] = (), atol=1e-6) -> None:
    for name in FEATURE_NAMES:
        if name not in but:
            assert second[name] == pytest.approx(first[name], abs=atol, nan_ok=True), name


# Worked by hand. Hands at impact (-.5, .3), velocity (-1.5, 2) torso a second, seen end-on: off is -x. Mid-shoulder is
# (-.2, 1), mid-hip (0, 0), so H = .3; the sweep is .24 s of 1.5 a second; the path leans atan(1.5 / 2) from vertical;
# .3 s after impact the hands are at (-.95, .9), .4 s after at height 1.1, .1 above the shoulders; at the top of the
# backlift, .52 s before impact, they are .2 above the shoulders.
HAND_WORKED = {
    "hand_sweep": 0.36,
    "hand_path_deg": 36.87,
    "hand_path_linearity": 1.0,
    "hand_height": 0.3,
    "hand_reach": 0.3,
    "finish_side": 0.75,
    "finish_height": 0.1,
    "elbow_height": 0.2,
    "peak_hand_speed": 2.5,
    "post_impact_speed": 1.0,
    "backlift_height": 0.2,
    "chest_opening": 0.0,
    "hands_withdraw": 0.0,
    "pose_confidence": 0.9,
    "valid_fraction": 1.0,
    "is_live": 1.0,
}


@pytest.mark.parametrize(("name", "value"), HAND_WORKED.items())
def test_hands_have_the_numbers_worked_by_hand(name, value):
    # the filter rounds the top of the lift a little
    tolerance = {"hand_path_deg": 0.5, "backlift_height": 0.15, "peak_hand_speed": 0.05}.get(name, 0.04)
    assert measured(stick_track())[name] == pytest.approx(value, abs=tolerance)


def test_the_arc_is_the_path_from_the_top_of_the_backlift_to_the_follow_through():
    # (.1, 1.2) to (.07, -.46) is 1.66; then .68 s of 2.5 a second: 1.7
    assert measured(stick_track())["arc_length"] == pytest.approx(1.66 + 1.7, abs=0.45)  # corners are rounded


SINK = {f"{side}_{joint}": (0.0, -0.33) for side in ("left", "right") for joint in ("hip", "shoulder")}


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ({"left_ankle": (0.0, -0.25)}, {"stride_front": 0.25, "stride_back": 0.0, "front_foot_line": 0.0}),
        ({"left_ankle": (-0.3, 0.0)}, {"front_foot_line": 0.3, "stride_front": 0.0}),
        ({"left_ankle": (0.2, 0.0)}, {"front_foot_line": -0.2}),
        ({"right_ankle": (0.0, 0.2)}, {"stride_back": -0.2, "stride_front": 0.0}),
        ({"nose": (0.0, -0.5)}, {"head_drop": 0.5}),
        ({"left_shoulder": (0.3, 0.0)}, {"chest_opening": 0.3}),
        # hips from 1.65 above the lower ankle to 1.32: a fifth lower
        (SINK, {"hip_drop": 0.2, "com_shift": 0.33, "head_drop": 0.0}),
        # the back knee from .85 above the lower ankle to .05
        ({"right_knee": (0.0, -0.80)}, {"back_knee_height": 0.05}),
    ],
)
def test_bodies_end_on(moves, expected):
    features = measured(stick_track(moves=moves))
    for name, value in expected.items():
        assert features[name] == pytest.approx(value, abs=0.03), name


def test_knee_angles():
    # the front knee at a right angle: hip straight above it, ankle straight across
    guard = {"left_hip": (0.05, 0.0), "left_knee": (0.05, -0.8), "left_ankle": (0.85, -0.8)}
    assert measured(stick_track(guard=guard))["knee_front_deg"] == pytest.approx(90.0, abs=0.5)


def test_a_bigger_body_has_come_closer():
    track = stick_track()
    centre = track.keypoints_TJC[:, [INDEX["left_hip"]], :2]
    grown = track.keypoints_TJC.copy()
    factor_T11 = np.exp(0.1 * np.clip((track.pts_s - IMPACT_S + 0.6) / 0.5, 0, 1))[:, None, None]
    grown[..., :2] = centre + (grown[..., :2] - centre) * factor_T11
    assert measured(as_track(grown, track.pts_s))["size_change"] == pytest.approx(0.1, abs=0.01)


def test_feet_after_impact():
    track = stick_track()
    after_T = np.clip((track.pts_s - IMPACT_S) / 0.2, 0, 1)
    track.keypoints_TJC[:, INDEX["left_ankle"], 0] += 80.0 * 0.4 * after_T  # image right: towards leg
    track.keypoints_TJC[:, INDEX["left_ankle"], 1] -= 80.0 * 0.2 * after_T
    track.keypoints_TJC[:, INDEX["right_ankle"], 0] += 80.0 * 0.3 * after_T
    features = measured(track)
    assert features["front_foot_swing"] == pytest.approx(0.4, abs=0.05)
    assert features["front_foot_lift"] == pytest.approx(0.2, abs=0.04)
    assert features["back_foot_shift"] == pytest.approx(0.3, abs=0.04)


def test_wrists_that_change_order_after_impact_have_rolled():
    track = stick_track(wrist_gap=(0.3, 0.0))
    rolled = track.keypoints_TJC.copy()
    wrists = [INDEX["left_wrist"], INDEX["right_wrist"]]
    rows = track.pts_s > IMPACT_S + 0.05
    rolled[np.ix_(rows, wrists)] = rolled[np.ix_(rows, wrists[::-1])]
    assert measured(as_track(rolled, track.pts_s))["wrist_roll"] == 1.0
    assert measured(track)["wrist_roll"] == 0.0
    assert measured(track)["grip_switch_s"] == 0.0


def test_hands_that_change_places_before_impact_have_switched_grip():
    track = stick_track(wrist_gap=(0.3, 0.0))
    wrists = [INDEX["left_wrist"], INDEX["right_wrist"]]
    rows = track.pts_s > IMPACT_S - 0.32
    track.keypoints_TJC[np.ix_(rows, wrists)] = track.keypoints_TJC[np.ix_(rows, wrists[::-1])]
    assert measured(track)["grip_switch_s"] == pytest.approx(0.3, abs=0.08)


def test_hands_over_the_front_shoulder_are_wrapped():
    high = stick_track(hands_at_impact=(-0.2, 0.6), hands_velocity=(1.5, 2.0), stops_s=0.4)
    # .4 s after impact the hands are at x = .4, the front shoulder at -.1: .5 towards leg
    assert measured(high)["finish_wrap"] == pytest.approx(0.5, abs=0.05)
    low = stick_track(hands_at_impact=(-0.2, -0.2), hands_velocity=(1.5, 0.0), stops_s=0.4)
    assert measured(low)["finish_wrap"] == 0.0


def test_hands_that_rise_above_the_chest_withdraw():
    assert measured(stick_track(hands_at_impact=(-0.3, 1.0), hands_velocity=(0.0, 1.0)))[
        "hands_withdraw"
    ] == pytest.approx(0.3, abs=0.02)


def test_a_batter_looking_to_leg():
    track = stick_track()
    rows = track.pts_s > IMPACT_S + 0.1
    track.keypoints_TJC[rows, INDEX["nose"], 0] += 80.0 * 0.15
    # ears .3 apart around -.45; the nose moves .15 to the right, which is leg
    assert measured(track)["gaze_side"] == pytest.approx(-0.5, abs=0.05)


def test_a_batter_who_runs():
    track = stick_track()
    since = np.clip(track.pts_s - IMPACT_S - 0.6, 0, None)
    track.keypoints_TJC[..., 1] += (80.0 * 1.5 * since)[:, None]
    assert measured(track)["runs_after"] == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize("handedness_p", [0.9, 0.5])
def test_a_left_hander_has_the_features_of_his_mirror_image(handedness_p):
    moves = {"left_ankle": (-0.3, -0.25), "left_shoulder": (0.3, 0.0)}
    right = measured(stick_track(moves=moves), handedness_p=handedness_p)
    assert_same(right, measured(stick_track(moves=moves, is_left_handed=True), handedness_p=0.1))
    wrong = measured(stick_track(moves=moves, is_left_handed=True), handedness_p=0.9)
    assert wrong["hand_sweep"] == pytest.approx(-right["hand_sweep"], abs=1e-6)


def moving_camera(pts_s: np.ndarray, *, pan=300.0, tilt=-60.0, zoom=0.3) -> np.ndarray:
    share_T1 = np.clip((pts_s - pts_s[0]) / np.ptp(pts_s), 0, 1)[:, None]
    return share_T1 * np.array([pan, tilt, zoom])


@pytest.mark.parametrize("view", ["pitch_endon", "pitch_side"])
def test_the_camera_changes_nothing_but_its_own_features(view):
    track = stick_track(moves={"left_ankle": (-0.3, -0.25)})
    still = measured(track, view=view)
    moved = measured(filmed(track, moving_camera(track.pts_s)), view=view)
    assert_same(still, moved, but=CAMERA, atol=1e-4)


def test_feet_on_ground_that_moves_are_not_measured():
    track = stick_track(moves={"left_ankle": (0.0, -0.25)})
    unseen_tilt = moving_camera(track.pts_s, pan=0.0, tilt=-250.0, zoom=0.0)
    features = measured(as_track(filmed(track, unseen_tilt).keypoints_TJC, track.pts_s))
    for name in ("stride_front", "stride_back", "com_shift", "head_drop"):
        assert np.isnan(features[name]), name
    assert features["hand_sweep"] == pytest.approx(0.36, abs=0.02)
    assert features["peak_hand_speed"] == pytest.approx(2.5, abs=0.05)


def test_a_body_that_grows_by_a_zoom_nobody_saw_is_not_measured_since_guard():
    track = stick_track(moves={"left_ankle": (0.0, -0.25)})
    unseen_zoom = moving_camera(track.pts_s, pan=0.0, tilt=0.0, zoom=1.6)
    features = measured(as_track(filmed(track, unseen_zoom).keypoints_TJC, track.pts_s))
    for name in ("size_change", "stride_front", "hip_drop"):
        assert np.isnan(features[name]), name
    assert features["hand_height"] == pytest.approx(0.3, abs=0.02)


def test_a_body_that_bends_down_is_still_measured():
    track = stick_track()
    centre = track.keypoints_TJC[:, [INDEX["left_ankle"]], :2]
    bent = track.keypoints_TJC.copy()
    factor_T11 = np.exp(-0.4 * np.clip((track.pts_s - IMPACT_S + 0.6) / 0.5, 0, 1))[:, None, None]
    bent[..., :2] = centre + (bent[..., :2] - centre) * factor_T11
    features = measured(as_track(bent, track.pts_s))
    assert features["size_change"] == pytest.approx(-0.4, abs=0.02)
    assert features["hip_drop"] == pytest.approx(1 - np.exp(-0.4), abs=0.02)
    assert features["head_drop"] > 0.5


def test_hands_that_hardly_move_have_no_direction():
    for velocity, is_seen in ((0.9, False), (2.5, True)):  # .24 s of it spread over about .3 of the way
        slow = stick_track(hands_velocity=(0.0, velocity), hands_top=(-0.5, 0.3))
        assert np.isfinite(measured(slow)["hand_path_deg"]) == is_seen


def test_where_the_operator_follows_the_ball():
    track = stick_track()
    share = 0.68 / 3.3  # of the whole pan, spread over 3.3 s, between .12 and .80 s after impact
    features = measured(filmed(track, moving_camera(track.pts_s)))
    assert features["camera_pan_off"] == pytest.approx(-300 / 1280 * share, rel=0.05)  # image right is leg
    assert features["camera_tilt_up"] == pytest.approx(60 / 720 * share, rel=0.05)
    assert features["camera_zoom"] == pytest.approx(0.3 * share, rel=0.05)
    left_hander = filmed(stick_track(is_left_handed=True), moving_camera(track.pts_s))
    assert measured(left_hander, handedness_p=0.1)["camera_pan_off"] == pytest.approx(300 / 1280 * share, rel=0.05)
    without_size = measured(filmed(track, moving_camera(track.pts_s)), picture_size=None)
    assert np.isnan(without_size["camera_pan_off"]) and np.isnan(without_size["camera_tilt_up"])


def side_on(*, faces_right: bool):
    """Stage a right-hander seen across the pitch: from point he faces image right, from square leg image left."""
    sign = 1.0 if faces_right else -1.0
    guard = {
        "nose": (0.25 * sign, 1.3),
        "left_ear": (0.1 * sign, 1.3),
        "right_ear": (0.1 * sign, 1.3),
        "left_shoulder": (-0.05 * sign, 1.0),
        "right_shoulder": (-0.35 * sign, 1.0),
        "left_ankle": (0.25 * sign, -1.6),
        "right_ankle": (-0.25 * sign, -1.6),
    }
    joints = [f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "shoulder")]
    moves = {"left_ankle": (1.3 * sign, 0.0)} | dict.fromkeys(joints, (0.6 * sign, 0.0))
    return stick_track(guard=guard, moves=moves)


@pytest.mark.parametrize("faces_right", [True, False])
def test_side_on_forward_is_where_the_batter_looks(faces_right):
    features = measured(side_on(faces_right=faces_right), view="pitch_side")
    assert features["stride_front"] == pytest.approx(1.3, abs=0.1)
    assert features["stride_back"] == pytest.approx(0.0, abs=0.03)
    assert features["com_shift"] == pytest.approx(0.6, abs=0.05)
    # the shoulders stay .2 behind the hips and 1 above them
    assert features["lean_back_deg"] == pytest.approx(11.3, abs=0.5)
    # nose at .25, front ankle at 1.55
    assert features["head_over_front"] == pytest.approx(-1.3, abs=0.1)


def test_side_on_nothing_is_measured_along_the_line_of_sight():
    features = measured(side_on(faces_right=True), view="pitch_side")
    for name in ("hand_sweep", "finish_side", "hand_reach", "chest_opening", "front_foot_line", "gaze_side",
                 "camera_pan_off", "size_change", "wrist_roll"):  # fmt: skip
        assert np.isnan(features[name]), name


@settings(max_examples=15, deadline=None)
@given(
    scale=st.floats(0.3, 3.0),
    x=st.floats(-500, 500),
    y=st.floats(-500, 500),
    is_left_handed=st.booleans(),
)
def test_size_and_place_in_the_picture_change_nothing(scale, x, y, is_left_handed):
    track = stick_track(moves={"left_ankle": (-0.3, -0.25)})
    moved = track.keypoints_TJC.copy()
    moved[..., :2] = moved[..., :2] * scale + np.array([x, y])
    if is_left_handed:
        moved = mirror(moved, width=900.0)
    features = measured(as_track(moved, track.pts_s), handedness_p=0.1 if is_left_handed else 0.9)
    assert_same(measured(track), features, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**20),
    fps=st.sampled_from([2.0, 4.0, 7.0, 12.5, 25.0]),
    share_unseen=st.sampled_from([0.0, 0.1, 0.5, 0.9]),
    view=st.sampled_from(["pitch_endon", "pitch_side", "closeup", "crowd"]),
    impact_s=st.floats(IMPACT_S - 1.6, IMPACT_S + 1.9),
    has_camera=st.booleans(),
)
def test_whatever_is_unseen_numbers_are_finite_or_nan(seed, fps, share_unseen, view, impact_s, has_camera):
    rng = np.random.default_rng(seed)
    track = stick_track(fps=fps)
    track.keypoints_TJC[rng.random(track.keypoints_TJC.shape[:2]) < share_unseen] = [np.nan, np.nan, 0.0]
    camera_T3 = rng.normal(size=(len(track.pts_s), 3)) * [30, 10, 0.05]
    camera_T3[rng.random(len(camera_T3)) < 0.2] = np.nan
    if has_camera:
        track = replace(track, camera_T3=camera_T3)
    features = measured(track, view=view, impact_s=impact_s)
    assert tuple(features) == FEATURE_NAMES
    assert not np.isinf(list(features.values())).any()


def test_a_track_that_begins_late_has_no_guard():
    features = measured(stick_track(span_s=(-0.3, 0.6)))
    for name in ("stride_front", "chest_opening", "hip_drop", "backlift_height", "arc_length", "runs_after"):
        assert np.isnan(features[name]), name
    assert features["hand_sweep"] == pytest.approx(0.36, abs=0.02)
    assert features["valid_fraction"] == 1.0


def test_a_cut_after_impact_leaves_the_finish_unmeasured():
    features = measured(stick_track(span_s=(-1.5, 0.16)))
    for name in ("finish_side", "finish_height", "finish_wrap", "gaze_side", "camera_zoom"):
        assert np.isnan(features[name]), name
    assert features["stride_front"] == pytest.approx(0.0, abs=0.02)


def test_a_window_with_too_few_frames_is_not_measured():
    track = stick_track()
    wrists = [INDEX["left_wrist"], INDEX["right_wrist"]]
    rows = np.flatnonzero((track.pts_s > IMPACT_S - 0.14) & (track.pts_s < IMPACT_S + 0.13))
    track.keypoints_TJC[np.ix_(rows, wrists)] = [np.nan, np.nan, 0.0]
    features = measured(track)
    assert np.isnan(features["hand_path_deg"]) and np.isnan(features["hand_height"])
    assert features["valid_fraction"] < 0.6


def test_ten_frames_a_second_still_show_the_hands():
    features = measured(stick_track(fps=10.0))
    assert features["hand_sweep"] == pytest.approx(0.36, abs=0.05)
    assert features["peak_hand_speed"] == pytest.approx(2.5, abs=0.3)


@pytest.mark.parametrize("num_frames", [0, 1, 2, 3])
def test_hardly_any_frames(num_frames):
    track = stick_track()
    rows = slice(37, 37 + num_frames)
    names = ("frames_T", "pts_s", "keypoints_TJC", "boxes_T4", "camera_T3")
    features = measured(replace(track, **{name: getattr(track, name)[rows] for name in names}))
    assert tuple(features) == FEATURE_NAMES
    assert np.isnan(features["stride_front"]) and np.isnan(features["peak_hand_speed"])


def test_nobody_seen():
    track = stick_track()
    track.keypoints_TJC[..., :2] = np.nan
    track.keypoints_TJC[..., 2] = 0.0
    features = measured(track)
    assert features["valid_fraction"] == 0.0
    assert np.isnan(
        [value for name, value in features.items() if name not in ("valid_fraction", "is_live", *CAMERA)]
    ).all()


def test_only_some_joints_seen():
    track = stick_track()
    track.keypoints_TJC[:, [INDEX["left_ankle"], INDEX["nose"]]] = [np.nan, np.nan, 0.0]
    features = measured(track)
    assert np.isnan(features["stride_front"]) and np.isnan(features["head_drop"])
    assert features["hand_sweep"] == pytest.approx(0.36, abs=0.02)


def test_joints_the_model_does_not_see_are_not_used():
    track = stick_track()
    track.keypoints_TJC[:, INDEX["left_ankle"]] = [3.0, 3.0, 0.02]
    assert np.isnan(measured(track)["stride_front"])


def test_a_replay_has_no_speeds():
    features = measured(stick_track(), is_live=0.0)
    assert np.isnan(features["peak_hand_speed"]) and np.isnan(features["post_impact_speed"])
    assert features["is_live"] == 0.0
    assert features["hand_sweep"] == pytest.approx(0.36, abs=0.02)


def test_extras_go_in_as_they_are():
    features = measured(stick_track(), extras={"onset_z": 5.0, "striker_p": 0.8})
    assert (features["onset_z"], features["striker_p"]) == (5.0, 0.8)
    assert tuple(features) == FEATURE_NAMES


def test_an_unknown_extra_is_an_error():
    with pytest.raises(ValueError, match="'onset' is not a feature"):
        measured(stick_track(), extras={"onset": 5.0})
