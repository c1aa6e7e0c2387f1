"""Small mined folders: every stroke is a bright square that moves its own way, so that a tiny network can learn it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np

from slowpaths.core.records import Box, Delivery, LabelledClip, PoseTrack, Prediction, Shot, VideoRef
from slowpaths.core.skeleton import INDEX, NUM_JOINTS
from slowpaths.core.spans import Span
from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.store.mined_folder import ClipSpec, MinedFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import write_labels, write_predictions
from slowpaths.video.write import write_clip

NUM_FRAMES, IMPACT_FRAME, FPS = 52, 30, 25


def stroke_frames(stroke: int, *, size: int = 64, is_left_handed: bool = False, seed: int = 0) -> np.ndarray:
    """Return (52, size, size, 3) uint8: grey noise and a square in the colour and on the path of a stroke."""
    rng = np.random.default_rng(seed)
    frames = rng.integers(90, 110, size=(NUM_FRAMES, size, size, 3), dtype=np.uint8)
    angle = 2 * np.pi * stroke / NUM_STROKES
    side = size // 4
    colour = np.array([255 * (stroke % 2), 255 * (stroke // 2 % 2), 255 * (stroke // 4 % 2)])
    for t in range(NUM_FRAMES):
        reach = (size - side) / 2 * (1 + 0.9 * np.array([np.cos(angle), np.sin(angle)]) * (t - IMPACT_FRAME) / 30)
        x, y = np.clip(reach, 0, size - side).astype(int)
        frames[t, y : y + side, x : x + side] = colour
    return frames[:, :, ::-1] if is_left_handed else frames


def pose_track(stroke: int, *, video_id: str, shot_id: str, impact_s: float) -> PoseTrack:
    """Return a body of fixed joints whose hands go where the square of a stroke goes, 1.2 s at 25 fps."""
    times_s = impact_s + np.arange(-15, 15) / FPS
    keypoints_TJC = np.ones((len(times_s), NUM_JOINTS, 3))
    keypoints_TJC[..., :2] = np.random.default_rng(0).uniform(0, 20, size=(NUM_JOINTS, 2))
    angle, hands = 2 * np.pi * stroke / NUM_STROKES, [INDEX["left_wrist"], INDEX["right_wrist"]]
    way_T12 = (times_s - impact_s)[:, None, None] * np.array([np.cos(angle), np.sin(angle)])
    keypoints_TJC[:, hands, :2] += 20 * way_T12
    frames_T = np.arange(len(times_s))
    boxes_T4, camera_T3 = np.tile([0.0, 0, 10, 20], (len(times_s), 1)), np.zeros((len(times_s), 3))
    return PoseTrack(
        video_id=video_id, shot_id=shot_id, track_id=0, frames_T=frames_T, pts_s=times_s, keypoints_TJC=keypoints_TJC,
        boxes_T4=boxes_T4, camera_T3=camera_T3,
    )  # fmt: skip


def features_of(stroke: int) -> dict[str, float]:
    """Return where the square of a stroke goes, a number that never differs, and one that some strokes lack."""
    angle = 2 * np.pi * stroke / NUM_STROKES
    lacking = float("nan") if stroke % 2 else float(stroke)
    return {"hand_reach": np.cos(angle), "hand_height": np.sin(angle), "onset_z": 5.0, "runs_after": lacking}


def labelled(
    delivery_id: str,
    *,
    stroke: int = 0,
    match_id: str = "m0",
    video_id: str = "v0",
    confidence: float = 0.9,
    is_kept: bool = True,
) -> LabelledClip:
    """Return a clip with `confidence` on one stroke and the rest spread evenly."""
    probs = np.full(NUM_STROKES, (1 - confidence) / (NUM_STROKES - 1))
    probs[stroke] = confidence
    return LabelledClip(
        delivery_id=delivery_id,
        video_id=video_id,
        video=f"{match_id}/{video_id}.mp4",
        match_id=match_id,
        span=Span(1.2, 2.48),
        impact_s=2.0,
        event_p=0.9,
        probs=probs,
        label=STROKES[stroke],
        confidence=confidence,
        source="weak",
        is_kept=is_kept,
        votes_fingerprint="abc",
    )


def write_mined(
    folder: Path,
    *,
    num_matches: int = 4,
    clips_a_match: int = 4,
    num_strokes: int = 4,
    size: int = 64,
    left_handers: frozenset[int] = frozenset(),
    dropped: frozenset[int] = frozenset(),
    posed: Collection[int] = (),
) -> Path:
    """Write a mined folder and return it.

    Args:
        folder: Where.
        num_matches: Matches, one video each.
        clips_a_match: Deliveries in each.
        num_strokes: Delivery i plays stroke i modulo this.
        size: Side of the clips, pixels.
        left_handers: Deliveries (counted through) shown as left-handers.
        dropped: Deliveries that selection does not keep.
        posed: Deliveries whose batter is tracked.
    """
    videos, shots, deliveries, labels, poses = [], [], [], [], []
    for match in range(num_matches):
        video_id = f"v{match}"
        videos.append(
            VideoRef(video_id=video_id, path=f"m{match}/{video_id}.mp4", fps=Fraction(25), match_id=f"m{match}")
        )
        for ball in range(clips_a_match):
            count = match * clips_a_match + ball
            name, stroke, shot = f"{video_id}-d{ball:03d}", count % num_strokes, f"{video_id}-s{ball:03d}"
            is_left = count in left_handers
            write_clip(
                folder / "clips" / f"{name}.mp4",
                stroke_frames(stroke, size=size, is_left_handed=is_left, seed=count),
                fps=FPS,
            )
            span = Span(ball * 10 + 1.2, ball * 10 + 2.48)
            if count in posed:
                poses.append(pose_track(stroke, video_id=video_id, shot_id=shot, impact_s=ball * 10 + 2.0))
            shots.append(Shot(shot_id=shot, video_id=video_id, span=span, first_frame=0, last_frame=9))
            deliveries.append(
                Delivery(
                    delivery_id=name,
                    video_id=video_id,
                    shot_id=shot,
                    span=span,
                    impact_s=ball * 10 + 2.0,
                    impact_uncertainty_s=0.02,
                    view="pitch_endon",
                    handedness_p=0.1 if is_left else 0.9,
                    box=Box(x1=0, y1=0, x2=10, y2=20),
                    event_p=0.9,
                    features=features_of(stroke),
                )
            )
            labels.append(
                labelled(name, stroke=stroke, match_id=f"m{match}", video_id=video_id, is_kept=count not in dropped)
            )
    mined = MinedFolder(folder)
    mined.write_mined(footage=videos, shots=shots, deliveries=deliveries, poses=poses)
    write_labels(mined.file(LABELS), labels)
    mined.describe(clip=ClipSpec(fps=FPS, num_frames=NUM_FRAMES, size=size, impact_frame=IMPACT_FRAME))
    return folder


def write_voices(folder: Path, strokes: Mapping[str, int]) -> None:
    """Let voices (name -> stroke) be sure of one stroke in all deliveries but the first, of which they say nothing."""
    mined = MinedFolder(folder)
    said = [
        Prediction(
            **{field.name: getattr(clip, field.name) for field in fields(clip)}
            | {"probs": np.eye(NUM_STROKES)[stroke], "model_id": voice, "view_index": -1, "split": "none"}
        )
        for clip in mined.labels()[1:]
        for voice, stroke in strokes.items()
    ]
    write_predictions(mined.voices_file, said)
