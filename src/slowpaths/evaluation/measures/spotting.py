"""How precisely strokes are found in time: average precision at tolerances, recall at few false alarms.

The protocol is that of E2E-Spot (Hong et al. 2022, arXiv 2207.10213): predictions in order of score take the nearest
unused truth within the tolerance; average precision is the area under the interpolated precision-recall curve. Frame
tolerances compare moments rounded to frames at 25 per second.

Predictions without an impact take no part. Classes are scored by the probability of a stroke times that of the class;
strokes outside the taxonomy count where classes do not matter. A found leave without an impact is no false alarm.
Predictions of equal score enter together, as at a threshold, and take their truths in order of time: a table without
scores has one point of precision and recall, whatever the order of its rows.

Legend: B replicates, E events, P predictions, best score first, G classes.
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
    """Hold moments with the video they lie in."""

    video: np.ndarray  # numbers of the videos (E,), the same in predictions and truth
    time_s: np.ndarray  # moments (E,), seconds
    # score of every class (E, G) for predictions; 0/1 for truth, which may have one more column for strokes outside the
    # taxonomy
    scores_EG: np.ndarray
    # weights (B, E), 0 where a match is left out: whole videos, so that other matches keep their hits
    weights_BE: np.ndarray

    @property
    def keys(self) -> np.ndarray:
        """Return moments on one time line on which videos lie far apart (E,), seconds."""
        return self.video * _APART_S + self.time_s

    def anonymous(self) -> Events:
        """Return the events with one column: that something happens at all."""
        return replace(self, scores_EG=self.scores_EG.sum(axis=1, keepdims=True))

    def without_replicates(self) -> Events:
        """Return the events with the weights of the sample itself."""
        return replace(self, weights_BE=self.weights_BE[:1])

    def in_frames(self) -> Events:
        """Return the events with moments rounded to whole frames at 25 per second."""
        return replace(self, time_s=np.round(self.time_s * FPS) / FPS)


def hits_in_order(
    predicted: Events, truth: Events, *, column: int, tolerance_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Match the events of one class greedily in order of score; those with score 0 are left out.

    Returned are rows of the predictions, best score first (P,), and whether each is a hit (P,).
    """
    scores = predicted.scores_EG[:, column]
    order = np.lexsort((predicted.keys, -_told_apart(scores)))
    order = order[scores[order] > 0]
    wanted_P, reach_s = predicted.keys[order], tolerance_s + _ROUNDING_S
    keys = np.sort(truth.keys[truth.scores_EG[:, column] > 0])
    first_P, last_P = np.searchsorted(keys, wanted_P - reach_s), np.searchsorted(keys, wanted_P + reach_s, side="right")
    hits_P, free = np.zeros(len(order), dtype=bool), set(range(len(keys)))
    for row in np.flatnonzero(first_P < last_P).tolist():
        near = [place for place in range(first_P[row], last_P[row]) if place in free]
        if near:
            free.remove(near[np.abs(keys[near] - wanted_P[row]).argmin()])
            hits_P[row] = True
    return order, hits_P


def average_precision(hits_P: np.ndarray, num_true: int, scores_P: np.ndarray | None = None) -> float:
    """Return the area under the interpolated precision-recall curve; NaN without true events.

    Scores, best first, say which predictions enter together; without them each enters by itself.

    Example:
        >>> round(average_precision(np.array([True, False, True]), 4), 4)
        0.4167
    """
    if not num_true:
        return float("nan")
    last_P = _last_of_ties(hits_P, scores_P)
    precision = np.cumsum(hits_P)[last_P] / (last_P + 1)
    interpolated = np.maximum.accumulate(precision[::-1])[::-1]
    return float((interpolated * hits_P).sum() / num_true)


def recall_at_false_alarms(hits_P: np.ndarray, num_true: int, scores_P: np.ndarray | None = None) -> float:
    """Return the best recall at one false alarm in ten true deliveries; NaN without true events.

    Scores are as for `average_precision`.
    """
    if not num_true:
        return float("nan")
    false_P = np.cumsum(~hits_P)[_last_of_ties(hits_P, scores_P)]
    allowed = false_P <= FALSE_ALARMS_PER_DELIVERY * num_true + 1e-9
    return float((np.cumsum(hits_P) * allowed).max(initial=0) / num_true)


def over_replicates(
    predicted: Events,
    truth: Events,
    *,
    column: int,
    tolerance_s: float,
    score: Callable[[np.ndarray, int, np.ndarray], float],
) -> np.ndarray:
    """Return a score of the hits, best first, the number of true events and the scores, in every replicate (B,)."""
    order, hits = hits_in_order(predicted, truth, column=column, tolerance_s=tolerance_s)
    kept_BP = predicted.weights_BE[:, order] > 0
    num_true_B = truth.weights_BE @ (truth.scores_EG[:, column] > 0)
    scores_P = predicted.scores_EG[order, column]
    replicates = zip(kept_BP, num_true_B, strict=True)
    return np.array([score(hits[kept], int(num), scores_P[kept]) for kept, num in replicates])


def _told_apart(scores: np.ndarray) -> np.ndarray:
    """Return scores in which rounding, as of probabilities that are summed, tells nothing apart."""
    return scores.astype(np.float32)


def _last_of_ties(hits_P: np.ndarray, scores_P: np.ndarray | None) -> np.ndarray:
    """Return the place of the last prediction that has the score of each (P,); its own place without scores."""
    places_P = np.arange(len(hits_P))
    if scores_P is None or not len(scores_P):
        return places_P
    last = np.flatnonzero(np.r_[np.diff(_told_apart(scores_P)) != 0, True])
    return last[np.searchsorted(last, places_P)]


def mean_average_precision(predicted: Events, truth: Events, *, tolerance_s: float) -> np.ndarray:
    """Return the mean over the classes that occur in truth of average precision (B,); NaN where none does."""
    scores = [
        over_replicates(predicted, truth, column=column, tolerance_s=tolerance_s, score=average_precision)
        for column in range(predicted.scores_EG.shape[1])
        if truth.scores_EG[:, column].any()
    ]
    return mean_known(scores) if scores else np.full(len(truth.weights_BE), np.nan)


def spotting_table(predicted: Events, truth: Events) -> Table:
    """Return mAP at every tolerance, blind to classes and per class."""
    rows: Table = []
    tolerances = [(f"{n} frames", n / FPS, True) for n in FRAME_TOLERANCES]
    tolerances += [(f"{t:g} s", t, False) for t in SECOND_TOLERANCES]
    for name, tolerance_s, is_framed in tolerances:
        named = (predicted.in_frames(), truth.in_frames()) if is_framed else (predicted, truth)
        row: dict[str, float | int | str] = {"tolerance": name, "tolerance_s": tolerance_s}
        for key, pair in (("map_any_stroke", [events.anonymous() for events in named]), ("map_per_class", named)):
            row[key] = float(mean_average_precision(*pair, tolerance_s=tolerance_s)[0])
        rows.append(row)
    return rows


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

    def events(own: np.ndarray, time_s: np.ndarray, scores: np.ndarray) -> Events:
        return Events(video=video[own], time_s=time_s[own], scores_EG=scores[own], weights_BE=sample.weights_BU[:, own])

    scores = pairing.event_p[:, None] * pairing.probs_UG
    return events(is_claimed, pairing.predicted_impact_s, scores), events(is_true, pairing.true_impact_s, one_hot)


def _read(sample: Sample, frames: int | None, *, is_named: bool) -> Reading:
    ours, theirs = (events if is_named else events.anonymous() for events in events_of(sample))
    if frames is not None:
        ours, theirs = ours.in_frames(), theirs.in_frames()
    values_B = mean_average_precision(ours, theirs, tolerance_s=0.5 if frames is None else frames / FPS)
    return Reading(values_B=values_B, num=len(theirs.time_s))


MAPS = tuple(
    measure(place, "spotting", name=name, meaning=meaning)(
        lambda sample, frames=frames, is_named=is_named: _read(sample, frames, is_named=is_named))
    for place, name, frames, is_named, meaning in (
        (80, "spotting_map_1_frame", 1, False, "average precision of stroke moments within 1 frame"),
        (81, "spotting_map_2_frames", 2, False, "the same within 2 frames"),
        (82, "spotting_map_4_frames", 4, False, "the same within 4 frames"),
        (83, "spotting_map_05s", None, False, "the same within half a second"),
        (84, "spotting_class_map_05s", None, True, "the same, the stroke named right too, mean over strokes"),
    )
)  # fmt: skip


@measure(85, "spotting", is_share=True)
def _recall_at_false_alarms(sample: Sample) -> Reading:
    """Deliveries found within half a second at one false alarm in ten deliveries."""
    ours, theirs = (item.anonymous() for item in events_of(sample))
    values_B = over_replicates(ours, theirs, column=0, tolerance_s=0.5, score=recall_at_false_alarms)
    return Reading(values_B=values_B, num=len(theirs.time_s))


@report_table(80, title="Moments")
def _spotting(sample: Sample) -> Table:
    return spotting_table(*(events.without_replicates() for events in events_of(sample)))
