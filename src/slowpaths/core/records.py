"""The frozen records that travel between the stages.

Legend: T frames, J = 17 joints, C = x, y, confidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import numpy as np

from slowpaths.core.spans import Span

Source = Literal["weak", "gold", "model"]
CorrectionKind = Literal["stroke", "impact", "no_stroke", "wrong_person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Hold a box in pixels of the full-size picture, x to the right, y down."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """Return the width in pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Return the height in pixels."""
        return self.y2 - self.y1

    def iou(self, other: Box) -> float:
        """Return intersection over union with another box.

        Example:
            >>> Box(x1=0, y1=0, x2=10, y2=10).iou(Box(x1=5, y1=0, x2=15, y2=10))
            0.3333333333333333
        """
        across = max(0.0, min(self.x2, other.x2) - max(self.x1, other.x1))
        common = across * max(0.0, min(self.y2, other.y2) - max(self.y1, other.y1))
        union = self.width * self.height + other.width * other.height - common
        return common / union if union > 0 else 0.0

    def to_array(self) -> np.ndarray:
        """Return x1, y1, x2, y2 as float64 (4,)."""
        return np.array([self.x1, self.y1, self.x2, self.y2], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRef:
    """Describe one piece of footage, or why it cannot be used."""

    video_id: str  # readable id with a content digest
    path: str  # path relative to the footage folder, with forward slashes
    fps: Fraction = Fraction(0)  # average frame rate as an exact fraction (0 where unknown)
    num_frames: int = 0  # frames that really decode
    width: int = 0  # width as shown, after rotation, pixels
    height: int = 0  # height as shown, after rotation, pixels
    duration_s: float = 0.0  # presentation length, seconds
    is_variable_rate: bool = False  # whether frame durations differ
    has_audio: bool = False  # whether there is a sound track
    match_id: str = ""  # what must stay on one side of a split (a match; the video itself where nothing is known)
    status: Literal["ok", "quarantined"] = "ok"  # "ok" or "quarantined"
    reason: str = ""  # why it is quarantined, or which video holds the same bytes, one sentence; "" otherwise
    digest: str = ""  # the sha256 of the content, 64 hex digits; "" where unreadable
    codec: str = ""  # codec name; "frames" for a folder of pictures
    rotation_deg: int = 0  # rotation that was applied, 0, 90, 180 or 270
    is_interlaced: bool = False  # whether the stream is flagged interlaced
    bit_depth: int = 8  # bits per component


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """Say why no delivery is claimed in a video that can be read."""

    video_id: str  # the video
    # "still" (no three pictures that differ), "no_play" (no shot of play), "nobody" (nobody moves in one), "no_stroke"
    # (nothing they do looks like a stroke) or "other_game" (strokes, of another game)
    cause: Literal["still", "no_play", "nobody", "no_stroke", "other_game"]
    event_p: float = float("nan")  # probability of its likeliest stroke, 0..1; NaN where none was looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """Describe a run of frames from one camera.

    Args:
        shot_id: Id.
        video_id: The video it lies in.
        span: Where it lies, seconds.
        first_frame: First frame index in decode order.
        last_frame: Last frame index, inclusive.
        view: One of `core.views.VIEWS`.
        view_probability: How sure the view is, 0..1.
        is_replay: Whether it shows again what was shown before.
        replay_of: Shot that it repeats, where known.
        transition: How the shot begins. A wipe or dissolve is a shot of its own, of view `other`, from the first
            frame that it touches to the last, and begins as itself; the shot after it begins with a cut.
    """

    shot_id: str
    video_id: str
    span: Span
    first_frame: int
    last_frame: int
    view: str = "other"
    view_probability: float = 0.0
    is_replay: bool = False
    replay_of: str | None = None
    transition: Literal["start", "cut", "wipe", "dissolve"] = "cut"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseTrack:
    """Hold one person over time; NaN where unseen."""

    video_id: str  # the video
    shot_id: str  # the shot; "" for imported sequences
    track_id: int  # number of the track within the shot
    frames_T: np.ndarray  # frame indices (T,), int64
    pts_s: np.ndarray  # presentation times (T,), seconds
    # COCO-17 keypoints (T, 17, 3): x, y in pixels as shown, confidence 0..1; x, y NaN where unseen
    keypoints_TJC: np.ndarray
    boxes_T4: np.ndarray  # boxes x1, y1, x2, y2 (T, 4), pixels
    # camera position since the first frame (T, 3): pan right and tilt down in pixels, log zoom in
    camera_T3: np.ndarray

    @property
    def span(self) -> Span:
        """Return the time from the first frame to just after the last."""
        return Span(float(self.pts_s[0]), float(np.nextafter(self.pts_s[-1], np.inf)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseSequence:
    """Hold an imported pose sequence of one stroke, without its video."""

    name: str  # name in its archive; it stands for the path of a video
    label: str  # stroke in the words of the archive; "" where unknown. For evaluation only
    track: PoseTrack  # the poses, in pixels of a nominal picture and at a nominal frame rate
    duplicate_of: str  # name of a sequence with the very same numbers; "" where there is none
    picture_size: tuple[int, int]  # width and height of the nominal picture, pixels
    digest: str  # sha256 of the numbers, 64 hex digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Describe one ball faced: where it is, who faces it, and what was measured."""

    delivery_id: str  # id made of the video and the impact time
    video_id: str  # the video
    shot_id: str  # the shot
    span: Span  # the stroke clip [impact - .80, impact + .48), seconds
    impact_s: float  # bat on ball (or where it should have been), presentation time, seconds
    impact_uncertainty_s: float  # standard deviation of `impact_s`, seconds
    view: str  # view of the shot
    handedness_p: float  # probability that the batter is right-handed
    box: Box  # the striker at impact, pixels of the full-size picture as shown
    event_p: float  # probability that there is a stroke here at all
    # measured numbers by name (`core.features`); NaN where unmeasured
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """Hold what one rule says of one delivery (abstentions are not stored)."""

    delivery_id: str  # the delivery
    rule: str  # code of the rule, such as "foot.stride"
    symbol: str  # the symbol it votes for, declared by the rule as a set of strokes
    evidence: str  # short text a person can check, with the measured number
    weight: float = 1.0  # how far it counts, 0..1: the chance that what it says was there to be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Hold what a person says of one delivery."""

    delivery_id: str  # the delivery
    label: str = ""  # the stroke that was played; "" where that is not said
    # "stroke" (it is the label), "impact" (only the impact is said), "no_stroke", or "wrong_person" (not the batter)
    kind: CorrectionKind = "stroke"
    impact_s: float = float("nan")  # where the impact is, seconds; NaN where it is not said
    note: str = ""  # free text


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledClip:
    """Hold a distribution over strokes for one delivery, whoever gave it."""

    delivery_id: str  # the delivery
    video_id: str  # the video
    video: str  # path of the video relative to the footage folder (how truth tables name it)
    match_id: str  # what must stay on one side of a split
    span: Span  # the stroke clip, seconds
    impact_s: float  # impact, seconds; NaN where unknown
    event_p: float  # probability that there is a stroke here at all
    probs: np.ndarray  # probabilities (14,) in the order of `core.strokes.STROKES`
    label: str  # the most probable stroke
    confidence: float  # its probability
    source: Source  # "weak" (label model), "gold" (a person) or "model" (a trained network)
    is_kept: bool = True  # whether selection keeps it for training
    votes_fingerprint: str = ""  # rule set and label model it came from; "" for other sources


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction(LabelledClip):
    """Hold what a trained model says: a labelled clip and where it came from."""

    model_id: str = ""  # fingerprint of the checkpoint
    view_index: int = -1  # number of the test view; -1 for the average over views
    # "train", "val", "test", or "none" for footage outside the mined set
    split: Literal["train", "val", "test", "none"] = "none"
    is_replay: bool | None = None  # whether it shows again what was shown before; None where it is not said
