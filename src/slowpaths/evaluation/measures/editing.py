"""Cutting a highlights reel from the predictions: how far clips must be trimmed, and what an editor spends in all.

A found stroke costs |start - true start| + |end - true end|: that much is cut off or added on by hand. A false clip
costs its length, for it is watched before it is thrown away, and a stroke that was missed costs eight seconds of search
and cutting, as every stroke does without predictions.

Edge cases: truth that gives no start and end of its own, or predictions without them, have no such number. Replays are
clips like any other: an editor trims them too. A median has no interval.

Legend: U rows of the pairing, B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import NotMeasured, Reading, measure
from slowpaths.evaluation.pairing import NO_STROKE
from slowpaths.evaluation.sample import Sample

MISSED_S = 8.0  # to find a stroke in the footage and cut it out


def edit_seconds(predicted_U2: np.ndarray, true_U2: np.ndarray) -> np.ndarray:
    """Return what is trimmed at both ends of each clip, seconds (U,).

    Example:
        >>> edit_seconds(np.array([[10.0, 12.0]]), np.array([[10.5, 11.75]])).tolist()
        [0.75]
    """
    return np.abs(predicted_U2 - true_U2).sum(axis=1)


def editor_seconds(predicted_U2: np.ndarray, true_U2: np.ndarray, is_false_U: np.ndarray) -> np.ndarray:
    """Return what each row costs an editor, seconds (U,); a span is NaN where nothing was predicted.

    Example:
        >>> predicted = np.array([[10.0, 12.0], [50.0, 52.0], [np.nan, np.nan]])
        >>> true = np.array([[10.5, 11.75], [np.nan, np.nan], [80.0, 81.0]])
        >>> editor_seconds(predicted, true, np.array([False, True, False])).tolist()
        [0.75, 2.0, 8.0]
    """
    length_U = predicted_U2[:, 1] - predicted_U2[:, 0]
    trimmed_U = np.where(np.isnan(length_U), MISSED_S, edit_seconds(predicted_U2, true_U2))
    return np.where(is_false_U, length_U, trimmed_U)


@measure(74, "usefulness", unit="s", bounds=(0.0, np.inf), best="lowest")
def _edit_seconds(sample: Sample) -> Reading:
    """What is trimmed at the two ends of a found clip, median (lower is better)."""
    predicted_U2, true_U2, is_false_U = _spans(sample)
    cost_U = edit_seconds(predicted_U2, true_U2)[sample.pairing.is_found & ~is_false_U]
    if not len(cost_U):
        raise NotMeasured("no true stroke was found")
    return Reading(values_B=np.array([np.median(cost_U)]), num=len(cost_U))


@measure(75, "usefulness", baseline="; cutting every stroke by hand", unit="s", bounds=(0.0, np.inf), best="lowest")
def _editor_seconds(sample: Sample) -> Reading:
    """Editor's time a true stroke: trimming, false clips and missed strokes (lower is better)."""
    predicted_U2, true_U2, is_false_U = _spans(sample)
    cost_U, weights_BU = editor_seconds(predicted_U2, true_U2, is_false_U), sample.weights_BU
    values_B = divide(weights_BU @ cost_U, weights_BU @ (~is_false_U).astype(np.float64))
    return Reading(values_B=values_B, num=int((~is_false_U).sum()), constant=MISSED_S)


def _spans(sample: Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return predicted and true spans (U, 2), and which rows are false (U,)."""
    pairing = sample.pairing
    if not all(item.has_span for item in pairing.truths if item):
        raise NotMeasured("truth does not give start and end of every stroke")
    if not np.isfinite(pairing.predicted_span_U2[pairing.is_found]).all():
        raise NotMeasured("the predictions do not give start and end of every stroke")
    spans = [(item.start_s, item.end_s) if item else (np.nan, np.nan) for item in pairing.truths]
    predicted_U2 = np.where(pairing.is_found[:, None], pairing.predicted_span_U2, np.nan)
    return predicted_U2, np.array(spans).reshape(-1, 2), pairing.true_U == NO_STROKE
