"""How precisely strokes are found in time: average precision at tolerances, impact error, recall at few false alarms.

The protocol is that of E2E-Spot (Hong et al. 2022, arXiv 2207.10213): predictions in order of score take the nearest
unused truth within the tolerance; average precision is the area under the interpolated precision-recall curve.

Predictions without an impact take no part. Classes are scored by the probability of a stroke times that of the class;
strokes outside the taxonomy count where classes do not matter. A found leave without an impact is no false alarm.

Legend: P predictions, T true events, G classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.evaluation.intervals import wilson
from slowpaths.evaluation.matching import FPS
from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.pairing import NO_STROKE, Pairing
from slowpaths.evaluation.sample import Sample

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
    """

    video: np.ndarray
    time_s: np.ndarray
    scores_EG: np.ndarray

    @property
    def keys(self) -> np.ndarray:
        """Return moments on one time line on which videos lie far apart (E,), seconds."""
        return self.video * _APART_S + self.time_s

    def anonymous(self) -> Events:
        """Return the events with one column: that something happens at all."""
        return Events(video=self.video, time_s=self.time_s, scores_EG=self.scores_EG.sum(axis=1, keepdims=True))

    def in_frames(self) -> Events:
        """Return the events with moments rounded to whole frames at 25 per second."""
        return Events(video=self.video, time_s=np.round(self.time_s * FPS) / FPS, scores_EG=self.scores_EG)


def hits_in_order(predicted: Events, truth: Events, *, column: int, tolerance_s: float) -> tuple[np.ndarray, int]:
    """Match greedily in order of score.

    Args:
        predicted: Scored events; those with score 0 are left out.
        truth: True events; those with 1 in `column` count.
        column: The class.
        tolerance_s: Largest distance that is a hit, seconds.

    Returns:
        Whether each prediction is a hit, best score first, and the number of true events.
    """
    scores = predicted.scores_EG[:, column]
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > 0]
    keys = np.sort(truth.keys[truth.scores_EG[:, column] > 0])
    hits = np.zeros(len(order), dtype=bool)
    if not len(keys):
        return hits, 0
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
    return hits, len(keys)


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


def mean_average_precision(predicted: Events, truth: Events, *, tolerance_s: float) -> float:
    """Return the mean over the classes that occur in truth of average precision; NaN where none does."""
    scores = [
        average_precision(*hits_in_order(predicted, truth, column=column, tolerance_s=tolerance_s))
        for column in range(predicted.scores_EG.shape[1])
        if truth.scores_EG[:, column].any()
    ]
    return float(np.mean(scores)) if scores else float("nan")


def spotting_table(predicted: Events, truth: Events) -> list[dict[str, float | str]]:
    """Return mAP at every tolerance, blind to classes and per class.

    Frame tolerances compare moments rounded to frames at 25 per second, as E2E-Spot does.
    """
    rows: list[dict[str, float | str]] = []
    tolerances = [(f"{n} frames", n / FPS, True) for n in FRAME_TOLERANCES]
    tolerances += [(f"{t:g} s", t, False) for t in SECOND_TOLERANCES]
    for name, tolerance_s, is_framed in tolerances:
        ours, theirs = (predicted.in_frames(), truth.in_frames()) if is_framed else (predicted, truth)
        rows.append(
            {
                "tolerance": name,
                "tolerance_s": tolerance_s,
                "map_any_stroke": mean_average_precision(ours.anonymous(), theirs.anonymous(), tolerance_s=tolerance_s),
                "map_per_class": mean_average_precision(ours, theirs, tolerance_s=tolerance_s),
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


def events_of(pairing: Pairing) -> tuple[Events, Events]:
    """Return predicted and true events.

    Raises:
        NotMeasured: If there are none to compare.
    """
    is_true = np.isfinite(pairing.true_impact_s)
    is_claimed = pairing.is_found & np.isfinite(pairing.predicted_impact_s)
    is_claimed &= is_true | (pairing.true_U == NO_STROKE)
    if not is_true.any():
        raise NotMeasured("truth has no impact in these videos")
    if not is_claimed.any():
        raise NotMeasured("the predictions have no impact times")
    video = np.unique(pairing.video.astype(str), return_inverse=True)[1].astype(np.float64)
    predicted = Events(
        video=video[is_claimed],
        time_s=pairing.predicted_impact_s[is_claimed],
        scores_EG=pairing.event_p[is_claimed, None] * pairing.probs_UG[is_claimed],
    )
    one_hot = np.eye(pairing.probs_UG.shape[1] + 1)[np.where(pairing.true_U >= 0, pairing.true_U, -1)]
    truth = Events(video=video[is_true], time_s=pairing.true_impact_s[is_true], scores_EG=one_hot[is_true])
    return predicted, truth


@measure(80, "spotting")
def _spotting_map_1_frame(sample: Sample) -> Reading:
    """Average precision of stroke moments within 1 frame."""
    return _read(sample, 1)


@measure(81, "spotting")
def _spotting_map_2_frames(sample: Sample) -> Reading:
    """The same within 2 frames."""
    return _read(sample, 2)


@measure(82, "spotting")
def _spotting_map_4_frames(sample: Sample) -> Reading:
    """The same within 4 frames."""
    return _read(sample, 4)


@measure(83, "spotting")
def _spotting_map_05s(sample: Sample) -> Reading:
    """The same within half a second."""
    ours, theirs = (item.anonymous() for item in events_of(sample.pairing))
    value = mean_average_precision(ours, theirs, tolerance_s=0.5)
    return Reading(values_B=np.array([value]), num=len(theirs.time_s))


@measure(84, "spotting")
def _spotting_class_map_05s(sample: Sample) -> Reading:
    """The same, the stroke named right too, mean over strokes."""
    ours, theirs = events_of(sample.pairing)
    return Reading(values_B=np.array([mean_average_precision(ours, theirs, tolerance_s=0.5)]), num=len(theirs.time_s))


@measure(85, "spotting")
def _recall_at_false_alarms(sample: Sample) -> Reading:
    """Deliveries found within half a second at one false alarm in ten deliveries."""
    ours, theirs = (item.anonymous() for item in events_of(sample.pairing))
    hits, num = hits_in_order(ours, theirs, column=0, tolerance_s=0.5)
    recall = recall_at_false_alarms(hits, num)
    return Reading(values_B=np.array([recall]), num=num, interval=wilson(recall * num, num))


@report_table(80, title="Moments")
def _spotting(sample: Sample) -> Table:
    """Return average precision at every tolerance."""
    return [dict(row) for row in spotting_table(*events_of(sample.pairing))]


def _read(sample: Sample, frames: int) -> Reading:
    ours, theirs = (item.anonymous().in_frames() for item in events_of(sample.pairing))
    value = mean_average_precision(ours, theirs, tolerance_s=frames / FPS)
    return Reading(values_B=np.array([value]), num=len(theirs.time_s))
