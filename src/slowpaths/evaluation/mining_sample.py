"""A mined set against truth as the measures read it.

Legend: B replicates, of which the first is the sample itself, N rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from slowpaths.evaluation.classes import ClassSpace
from slowpaths.evaluation.intervals import divide, leave_out
from slowpaths.evaluation.measure import NOTHING, Reading
from slowpaths.evaluation.mining_check import MiningCheck
from slowpaths.evaluation.pose_check import PoseCheck
from slowpaths.evaluation.shot_check import BoundaryCheck, ShotFate
from slowpaths.store.mined_folder import MinedFolder


@dataclass(frozen=True, kw_only=True, eq=False)
class MiningSample:
    """Hold what mining found beside truth.

    Args:
        folder: The mined folder.
        check: The mined set against truth.
        space: Classes of the truth.
        shots: The mined shots against true ones; None where there is no table of them.
        boundaries: Their boundaries against true ones; None where there is no table of them.
        poses: Joints against true ones; None where there are none.
    """

    folder: MinedFolder
    check: MiningCheck
    space: ClassSpace
    shots: list[ShotFate] | None = None
    boundaries: BoundaryCheck | None = None
    poses: PoseCheck | None = None

    @cached_property
    def match_N(self) -> np.ndarray:
        """Return the match of every true delivery, else its video (N,)."""
        return np.array([fate.truth.match_id or fate.truth.video for fate in self.check.fates], dtype=object)

    @cached_property
    def is_live(self) -> np.ndarray:
        """Return whether truth says of a delivery that it is no replay (N,)."""
        return np.array([fate.truth.is_replay is False for fate in self.check.fates])

    @cached_property
    def error_s(self) -> np.ndarray:
        """Return found minus true impact (N,), seconds; NaN where there is none to compare."""
        return np.array([f.found.impact_s - f.truth.impact_s if f.found else np.nan for f in self.check.fates])

    def share(
        self,
        values: np.ndarray | Sequence[bool | None],
        clusters: np.ndarray | None = None,
        *,
        chance: float | None = None,
        constant: float | None = None,
        reason: str = NOTHING,
    ) -> Reading:
        """Return the share of hits.

        Args:
            values: 1 hit, 0 miss, NaN or None not judged (N,).
            clusters: What is drawn (N,); the matches of the true deliveries where not given.
            chance: What guessing gets.
            constant: What always giving the most frequent answer gets.
            reason: Why there is no number where nothing is judged.
        """
        values = np.array([np.nan if value is None else float(value) for value in values])
        known = np.isfinite(values)
        if not known.any():
            return Reading(reason=reason)
        weights_BN = leave_out(self.match_N if clusters is None else clusters)
        share_B = divide(weights_BN @ np.where(known, values, 0.0), weights_BN @ known)
        return Reading(values_B=share_B, num=int(known.sum()), chance=chance, constant=constant, reason=reason)
