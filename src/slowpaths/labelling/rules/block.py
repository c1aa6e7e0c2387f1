"""Features of many deliveries as columns, the only thing a rule sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from slowpaths.core.errors import UsageError
from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.views import ASPECT, VIEWS
from slowpaths.labelling.arrow import codes, floats, positions
from slowpaths.labelling.rules.thresholds import feature_of
from slowpaths.store.schema import FEATURE_PREFIX

VIEW_CODE: dict[str, int] = {view: code for code, view in enumerate(VIEWS)}
AUDIBLE_Z = 4.0  # robust z from which an onset counts as a hit; same number as sound.silent and leave.withdraw
MIN_HITS = 8  # fewer audible hits in a video say nothing about what is loud there


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureBlock:
    """Hold N deliveries as columns."""

    columns: Mapping[str, np.ndarray]  # feature name -> values (N,), float64, NaN where unmeasured
    view_codes: np.ndarray  # position in `core.views.VIEWS` (N,)
    handedness_p: np.ndarray  # probability of a right-handed batter (N,)
    impact_uncertainty_s: np.ndarray  # standard deviation of the impact time (N,), seconds
    # thresholds of the rule at hand -> where they are met (N,), bool; filled in for each rule
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

    @property
    def side_N(self) -> np.ndarray:
        """Return from where each delivery is seen: end-on ("E"), side-on ("S") or unreadable ("-") (N,)."""
        return np.array([ASPECT[view] for view in VIEWS])[self.view_codes]

    @classmethod
    def from_table(cls, deliveries: pa.Table) -> FeatureBlock:
        """Return the block of a deliveries table; a view outside the vocabulary counts as "other"."""
        columns = {name: floats(deliveries[FEATURE_PREFIX + name]) for name in FEATURE_NAMES}
        videos = codes(deliveries["video_id"])
        columns["onset_rank"], median_N = _among_hits(columns["onset_z"], videos)
        columns["onset_share"] = columns["onset_z"] / median_N
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


def _among_hits(z_N: np.ndarray, videos_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mid-rank 0..1 of each audible hit in its video (N,), and the median hit of the video of each (N,).

    Both are NaN where a video has too few hits.
    """
    rows = np.flatnonzero(z_N >= AUDIBLE_Z)
    order = rows[np.lexsort((z_N[rows], videos_N[rows]))]  # the faintest of each video first
    starts = np.flatnonzero(np.diff(videos_N[order], prepend=-1))  # where each video begins
    sizes = np.diff(np.append(starts, len(order)))
    position, size_of = np.arange(len(order)) - np.repeat(starts, sizes), np.repeat(sizes, sizes)
    ranks_N = np.full(len(z_N), np.nan)
    ranks_N[order] = np.where(size_of >= MIN_HITS, (position + 0.5) / size_of, np.nan)
    sorted_z = z_N[order]
    middle = 0.5 * (sorted_z[starts + (sizes - 1) // 2] + sorted_z[starts + sizes // 2])
    medians = np.full(videos_N.max(initial=-1) + 1, np.nan)
    medians[videos_N[order][starts]] = np.where(sizes >= MIN_HITS, middle, np.nan)
    return ranks_N, medians[videos_N]
