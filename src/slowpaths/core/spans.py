"""Half-open time spans in seconds.

Legend: T frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Hold a half-open interval [start_s, end_s) of a video.

    Raises:
        ValueError: If the ends are not finite or are in the wrong order.

    Example:
        >>> Span(1.0, 3.0).iou(Span(2.0, 4.0))
        0.3333333333333333
    """

    start_s: float  # first instant, seconds
    end_s: float  # first instant that is no longer inside, seconds

    def __post_init__(self) -> None:
        if not (np.isfinite(self.start_s) and np.isfinite(self.end_s)):
            raise ValueError(f"a span needs finite ends, got [{self.start_s}, {self.end_s})")
        if self.end_s < self.start_s:
            raise ValueError(f"a span must not end before it starts, got [{self.start_s}, {self.end_s})")

    @property
    def duration_s(self) -> float:
        """Return the length in seconds."""
        return self.end_s - self.start_s

    @property
    def centre_s(self) -> float:
        """Return the middle in seconds."""
        return 0.5 * (self.start_s + self.end_s)

    def __contains__(self, time_s: float) -> bool:
        return self.start_s <= time_s < self.end_s

    def intersection_s(self, other: Span) -> float:
        """Return the length of the common part in seconds (0 where they do not touch)."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))

    def iou(self, other: Span) -> float:
        """Return intersection over union; 0 where both are empty."""
        common_s = self.intersection_s(other)
        union_s = self.duration_s + other.duration_s - common_s
        return common_s / union_s if union_s > 0 else 0.0

    def pad(self, before_s: float, after_s: float | None = None) -> Span:
        """Return the span widened by `before_s` and `after_s` (the same where it is not given)."""
        return Span(self.start_s - before_s, self.end_s + (before_s if after_s is None else after_s))

    def clip(self, bounds: Span) -> Span:
        """Return the part inside `bounds`; an empty span at the nearer end where there is none."""
        start_s = min(max(self.start_s, bounds.start_s), bounds.end_s)
        end_s = max(min(self.end_s, bounds.end_s), bounds.start_s)
        return Span(start_s, max(start_s, end_s))

    def to_frames(self, pts_s: np.ndarray) -> np.ndarray:
        """Return the indices of the frames shown inside the span, in decode order, from their times in any order.

        Example:
            >>> Span(0.04, 0.12).to_frames(np.arange(5) / 25).tolist()
            [1, 2]
        """
        pts_s = np.asarray(pts_s, dtype=np.float64)
        return np.flatnonzero((pts_s >= self.start_s - 1e-9) & (pts_s < self.end_s - 1e-9))


def merge(spans: Iterable[Span], *, max_gap_s: float = 0.0) -> list[Span]:
    """Join spans in any order that touch or lie within `max_gap_s` of each other: disjoint ones in time order.

    Example:
        >>> merge([Span(2, 3), Span(0, 1), Span(1, 1.5)])
        [Span(start_s=0, end_s=1.5), Span(start_s=2, end_s=3)]
    """
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start_s - merged[-1].end_s <= max_gap_s:
            merged[-1] = Span(merged[-1].start_s, max(merged[-1].end_s, span.end_s))
        else:
            merged.append(span)
    return merged
