"""What a person should look at next: deliveries from which most is learnt, unlike each other and what is known.

Legend: N deliveries, C strokes, E = C + 1 outcomes (the strokes, and that it is none).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slowpaths.core.records import LabelledClip


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """Hold one delivery to look at."""

    clip: LabelledClip  # its label
    gain: float  # what a look at it is worth, 0..1


def next_to_review(clips: Sequence[LabelledClip], num: int) -> list[Next]:
    """Return at most `num` labels to look at, the most worthwhile first; those a person gave are known.

    The worth of a look is the entropy of what a delivery may be, as a share of the largest, times how unlike (Hellinger
    distance of beliefs) it is to the nearest that is known or looked at before: greedy k-centre (Sener and Savarese
    2018, arXiv 1708.00489) weighted by uncertainty.
    """
    if not clips:
        return []
    event_p = np.nan_to_num(np.array([clip.event_p for clip in clips]), nan=1.0)[:, None]
    beliefs_NE = np.hstack([np.stack([clip.probs for clip in clips]) * event_p, 1 - event_p])
    logs_NE = np.log(np.maximum(beliefs_NE, 1e-12))
    entropy_N = -(beliefs_NE * logs_NE).sum(axis=1) / np.log(beliefs_NE.shape[1])
    roots_NE, is_open_N = np.sqrt(beliefs_NE), np.array([clip.source != "gold" for clip in clips])
    unlike_N = np.ones(len(clips))
    for row in np.flatnonzero(~is_open_N).tolist():
        unlike_N = np.minimum(unlike_N, _hellinger(roots_NE, row))
    found = []
    for _ in range(min(num, int(is_open_N.sum()))):
        gains_N = np.where(is_open_N, entropy_N * unlike_N, -1.0)
        row = int(gains_N.argmax())
        found.append(Next(clip=clips[row], gain=float(gains_N[row])))
        is_open_N[row] = False
        unlike_N = np.minimum(unlike_N, _hellinger(roots_NE, row))
    return found


def _hellinger(roots_NE: np.ndarray, row: int) -> np.ndarray:
    """Return the distance, 0..1, of every belief to one (N,), from square roots of probabilities."""
    return np.sqrt(0.5 * ((roots_NE - roots_NE[row]) ** 2).sum(axis=1))
