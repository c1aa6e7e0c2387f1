"""Pose sequences without video: find the batter in them, when they hit, and measure the stroke.

An archive of poses holds about thirty frames around one stroke, as broadcast from behind the bowler, one person a frame
and not always the same one: bowler first, batter later, spectators in between. It tells neither where the camera looks
nor what time it is. So people are told apart by jumps, the batter is the one seen from the front with both hands
together, the camera is taken to follow their hips and to zoom as their size grows, and every number that needs the true
camera is left out. The view is unknown; it is called `pitch_endon` with probability 0, which is how stroke archives
are filmed.

Legend: T frames, J = 17 joints, C = x, y, confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from slowpaths import __version__
from slowpaths.core import ids
from slowpaths.core.body import body_scales, middle
from slowpaths.core.pose_tracks import rows_of
from slowpaths.core.records import PoseSequence, PoseTrack, Shot, VideoRef
from slowpaths.core.skeleton import INDEX
from slowpaths.core.spans import Span
from slowpaths.mining.collect import Collected, take_folder
from slowpaths.mining.features.delivery import deliver
from slowpaths.mining.features.frame_of_reference import hand_path
from slowpaths.mining.impact.events import Event
from slowpaths.mining.impact.swing import impact_of_swing
from slowpaths.mining.one_video import write_mined
from slowpaths.mining.pipeline import MinedVideo
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.striker.handedness import handedness
from slowpaths.pose.filters import median_of_three, savgol
from slowpaths.pose.kinematics import MAX_WRIST_GAP, body_scale
from slowpaths.store.mined_folder import MinedFolder

VIEW = "pitch_endon"
# From one frame to the next the middle of a body moves .2 of its torso (median over the archive of 620 sequences) and,
# where somebody else is shown, 3 to 5 torsos; the counts are lowest between 1 and 2. Sizes behave alike.
MAX_JUMP = 1.0
JUMP_PER_LOST_FRAME = 0.2
MAX_LOG_SIZE = 0.5
MAX_LOST_FRAMES = 2
MIN_FRAMES = 5
APART = 1.0
"""Hands further apart than this, torso units, hold no bat: bowlers and spectators."""
STILL = 0.1
"""Hands that move less about the hips, torso units, play no stroke: half of the least in 547 real sequences (.19)."""
NEEDS_CAMERA: tuple[str, ...] = (
    "stride_front", "stride_back", "com_shift", "size_change", "front_foot_line", "front_foot_lift", "front_foot_swing",
    "back_foot_shift", "head_drop", "runs_after", "camera_pan_off", "camera_tilt_up", "camera_zoom",
)  # fmt: skip


def mine_sequence(sequence: PoseSequence, settings: MiningSettings | None = None) -> MinedVideo:
    """Measure the stroke of a sequence; its label is not looked at. Of the settings only how long a stroke is counts.

    The video's path is the sequence's name; it is quarantined where nobody is seen for long enough, or moves.
    """
    video, size = _video(sequence), sequence.picture_size
    rows = batter_rows(sequence.track)
    if len(rows) < MIN_FRAMES:
        reason = f"no person is seen in {MIN_FRAMES} frames one after another: give a longer sequence"
        return MinedVideo(video=replace(video, status="quarantined", reason=reason))
    batter = rows_of(sequence.track, rows)
    if hands_move(batter) < STILL:
        reason = "the batter does not move in it, so no stroke is played: give a sequence of one"
        return MinedVideo(video=replace(video, status="quarantined", reason=reason))
    shot = _shot(sequence)
    track = replace(follow(batter, picture_size=size), shot_id=shot.shot_id)
    impact_s = find_impact(track)
    delivery = deliver(
        track,
        # One cue only, and no second one to compare it with; archives are trimmed to strokes.
        Event(impact_s=impact_s, uncertainty_s=float("nan"), event_p=1.0, log_odds=np.inf),
        shot=shot,
        bounds=Span(0.0, video.duration_s),
        handedness_p=handedness(track, impact_s=impact_s, view=VIEW, picture_size=size),
        picture_size=size,
        settings=settings or MiningSettings(),
    )
    delivery = replace(delivery, features={**delivery.features, **dict.fromkeys(NEEDS_CAMERA, float("nan"))})
    return MinedVideo(video=video, shots=[shot], deliveries=[delivery], tracks=[track])


def collect_sequences(
    sequences: Sequence[PoseSequence], *, out: Path, settings: MiningSettings | None = None
) -> Collected:
    """Write the tables of a mined archive; there are no clips, since there is no video.

    Raises:
        SlowpathsError: If the disk cannot be written, or the folder was mined from videos or with other settings.
    """
    settings = settings or MiningSettings()
    take_folder(MinedFolder(out), {"archive": True, "settings": asdict(settings), "version": __version__})
    mined = [mine_sequence(sequence, settings) for sequence in sequences]
    write_mined(out, mined)
    return Collected(videos=[one.video for one in mined], num_deliveries=sum(len(one.deliveries) for one in mined))


def people(track: PoseTrack) -> np.ndarray:
    """Return the person in each frame (T,), a number, told apart by jumps of place and size; -1 where none is seen."""
    places_T2 = 0.5 * (middle(track.keypoints_TJC, "hip") + middle(track.keypoints_TJC, "shoulder"))
    sizes_T = body_scales(track.keypoints_TJC)
    who_T = np.full(len(sizes_T), -1)
    last_seen: list[int] = []
    for row in map(int, np.flatnonzero(np.isfinite(places_T2).all(axis=1) & (sizes_T > 0))):
        costs = [_jump(places_T2, sizes_T, earlier, row) for earlier in last_seen]
        nearest = int(np.argmin(costs)) if costs else 0
        if not costs or not np.isfinite(costs[nearest]):
            nearest = len(last_seen)
            last_seen.append(row)
        who_T[row], last_seen[nearest] = nearest, row
    return who_T


def _jump(places_T2: np.ndarray, sizes_T: np.ndarray, earlier: int, row: int) -> float:
    lost = row - earlier - 1
    growth = abs(np.log(sizes_T[row] / sizes_T[earlier]))
    moved = np.linalg.norm(places_T2[row] - places_T2[earlier]) / np.sqrt(sizes_T[row] * sizes_T[earlier])
    if lost > MAX_LOST_FRAMES or growth > MAX_LOG_SIZE or moved > MAX_JUMP + JUMP_PER_LOST_FRAME * lost:
        return float("inf")
    return float(moved + growth)


def batter_rows(track: PoseTrack) -> np.ndarray:
    """Return the frames that show the batter, ascending: both hands together, chest rather than back to the camera.

    Every frame counts for a person: 1 with the hands together, -1 with them far apart or with the nose below the
    shoulders (what a pose model makes of a back), and half as much for the side they show, as seen from behind the
    bowler. Of two people alike the later one bats.
    """
    who_T = people(track)
    best, best_score = np.zeros(0, dtype=np.int64), -np.inf
    for person in range(who_T.max() + 1):
        rows = np.flatnonzero(who_T == person)
        keypoints_TJC = track.keypoints_TJC[rows]
        left, right = (keypoints_TJC[:, INDEX[f"{side}_wrist"], :2] for side in ("left", "right"))
        gap_T = np.linalg.norm(left - right, axis=1) / body_scale(keypoints_TJC)
        chest_T = keypoints_TJC[:, INDEX["left_shoulder"], 0] - keypoints_TJC[:, INDEX["right_shoulder"], 0]
        is_back_T = keypoints_TJC[:, INDEX["nose"], 1] > middle(keypoints_TJC, "shoulder")[:, 1]
        score = (gap_T <= MAX_WRIST_GAP).sum() - ((gap_T > APART) | is_back_T).sum()
        score += 0.5 * np.nansum(np.sign(chest_T))
        if score >= best_score:
            best, best_score = rows, score
    return best


def follow(track: PoseTrack, *, picture_size: tuple[int, int]) -> PoseTrack:
    """Give a track the camera that would keep the hips of the person in place and their size even.

    The size follows a straight line in logarithms, so that a bent body does not count as a zoom.
    """
    hips_T2 = savgol(median_of_three(middle(track.keypoints_TJC, "hip")), track.pts_s)
    sizes_T = body_scales(track.keypoints_TJC)
    seen = np.isfinite(sizes_T)
    since_T = track.pts_s - track.pts_s[0]
    slope = np.polyfit(since_T[seen], np.log(sizes_T[seen]), 1)[0]
    zoom_T1 = (slope * since_T)[:, None]
    centre = 0.5 * (np.array(picture_size, dtype=np.float64) - 1)
    first = hips_T2[np.flatnonzero(np.isfinite(hips_T2).all(axis=1))[0]]
    pan_T2 = (first - centre) * np.exp(zoom_T1) - (hips_T2 - centre)
    return replace(track, camera_T3=np.column_stack([np.nan_to_num(pan_T2), zoom_T1]))


def hands_move(track: PoseTrack) -> float:
    """Return how far the hands move about the hips in a track, the larger of width and height, torso units."""
    away_T2 = middle(track.keypoints_TJC, "wrist") - middle(track.keypoints_TJC, "hip")
    seen_T2 = away_T2[np.isfinite(away_T2).all(axis=1)] / body_scale(track.keypoints_TJC)
    return float(np.ptp(seen_T2, axis=0).max()) if len(seen_T2) else 0.0


def find_impact(track: PoseTrack) -> float:
    """Return when bat meets ball, seconds, from the hands about the hips."""
    scale = body_scale(track.keypoints_TJC)
    hips_T2 = middle(track.keypoints_TJC, "hip") / scale * np.array([1.0, -1.0])
    return impact_of_swing(hand_path(track.keypoints_TJC, track.pts_s, scale_px=scale) - hips_T2, track.pts_s)


def _video(sequence: PoseSequence) -> VideoRef:
    track = sequence.track
    frame_s = float(track.pts_s[1] - track.pts_s[0]) if len(track.pts_s) > 1 else 0.0
    width, height = sequence.picture_size
    return VideoRef(
        video_id=track.video_id,
        path=sequence.name,
        fps=Fraction(1 / frame_s).limit_denominator(1001) if frame_s else Fraction(0),
        num_frames=len(track.pts_s),
        width=width,
        height=height,
        duration_s=len(track.pts_s) * frame_s,
        match_id=sequence.duplicate_of or sequence.name,
        digest=sequence.digest,
        codec="poses",
    )


def _shot(sequence: PoseSequence) -> Shot:
    return Shot(
        shot_id=ids.shot_id(sequence.track.video_id, 0),
        video_id=sequence.track.video_id,
        span=sequence.track.span,
        first_frame=0,
        last_frame=len(sequence.track.pts_s) - 1,
        view=VIEW,
        view_probability=0.0,
        transition="start",
    )
