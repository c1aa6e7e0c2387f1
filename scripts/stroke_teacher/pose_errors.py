"""What small pose models make of a body: squared up, legs too short, wrists apart, jumps, swaps and lost frames.

The sizes of these errors are estimated from poses without labels: quantiles of the 547 sequences of an archive
(MediaPipe) stand beside those of simulated ones in the table that `python -m scripts.stroke_teacher.compare` prints.
Ranges are wide on purpose: a teacher is to rely on what every pose model shows.

Legend: T frames, J = 17 joints; lengths in torso units about the hips.
"""

from __future__ import annotations

import numpy as np

from slowpaths.core.body import body_scales
from slowpaths.core.skeleton import INDEX, NUM_JOINTS, SWAP

_HEAD = slice(0, 5)
# Left and right of a body seen from the front, as models draw it; and noise relative to that of the other joints.
_APART = {
    "shoulder": 0.62,
    "hip": 0.38,
    "knee": 0.42,
    "ankle": 0.45,
}
_NOISE = {"wrist": 1.5, "ankle": 1.5, "elbow": 1.2, "hip": 0.7, "shoulder": 0.8}
_AMOUNT = (0.2, 1.2)  # from nearly exact poses to worse ones than those the sizes above were read from
_CONFIDENCE = 0.8


def _pair(name: str) -> list[int]:
    return [INDEX[f"left_{name}"], INDEX[f"right_{name}"]]


def estimate(random: np.random.Generator, pixels_TJ2: np.ndarray, *, is_archive: bool) -> np.ndarray:
    """Return keypoints (T, 17, 3) as a small pose model would find them; lost frames are NaN with confidence 0.

    Archives hold poses of MediaPipe, mining finds those of video with MoveNet.
    """
    num_frames = len(pixels_TJ2)
    with_confidence = np.dstack([pixels_TJ2, np.full(pixels_TJ2.shape[:2], _CONFIDENCE)])
    scale = float(np.nanmedian(body_scales(with_confidence)))
    hips_T12 = pixels_TJ2[:, _pair("hip")].mean(axis=1, keepdims=True)
    exact_TJ2 = (pixels_TJ2 - hips_T12) / scale
    body_TJ2 = _squared_up(random, _distorted(random, exact_TJ2))
    body_TJ2 = _wrists_apart(random, body_TJ2 + _noise(random, body_TJ2), is_archive=is_archive)
    body_TJ2 = exact_TJ2 + random.uniform(*_AMOUNT) * (body_TJ2 - exact_TJ2)
    body_TJ2 = body_TJ2 * np.exp(_drifting(random, num_frames, (1, 1), 0.8) * random.uniform(0.0, 0.12))
    hips_T12 = hips_T12 + _drifting(random, num_frames, (1, 2), 0.6) * random.uniform(0.0, 0.12) * scale
    for _ in range(random.poisson(0.6)):
        start = random.integers(0, num_frames)
        burst = slice(start, start + random.integers(1, 5))
        body_TJ2[burst] = body_TJ2[burst][:, SWAP]
    is_lost = random.random(num_frames) < random.choice([0.0, 0.05, 0.2], p=[0.5, 0.3, 0.2])
    keypoints_TJC = np.dstack([hips_T12 + body_TJ2 * scale, with_confidence[..., 2]])
    keypoints_TJC[is_lost] = [np.nan, np.nan, 0.0]
    return keypoints_TJC


def bat_as_seen(random: np.random.Generator, bat_N2: np.ndarray) -> np.ndarray:
    """Return where a bat points as the network sees it, right and up (N, 2), given it in pixels, downwards.

    A normal error of 17 degrees, one look in nine anywhere, and two in five without an answer: of clips that were
    annotated by eye, half of the sure looks are less than 13 degrees off and, by how long it was trained, a tenth to a
    fifth more than 45 (`scripts/calibration/bats.py`). One batter in five is filmed so that no bat is seen.
    """
    angles_N = np.arctan2(bat_N2[:, 0], -bat_N2[:, 1]) + np.deg2rad(17) * random.normal(size=len(bat_N2))
    angles_N = np.where(random.random(len(bat_N2)) < 0.11, random.uniform(-np.pi, np.pi, len(bat_N2)), angles_N)
    sure_N = np.where(random.random(len(bat_N2)) < random.uniform(0.4, 0.9), random.uniform(0.4, 1, len(bat_N2)), 0.1)
    if random.random() < 0.2:
        sure_N = np.full(len(bat_N2), 0.1)
    return sure_N[:, None] * np.column_stack([np.sin(angles_N), np.cos(angles_N)])


def _drifting(random: np.random.Generator, num_frames: int, shape: tuple[int, ...], memory: float) -> np.ndarray:
    """Return standard normal noise (T, ...) that remembers the frame before."""
    noise = random.normal(size=(num_frames, *shape))
    for row in range(1, num_frames):
        noise[row] = memory * noise[row - 1] + np.sqrt(1 - memory**2) * noise[row]
    return noise


def _distorted(random: np.random.Generator, body_TJ2: np.ndarray) -> np.ndarray:
    """Roll and stretch the picture; draw legs too short and the head too low."""
    roll = np.deg2rad(5.0 * random.normal())
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    body_TJ2 = body_TJ2 @ turn * np.exp(random.normal(size=2) * [0.12, 0.06])
    body_TJ2[:, _pair("knee") + _pair("ankle"), 1] *= random.uniform(0.55, 1.08)
    body_TJ2[:, _HEAD, 1] += random.normal(0.12, 0.12)
    return body_TJ2


def _squared_up(random: np.random.Generator, body_TJ2: np.ndarray) -> np.ndarray:
    """Move left and right joints towards where they stand in a body seen from the front."""
    share = random.beta(1.5, 1.5)
    for name, apart in _APART.items():
        left, right = _pair(name)
        own_share = np.clip(share + 0.15 * random.normal(), 0, 1)
        gap_T = body_TJ2[:, left, 0] - body_TJ2[:, right, 0]
        shift_T = 0.5 * own_share * (apart * np.exp(0.25 * random.normal()) - gap_T)
        body_TJ2[:, left, 0] += shift_T
        body_TJ2[:, right, 0] -= shift_T
    return body_TJ2


def _noise(random: np.random.Generator, body_TJ2: np.ndarray) -> np.ndarray:
    """Return errors that last, grow with speed and now and then are large."""
    num_frames, steps_TJ = len(body_TJ2), np.zeros(body_TJ2.shape[:2])
    steps_TJ[1:] = np.linalg.norm(np.diff(body_TJ2, axis=0), axis=2)
    sizes_TJ = np.exp(np.log(0.07) + 0.45 * random.normal()) * np.ones((num_frames, NUM_JOINTS))
    for name, factor in _NOISE.items():
        sizes_TJ[:, _pair(name)] *= factor
    sizes_TJ *= 1 + random.uniform(0.3, 2.0) * np.minimum(steps_TJ / 0.25, 2.0)
    is_spike = random.random(sizes_TJ.shape) < random.uniform(0, 0.12)
    sizes_TJ *= 1 + is_spike * random.exponential(2.5, size=sizes_TJ.shape)
    bias_J2 = random.normal(size=(NUM_JOINTS, 2)) * random.uniform(0, 0.08)
    return _drifting(random, num_frames, (NUM_JOINTS, 2), random.uniform(0.2, 0.85)) * sizes_TJ[..., None] + bias_J2


def _wrists_apart(random: np.random.Generator, body_TJ2: np.ndarray, *, is_archive: bool) -> np.ndarray:
    """Part the wrists of one grip, of video more where they are fast; or, in a quarter of strokes, draw them together.

    In unlabelled video they are .15 apart at guard and .4 to .5 from impact on (medians).
    """
    left, right = _pair("wrist")
    amount_T1 = np.full((len(body_TJ2), 1), random.uniform(0, 0.28 if is_archive else 0.35))
    if not is_archive:
        speed_T1 = np.linalg.norm(np.gradient(body_TJ2[:, [left, right]].mean(axis=1), axis=0), axis=1, keepdims=True)
        amount_T1 *= 1 + random.uniform(0, 2) * np.minimum(speed_T1 / 0.25, 1.5)
    gap_T2 = amount_T1 * (_drifting(random, len(body_TJ2), (2,), 0.8) + 0.6 * random.normal(size=2))
    share = 0.5 if is_archive else random.uniform(0.2, 0.8)  # of the error that is the left wrist's
    body_TJ2[:, left] += share * gap_T2
    body_TJ2[:, right] -= (1 - share) * gap_T2
    if random.random() < 0.25:
        wrists, kept = [left, right], random.uniform(0.0, 0.5)
        middle_T12 = body_TJ2[:, wrists].mean(axis=1, keepdims=True)
        body_TJ2[:, wrists] = middle_T12 + kept * (body_TJ2[:, wrists] - middle_T12)
    return body_TJ2
