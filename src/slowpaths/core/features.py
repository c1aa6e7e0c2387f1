"""The features mining measures and rules read: one name, one unit, one sentence.

Conventions (method: right-hander canonical frame, y up, distances in torso units, the scale being the larger of the
shoulder-hip distance and .55 of the hip-ankle distance, median over the clip). Times: t_g guard, t_bl top of the
backlift, t_i impact. F is the front (left, after mirroring a left-hander) side, B the back side. `off` is the off
direction in the picture of that view, `fwd` the direction towards the bowler. h is the confidence-weighted mean of the
wrists; paths, speeds and travels of h are taken about the mid-hip. A feature that cannot be measured is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Feature:
    """Describe one number measured on a delivery."""

    name: str  # column name (without the `feature_` prefix of the table)
    unit: str  # unit, "" for none
    meaning: str  # what it measures
    end_on: float = 1.0  # observability in end-on views, 0..1 (how far the number can be trusted there)
    side_on: float = 1.0  # observability in side-on views, 0..1


FEATURES: tuple[Feature, ...] = (
    # foot
    Feature("stride_front", "torso", "S_f: travel of the front ankle from t_g to t_i along fwd", 0.5, 1.0),
    Feature("stride_back", "torso", "S_b: travel of the back ankle from t_g to t_i along fwd", 0.5, 1.0),
    Feature("size_change", "log", "log of body size at t_i over body size at t_g, camera zoom removed", 0.6, 0.0),
    Feature("com_shift", "torso", "travel of the mid-hip from t_g to t_i along fwd", 0.5, 1.0),
    Feature("knee_front_deg", "deg", "k_F: front knee angle (hip-knee-ankle) at t_i", 0.3, 1.0),
    Feature("knee_back_deg", "deg", "k_B: back knee angle at t_i", 0.3, 1.0),
    Feature("head_over_front", "torso", "eta: nose ahead of the front ankle along fwd at t_i", 0.0, 1.0),
    Feature("front_foot_lift", "torso", "largest rise of the front ankle between t_i and t_i + .3 s", 1.0, 1.0),
    Feature("front_foot_swing", "torso", "largest travel of the front ankle towards leg, t_i to t_i + .3 s", 1.0, 0.2),
    Feature("back_foot_shift", "torso", "largest distance of the back ankle from its place at t_i, up to t_i + .3 s"),
    Feature("front_foot_line", "torso", "L_f: travel of the front ankle from t_g to t_i along off", 1.0, 0.2),
    # plane
    Feature("hand_path_deg", "deg", "phi: angle from vertical of the main axis of h over t_i-.16..t_i+.08", 1.0, 0.4),
    Feature("hand_path_linearity", "", "share of the first principal component of that path", 1.0, 0.4),
    Feature("flow_horizontal", "", "E_hv: horizontal share of compensated upper-body flow, t_i+-.08", 1.0, 0.4),
    Feature("elbow_height", "torso", "front elbow above the hands at t_i", 1.0, 1.0),
    Feature("hand_height", "torso", "H: hands above mid-hip at t_i, 1 at the shoulders", 1.0, 1.0),
    # side
    Feature("hand_sweep", "torso", "delta: travel of h along off from t_i-.12 to t_i+.12", 1.0, 0.2),
    Feature("finish_side", "torso", "Psi: h minus mid-shoulder along off at t_i+.30", 1.0, 0.2),
    Feature("chest_opening", "torso", "dW: shoulder width along off at t_i+.1 minus at t_g", 1.0, 0.2),
    Feature("hand_reach", "torso", "R: h minus mid-shoulder along off at t_i", 1.0, 0.2),
    Feature("gaze_side", "", "nose minus mid-ear along off over ear width, t_i+.2 to t_i+.5", 0.7, 0.0),
    Feature("camera_pan_off", "frame widths", "camera pan towards off over t_i+.12..t_i+.8", 1.0, 0.2),
    # bat: of the looks at it that are sure of where it points, from the hands to the toe
    Feature("bat_across", "", "share across of where the bat points, squared, t_i+-.06: 0 upright, 1 level", 1.0, 0.4),
    Feature("bat_off", "", "share to off of where the bat points over t_i+-.06, -1 to 1", 1.0, 0.0),
    Feature("bat_off_after", "", "share to off of where the bat points over t_i+.08..t_i+.24, -1 to 1", 1.0, 0.0),
    Feature("bat_up_after", "", "share upwards of where the bat points over t_i+.08..t_i+.24, -1 to 1", 1.0, 1.0),
    # energy
    Feature("peak_hand_speed", "torso/s", "V: largest speed of h within .2 s of t_i", 1.0, 1.0),
    Feature("post_impact_speed", "", "D: mean speed of h over t_i+.04..t_i+.20 divided by V", 1.0, 1.0),
    Feature("arc_length", "torso", "A: length of the path of h from t_bl to t_i+.3", 1.0, 1.0),
    Feature("backlift_height", "torso", "bh: h above mid-shoulder at t_bl", 1.0, 1.0),
    Feature("runs_after", "torso", "travel of mid-hip over t_i+.6..t_i+1.6, camera motion removed", 0.7, 1.0),
    Feature("elbow_extension_deg", "deg", "front elbow angle at t_i minus at t_bl", 0.7, 1.0),
    # finish
    Feature("finish_height", "torso", "Phi: largest height of h above mid-shoulder in (t_i, t_i+.4]", 1.0, 1.0),
    Feature("finish_wrap", "torso", "hands beyond the front shoulder towards leg at the finish", 1.0, 0.2),
    # knee
    Feature("back_knee_height", "torso", "K_b: back knee above the lower ankle at t_i", 1.0, 1.0),
    Feature("hip_drop", "", "C: relative drop of mid-hip height from t_g to t_i", 1.0, 1.0),
    Feature("head_drop", "torso", "drop of the nose from t_g to t_i", 1.0, 1.0),
    Feature("grip_switch_s", "s", "how long before t_i the wrists changed order along off; 0 if not", 0.6, 0.0),
    # class cues
    Feature("wrist_roll", "", "1 where the wrists change order along off within .15 s after t_i", 0.6, 0.0),
    # loft
    Feature("camera_tilt_up", "frame heights", "camera tilt upwards over t_i+.12..t_i+.8", 1.0, 1.0),
    Feature("camera_zoom", "log", "log zoom over t_i+.12..t_i+.8, positive in", 1.0, 1.0),
    Feature("lean_back_deg", "deg", "trunk angle from vertical along fwd at t_i, positive leaning back", 0.4, 1.0),
    # leave
    Feature("hands_withdraw", "torso", "rise of h from t_i-.2 to t_i+.1 where the hands end above the chest", 1.0, 1.0),
    # sound
    Feature("onset_z", "MAD", "robust z of the loudest band-limited onset within .15 s of t_i", 1.0, 1.0),
    Feature("onset_brightness", "", "energy in 2..6 kHz over energy below .8 kHz at that onset", 1.0, 1.0),
    # quality: read by the abstain gates, never voted on
    Feature("pose_confidence", "", "mean confidence of the striker's joints around t_i", 1.0, 1.0),
    Feature("valid_fraction", "", "share of frames in the stroke window with a usable pose", 1.0, 1.0),
    Feature("striker_p", "", "probability that the tracked person is the striker", 1.0, 1.0),
    Feature("camera_inliers", "", "inlier ratio of the camera-motion fit", 1.0, 1.0),
    Feature("is_live", "", "1 for a live shot, 0 for a replay", 1.0, 1.0),
)
BY_NAME: dict[str, Feature] = {feature.name: feature for feature in FEATURES}
FEATURE_NAMES: tuple[str, ...] = tuple(BY_NAME)
