"""Half-open time spans in seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Hold a half-open interval [start_s, end_s) of a video.

    Raises:
        ValueError: If the ends are not finite or are in the wrong order.

    Example:
        >>> 1.0 in Span(1.0, 3.0), 3.0 in Span(1.0, 3.0)
        (True, False)
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
