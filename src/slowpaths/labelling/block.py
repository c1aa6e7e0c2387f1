"""Features of many deliveries as columns, the only thing a rule sees.

Legend: N deliveries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.views import ASPECT, VIEWS
from slowpaths.labelling.arrow import codes, floats, positions
from slowpaths.store.schema import FEATURE_PREFIX

VIEW_CODE: dict[str, int] = {view: code for code, view in enumerate(VIEWS)}
_AUDIBLE_Z = 4.0  # robust z from which an onset counts as a hit; same number as sound.loudness
_MIN_HITS = 8  # fewer audible hits in a video say nothing about what is loud there


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureBlock:
    """Hold N deliveries as columns.

    Args:
        columns: Feature name -> values (N,), float64, NaN where unmeasured.
        view_codes: Position in `core.views.VIEWS` (N,).
        handedness_p: Probability of a right-handed batter (N,).
        impact_uncertainty_s: Standard deviation of the impact time (N,), seconds.
        met_by_cut: Cuts of the rule at hand -> where they are met (N,), bool; filled in by `with_cuts`.
    """

    columns: Mapping[str, np.ndarray]
    view_codes: np.ndarray
    handedness_p: np.ndarray
    impact_uncertainty_s: np.ndarray
    met_by_cut: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.view_codes)

    def __getitem__(self, feature: str) -> np.ndarray:
        return self.columns[feature]

    def met(self, cut: str) -> np.ndarray:
        """Return where a cut of the rule is met (N,); never where its feature is unmeasured."""
        return self.met_by_cut[cut]

    def is_aspect(self, aspect: str) -> np.ndarray:
        """Return where the view is end-on ("E"), side-on ("S") or unreadable ("-") (N,)."""
        return np.array([ASPECT[view] == aspect for view in VIEWS])[self.view_codes]

    def with_cuts(self, met_by_cut: Mapping[str, np.ndarray]) -> FeatureBlock:
        """Return the same block carrying the answers to one rule's cuts."""
        return replace(self, met_by_cut=met_by_cut)

    @classmethod
    def from_table(cls, deliveries: pa.Table) -> FeatureBlock:
        """Return the block of a deliveries table; a view outside the vocabulary counts as "other"."""
        columns = {name: floats(deliveries[FEATURE_PREFIX + name]) for name in FEATURE_NAMES}
        videos = codes(deliveries["video_id"])
        columns["onset_rank"] = _rank_in_group(columns["onset_z"], videos)
        columns["onset_share"] = columns["onset_z"] / _median_in_group(columns["onset_z"], videos)
        columns["largest_pan"] = _largest_in_group(np.abs(columns["camera_pan_off"]), videos)
        view_codes = positions(deliveries["view"], VIEWS)
        return cls(
            columns=columns,
            view_codes=np.where(view_codes < 0, VIEW_CODE["other"], view_codes),
            handedness_p=floats(deliveries["handedness_p"]),
            impact_uncertainty_s=floats(deliveries["impact_uncertainty_s"]),
        )


def _largest_in_group(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the largest value of the group of each delivery (N,); -inf where none is measured."""
    largest = np.full(groups.max(initial=-1) + 1, -np.inf)
    np.maximum.at(largest, groups, np.where(np.isnan(values), -np.inf, values))
    return largest[groups]


def _median_in_group(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the median audible hit of the group of each delivery (N,); NaN where there are too few."""
    order, starts, sizes = _audible_by_group(values, groups)
    middle = 0.5 * (values[order][starts + (sizes - 1) // 2] + values[order][starts + sizes // 2])
    medians = np.full(groups.max(initial=-1) + 1, np.nan)
    medians[groups[order][starts]] = np.where(sizes >= _MIN_HITS, middle, np.nan)
    return medians[groups]


def _rank_in_group(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the mid-rank 0..1 of each audible hit among those of its group (N,); NaN where there are too few."""
    ranks = np.full(len(values), np.nan)
    order, starts, sizes = _audible_by_group(values, groups)
    position = np.arange(len(order)) - np.repeat(starts, sizes)
    sizes = np.repeat(sizes, sizes)
    ranks[order] = np.where(sizes >= _MIN_HITS, (position + 0.5) / sizes, np.nan)
    return ranks


def _audible_by_group(values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the audible hits, the faintest of each group first, where each group starts and how many it has."""
    rows = np.flatnonzero(values >= _AUDIBLE_Z)
    order = rows[np.lexsort((values[rows], groups[rows]))]
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    return order, starts, np.diff(np.append(starts, len(order)))
