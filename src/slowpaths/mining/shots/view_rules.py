"""What the camera looks at, without labels: cues of a shot, and soft rules that name its view.

Legend: N people, S shots, Q cues, V = 8 views.

Every view is a list of soft intervals on cues (after Bananki and Srinivasa, ELCVIA 2014, who show that the layout of
colours is enough to tell pitch frames, and the thresholds of a broadcast grammar: a pitch view shows three people and
more, the tallest between .1 and .45 of the picture before the zoom, a close-up one above .7). Probabilities are the
normalised products; `other` is what remains when no view fits. With enough shots the cues are clustered, and a shot
leans on the other shots of its cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import cv2
import numpy as np
from scipy.special import logsumexp

from slowpaths.core.views import VIEWS

_SIZE = (128, 72)
_UPPER, _LOWER = slice(4, 25), slice(36, 61)  # below the frame's edge and above the scorecard
_CENTRE, _FLANKS = np.r_[50:78], np.r_[6:28, 100:122]
MIN_SHOTS_TO_CLUSTER = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Cues:
    """Hold what was measured on a frame or, as medians, on a shot.

    Args:
        grass: Share of grass-coloured pixels outside people.
        soil: Share of soil-coloured pixels outside people.
        ground: Share of smooth grass- or soil-coloured pixels outside people.
        ground_upper: The same in the upper third, where the outfield lies in a view from a high camera.
        ground_lower: The same in the lower middle.
        strip_contrast: How much lighter the centre of the lower half is than its flanks, L* of CIE Lab 0..100.
        roughness: Mean high-pass magnitude outside people, grey levels: crowds, leaves, boards.
        num_people: People found.
        tallest: Height of the tallest person, picture heights.
        typical: Median height, picture heights.
        spread_x: Standard deviation of the feet across, picture widths.
        spread_y: Standard deviation of the feet downwards, picture heights.
        soil_at_feet: Share of soil-coloured pixels around the feet, of the person with most.
        is_cropped: Whether the tallest person's box ends at the lower edge of the picture, 0..1.
        pan: Speed of the camera across and down, picture heights per second.
        zoom: Speed of the zoom, log units per second, positive in.
        soil_across: How far a band of soil at somebody's feet reaches across the picture, with other ground below it.
    """

    grass: float
    soil: float
    ground: float
    ground_upper: float
    ground_lower: float
    strip_contrast: float
    roughness: float
    num_people: float
    tallest: float
    typical: float
    spread_x: float
    spread_y: float
    soil_at_feet: float
    is_cropped: float
    pan: float = 0.0
    zoom: float = 0.0
    soil_across: float = 0.0


@dataclass(frozen=True, slots=True)
class Soft:
    """Describe a soft interval on a cue.

    Args:
        cue: Name of the cue.
        low: Where membership reaches one half from below.
        high: Where it falls to one half again.
        width: Distance over which it goes from .27 to .73.
        floor: Least membership: how much one cue may say against a view.
    """

    cue: str
    low: float = -np.inf
    high: float = np.inf
    width: float = 0.05
    floor: float = 0.05

    def __call__(self, value: float) -> float:
        """Return the membership of a value, `floor`..1."""
        up = 1 / (1 + np.exp(np.clip(-(value - self.low) / self.width, -50, 50)))
        down = 1 / (1 + np.exp(np.clip((value - self.high) / self.width, -50, 50)))
        return float(self.floor + (1 - self.floor) * up * down)


CROWD_ROUGHNESS = 5.0  # grey levels; faces and shirts at 128 x 72
_STILL = Soft("pan", high=0.05, width=0.02, floor=0.2)  # a phone or a tripod
_LEVEL = Soft("spread_y", high=0.10, width=0.03, floor=0.2)  # people stand on one line

# A view may have several looks; it is as probable as its best one.
RULES: dict[str, tuple[tuple[Soft, ...], ...]] = {
    "pitch_endon": (
        (
            Soft("ground_upper", low=0.30),  # a camera high behind the bowler sees turf behind the batter
            Soft("ground", low=0.30),
            Soft("tallest", low=0.24, high=0.75),
            Soft("num_people", low=1.5, high=12, width=0.5, floor=0.2),
            Soft("spread_y", low=0.08, width=0.03, floor=0.2),  # people stand along the pitch, one above the other
            Soft("strip_contrast", low=2.0, width=1.0, floor=0.2),
            Soft("pan", high=0.5, width=0.1, floor=0.3),
        ),
        (  # tight on the batter, as in replays: the strip fills the picture
            Soft("ground_upper", low=0.30),
            Soft("ground", low=0.30),
            Soft("tallest", low=0.40, high=0.75),
            Soft("num_people", low=0.5, high=4.5, width=0.5, floor=0.2),
            Soft("strip_contrast", low=0.0, width=1.0, floor=0.2),
            Soft("pan", high=0.2, width=0.05, floor=0.3),
        ),
    ),
    "pitch_side": (
        (
            Soft("ground", low=0.15),
            Soft("soil", low=0.30),
            Soft("soil_at_feet", low=0.30, width=0.10, floor=0.1),
            Soft("tallest", low=0.24, high=0.85),
            Soft("num_people", low=0.5, high=5, width=0.5, floor=0.2),
            _LEVEL,
            Soft("strip_contrast", low=-5.0, high=2.0, width=1.0, floor=0.2),  # the strip runs from edge to edge
        ),
        (  # wide: a band of soil some three metres high crosses the turf at the batter's feet
            Soft("ground", low=0.30),
            Soft("soil", high=0.30),
            Soft("soil_across", low=0.60, width=0.05),
            Soft("tallest", low=0.18, high=0.60),
            Soft("num_people", low=0.5, high=6, width=0.5, floor=0.2),
            Soft("strip_contrast", low=-6.0, high=5.0, width=1.0, floor=0.2),
        ),
    ),
    "nets_endon": (
        (
            Soft("ground_upper", high=0.20),  # a net, a sheet or trees behind the batter, not turf
            Soft("soil_at_feet", low=0.30, width=0.10),  # bare ground or a mat, not a lawn
            Soft("soil", low=0.15),
            Soft("tallest", low=0.30, high=0.85),
            Soft("num_people", low=0.5, high=3.5, width=0.5, floor=0.1),
            _STILL,
            Soft("roughness", high=9.0, width=1.0, floor=0.2),
        ),
    ),
    "nets_side": (
        (
            Soft("ground_upper", high=0.20),
            Soft("soil_at_feet", low=0.30, width=0.10),
            Soft("ground_lower", low=0.30),
            Soft("tallest", low=0.30, high=0.85),
            Soft("num_people", low=0.5, high=3.5, width=0.5, floor=0.1),
            _STILL,
            _LEVEL,
            Soft("strip_contrast", low=-6.0, high=2.0, width=1.0, floor=0.2),
        ),
    ),
    "closeup": (
        (
            Soft("tallest", low=0.70),
            Soft("is_cropped", low=0.5, width=0.1, floor=0.5),
            Soft("num_people", low=0.5, high=4.0, width=0.3, floor=0.2),
            Soft("ground_lower", high=0.5, floor=0.3),
        ),
    ),
    "field": (
        (
            Soft("ground", low=0.30),
            Soft("tallest", high=0.27),
            Soft("ground_lower", low=0.35, floor=0.1),
            Soft("pan", low=0.10, width=0.05, floor=0.4),  # the camera follows the ball
        ),
    ),
    "crowd": (
        (
            Soft("ground", high=0.30),
            Soft("grass", high=0.55),
            Soft("soil", high=0.35),
            Soft("tallest", high=0.40, floor=0.1),
            Soft("roughness", low=CROWD_ROUGHNESS, width=1.0, floor=0.1),
        ),
    ),
}
# All views start even: shares of shots in a broadcast are of no use on short clips. `other` costs as much as one and a
# half mild cues that fail.
OTHER_LOG = float(np.log(0.1))
# A net is a lane some four metres wide: cameras stand behind the bowler or the batter, seldom beside.
_PRIOR_LOG = {"nets_side": float(np.log(1 / 3))}
_FIELD = VIEWS.index("field")
# Of every ball the camera behind the bowler shows the same picture, and stands still until it is hit; an outfield is
# shown when the camera follows the ball, each time another piece of it. As much as most cues that fail (floor .2).
_RECURRING, _FIXED_PAN = 0.15, 0.05
_RETURNS_V = np.array([{"pitch_endon": 1.0, "field": -1.0}.get(view, 0.0) * np.log(5.0) for view in VIEWS])
_PITCH = tuple(VIEWS.index(view) for view in ("pitch_endon", "pitch_side", "nets_endon", "nets_side"))


def measure_frame(frame_HWC: np.ndarray, boxes_N4: np.ndarray, *, pan: float = 0.0, zoom: float = 0.0) -> Cues:
    """Measure the cues of one frame.

    Args:
        frame_HWC: RGB frame (H, W, 3), uint8.
        boxes_N4: People (N, 4), pixels of that frame.
        pan: Speed of the camera, picture heights per second.
        zoom: Speed of the zoom, log units per second.
    """
    frame_HWC, boxes_N4 = _without_bars(frame_HWC, np.asarray(boxes_N4, dtype=np.float64).reshape(-1, 4))
    height, width = frame_HWC.shape[:2]
    small = cv2.resize(frame_HWC, _SIZE, interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV).astype(np.float32)
    hue, saturation, value = hsv[..., 0], hsv[..., 1] / 255, hsv[..., 2] / 255
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lightness = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32) * (100 / 255)
    rough = cv2.blur(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.0)), (5, 5))
    free = ~_people_mask(boxes_N4, height=height, width=width)
    # Half degrees, as OpenCV counts hue: grass 70..170 degrees, soil and dry grass 16..70.
    grass = (hue >= 35) & (hue <= 85) & (saturation > 0.2) & (value > 0.15)
    soil = (hue >= 8) & (hue < 35) & (saturation > 0.08) & (saturation < 0.65) & (value > 0.25)
    # Ground is smooth; turf may be grainy too (mowing, film grain), as long as it is green and finer than a crowd.
    ground = (hue >= 8) & (hue <= 95) & (saturation > 0.04) & (value > 0.15) & (rough < 2.0)
    ground |= grass & (rough < CROWD_ROUGHNESS)
    people = _people_cues(boxes_N4, height=height, width=width)
    return Cues(
        grass=_share(grass, free),
        soil=_share(soil, free),
        ground=_share(ground, free),
        ground_upper=_share(ground[_UPPER], free[_UPPER]),
        ground_lower=_share(ground[_LOWER], free[_LOWER]),
        strip_contrast=_strip_contrast(lightness, free),
        roughness=float(rough[free].mean()) if free.any() else 0.0,
        soil_at_feet=_at_feet(soil, boxes_N4, height=height, width=width),
        soil_across=_across_at_feet(soil, free, boxes_N4, height=height, width=width),
        pan=pan,
        zoom=zoom,
        **people,
    )


def summarise(frames: Sequence[Cues]) -> Cues:
    """Return the medians over the frames of a shot."""
    return Cues(**dict(zip(_NAMES, np.median([astuple(cues) for cues in frames], axis=0).tolist(), strict=True)))


def name_views(shots: Sequence[Cues], *, seed: int = 0) -> np.ndarray:
    """Return the probabilities of the views of all shots of one video.

    Args:
        shots: Cues of S shots.
        seed: Seed of the clustering (used with `MIN_SHOTS_TO_CLUSTER` shots and more).

    Returns:
        Probabilities (S, 8) in the order of `core.views.VIEWS`.
    """
    if not shots:
        return np.zeros((0, len(VIEWS)))
    scores_SV = np.array([[_score(cues, view) for view in VIEWS] for cues in shots])
    if len(shots) >= MIN_SHOTS_TO_CLUSTER:
        scores_SV = _lean_on_cluster(np.array([astuple(cues) for cues in shots]), scores_SV, seed=seed)
    probs_SV = np.exp(scores_SV - logsumexp(scores_SV, axis=1, keepdims=True))
    # People, lawns and crowds are in any film. Whether this one is cricket at all its best pitch shot says .
    cricket_p = 1 / (1 + np.exp(-2 * (float(scores_SV[:, _PITCH].max()) - OTHER_LOG)))
    # An outfield is an outfield whatever is played on it.
    elsewhere = (1 - cricket_p) * (1 - probs_SV[:, [_FIELD]])
    probs_SV[:, np.arange(len(VIEWS)) != _FIELD] *= cricket_p
    probs_SV[:, [VIEWS.index("other")]] += elsewhere
    return probs_SV


def _score(cues: Cues, view: str) -> float:
    if view == "other":
        return OTHER_LOG
    looks = [sum(np.log(rule(getattr(cues, rule.cue))) for rule in look) for look in RULES[view]]
    return float(max(looks)) + _PRIOR_LOG.get(view, 0.0)


def _lean_on_cluster(cues_SQ: np.ndarray, scores_SV: np.ndarray, *, seed: int) -> np.ndarray:
    """Average every shot's scores with those of its cluster; the number of clusters has the least BIC in 6..14."""
    from sklearn.mixture import GaussianMixture

    scaled = (cues_SQ - np.median(cues_SQ, axis=0)) / np.maximum(cues_SQ.std(axis=0), 1e-6)
    fits = [
        GaussianMixture(num, covariance_type="diag", reg_covar=1e-2, random_state=seed).fit(scaled)
        for num in range(6, min(14, len(scaled) // 3) + 1)
    ]
    cluster_SK = min(fits, key=lambda fit: fit.bic(scaled)).predict_proba(scaled)
    centres_KV = (cluster_SK.T @ scores_SV) / np.maximum(cluster_SK.sum(axis=0), 1e-9)[:, None]
    scores_SV = 0.5 * scores_SV + 0.5 * cluster_SK @ centres_KV
    return scores_SV + _recurrence(cues_SQ[:, _NAMES.index("pan")], cluster_SK)[:, None] * _RETURNS_V


def _recurrence(pan_S: np.ndarray, cluster_SK: np.ndarray) -> np.ndarray:
    """Return how far every shot is one of a look that comes back all the time from a camera that stands still (S,)."""
    share_K = cluster_SK.mean(axis=0)
    pan_K = (cluster_SK.T @ pan_S) / np.maximum(cluster_SK.sum(axis=0), 1e-9)
    return cluster_SK @ ((share_K >= _RECURRING) & (pan_K <= _FIXED_PAN)).astype(np.float64)


def _without_bars(frame_HWC: np.ndarray, boxes_N4: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut off black bars at the edges; people move with the corner."""
    brightest = np.maximum(np.maximum(frame_HWC[..., 0], frame_HWC[..., 1]), frame_HWC[..., 2])
    bright = (brightest > 24).view(np.uint8)  # limited-range black is 16
    across, down = (cv2.reduce(bright, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel() for axis in (1, 0))
    rows, columns = np.flatnonzero(across > 0.05), np.flatnonzero(down > 0.05)
    if len(rows) < 16 or len(columns) < 16:
        return frame_HWC, boxes_N4
    shift = np.array([columns[0], rows[0]] * 2)
    return frame_HWC[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], boxes_N4 - shift


def _at_feet(mask: np.ndarray, boxes_N4: np.ndarray, *, height: int, width: int) -> float:
    """Return the largest share of `mask` beside and below the feet of anybody."""
    shares = []
    for x1, y1, x2, y2 in boxes_N4 * np.array([_SIZE[0] / width, _SIZE[1] / height] * 2):
        top, bottom = y2 - 0.05 * (y2 - y1), y2 + 0.15 * (y2 - y1)
        left, right = x1 - 0.5 * (x2 - x1), x2 + 0.5 * (x2 - x1)
        patch = mask[max(int(top), 0) : int(bottom) + 1, max(int(left), 0) : int(right) + 1]
        if patch.size and y2 < _SIZE[1] - 1:
            shares.append(float(patch.mean()))
    return max(shares, default=0.0)


def _across_at_feet(mask: np.ndarray, free: np.ndarray, boxes_N4: np.ndarray, *, height: int, width: int) -> float:
    """Return the largest share of a row at anybody's feet that is in `mask`, people left out.

    It counts as far as `mask` ends again below: a strip that runs towards the camera goes on to the edge.
    """
    shares_H = (mask & free).sum(axis=1) / np.maximum(free.sum(axis=1), 1)
    most = 0.0
    for _, y1, _, y2 in boxes_N4 * np.array([_SIZE[0] / width, _SIZE[1] / height] * 2):
        rows = shares_H[max(int(y2 - 0.15 * (y2 - y1)), 0) : int(y2 + 0.15 * (y2 - y1)) + 1]
        below = shares_H[int(y2 + 0.25 * (y2 - y1)) + 1 :]
        if len(rows) and len(below):
            most = max(most, float(rows.max() * (1.0 - below.min())))
    return most


def _people_mask(boxes_N4: np.ndarray, *, height: int, width: int) -> np.ndarray:
    mask = np.zeros((_SIZE[1], _SIZE[0]), dtype=bool)
    scale = np.array([_SIZE[0] / width, _SIZE[1] / height] * 2)
    for x1, y1, x2, y2 in np.asarray(boxes_N4).reshape(-1, 4) * scale:
        mask[max(int(y1), 0) : int(y2) + 1, max(int(x1), 0) : int(x2) + 1] = True
    return mask


def _people_cues(boxes_N4: np.ndarray, *, height: int, width: int) -> dict[str, float]:
    boxes_N4 = np.asarray(boxes_N4, dtype=np.float64).reshape(-1, 4)
    if not len(boxes_N4):
        return dict(num_people=0.0, tallest=0.0, typical=0.0, spread_x=0.0, spread_y=0.0, is_cropped=0.0)
    heights = (boxes_N4[:, 3] - boxes_N4[:, 1]) / height
    return dict(
        num_people=float(len(boxes_N4)),
        tallest=float(heights.max()),
        typical=float(np.median(heights)),
        spread_x=float(np.std((boxes_N4[:, 0] + boxes_N4[:, 2]) / 2 / width)),
        spread_y=float(np.std(boxes_N4[:, 3] / height)),
        is_cropped=float(boxes_N4[heights.argmax(), 3] >= 0.97 * height),
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


_NAMES = tuple(field.name for field in fields(Cues))
