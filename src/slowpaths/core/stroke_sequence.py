"""The stroke as a short sequence of skeletons about the batter's hips, whoever stands how large where.

Legend: T frames, D = 30 channels, S = 32 steps of a resampled sequence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slowpaths.core.body import body_scales, middle
from slowpaths.core.pose_tracks import striker_of
from slowpaths.core.records import Delivery, PoseTrack
from slowpaths.core.skeleton import INDEX, mirror

STEPS = 32
BEFORE_S, AFTER_S = 1.0, 0.9
FEWEST_FRAMES = 5
MIN_CONFIDENCE = 0.1
_JOINTS = [INDEX["nose"], *(INDEX[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
                            for side in ("left", "right"))]  # fmt: skip
_MIRRORED = [0, *(place + 1 if place % 2 else place - 1 for place in range(1, len(_JOINTS)))]
_PLACES = 2 * len(_JOINTS)  # then body size, place of the hips (x, y) and log body size
CHANNELS = _PLACES + 4


def sequence_of(delivery: Delivery, tracks: Sequence[PoseTrack]) -> np.ndarray | None:
    """Return the stroke as a sequence (T, 30), None where the batter is not seen in five frames.

    A frame holds 13 joints about the hips (x, y in torso units, a left-hander mirrored), the size of the body, where
    the hips are, and the logarithm of the size. Of the tracks of its shot the one at the
    delivery's box counts.
    """
    track = striker_of(delivery, tracks)
    if track is None:
        return None
    is_near_T = (track.pts_s >= delivery.impact_s - BEFORE_S) & (track.pts_s <= delivery.impact_s + AFTER_S)
    keypoints_TJC = np.array(track.keypoints_TJC[is_near_T], dtype=np.float64)
    keypoints_TJC[~(keypoints_TJC[..., 2] >= MIN_CONFIDENCE), :2] = np.nan
    if delivery.handedness_p < 0.5:
        keypoints_TJC = mirror(keypoints_TJC, width=1.0)
    sizes_T, hips_T2 = body_scales(keypoints_TJC), middle(keypoints_TJC, "hip")
    is_seen_T = np.isfinite(sizes_T) & np.isfinite(keypoints_TJC[:, _JOINTS, :2]).all(axis=(1, 2))
    if is_seen_T.sum() < FEWEST_FRAMES:
        return None
    size = float(np.median(sizes_T[is_seen_T]))
    if size <= 0:
        return None
    body_TD = ((keypoints_TJC[:, _JOINTS, :2] - hips_T2[:, None]) / size).reshape(len(sizes_T), _PLACES)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs_T = np.log(sizes_T / size)
    place_T2 = (hips_T2 - np.median(hips_T2[is_seen_T], axis=0)) / size
    return np.column_stack([body_TD, sizes_T / size, place_T2, logs_T])[is_seen_T].astype(np.float32)


def varied(sequence: np.ndarray, random: np.random.Generator, *, mirror_p: float) -> np.ndarray:
    """Return a part of at least 70 % of a sequence at 32 steps (S, D), of another size, jittered, mirrored at times."""
    last = len(sequence) - 1.0
    length = random.uniform(0.7, 1.0) * last
    start = random.uniform(0.0, last - length)
    part = resampled(sequence, start, start + length)
    if random.random() < mirror_p:
        part = mirrored(part)
    return (part * np.exp(0.1 * random.normal()) + 0.03 * random.normal(size=part.shape)).astype(np.float32)


def resampled(sequence: np.ndarray, start: float = 0.0, end: float | None = None) -> np.ndarray:
    """Return a sequence between two places, in frames, at 32 steps (S, D); the whole where none are given."""
    places_S = np.linspace(start, len(sequence) - 1.0 if end is None else end, STEPS)
    before_S = np.minimum(places_S.astype(np.int64), len(sequence) - 2)
    share_S1 = (places_S - before_S)[:, None].astype(np.float32)
    return (1 - share_S1) * sequence[before_S] + share_S1 * sequence[before_S + 1]


def mirrored(sequences: np.ndarray) -> np.ndarray:
    """Return the mirror image of sequences (..., D)."""
    joints = sequences[..., :_PLACES].reshape(*sequences.shape[:-1], len(_JOINTS), 2)
    joints = joints[..., _MIRRORED, :] * np.array([-1.0, 1.0], np.float32)
    rest = sequences[..., _PLACES:] * np.array([1.0, -1.0, 1.0, 1.0], np.float32)
    return np.concatenate([joints.reshape(*sequences.shape[:-1], _PLACES), rest], axis=-1)
