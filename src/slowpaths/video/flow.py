"""Camera motion from frame to frame, and the motion that is left when it is taken away: pure functions on uint8.

Legend: T frames, H, W picture, P points. A matrix (2, 3) maps a pixel of frame a to where it is in frame b.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

_NUM_CORNERS = 150
_FIT_PX = 3.0  # RANSAC threshold of the camera fit
_ROUND_TRIP_PX = 1.0  # forward-backward error of a followed point (Kalal et al. 2010, doi 10.1109/ICPR.2010.675)
_MIN_POINTS = 8
_HALVE_FROM = 240  # height from which corners are looked for at half the size
_STATIC_STD = 3.0  # grey levels over time
_LOW_RES = 96  # width at which large pans are looked for


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraStep:
    """Describe how the background moves from frame a to frame b."""

    dx_px: float  # motion of the background at the picture's centre, pixels to the right (the camera pans left)
    dy_px: float  # the same downwards
    log_zoom: float  # log of the scale, positive where the camera zooms in
    inliers: float  # share of the corners of a that were found again in b and move with the fit, 0..1; 0 without a fit
    matrix_23: np.ndarray  # similarity transform (2, 3) from a to b; the identity without a fit


def camera_step(gray_a: np.ndarray, gray_b: np.ndarray, *, mask: np.ndarray | None = None) -> CameraStep:
    """Estimate how the camera moves between two frames, as `followed_corners` does."""
    return followed_corners(gray_a, gray_b, mask=mask)[0]


def followed_corners(
    gray_a: np.ndarray, gray_b: np.ndarray, *, mask: np.ndarray | None = None
) -> tuple[CameraStep, np.ndarray, np.ndarray]:
    """Estimate the camera step and tell which corners follow it.

    Corners are followed by pyramidal Lucas-Kanade, there and back, first from where they were and, where too few are
    found, from where phase correlation says the picture went (fast pans); RANSAC fits a similarity to them.

    Args:
        gray_a: First frame (H, W), uint8.
        gray_b: Second frame (H, W), uint8.
        mask: Pixels of a that belong to the background (H, W), bool; None for all.

    Returns:
        The step, the corners of a (P, 2) in pixels, and whether each was found in b where the step puts it (P,).
    """
    corners_P2 = _corners(gray_a, mask=mask)
    if len(corners_P2) < _MIN_POINTS:
        return _no_step(), corners_P2, np.zeros(len(corners_P2), dtype=bool)
    step, is_inlier = _fit(gray_a, gray_b, corners_P2, shift=None)
    if step.inliers < 0.5:
        shift = coarse_shift(gray_a, gray_b, mask=mask)
        retry, retry_is_inlier = _fit(gray_a, gray_b, corners_P2, shift=shift)
        if retry.inliers > step.inliers:
            step, is_inlier = retry, retry_is_inlier
    return step, corners_P2, is_inlier


def _corners(gray: np.ndarray, *, mask: np.ndarray | None) -> np.ndarray:
    """Return corners (P, 2), float32. A large picture is looked at in half its size: following finds them as well."""
    half = 2 if gray.shape[0] >= _HALVE_FROM else 1
    if half == 2:
        gray = cv2.resize(gray, (gray.shape[1] // 2, gray.shape[0] // 2), interpolation=cv2.INTER_AREA)
        mask = None if mask is None else mask[1 : 2 * gray.shape[0] : 2, 1 : 2 * gray.shape[1] : 2]
    usable = None if mask is None else np.ascontiguousarray(mask, dtype=np.uint8)
    corners = cv2.goodFeaturesToTrack(gray, _NUM_CORNERS, 0.01, max(3, round(gray.shape[0] / 40)), mask=usable)
    if corners is None:
        return np.empty((0, 2), dtype=np.float32)
    return half * corners.reshape(-1, 2) + np.float32(half - 1) / 2


def coarse_shift(gray_a: np.ndarray, gray_b: np.ndarray, *, mask: np.ndarray | None = None) -> np.ndarray:
    """Return the shift (2,) from a to b in pixels that phase correlation finds at low resolution.

    Pixels outside the mask (H, W), bool, are made grey; None lets all count.
    """
    if mask is not None:
        gray_a, gray_b = (np.where(mask, gray, np.uint8(128)) for gray in (gray_a, gray_b))
    scale = min(1.0, _LOW_RES / gray_a.shape[1])
    size = (max(8, round(gray_a.shape[1] * scale)), max(8, round(gray_a.shape[0] * scale)))
    small_a, small_b = (cv2.resize(gray, size, interpolation=cv2.INTER_AREA) for gray in (gray_a, gray_b))
    window = cv2.createHanningWindow(size, cv2.CV_32F)
    shift, _ = cv2.phaseCorrelate(small_a.astype(np.float32), small_b.astype(np.float32), window)
    return np.array(shift) * np.array([gray_a.shape[1] / size[0], gray_a.shape[0] / size[1]])


def _fit(
    gray_a: np.ndarray, gray_b: np.ndarray, corners_P2: np.ndarray, *, shift: np.ndarray | None
) -> tuple[CameraStep, np.ndarray]:
    found = follow(gray_a, gray_b, corners_P2, shift=shift)
    is_found = np.isfinite(found[:, 0])
    nothing = _no_step(), np.zeros(len(corners_P2), dtype=bool)
    if is_found.sum() < _MIN_POINTS:
        return nothing
    points_a, points_b = corners_P2[is_found], found[is_found].astype(np.float32)
    cv2.setRNGSeed(0)  # RANSAC draws: the same pictures give the same fit
    ransac = {"method": cv2.RANSAC, "ransacReprojThreshold": _FIT_PX, "maxIters": 500}
    matrix, is_inlier = cv2.estimateAffinePartial2D(points_a, points_b, **ransac)
    if matrix is None or not np.all(np.isfinite(matrix)) or np.hypot(matrix[0, 0], matrix[1, 0]) < 1e-3:
        return nothing
    is_inlier = is_inlier.ravel().astype(bool)
    centre = np.array([(gray_a.shape[1] - 1) / 2, (gray_a.shape[0] - 1) / 2])
    dx_px, dy_px = matrix[:, :2] @ centre + matrix[:, 2] - centre
    step = CameraStep(
        dx_px=float(dx_px), dy_px=float(dy_px), log_zoom=float(np.log(np.hypot(matrix[0, 0], matrix[1, 0]))),
        inliers=float(is_inlier.sum() / len(corners_P2)),
        matrix_23=matrix,
    )  # fmt: skip
    follows = np.zeros(len(corners_P2), dtype=bool)
    follows[np.flatnonzero(is_found)[is_inlier]] = True
    return step, follows


def follow(
    gray_a: np.ndarray, gray_b: np.ndarray, points_P2: np.ndarray, *, shift: np.ndarray | None = None
) -> np.ndarray:
    """Follow points of a (P, 2) to b by pyramidal Lucas-Kanade; the search begins `shift` (2,) pixels from each.

    Returns:
        Points of b (P, 2), NaN where a point was lost: it left the picture, or following it back misses its start by
        more than a pixel.
    """
    start = np.ascontiguousarray(points_P2, dtype=np.float32).reshape(-1, 1, 2)
    guess = start + (np.zeros(2) if shift is None else shift).astype(np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 0.03)
    options = {"winSize": (15, 15), "maxLevel": 3, "criteria": criteria, "flags": cv2.OPTFLOW_USE_INITIAL_FLOW}
    there, is_there, _ = cv2.calcOpticalFlowPyrLK(gray_a, gray_b, start, guess.copy(), **options)
    back, is_back, _ = cv2.calcOpticalFlowPyrLK(gray_b, gray_a, there, there - (guess - start), **options)
    found = there.reshape(-1, 2).astype(np.float64)
    error = np.linalg.norm((back - start).reshape(-1, 2), axis=1)
    height, width = gray_b.shape
    is_inside = (found >= 0).all(axis=1) & (found[:, 0] <= width - 1) & (found[:, 1] <= height - 1)
    is_good = (is_there.ravel() == 1) & (is_back.ravel() == 1) & (error < _ROUND_TRIP_PX) & is_inside
    found[~is_good] = np.nan
    return found


def _no_step() -> CameraStep:
    return CameraStep(dx_px=0.0, dy_px=0.0, log_zoom=0.0, inliers=0.0, matrix_23=np.eye(2, 3))


def compensated_flow(gray_a: np.ndarray, gray_b: np.ndarray, *, step: CameraStep) -> np.ndarray:
    """Return the motion that the camera does not explain.

    Frame a is warped by the camera step first, so that dense inverse search (DIS, Kroeger et al. 2016, arXiv
    1603.03590) only has to find what is left.

    Args:
        gray_a: First frame (H, W), uint8.
        gray_b: Second frame (H, W), uint8.
        step: Camera motion from a to b, in the pixels of these frames.

    Returns:
        Flow (H, W, 2), float32, pixels right and down, at the pixels of b, where the object is found again `flow`
        further on; 0 where a does not reach.
    """
    height, width = gray_b.shape
    matrix = np.asarray(step.matrix_23, dtype=np.float64)
    warped = cv2.warpAffine(gray_a, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    reach = cv2.warpAffine(np.ones_like(gray_a), matrix, (width, height), flags=cv2.INTER_NEAREST)
    # The faster presets work at a coarser scale and halve the flow of things as small as a forearm.
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = finder.calc(warped, gray_b, np.zeros((height, width, 2), dtype=np.float32))
    flow[reach == 0] = 0.0
    return flow


def static_overlay_mask(frames_THW: np.ndarray) -> np.ndarray:
    """Find graphics that stay while everything else changes: score bugs, logos, burnt-in drawings.

    A pixel is static where its standard deviation over time stays below 3 grey levels and it has an edge beside it
    that stays too (a plain sky or a black bar changes as little but is no graphic and harms nothing). Frames (T, H, W),
    uint8 grey, come from different views or are spread over a moving shot.

    Returns:
        Mask (H, W), bool, True on graphics; all False where nearly the whole picture is still, since then nothing can
        be told apart.
    """
    frames_THW = np.asarray(frames_THW)
    if len(frames_THW) < 2:
        return np.zeros(frames_THW.shape[1:], dtype=bool)
    is_still = frames_THW.astype(np.float32).std(axis=0) < _STATIC_STD
    if is_still.mean() > 0.5:
        return np.zeros_like(is_still)
    mean = frames_THW.mean(axis=0, dtype=np.float32)
    edges = np.hypot(cv2.Sobel(mean, cv2.CV_32F, 1, 0), cv2.Sobel(mean, cv2.CV_32F, 0, 1)) > 8 * _STATIC_STD
    size = max(3, round(frames_THW.shape[1] / 20)) | 1  # letters and what lies between them
    near_edge = cv2.dilate((edges & is_still).astype(np.uint8), np.ones((size, size), np.uint8)).astype(bool)
    return cv2.morphologyEx((is_still & near_edge).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
