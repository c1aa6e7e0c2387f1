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
    """Describe one piece of footage, or why it cannot be used.

    Args:
        video_id: Readable id with a content digest.
        path: Path relative to the footage folder, with forward slashes.
        fps: Average frame rate as an exact fraction (0 where unknown).
        num_frames: Frames that really decode.
        width: Width as shown, after rotation, pixels.
        height: Height as shown, after rotation, pixels.
        duration_s: Presentation length, seconds.
        is_variable_rate: Whether frame durations differ.
        has_audio: Whether there is a sound track.
        match_id: What must stay on one side of a split (a match; the video itself where nothing is known).
        status: "ok" or "quarantined".
        reason: Why it is quarantined, or which video holds the same bytes, one sentence; "" otherwise.
        digest: sha256 of the content, 64 hex digits; "" where unreadable.
        codec: Codec name; "frames" for a folder of pictures.
        rotation_deg: Rotation that was applied, 0, 90, 180 or 270.
        is_interlaced: Whether the stream is flagged interlaced.
        bit_depth: Bits per component.
    """

    video_id: str
    path: str
    fps: Fraction = Fraction(0)
    num_frames: int = 0
    width: int = 0
    height: int = 0
    duration_s: float = 0.0
    is_variable_rate: bool = False
    has_audio: bool = False
    match_id: str = ""
    status: Literal["ok", "quarantined"] = "ok"
    reason: str = ""
    digest: str = ""
    codec: str = ""
    rotation_deg: int = 0
    is_interlaced: bool = False
    bit_depth: int = 8


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
    """Hold one person over time; NaN where unseen.

    Args:
        video_id: The video.
        shot_id: The shot; "" for imported sequences.
        track_id: Number of the track within the shot.
        frames_T: Frame indices (T,), int64.
        pts_s: Presentation times (T,), seconds.
        keypoints_TJC: COCO-17 keypoints (T, 17, 3): x, y in pixels as shown, confidence 0..1; x, y NaN where unseen.
        boxes_T4: Boxes x1, y1, x2, y2 (T, 4), pixels.
        camera_T3: Camera position since the first frame (T, 3): pan right and tilt down in pixels, log zoom in.
    """

    video_id: str
    shot_id: str
    track_id: int
    frames_T: np.ndarray
    pts_s: np.ndarray
    keypoints_TJC: np.ndarray
    boxes_T4: np.ndarray
    camera_T3: np.ndarray

    @property
    def span(self) -> Span:
        """Return the time from the first frame to just after the last."""
        return Span(float(self.pts_s[0]), float(np.nextafter(self.pts_s[-1], np.inf)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseSequence:
    """Hold an imported pose sequence of one stroke, without its video.

    Args:
        name: Name in its archive; it stands for the path of a video.
        label: Stroke in the words of the archive; "" where unknown. For evaluation only.
        track: The poses, in pixels of a nominal picture and at a nominal frame rate.
        duplicate_of: Name of a sequence with the very same numbers; "" where there is none.
        picture_size: Width and height of the nominal picture, pixels.
        digest: sha256 of the numbers, 64 hex digits.
    """

    name: str
    label: str
    track: PoseTrack
    duplicate_of: str
    picture_size: tuple[int, int]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Describe one ball faced: where it is, who faces it, and what was measured.

    Args:
        delivery_id: Id made of the video and the impact time.
        video_id: The video.
        shot_id: The shot.
        span: The stroke clip [impact - .80, impact + .48), seconds.
        impact_s: Bat on ball (or where it should have been), presentation time, seconds.
        impact_uncertainty_s: Standard deviation of `impact_s`, seconds.
        view: View of the shot.
        handedness_p: Probability that the batter is right-handed.
        box: The striker at impact, pixels of the full-size picture as shown.
        event_p: Probability that there is a stroke here at all.
        features: Measured numbers by name (`core.features`); NaN where unmeasured.
    """

    delivery_id: str
    video_id: str
    shot_id: str
    span: Span
    impact_s: float
    impact_uncertainty_s: float
    view: str
    handedness_p: float
    box: Box
    event_p: float
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """Hold what one rule says of one delivery (abstentions are not stored).

    Args:
        delivery_id: The delivery.
        rule: Code of the rule, such as "foot.stride".
        symbol: The symbol it votes for, declared by the rule as a set of strokes.
        evidence: Short text a person can check, with the measured number.
    """

    delivery_id: str
    rule: str
    symbol: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledClip:
    """Hold a distribution over strokes for one delivery, whoever gave it.

    Args:
        delivery_id: The delivery.
        video_id: The video.
        video: Path of the video relative to the footage folder (how truth tables name it).
        match_id: What must stay on one side of a split.
        span: The stroke clip, seconds.
        impact_s: Impact, seconds; NaN where unknown.
        event_p: Probability that there is a stroke here at all.
        probs: Probabilities (14,) in the order of `core.strokes.STROKES`.
        label: The most probable stroke.
        confidence: Its probability.
        source: "weak" (label model), "gold" (a person) or "model" (a trained network).
        is_kept: Whether selection keeps it for training.
        votes_fingerprint: Rule set and label model it came from; "" for other sources.
    """

    delivery_id: str
    video_id: str
    video: str
    match_id: str
    span: Span
    impact_s: float
    event_p: float
    probs: np.ndarray
    label: str
    confidence: float
    source: Source
    is_kept: bool = True
    votes_fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction(LabelledClip):
    """Hold what a trained model says: a labelled clip and where it came from.

    Args:
        model_id: Fingerprint of the checkpoint.
        view_index: Number of the test view; -1 for the average over views.
        split: "train", "val", "test", or "none" for footage outside the mined set.
    """

    model_id: str = ""
    view_index: int = -1
    split: Literal["train", "val", "test", "none"] = "none"
