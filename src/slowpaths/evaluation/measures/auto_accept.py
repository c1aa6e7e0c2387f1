"""Auto-accept rate: the largest share of deliveries that nobody need look at, at 95 % precision for sure.

The surest deliveries are accepted down to a confidence at which the lower end of Wilson's 95 % interval of their
precision is still at least .95. The confidence is chosen on the same deliveries, so the rate is an upper estimate of
what a fresh match will give.

Edge case: deliveries of equal confidence are accepted together or not at all.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import wilson
from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.sample import Sample

PRECISION_TARGET = 0.95


def auto_accept_rate(confidence_N: np.ndarray, correct_N: np.ndarray) -> tuple[float, float]:
    """Return the share, and the confidence to accept from (infinite where nothing qualifies).

    Example:
        >>> auto_accept_rate(np.full(100, 0.9), np.ones(100))
        (1.0, 0.9)
    """
    if not len(confidence_N):
        return float("nan"), np.inf
    order = np.argsort(-confidence_N, kind="stable")
    low_N = wilson(np.cumsum(correct_N[order]), np.arange(1, len(order) + 1)).low
    is_last_of_ties = np.r_[np.diff(confidence_N[order]) != 0, True]
    ends = np.flatnonzero(is_last_of_ties & (low_N >= PRECISION_TARGET))
    if not len(ends):
        return 0.0, np.inf
    return (int(ends[-1]) + 1) / len(order), float(confidence_N[order[ends[-1]]])


@measure(69, "usefulness", baseline="; accepting the most frequent class, always")
def _auto_accept(sample: Sample) -> Reading:
    """Share nobody need look at, at 95 % precision for sure."""
    rate, _ = auto_accept_rate(sample.confidence_N, sample.correct_N)
    constant, _ = auto_accept_rate(np.ones(len(sample.rows)), 1.0 * (sample.true_N == sample.shares_G.argmax()))
    return sample.reading(np.array([rate]), constant=constant)


@report_table(61, name="auto_accept", title="What nobody need look at")
def _rates(sample: Sample) -> Table:
    table: Table = []
    for index, name in [(None, "all"), *enumerate(sample.names)]:
        own = np.ones(len(sample.rows), dtype=bool) if index is None else sample.called_N == index
        share, start = auto_accept_rate(sample.confidence_N[own], sample.correct_N[own])
        table.append({"class": name, "share": share, "confidence_from": start, "deliveries": int(own.sum())})
    return table
