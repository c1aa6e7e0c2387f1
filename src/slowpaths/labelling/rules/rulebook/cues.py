"""Thresholds that several families share, so that they move together when the footage moves them.

Distances are in torso units, speeds in torso units a second. Where a pair of thresholds on one feature leaves a gap,
the gap is the guard rail of the antimode.
"""

from __future__ import annotations

from slowpaths.labelling.rules.thresholds import above, below

# Motion along the pitch, seen along the pitch, shows about a third of its length.
ALONG_GAIN = 0.35

# Twice the noise of the difference of two looks: pose models find an ankle to within .06 torso lengths, a nose to
# within .04, and the middle of the hips to within .03.
ANKLE_NOISE, NOSE_NOISE, HIPS_NOISE = 0.17, 0.11, 0.08

FRONT_STRIDE = above("stride_front", 0.55, rails=(0.35, 0.80), end_on_gain=ALONG_GAIN, noise=ANKLE_NOISE)
BACK_STRIDE = below("stride_back", -0.25, rails=(-0.50, -0.12), end_on_gain=ALONG_GAIN, noise=ANKLE_NOISE)
BACK_FOOT_PLANTED = below("back_foot_shift", 0.20)

LINEAR_PATH = above("hand_path_linearity", 0.7)
STRAIGHT_PATH = below("hand_path_deg", 35.0, rails=(35.0, 55.0))
FLAT_PATH = above("hand_path_deg", 55.0, rails=(35.0, 55.0))
VERTICAL_FLOW = below("flow_horizontal", 0.40, rails=(0.40, 0.60))
HORIZONTAL_FLOW = above("flow_horizontal", 0.60, rails=(0.40, 0.60))

SLOW_HANDS = below("peak_hand_speed", 5.0, rails=(3.0, 6.5))
FAST_HANDS = above("peak_hand_speed", 6.5, rails=(5.0, 9.0))

KNEE_DOWN = below("back_knee_height", 0.25)
HIPS_DROPPED = above("hip_drop", 0.25)
SHORT_SWING = below("arc_length", 1.2, rails=(1.2, 2.2))

HEAD_DROPPED = above("head_drop", 0.45)
FRONT_KNEE_FOLDED = below("knee_front_deg", 120.0)
