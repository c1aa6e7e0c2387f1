"""Who of the people in a play shot faces the ball.

Legend: T frames, P people, J = 17 joints, C = x, y, confidence.

Each track gets a sum of log scores that do not depend on when the ball is hit: where it stands, how big it is, how long
it is seen, how still it stands, whether it is bent over a bat. What it does (stillness, then a burst) is scored by
`impact` and added by `selection`, so that person and moment are decided together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slowpaths.core.body import body_scales, middle
from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX
from slowpaths.core.views import ASPECT
from slowpaths.pose.kinematics import stabilise

# Trunk lean in guard 20-50 degrees, hands below the hips' height plus a little and within .35 torso of each other.
LEAN_DEG = (15.0, 60.0)
HANDS_TOGETHER = 0.45  # .35 plus the noise of two wrists
# Keepers and slips bend over with their hands together too, but in a squat: their hips are less than a torso above the
# ankles, a batter's some one and a half.
SQUAT = 0.9
# The batter fills about the same part of the picture as the ball's path ends in: operators frame the striker centrally.
CENTRE_SD = 0.16
APPROACH_HEIGHTS = 1.0  # a bowler runs in over many body heights, a batter stays within one most of the time
MIN_SEEN_S = 0.4
# Along the pitch, in body heights of the person farther away: people at the other end are well over one away (20 m seen
# from high up), a keeper standing up or a few metres back is within one.
CLEARLY_NEARER = 1.2
KEEPER_GAP = (0.05, 1.0)
KEEPER_FAR = 2.0  # a keeper stands up to some 20 m back to fast bowling, as far from the striker as the bowler is
EDGE = 0.01
NONE_LOG = float(np.log(0.1))  # a view of play shows its striker, but for one in ten


def place_scores(
    tracks: Sequence[PoseTrack], *, view: str, height: int, width: int, start_s: float, end_s: float
) -> np.ndarray:
    """Return log scores (P,) of the people of one shot, full-size pixels, from boxes and camera alone."""
    if not tracks:
        return np.zeros(0)
    scores = np.zeros(len(tracks))
    tall = np.array([float(np.median(_heights(track))) for track in tracks]) / height
    seen_s = np.array([float(track.pts_s[-1] - track.pts_s[0]) for track in tracks])
    scores -= 4.0 * (seen_s < MIN_SEEN_S)
    for number, track in enumerate(tracks):
        travel = _travel(track, height=height, width=width)
        scores[number] -= 3.0 * max(0.0, float(np.log(travel / APPROACH_HEIGHTS))) if travel > 0 else 0.0
    if ASPECT[view] == "E" and view != "closeup":
        for number, track in enumerate(tracks):
            # A live camera ends on the striker; whoever leaves the picture before is somebody else.
            left_early = max(0.0, (end_s - track.pts_s[-1]) / max(end_s - start_s, 1e-6))
            scores[number] -= 4.0 * left_early
            scores[number] += _centrality(track, width=width, last_s=1.0)
            scores[number] -= 3.0 * _cut_off(track, height=height, width=width)
            scores[number] -= 3.0 * _headless(track, height=height)
        scores += _along_the_pitch(tracks, height=height, width=width)
    else:  # seen from beside or alone: the camera is on the batter, who is large and there for long
        scores += 1.5 * (np.log(tall) - np.log(tall.max()))
        scores += 1.5 * (np.log(seen_s + 0.1) - np.log(seen_s.max() + 0.1))
        scores += np.array([_centrality(track, width=width, last_s=np.inf) for track in tracks])
    return scores


def guard_frames(track: PoseTrack) -> np.ndarray:
    """Return for every frame whether the person is bent over with both hands together (T,), 0 or 1, NaN unknown.

    Whoever squats is no batter; where the ankles are unseen nobody is taken to squat.
    """
    keypoints_TJC = track.keypoints_TJC
    shoulder, hip = middle(keypoints_TJC, "shoulder"), middle(keypoints_TJC, "hip")
    wrists = keypoints_TJC[:, [INDEX["left_wrist"], INDEX["right_wrist"]], :2]
    scale_T = np.maximum(body_scales(keypoints_TJC), 1e-6)
    trunk = hip - shoulder
    lean = np.degrees(np.arctan2(np.abs(trunk[:, 0]), np.abs(trunk[:, 1])))
    gap = np.linalg.norm(wrists[:, 0] - wrists[:, 1], axis=1) / scale_T
    low = wrists[..., 1].mean(axis=1) > 0.5 * (shoulder[:, 1] + hip[:, 1])
    # Seen along the pitch a batter leans towards or away from the camera: the trunk looks short instead of tilted.
    short = np.linalg.norm(trunk, axis=1) / scale_T < 0.85
    bent = ((lean >= LEAN_DEG[0]) & (lean <= LEAN_DEG[1])) | short
    squats = (middle(keypoints_TJC, "ankle")[:, 1] - hip[:, 1]) / scale_T < SQUAT
    usable = np.isfinite(lean) & np.isfinite(gap)
    return np.where(usable, (bent & (gap <= HANDS_TOGETHER) & low & ~squats).astype(np.float64), np.nan)


def choose(log_scores: np.ndarray) -> tuple[int, float]:
    """Return the best track (P >= 1) and its probability among all tracks and "none of them"."""
    everyone = np.append(log_scores, NONE_LOG)
    weights = np.exp(everyone - everyone.max())
    best = int(np.argmax(log_scores))
    return best, float(weights[best] / weights.sum())


def _heights(track: PoseTrack) -> np.ndarray:
    return track.boxes_T4[:, 3] - track.boxes_T4[:, 1]


def _centrality(track: PoseTrack, *, width: int, last_s: float) -> float:
    """Return the log density of the track's place across the picture over its last seconds."""
    late = track.pts_s >= track.pts_s[-1] - last_s
    centre = float(np.median(track.boxes_T4[late, 0] + track.boxes_T4[late, 2])) / 2 / width
    return -0.5 * ((centre - 0.5) / CENTRE_SD) ** 2


def _cut_off(track: PoseTrack, *, height: int, width: int) -> float:
    """Return the share of frames in which the person sticks out of the picture below or at a side."""
    boxes_T4 = track.boxes_T4
    out = (boxes_T4[:, 3] >= (1 - EDGE) * height) | (boxes_T4[:, 0] <= EDGE * width)
    return float((out | (boxes_T4[:, 2] >= (1 - EDGE) * width)).mean())


def _headless(track: PoseTrack, *, height: int) -> float:
    """Return the share of frames in which the picture's upper edge cuts the person off."""
    return float((track.boxes_T4[:, 1] <= EDGE * height).mean())


def _travel(track: PoseTrack, *, height: int, width: int) -> float:
    """Return how far the feet get from where they are first seen, in body heights, camera removed."""
    feet = np.stack([(track.boxes_T4[:, 0] + track.boxes_T4[:, 2]) / 2, track.boxes_T4[:, 3]], axis=1)
    still = stabilise(feet, track.camera_T3, centre_xy=(width / 2, height / 2))
    tall = np.median(_heights(track) / np.exp(track.camera_T3[:, 2]))
    away = np.linalg.norm(still - np.median(still[: max(3, len(still) // 10)], axis=0), axis=1)
    # The batter may run after the stroke: what counts is where half of the time is spent.
    return float(np.median(away) / max(tall, 1e-6))


def _along_the_pitch(tracks: Sequence[PoseTrack], *, height: int, width: int) -> np.ndarray:
    """Return log scores from the order of people along an end-on pitch.

    Nearest to a camera behind the bowler stand umpire, bowler and non-striker, farthest keeper and slips, and the
    striker in front of the keeper, in line with them. So somebody should stand clearly nearer; nobody clearly farther,
    but for a keeper; and in front of a person in line close behind is better than being that person. How far back a
    keeper stands says little of who is who, once somebody else is clearly nearer than both: the one in the middle is
    the striker. Places are compared with the camera's motion removed, each where the person stood for most of the time.
    """
    places_P3 = np.array([_place(track, height=height, width=width) for track in tracks])
    feet_P2, tall_P = places_P3[:, :2], np.maximum(places_P3[:, 2], 1.0)
    # Legs at the upper edge say little of where their owner stands.
    usable_P = np.array([_headless(track, height=height) <= 0.5 for track in tracks])
    share_PP = np.array([[_overlap_share(one, other) for other in tracks] for one in tracks])
    share_PP = np.where((share_PP >= 0.2) & usable_P & ~np.eye(len(tracks), dtype=bool), share_PP, 0.0)
    unit_PP = np.minimum(tall_P[:, None], tall_P)  # the height of the one farther away
    down_PP = (feet_P2[None, :, 1] - feet_P2[:, None, 1]) / unit_PP  # of the other from the one, towards the camera
    in_line_PP = np.abs(feet_P2[None, :, 0] - feet_P2[:, None, 0]) < 0.75 * unit_PP
    nearer_P = (share_PP * (down_PP > CLEARLY_NEARER)).max(axis=1, initial=0.0)
    is_mid_P = nearer_P >= 0.5  # people at the bowler's end have nobody clearly nearer

    def most(is_there_PP: np.ndarray) -> np.ndarray:
        return (share_PP * is_there_PP).max(axis=1, initial=0.0)

    reach_P = np.where(is_mid_P, KEEPER_FAR, KEEPER_GAP[1])
    behind_P = most(in_line_PP & (down_PP < -KEEPER_GAP[0]) & (down_PP > -reach_P[:, None]))
    in_front_P = most(in_line_PP & (down_PP > KEEPER_GAP[0]) & (down_PP < reach_P[None, :]))
    farther_P = most(down_PP < -CLEARLY_NEARER) * np.where(is_mid_P, 1.0 - behind_P, 1.0)
    # Between two others along the pitch is a place for a striker whose keeper stands far back, too.
    return nearer_P - (2.0 - nearer_P) * farther_P + behind_P - in_front_P


def _place(track: PoseTrack, *, height: int, width: int) -> np.ndarray:
    """Return where the feet usually are and how tall the person is (3,), pixels of the first picture of the shot.

    A keeper crouches most of the time: how tall they are shows when they rise.
    """
    boxes_T4 = stabilise(track.boxes_T4.reshape(-1, 2, 2), track.camera_T3, centre_xy=(width / 2, height / 2))
    middle_x = boxes_T4[:, :, 0].mean(axis=1)
    heights_T = boxes_T4[:, 1, 1] - boxes_T4[:, 0, 1]
    return np.array([np.median(middle_x), np.median(boxes_T4[:, 1, 1]), np.quantile(heights_T, 0.9)])


def _overlap_share(track: PoseTrack, other: PoseTrack) -> float:
    """Return the share of the shorter track during which both are there."""
    common = np.intersect1d(track.frames_T, other.frames_T).size
    return common / max(min(len(track.frames_T), len(other.frames_T)), 1)
