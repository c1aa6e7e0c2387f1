"""The batter's own frame: camera motion removed, a left-hander mirrored, torso units, y up.

Legend: T frames, J = 17 joints (COCO order), C = x, y, confidence.

After mirroring, the left joints are the front side and the right joints the back side, whoever bats. Directions in the
picture, for a right-hander:

- end-on, camera behind the bowler: off is image left; forward is towards the camera, seen as image down, foreshortened
  by the sine of the camera's elevation (broadcast about .15 to .2; readers scale their thresholds by a view gain). A
  camera behind the keeper shows a right-hander as this one shows a left-hander, so off and leg come out right through
  the handedness, and forward has the wrong sign.
- side-on: forward is along the image, to the side the batter looks to and the front foot stands on at guard. It is
  read from the picture, so it holds from point and from square leg alike. Off lies along the line of sight: nothing
  that is measured along off can be seen, and it is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slowpaths.core.body import body_scales
from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX, mirror
from slowpaths.core.views import ASPECT
from slowpaths.pose.filters import fill_gaps_in
from slowpaths.pose.kinematics import MAX_WRIST_GAP, body_scale, hands, stabilise
from slowpaths.pose.tracks import fill_gaps, smooth

LIMB_JOINTS: tuple[str, ...] = tuple(
    f"{side}_{name}" for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
)
MIN_CONFIDENCE = 0.1
"""Below this a pose model says that it does not see the joint; its place is then taken for unknown."""
MAX_GAP_S = 0.2
WRIST_GAP = 1.0
"""Wrists this far apart (torso units) are both guesses, and no hands. The usual .6 suits exact poses: small pose models
put the wrists of one grip .5 to .75 apart as a rule (MoveNet on broadcast clips: half of all frames within .5, 79 %
within .8, then a long tail), and the middle of two independent guesses is no worse for their distance."""
_REACH_S = 0.1  # a value is interpolated between samples at most this far away
_LIMBS = [INDEX[name] for name in LIMB_JOINTS]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Motion:
    """Hold one person's movement in torso units, seen as a right-hander's."""

    pts_s: np.ndarray  # times (T,), seconds
    joints_TJ2: np.ndarray  # joints (T, 17, 2): x image right, y up; NaN where unseen
    confidence_TJ: np.ndarray  # confidence (T, 17)
    hands_T2: np.ndarray  # hands on the bat (T, 2)
    sizes_T: np.ndarray  # body size of each frame over the median one (T,), camera zoom removed
    off_x: float  # sign of the off direction along x; NaN where off lies along the line of sight
    forward_2: np.ndarray  # unit direction towards the bowler (2,)
    is_side_on: bool  # whether the camera looks across the pitch

    def joint(self, name: str) -> np.ndarray:
        """Return one joint (T, 2)."""
        return self.joints_TJ2[:, INDEX[name]]

    def middle(self, pair: str) -> np.ndarray:
        """Return the middle of the left and the right joint (T, 2)."""
        return 0.5 * (self.joint(f"left_{pair}") + self.joint(f"right_{pair}"))

    @property
    def swing_T2(self) -> np.ndarray:
        """Return the hands about the hips (T, 2).

        Around impact hips move by a few tenths of a torso, while broadcast cameras swing and zoom after the ball: what
        their compensation leaves over stays out of the swing.
        """
        return self.hands_T2 - self.middle("hip")

    def at(self, values_TD: np.ndarray, time_s: float) -> np.ndarray:
        """Return a series at one instant; see `interpolate`."""
        return interpolate(values_TD, self.pts_s, time_s)

    def off(self, points: np.ndarray) -> np.ndarray:
        """Return the part of points (..., 2) along off."""
        return np.asarray(points[..., 0] * self.off_x)

    def forward(self, points: np.ndarray) -> np.ndarray:
        """Return the part of points (..., 2) along forward."""
        return np.asarray(points @ self.forward_2)


def interpolate(values_TD: np.ndarray, pts_s: np.ndarray, time_s: float) -> np.ndarray:
    """Return a series (T, D) at one instant (D,) by the line between its nearest samples; times do not decrease.

    It is NaN unless a sample lies within .1 s on both sides, or one within half a frame of 25 a second.

    Example:
        >>> interpolate(np.array([[0.0], [2.0]]), np.array([0.0, 0.1]), 0.05).tolist()
        [1.0]
    """
    seen = np.flatnonzero(np.isfinite(values_TD).all(axis=1) & (np.abs(pts_s - time_s) <= _REACH_S + 1e-9))
    before, after = seen[pts_s[seen] <= time_s], seen[pts_s[seen] >= time_s]
    if len(before) and len(after):
        left, right = before[-1], after[0]
        gap_s = pts_s[right] - pts_s[left]
        share = (time_s - pts_s[left]) / gap_s if gap_s > 0 else 0.0
        return (1 - share) * values_TD[left] + share * values_TD[right]
    if len(seen):
        nearest = seen[np.argmin(np.abs(pts_s[seen] - time_s))]
        if abs(pts_s[nearest] - time_s) <= 0.02 + 1e-9:
            return np.array(values_TD[nearest], dtype=np.float64)
    return np.full(values_TD.shape[1], np.nan)


def motion_of(
    track: PoseTrack,
    *,
    view: str,
    is_right_handed: bool,
    guard_s: tuple[float, float],
    picture_size: tuple[int, int] | None = None,
) -> Motion | None:
    """Bring a raw track, pixels as shown, into the batter's frame; None where no frame shows a body.

    A left-hander is mirrored. Side-on, forward is read in `guard_s`, when the batter stands at guard at the latest:
    from, to, seconds. Zooming leaves the centre of the picture in place; where its size (width, height) is not given,
    the middle of the person's own joints stands for the centre.
    """
    keypoints_TJC = np.array(track.keypoints_TJC, dtype=np.float64)
    keypoints_TJC[~(keypoints_TJC[..., 2] >= MIN_CONFIDENCE), :2] = np.nan
    if not np.isfinite(keypoints_TJC[:, _LIMBS, :2]).any():
        return None
    camera_T3 = np.nan_to_num(track.camera_T3)
    keypoints_TJC = stabilise(keypoints_TJC, camera_T3, centre_xy=_centre(keypoints_TJC, picture_size))
    if not is_right_handed:
        keypoints_TJC = mirror(keypoints_TJC, width=1.0)
    keypoints_TJC = smooth(fill_gaps(replace(track, keypoints_TJC=keypoints_TJC), max_gap_s=MAX_GAP_S)).keypoints_TJC
    scale_px = body_scale(keypoints_TJC)
    if not scale_px > 0:
        return None
    joints_TJ2 = keypoints_TJC[..., :2] / scale_px * np.array([1.0, -1.0])
    is_side_on = ASPECT.get(view, "E") == "S"
    forward_2 = np.array([_facing(joints_TJ2, track.pts_s, guard_s), 0.0]) if is_side_on else np.array([0.0, -1.0])
    return Motion(
        pts_s=np.asarray(track.pts_s, dtype=np.float64),
        joints_TJ2=joints_TJ2,
        confidence_TJ=np.nan_to_num(track.keypoints_TJC[..., 2]),
        hands_T2=hand_path(keypoints_TJC, track.pts_s, scale_px=scale_px),
        sizes_T=body_scales(keypoints_TJC) / scale_px,
        off_x=float("nan") if is_side_on else -1.0,
        forward_2=forward_2,
        is_side_on=is_side_on,
    )


def hand_path(keypoints_TJC: np.ndarray, pts_s: np.ndarray, *, scale_px: float) -> np.ndarray:
    """Return where the hands are (T, 2), torso units, y up; frames whose wrists disagree are bridged up to .2 s."""
    hands_T3 = hands(keypoints_TJC, scale=scale_px * WRIST_GAP / MAX_WRIST_GAP)
    path_T2 = hands_T3[:, :2] / scale_px * np.array([1.0, -1.0])
    return fill_gaps_in(path_T2, pts_s, hands_T3[:, 2], max_gap_s=MAX_GAP_S)


def _centre(keypoints_TJC: np.ndarray, picture_size: tuple[int, int] | None) -> tuple[float, float]:
    if picture_size is not None:
        return 0.5 * (picture_size[0] - 1), 0.5 * (picture_size[1] - 1)
    x, y = np.nanmedian(keypoints_TJC[:, _LIMBS, :2].reshape(-1, 2), axis=0)
    return float(x), float(y)


def _facing(joints_TJ2: np.ndarray, pts_s: np.ndarray, guard_s: tuple[float, float]) -> float:
    """Return the sign of forward along x of a batter seen from the side: eyes on the bowler, front foot ahead."""
    rows = (pts_s >= guard_s[0]) & (pts_s <= guard_s[1])
    joints_TJ2 = joints_TJ2[rows] if rows.any() else joints_TJ2
    gaze = gaze_x(joints_TJ2)
    feet = joints_TJ2[:, INDEX["left_ankle"], 0] - joints_TJ2[:, INDEX["right_ankle"], 0]
    shoulders = joints_TJ2[:, INDEX["left_shoulder"], 0] - joints_TJ2[:, INDEX["right_shoulder"], 0]
    cues = [np.tanh(median_or_nan(values) / width) for values, width in ((gaze, 0.1), (feet, 0.2), (shoulders, 0.2))]
    total = np.nansum(cues)
    return float(np.sign(total)) if total != 0 else float("nan")


def gaze_x(joints_TJ2: np.ndarray) -> np.ndarray:
    """Return how far the nose lies to the right of the ears (T,), in the unit of the joints."""
    ears_T2 = joints_TJ2[:, [INDEX["left_ear"], INDEX["right_ear"]], 0]
    return joints_TJ2[:, INDEX["nose"], 0] - mean_of_seen(ears_T2)


def mean_of_seen(values_TD: np.ndarray) -> np.ndarray:
    """Return the mean of the finite values of each frame (T,), NaN where there are none."""
    seen_TD = np.isfinite(values_TD)
    mean_T = np.nan_to_num(values_TD).sum(axis=1) / np.maximum(seen_TD.sum(axis=1), 1)
    return np.where(seen_TD.any(axis=1), mean_T, np.nan)


def median_or_nan(values: np.ndarray) -> float:
    """Return the median of the finite values, NaN where there are none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")
