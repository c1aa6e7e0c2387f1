"""Features of many deliveries as columns, the only thing a rule sees.

Legend: N deliveries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from slowpaths.core.errors import UsageError
from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.views import ASPECT, VIEWS
from slowpaths.labelling.arrow import codes, floats, positions
from slowpaths.labelling.rules.thresholds import feature_of
from slowpaths.store.schema import FEATURE_PREFIX

VIEW_CODE: dict[str, int] = {view: code for code, view in enumerate(VIEWS)}
_AUDIBLE_Z = 4.0  # robust z from which an onset counts as a hit; same number as sound.loudness
_MIN_HITS = 8  # fewer audible hits in a video say nothing about what is loud there


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureBlock:
    """Hold N deliveries as columns."""

    columns: Mapping[str, np.ndarray]  # feature name -> values (N,), float64, NaN where unmeasured
    view_codes: np.ndarray  # position in `core.views.VIEWS` (N,)
    handedness_p: np.ndarray  # probability of a right-handed batter (N,)
    impact_uncertainty_s: np.ndarray  # standard deviation of the impact time (N,), seconds
    # thresholds of the rule at hand -> where they are met (N,), bool; filled in by `with_met`
    met_by_name: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.view_codes)

    def __getitem__(self, feature: str) -> np.ndarray:
        if feature not in self.columns:
            feature_of(feature)
        return self.columns[feature]

    def met(self, threshold: str) -> np.ndarray:
        """Return where a threshold of the rule is met (N,); never where its feature is unmeasured."""
        if threshold not in self.met_by_name:
            raise UsageError(f"there is no threshold '{threshold}': the rule declares {', '.join(self.met_by_name)}")
        return self.met_by_name[threshold]

    def is_aspect(self, aspect: str) -> np.ndarray:
        """Return where the view is end-on ("E"), side-on ("S") or unreadable ("-") (N,)."""
        return np.array([ASPECT[view] == aspect for view in VIEWS])[self.view_codes]

    def with_met(self, met_by_name: Mapping[str, np.ndarray]) -> FeatureBlock:
        """Return the same block carrying the answers to one rule's thresholds."""
        return replace(self, met_by_name=met_by_name)

    @classmethod
    def from_table(cls, deliveries: pa.Table) -> FeatureBlock:
        """Return the block of a deliveries table; a view outside the vocabulary counts as "other"."""
        columns = {name: floats(deliveries[FEATURE_PREFIX + name]) for name in FEATURE_NAMES}
        videos = codes(deliveries["video_id"])
        hits = _Hits.of(columns["onset_z"], videos)
        columns["onset_rank"] = hits.ranks()
        columns["onset_share"] = columns["onset_z"] / hits.medians()
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Hits:
    """Hold the audible hits of N deliveries, the faintest of each video first, and where each video begins."""

    z_N: np.ndarray
    videos_N: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, z_N: np.ndarray, videos_N: np.ndarray) -> _Hits:
        rows = np.flatnonzero(z_N >= _AUDIBLE_Z)
        order = rows[np.lexsort((z_N[rows], videos_N[rows]))]
        starts = np.flatnonzero(np.diff(videos_N[order], prepend=-1))
        sizes = np.diff(np.append(starts, len(order)))
        return cls(z_N=z_N, videos_N=videos_N, order=order, starts=starts, sizes=sizes)

    def ranks(self) -> np.ndarray:
        """Return the mid-rank 0..1 of each hit among those of its video (N,); NaN where there are too few."""
        ranks_N = np.full(len(self.z_N), np.nan)
        position = np.arange(len(self.order)) - np.repeat(self.starts, self.sizes)
        sizes = np.repeat(self.sizes, self.sizes)
        ranks_N[self.order] = np.where(sizes >= _MIN_HITS, (position + 0.5) / sizes, np.nan)
        return ranks_N

    def medians(self) -> np.ndarray:
        """Return the median hit of the video of each delivery (N,); NaN where there are too few."""
        sorted_z = self.z_N[self.order]
        middle = 0.5 * (sorted_z[self.starts + (self.sizes - 1) // 2] + sorted_z[self.starts + self.sizes // 2])
        medians = np.full(self.videos_N.max(initial=-1) + 1, np.nan)
        medians[self.videos_N[self.order][self.starts]] = np.where(self.sizes >= _MIN_HITS, middle, np.nan)
        return medians[self.videos_N]
