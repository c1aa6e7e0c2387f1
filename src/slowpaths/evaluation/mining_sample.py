"""A mined set against truth as the measures read it.

Legend: B replicates, of which the first is the sample itself, N rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from slowpaths.evaluation.classes import ClassSpace
from slowpaths.evaluation.intervals import divide, leave_out
from slowpaths.evaluation.losses import LossCheck
from slowpaths.evaluation.measure import NOTHING, Reading
from slowpaths.evaluation.mining_check import Fate, MiningCheck
from slowpaths.evaluation.pose_check import PoseCheck
from slowpaths.evaluation.shot_check import BoundaryCheck, ShotFate
from slowpaths.store.mined_folder import MinedFolder


@dataclass(frozen=True, kw_only=True, eq=False)
class MiningSample:
    """Hold what mining found beside truth."""

    folder: MinedFolder  # the mined folder
    check: MiningCheck  # the mined set against truth
    space: ClassSpace  # classes of the truth
    shots: list[ShotFate] | None = None  # the mined shots against true ones; None where there is no table of them
    boundaries: BoundaryCheck | None = None  # their boundaries against true ones; None where there is no table of them
    sharp: BoundaryCheck | None = None  # the same, within two frames
    losses: LossCheck | None = None  # how each true delivery was lost and what is wrong with each false claim
    poses: PoseCheck | None = None  # joints against true ones; None where there are none

    @cached_property
    def match_N(self) -> np.ndarray:
        """Return the match of every true delivery, else its video (N,)."""
        return np.array([fate.match for fate in self.check.fates], dtype=object)

    @cached_property
    def _match_of(self) -> dict[str, str]:
        """Return the match of each video, as truth names both."""
        return {fate.truth.video: fate.match for fate in self.check.fates}

    def share_of(self, is_hit: Callable[[Fate], bool | None], **options: Any) -> Reading:
        """Return the share of hits among the true deliveries; None is not judged. Options as in `share`."""
        return self.share([is_hit(fate) for fate in self.check.fates], **options)

    def share(
        self,
        values: np.ndarray | Sequence[bool | None],
        videos: np.ndarray | None = None,
        *,
        chance: float | None = None,
        constant: float | None = None,
        reason: str = NOTHING,
    ) -> Reading:
        """Return the share of hits: 1 hit, 0 miss, NaN or None not judged (N,).

        Matches are left out one at a time: those of the given videos (N,), a video by itself where truth knows no match
        of it; those of the true deliveries where no videos are given.
        """
        values = np.array([np.nan if value is None else float(value) for value in values])
        known = np.isfinite(values)
        if not known.any():
            return Reading(reason=reason)
        match_N = self.match_N
        if videos is not None:
            match_N = np.array([self._match_of.get(video, video) for video in videos], dtype=object)
        weights_BN = leave_out(match_N)
        share_B = divide(weights_BN @ np.where(known, values, 0.0), weights_BN @ known)
        return Reading(values_B=share_B, num=int(known.sum()), chance=chance, constant=constant, reason=reason)


def most_frequent(values: Sequence[str]) -> float:
    """Return the share of the most frequent value; 0 where there is none."""
    return max(Counter(values).values(), default=0) / max(len(values), 1)
