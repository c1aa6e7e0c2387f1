"""Clips centred on the impact, cropped to the batter: what training reads.

Legend: T frames of the clip, H, W, C picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from slowpaths.core.records import PoseTrack, Shot
from slowpaths.mining.settings import MiningSettings
from slowpaths.video.protocol import Decoder
from slowpaths.video.write import write_clip

_SMOOTH_S = 0.24  # the crop follows the batter, not the jitter of the detector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crop:
    """Say which part of which frame each frame of a clip shows."""

    frames_T: np.ndarray  # frame indices of the source (T,)
    centres_T2: np.ndarray  # centres of the square (T, 2), full-size pixels
    sides_T: np.ndarray  # sides of the square (T,), full-size pixels


def frames_at(times_s: np.ndarray, pts_s: np.ndarray, *, first_frame: int, last_frame: int) -> np.ndarray:
    """Return the frame whose time is nearest to each instant, inside the shot; frames repeat beyond its ends.

    `pts_s` holds the times of all frames of the video; `last_frame` is inclusive.

    Example:
        >>> frames_at(np.array([-1.0, 0.05, 9.0]), np.arange(5) / 25, first_frame=0, last_frame=4).tolist()
        [0, 1, 4]
    """
    shown_s = np.asarray(pts_s[first_frame : last_frame + 1], dtype=np.float64)
    order = np.argsort(shown_s, kind="stable")
    ordered_s = shown_s[order]
    right = np.clip(np.searchsorted(ordered_s, times_s), 1, max(len(ordered_s) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(ordered_s) - 1)
    nearest = np.where(times_s - ordered_s[left] <= ordered_s[right] - times_s, left, right)
    return first_frame + order[nearest]


def plan_crop(track: PoseTrack, *, shot: Shot, impact_s: float, pts_s: np.ndarray, settings: MiningSettings) -> Crop:
    """Lay a square of constant size on the batter around the impact; the clip never leaves the shot.

    `pts_s` holds the times of all frames of the video; the track is in full-size pixels.
    """
    start_s = impact_s - settings.before_s - settings.margin_s
    num_frames = settings.clip_spec.num_frames
    times_s = start_s + np.arange(num_frames) / settings.clip_fps
    frames_T = frames_at(times_s, pts_s, first_frame=shot.first_frame, last_frame=shot.last_frame)
    shown_s = pts_s[frames_T]
    seen = np.isfinite(track.boxes_T4).all(axis=1)
    seen_s, boxes_T4 = track.pts_s[seen], track.boxes_T4[seen]
    sides = np.maximum(boxes_T4[:, 2] - boxes_T4[:, 0], boxes_T4[:, 3] - boxes_T4[:, 1])
    centres = (boxes_T4[:, :2] + boxes_T4[:, 2:]) / 2
    centres_T2 = np.stack([_smooth_at(shown_s, seen_s, centres[:, axis]) for axis in (0, 1)], axis=1)
    # One size for the whole clip: the size the batter has in the stroke itself, so that a zooming camera does not
    # shrink the stroke into a corner of its crop.
    stroke = np.abs(seen_s - impact_s) <= 0.2
    side = float(np.median(sides[stroke] if stroke.any() else sides)) * settings.crop_scale
    return Crop(frames_T=frames_T, centres_T2=centres_T2, sides_T=np.full(num_frames, max(side, 2.0)))


def cut_clip(decoder: Decoder, crop: Crop, *, side_px: int) -> np.ndarray:
    """Read the frames of a clip once each and crop them; beyond the edge the border is repeated.

    Returns:
        Frames (T, side_px, side_px, 3), uint8.
    """
    unique, where = np.unique(crop.frames_T, return_inverse=True)
    frames_THWC = decoder.frames(unique.tolist())
    clip = np.empty((len(where), side_px, side_px, 3), dtype=np.uint8)
    for number, source in enumerate(where):
        clip[number] = crop_square(
            frames_THWC[source], centre_xy=crop.centres_T2[number], side=crop.sides_T[number], side_px=side_px
        )
    return clip


def crop_square(frame_HWC: np.ndarray, *, centre_xy: np.ndarray, side: float, side_px: int) -> np.ndarray:
    """Cut a square around a point out of a frame (H, W, 3), uint8, and resize it to `side_px`."""
    scale = side_px / side
    if scale < 1:  # shrink by area first, so that thin bats do not alias away
        size = (max(1, round(frame_HWC.shape[1] * scale)), max(1, round(frame_HWC.shape[0] * scale)))
        shrunk = cv2.resize(frame_HWC, size, interpolation=cv2.INTER_AREA)
        centre_xy = centre_xy * np.array([size[0] / frame_HWC.shape[1], size[1] / frame_HWC.shape[0]])
        frame_HWC, scale = shrunk, 1.0
    matrix = np.array(
        [[scale, 0, side_px / 2 - scale * centre_xy[0]], [0, scale, side_px / 2 - scale * centre_xy[1]]],
        dtype=np.float64,
    )
    return cv2.warpAffine(
        frame_HWC, matrix, (side_px, side_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def save_clip(path: Path, decoder: Decoder, crop: Crop, *, settings: MiningSettings) -> None:
    """Read, crop and write one clip; its first frame lies at impact minus `before_s` minus `margin_s`."""
    frames_THWC = cut_clip(decoder, crop, side_px=settings.clip_px)
    write_clip(path, frames_THWC, fps=Fraction(settings.clip_fps), crf=settings.clip_crf, gop=8)


def _smooth_at(times_s: np.ndarray, seen_s: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return values at other times: Gaussian-weighted means of what was seen near, the nearest one beyond the ends."""
    clipped = np.clip(times_s, seen_s[0], seen_s[-1])
    weights = np.exp(-0.5 * ((clipped[:, None] - seen_s[None, :]) / (_SMOOTH_S / 2)) ** 2) + 1e-12
    # Local lines, not local means: a mean lags behind at the ends of a pan.
    offsets = seen_s[None, :] - clipped[:, None]
    total, first, second = weights.sum(1), (weights * offsets).sum(1), (weights * offsets**2).sum(1)
    sums, moments = weights @ values, (weights * offsets) @ values
    determinant = total * second - first**2
    return np.where(determinant > 1e-9, (second * sums - first * moments) / np.maximum(determinant, 1e-9), sums / total)
