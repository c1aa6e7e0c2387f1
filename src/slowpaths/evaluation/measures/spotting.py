"""How precisely strokes are found in time: average precision at tolerances, impact error, recall at few false alarms.

The protocol is that of E2E-Spot (Hong et al. 2022, arXiv 2207.10213): predictions in order of score take the nearest
unused truth within the tolerance; average precision is the area under the interpolated precision-recall curve.

Predictions without an impact take no part. Classes are scored by the probability of a stroke times that of the class;
strokes outside the taxonomy count where classes do not matter. A found leave without an impact is no false alarm.

Legend: P predictions, T true events, G classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from slowpaths.evaluation.matching import FPS
from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.pairing import NO_STROKE
from slowpaths.evaluation.sample import Sample, mean_known

FRAME_TOLERANCES: tuple[int, ...] = (0, 1, 2, 4)
SECOND_TOLERANCES: tuple[float, ...] = (0.1, 0.2, 0.5)
FALSE_ALARMS_PER_DELIVERY = 0.1
_APART_S = 1e5  # longer than a day of footage; a float still tells microseconds apart
_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Events:
    """Hold moments with the video they lie in.

    Args:
        video: Numbers of the videos (E,), the same in predictions and truth.
        time_s: Moments (E,), seconds.
        scores_EG: Score of every class (E, G) for predictions; 0/1 for truth, which may have one more column for
            strokes outside the taxonomy.
        weights_BE: Weights (B, E), 0 where a match is left out: whole videos, so that other matches keep their hits.
    """

    video: np.ndarray
    time_s: np.ndarray
    scores_EG: np.ndarray
    weights_BE: np.ndarray

    @property
    def keys(self) -> np.ndarray:
        """Return moments on one time line on which videos lie far apart (E,), seconds."""
        return self.video * _APART_S + self.time_s

    def anonymous(self) -> Events:
        """Return the events with one column: that something happens at all."""
        return replace(self, scores_EG=self.scores_EG.sum(axis=1, keepdims=True))

    def in_frames(self) -> Events:
        """Return the events with moments rounded to whole frames at 25 per second."""
        return replace(self, time_s=np.round(self.time_s * FPS) / FPS)


def hits_in_order(
    predicted: Events, truth: Events, *, column: int, tolerance_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Match greedily in order of score.

    Args:
        predicted: Scored events; those with score 0 are left out.
        truth: True events; those with 1 in `column` count.
        column: The class.
        tolerance_s: Largest distance that is a hit, seconds.

    Returns:
        Rows of the predictions, best score first (P,), and whether each is a hit (P,).
    """
    scores = predicted.scores_EG[:, column]
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > 0]
    keys = np.sort(truth.keys[truth.scores_EG[:, column] > 0])
    hits = np.zeros(len(order), dtype=bool)
    if not len(keys):
        return order, hits
    wanted = predicted.keys[order]
    after = np.searchsorted(keys, wanted)
    nearest = np.minimum(
        np.abs(wanted - keys[np.maximum(after - 1, 0)]), np.abs(wanted - keys[np.minimum(after, len(keys) - 1)])
    )
    reach_s = tolerance_s + _ROUNDING_S
    is_free = [True] * len(keys)
    for rank in np.flatnonzero(nearest <= reach_s).tolist():
        best = None
        for place, step in ((int(after[rank]) - 1, -1), (int(after[rank]), 1)):
            while 0 <= place < len(keys) and not is_free[place]:
                place += step
            if 0 <= place < len(keys):
                distance_s = abs(float(keys[place] - wanted[rank]))
                if distance_s <= reach_s and (best is None or distance_s < best[0]):
                    best = (distance_s, place)
        if best is not None:
            is_free[best[1]], hits[rank] = False, True
    return order, hits


def average_precision(hits: np.ndarray, num_true: int) -> float:
    """Return the area under the interpolated precision-recall curve; NaN without true events.

    Args:
        hits: Whether each prediction is a hit, best first (P,).
        num_true: How many events there are.

    Example:
        >>> round(average_precision(np.array([True, False, True]), 4), 4)
        0.4167
    """
    if not num_true:
        return float("nan")
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    interpolated = np.maximum.accumulate(precision[::-1])[::-1]
    return float((interpolated * hits).sum() / num_true)


def over_replicates(
    predicted: Events, truth: Events, *, column: int, tolerance_s: float, score: Callable[[np.ndarray, int], float]
) -> np.ndarray:
    """Return a score of the hits, best first, and the number of true events, in every replicate (B,)."""
    order, hits = hits_in_order(predicted, truth, column=column, tolerance_s=tolerance_s)
    kept_BP = predicted.weights_BE[:, order] > 0
    num_true_B = truth.weights_BE @ (truth.scores_EG[:, column] > 0)
    return np.array([score(hits[kept], int(num)) for kept, num in zip(kept_BP, num_true_B, strict=True)])


def mean_average_precision(predicted: Events, truth: Events, *, tolerance_s: float) -> np.ndarray:
    """Return the mean over the classes that occur in truth of average precision (B,); NaN where none does."""
    columns = [column for column in range(predicted.scores_EG.shape[1]) if truth.scores_EG[:, column].any()]
    scores = [
        over_replicates(predicted, truth, column=column, tolerance_s=tolerance_s, score=average_precision)
        for column in columns
    ]
    return mean_known(scores) if scores else np.full(len(truth.weights_BE), np.nan)


def spotting_table(predicted: Events, truth: Events) -> list[dict[str, float | str]]:
    """Return mAP at every tolerance, blind to classes and per class.

    Frame tolerances compare moments rounded to frames at 25 per second, as E2E-Spot does.
    """
    rows: list[dict[str, float | str]] = []
    tolerances = [(f"{n} frames", n / FPS, True) for n in FRAME_TOLERANCES]
    tolerances += [(f"{t:g} s", t, False) for t in SECOND_TOLERANCES]
    for name, tolerance_s, is_framed in tolerances:
        ours, theirs = (predicted.in_frames(), truth.in_frames()) if is_framed else (predicted, truth)
        blind = (ours.anonymous(), theirs.anonymous())
        rows.append(
            {
                "tolerance": name,
                "tolerance_s": tolerance_s,
                "map_any_stroke": float(mean_average_precision(*blind, tolerance_s=tolerance_s)[0]),
                "map_per_class": float(mean_average_precision(ours, theirs, tolerance_s=tolerance_s)[0]),
            }
        )
    return rows


def recall_at_false_alarms(
    hits: np.ndarray, num_true: int, *, per_delivery: float = FALSE_ALARMS_PER_DELIVERY
) -> float:
    """Return the best recall with at most so many false alarms for each true delivery; NaN without true events.

    Args:
        hits: Whether each prediction is a hit, best first (P,).
        num_true: How many events there are.
        per_delivery: False alarms allowed for each true delivery.
    """
    if not num_true:
        return float("nan")
    allowed = np.cumsum(~hits) <= per_delivery * num_true + 1e-9
    return float((np.cumsum(hits) * allowed).max(initial=0) / num_true)


def events_of(sample: Sample) -> tuple[Events, Events]:
    """Return predicted and true events.

    Raises:
        NotMeasured: If there are none to compare.
    """
    pairing = sample.pairing
    is_true = np.isfinite(pairing.true_impact_s)
    is_claimed = pairing.is_found & np.isfinite(pairing.predicted_impact_s)
    is_claimed &= is_true | (pairing.true_U == NO_STROKE)
    if not is_true.any():
        raise NotMeasured("truth has no impact in these videos")
    if not is_claimed.any():
        raise NotMeasured("the predictions have no impact times")
    video = np.unique(pairing.video.astype(str), return_inverse=True)[1].astype(np.float64)
    one_hot = np.eye(pairing.probs_UG.shape[1] + 1)[np.where(pairing.true_U >= 0, pairing.true_U, -1)]
    scores = pairing.event_p[:, None] * pairing.probs_UG
    predicted, truth = (
        Events(video=video[own], time_s=time_s[own], scores_EG=of[own], weights_BE=sample.weights_BU[:, own])
        for own, time_s, of in (
            (is_claimed, pairing.predicted_impact_s, scores),
            (is_true, pairing.true_impact_s, one_hot),
        )
    )
    return predicted, truth


@measure(80, "spotting")
def _spotting_map_1_frame(sample: Sample) -> Reading:
    """Average precision of stroke moments within 1 frame."""
    return _within(sample, 1)


@measure(81, "spotting")
def _spotting_map_2_frames(sample: Sample) -> Reading:
    """The same within 2 frames."""
    return _within(sample, 2)


@measure(82, "spotting")
def _spotting_map_4_frames(sample: Sample) -> Reading:
    """The same within 4 frames."""
    return _within(sample, 4)


@measure(83, "spotting")
def _spotting_map_05s(sample: Sample) -> Reading:
    """The same within half a second."""
    return _read(*(item.anonymous() for item in events_of(sample)), tolerance_s=0.5)


@measure(84, "spotting")
def _spotting_class_map_05s(sample: Sample) -> Reading:
    """The same, the stroke named right too, mean over strokes."""
    return _read(*events_of(sample), tolerance_s=0.5)


@measure(85, "spotting", is_share=True)
def _recall_at_false_alarms(sample: Sample) -> Reading:
    """Deliveries found within half a second at one false alarm in ten deliveries."""
    ours, theirs = (item.anonymous() for item in events_of(sample))
    values_B = over_replicates(ours, theirs, column=0, tolerance_s=0.5, score=recall_at_false_alarms)
    return Reading(values_B=values_B, num=len(theirs.time_s))


@report_table(80, title="Moments")
def _spotting(sample: Sample) -> Table:
    """Return average precision at every tolerance."""
    return [dict(row) for row in spotting_table(*events_of(sample))]


def _within(sample: Sample, frames: int) -> Reading:
    return _read(*(item.anonymous().in_frames() for item in events_of(sample)), tolerance_s=frames / FPS)


def _read(ours: Events, theirs: Events, *, tolerance_s: float) -> Reading:
    values_B = mean_average_precision(ours, theirs, tolerance_s=tolerance_s)
    return Reading(values_B=values_B, num=len(theirs.time_s))
