"""What is measured of a frame to tell what the camera looks at: colours, ground, people, the camera's speed.

Legend: P people, H, W, C picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

_SIZE = (128, 72)
_UPPER, _LOWER = slice(4, 25), slice(36, 61)  # below the frame's edge and above the scorecard
_CENTRE, _FLANKS = np.r_[50:78], np.r_[6:28, 100:122]
CROWD_ROUGHNESS = 5.0  # grey levels; faces and shirts at 128 x 72


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewCues:
    """Hold what was measured on a frame."""

    grass: float  # share of grass-coloured pixels outside people
    soil: float  # share of soil-coloured pixels outside people
    ground: float  # share of smooth grass- or soil-coloured pixels outside people
    ground_upper: float  # the same in the upper third, where the outfield lies in a view from a high camera
    ground_lower: float  # the same in the lower middle
    strip_contrast: float  # how much lighter the centre of the lower half is than its flanks, L* of CIE Lab 0..100
    roughness: float  # mean high-pass magnitude outside people, grey levels: crowds, leaves, boards
    num_people: float  # people found
    tallest: float  # height of the tallest person, picture heights
    typical: float  # median height, picture heights
    spread_x: float  # standard deviation of the feet across, picture widths
    spread_y: float  # standard deviation of the feet downwards, picture heights
    soil_at_feet: float  # share of soil-coloured pixels around the feet, of the person with most
    is_cropped: float  # whether the tallest person's box ends at the lower edge of the picture, 0..1
    pan: float = 0.0  # speed of the camera across and down, picture heights per second
    zoom: float = 0.0  # speed of the zoom, log units per second, positive in
    # how far a band of soil at somebody's feet reaches across the picture, with other ground below it
    soil_across: float = 0.0


def measure_frame(frame_HWC: np.ndarray, boxes_P4: np.ndarray, *, pan: float = 0.0, zoom: float = 0.0) -> ViewCues:
    """Measure the cues of one RGB frame (H, W, 3), uint8, given the people in its pixels and the camera's speed."""
    frame_HWC, boxes_P4 = _without_bars(frame_HWC, np.asarray(boxes_P4, dtype=np.float64).reshape(-1, 4))
    height, width = frame_HWC.shape[:2]
    small = cv2.resize(frame_HWC, _SIZE, interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV).astype(np.float32)
    hue, saturation, value = hsv[..., 0], hsv[..., 1] / 255, hsv[..., 2] / 255
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lightness = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32) * (100 / 255)
    rough = cv2.blur(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.0)), (5, 5))
    small_P4 = boxes_P4 * np.array([_SIZE[0] / width, _SIZE[1] / height] * 2)
    free = ~_people_mask(small_P4)
    # Half degrees, as OpenCV counts hue: grass 70..170 degrees, soil and dry grass 16..70.
    grass = (hue >= 35) & (hue <= 85) & (saturation > 0.2) & (value > 0.15)
    soil = (hue >= 8) & (hue < 35) & (saturation > 0.08) & (saturation < 0.65) & (value > 0.25)
    # Ground is smooth; turf may be grainy too (mowing, film grain), as long as it is green and finer than a crowd.
    ground = (hue >= 8) & (hue <= 95) & (saturation > 0.04) & (value > 0.15) & (rough < 2.0)
    ground |= grass & (rough < CROWD_ROUGHNESS)
    return ViewCues(
        grass=_share(grass, free),
        soil=_share(soil, free),
        ground=_share(ground, free),
        ground_upper=_share(ground[_UPPER], free[_UPPER]),
        ground_lower=_share(ground[_LOWER], free[_LOWER]),
        strip_contrast=_strip_contrast(lightness, free),
        roughness=float(rough[free].mean()) if free.any() else 0.0,
        soil_at_feet=_at_feet(soil, small_P4),
        soil_across=_across_at_feet(soil, free, small_P4),
        pan=pan,
        zoom=zoom,
        **_people_cues(boxes_P4, height=height, width=width),
    )


def _without_bars(frame_HWC: np.ndarray, boxes_P4: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut off black bars at the edges; people move with the corner."""
    brightest = np.maximum(np.maximum(frame_HWC[..., 0], frame_HWC[..., 1]), frame_HWC[..., 2])
    bright = (brightest > 24).view(np.uint8)  # limited-range black is 16
    across, down = (cv2.reduce(bright, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel() for axis in (1, 0))
    rows, columns = np.flatnonzero(across > 0.05), np.flatnonzero(down > 0.05)
    if len(rows) < 16 or len(columns) < 16:
        return frame_HWC, boxes_P4
    shift = np.array([columns[0], rows[0]] * 2)
    return frame_HWC[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], boxes_P4 - shift


def _at_feet(mask: np.ndarray, small_P4: np.ndarray) -> float:
    """Return the largest share of `mask` beside and below the feet of anybody."""
    shares = []
    for x1, y1, x2, y2 in small_P4:
        top, bottom = y2 - 0.05 * (y2 - y1), y2 + 0.15 * (y2 - y1)
        left, right = x1 - 0.5 * (x2 - x1), x2 + 0.5 * (x2 - x1)
        patch = mask[max(int(top), 0) : int(bottom) + 1, max(int(left), 0) : int(right) + 1]
        if patch.size and y2 < _SIZE[1] - 1:
            shares.append(float(patch.mean()))
    return max(shares, default=0.0)


def _across_at_feet(mask: np.ndarray, free: np.ndarray, small_P4: np.ndarray) -> float:
    """Return the largest share of a row at anybody's feet that is in `mask`, people left out.

    It counts as far as `mask` ends again below: a strip that runs towards the camera goes on to the edge.
    """
    shares_H = (mask & free).sum(axis=1) / np.maximum(free.sum(axis=1), 1)
    most = 0.0
    for _, y1, _, y2 in small_P4:
        rows = shares_H[max(int(y2 - 0.15 * (y2 - y1)), 0) : int(y2 + 0.15 * (y2 - y1)) + 1]
        below = shares_H[int(y2 + 0.25 * (y2 - y1)) + 1 :]
        if len(rows) and len(below):
            most = max(most, float(rows.max() * (1.0 - below.min())))
    return most


def _people_mask(small_P4: np.ndarray) -> np.ndarray:
    mask = np.zeros((_SIZE[1], _SIZE[0]), dtype=bool)
    for x1, y1, x2, y2 in small_P4:
        mask[max(int(y1), 0) : int(y2) + 1, max(int(x1), 0) : int(x2) + 1] = True
    return mask


def _people_cues(boxes_P4: np.ndarray, *, height: int, width: int) -> dict[str, float]:
    if not len(boxes_P4):
        return dict(num_people=0.0, tallest=0.0, typical=0.0, spread_x=0.0, spread_y=0.0, is_cropped=0.0)
    heights = (boxes_P4[:, 3] - boxes_P4[:, 1]) / height
    return dict(
        num_people=float(len(boxes_P4)),
        tallest=float(heights.max()),
        typical=float(np.median(heights)),
        spread_x=float(np.std((boxes_P4[:, 0] + boxes_P4[:, 2]) / 2 / width)),
        spread_y=float(np.std(boxes_P4[:, 3] / height)),
        is_cropped=float(boxes_P4[heights.argmax(), 3] >= 0.97 * height),
    )


def _share(mask: np.ndarray, free: np.ndarray) -> float:
    return float((mask & free).sum() / max(free.sum(), 1))


def _strip_contrast(lightness: np.ndarray, free: np.ndarray) -> float:
    """Return the median over bands of rows of lightness at the centre minus lightness at the flanks."""
    contrasts = []
    for top in range(26, 62, 6):
        band, seen = lightness[top : top + 6], free[top : top + 6]
        centre, flanks = band[:, _CENTRE][seen[:, _CENTRE]], band[:, _FLANKS][seen[:, _FLANKS]]
        if len(centre) > 5 and len(flanks) > 5:
            contrasts.append(np.median(centre) - np.median(flanks))
    return float(np.median(contrasts)) if contrasts else 0.0
