"""Parts of a mined set: groups fall into two halves, so that what is set on one can be reported on the other.

Legend: D claims.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, compress

import numpy as np

from slowpaths.evaluation.losses import LossCheck
from slowpaths.evaluation.measure import Measure
from slowpaths.evaluation.measures import SPECS
from slowpaths.evaluation.mining_check import MiningCheck
from slowpaths.evaluation.mining_sample import MiningSample
from slowpaths.evaluation.shot_check import BoundaryCheck

FINDING: tuple[str, ...] = (
    "impact_at_20fps", "impact_at_20fps_within_2", "mining_recall_near", "mining_recall_live_near",
    "mining_precision_near", "view_in_middle", "boundary_recall_2", "boundary_precision_2", "clean_videos",
    "striker_at_contact", "handedness", "handedness_left", "replay_recall", "replay_precision", "impact_error",
    "impact_offset", "impact_within_sigma",
)  # fmt: skip
"""Measures of how strokes are found; `clean_videos` is the share of clips without a stroke in which none is claimed."""


def half_of(group: str) -> int:
    """Return the half, 0 or 1, that a group falls into, the same for ever.

    Example:
        >>> [half_of(name) for name in ("scene one", "scene two", "scene four")]
        [1, 0, 1]
    """
    return hashlib.sha256(group.encode()).digest()[0] % 2


def part_of(
    samples: Sequence[MiningSample], *, group_of: Mapping[str, str], is_inside: Callable[[str], bool]
) -> MiningSample:
    """Return the videos of some groups of several mined sets as one sample, whose intervals leave out groups.

    Args:
        samples: Mined sets against truth; no two videos have one name.
        group_of: Video, as truth (or where it does not mention it, mining) names it -> group.
        is_inside: Whether a group belongs to the part.
    """

    def has(video: str) -> bool:
        return is_inside(group_of[video])

    checks = [sample.check for sample in samples]
    kept = [_kept(check.claim_video, has) for check in checks]
    check = MiningCheck(
        fates=tuple(
            replace(fate, truth=replace(fate.truth, match_id=group_of[fate.truth.video]))
            for fate in chain.from_iterable(check.fates for check in checks)
            if has(fate.truth.video)
        ),
        claimed=tuple(chain.from_iterable(compress(one.claimed, rows) for one, rows in zip(checks, kept, strict=True))),
        is_right=_joined([one.is_right for one in checks], kept),
        is_near=_joined([one.is_near for one in checks], kept),
        claim_video=_groups(_joined([one.claim_video for one in checks], kept), group_of),
        clean_videos={video: num for one in checks for video, num in one.clean_videos.items() if has(video)},
    )
    losses = [sample.losses for sample in samples if sample.losses is not None]
    return MiningSample(
        folder=samples[0].folder,
        check=check,
        space=samples[0].space,
        shots=[
            replace(shot, video=group_of[shot.video])
            for sample in samples
            for shot in sample.shots or ()
            if has(shot.video)
        ],
        boundaries=_boundaries([one.boundaries for one in samples if one.boundaries], group_of, has),
        sharp=_boundaries([one.sharp for one in samples if one.sharp], group_of, has),
        losses=LossCheck(
            outcomes=tuple(one for loss in losses for one in loss.outcomes if has(one.fate.truth.video)),
            false_claims=tuple(one for loss in losses for one in loss.false_claims if has(one.video)),
        ),
    )


def take_finding(sample: MiningSample) -> list[Measure]:
    """Take the measures of how strokes are found, in the order of `FINDING`."""
    specs = {spec.name: spec for spec in SPECS}
    return [item for name in FINDING if (item := specs[name].take(sample)) is not None]


def _boundaries(
    checks: Sequence[BoundaryCheck], group_of: Mapping[str, str], has: Callable[[str], bool]
) -> BoundaryCheck:
    true = [_kept(check.true_video, has) for check in checks]
    claimed = [_kept(check.claim_video, has) for check in checks]
    return BoundaryCheck(
        is_found=_joined([check.is_found for check in checks], true),
        true_video=_groups(_joined([check.true_video for check in checks], true), group_of),
        is_right=_joined([check.is_right for check in checks], claimed),
        claim_video=_groups(_joined([check.claim_video for check in checks], claimed), group_of),
    )


def _kept(videos: np.ndarray, has: Callable[[str], bool]) -> np.ndarray:
    return np.array([has(video) for video in videos], dtype=bool)


def _joined(arrays: Sequence[np.ndarray], kept: Sequence[np.ndarray]) -> np.ndarray:
    """Return the kept rows of all arrays."""
    return np.concatenate([np.zeros(0, dtype=bool), *(array[rows] for array, rows in zip(arrays, kept, strict=True))])


def _groups(videos: np.ndarray, group_of: Mapping[str, str]) -> np.ndarray:
    return np.array([group_of[video] for video in videos], dtype=object)
