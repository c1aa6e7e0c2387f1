"""Predictions and truth side by side: matched deliveries, false ones and missed ones.

Legend: U rows = matched + false + missed, G classes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from slowpaths.evaluation.classes import ClassSpace, class_space
from slowpaths.evaluation.matching import TOLERANCE_S, match_moments, match_videos
from slowpaths.evaluation.prediction_table import Predictions
from slowpaths.evaluation.truth_table import TrueDelivery, Truth

NO_STROKE = -2
"""The true class of a prediction that no true delivery belongs to."""
_Row = tuple[str, int, TrueDelivery | None]  # video as truth calls it, row of the predictions or -1, true delivery


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairing:
    """Hold every delivery that was predicted, happened, or both."""

    space: ClassSpace  # the classes
    probs_UG: np.ndarray  # class probabilities (U, G); NaN for a missed delivery
    # the named class (U,): the most probable one, or the label's where a table gives only labels; -1 for a missed
    # delivery
    called_U: np.ndarray
    event_p: np.ndarray  # probability that there is a stroke (U,); NaN for a missed delivery
    # true class (U,): 0..G-1, `classes.OUTSIDE` for a stroke outside the taxonomy, `NO_STROKE` for a false delivery
    true_U: np.ndarray
    is_found: np.ndarray  # whether a prediction stands here (U,)
    is_kept: np.ndarray  # whether selection keeps it for training (U,)
    # whether it shows again what was shown before (U,), and so is no ball: truth's word, else the prediction's; false
    # where neither says
    is_replay: np.ndarray
    video: np.ndarray  # the video (U,), as truth names it
    match: np.ndarray  # the match (U,), else the video: what is left out, one at a time, for intervals
    group: np.ndarray  # who bats (U,), else the match: what profiles are made of
    has_batters: bool  # whether truth names the batters
    predicted_impact_s: np.ndarray  # impact given by the prediction (U,), NaN where unknown
    true_impact_s: np.ndarray  # impact in truth (U,), NaN where unknown
    predicted_span_U2: np.ndarray  # start and end given by the prediction (U, 2), seconds, NaN where unknown
    truths: list[TrueDelivery | None] = field(default_factory=list)  # the true delivery (U,), None for a false one
    videos: tuple[str, ...] = ()  # the videos that were judged, as truth names them
    knows_replays: bool = False  # whether truth says of every delivery whether it is a replay
    # what is not judged: `unseen_videos` of the truth without predictions, `unseen_deliveries` in them, `other_videos`
    # of the predictions that truth does not mention, `other_predictions` in them
    not_judged: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_graded(self) -> np.ndarray:
        """Return where both a prediction and a true class stand (U,): what accuracy is measured on."""
        return self.is_found & (self.true_U >= 0)

    def take(self, rows: np.ndarray) -> Pairing:
        """Return some rows, by index or by mask (U,)."""
        arrays = {item.name: getattr(self, item.name) for item in fields(self)}
        taken = {name: value[rows] for name, value in arrays.items() if isinstance(value, np.ndarray)}
        truths = [self.truths[at] for at in np.arange(len(self.true_U))[rows]]
        return replace(self, **taken, truths=truths, videos=tuple(sorted(set(taken["video"]))))


def pair(
    predictions: Predictions, truth: Truth, *, tolerance_s: float = TOLERANCE_S, searched: Iterable[str] = ()
) -> Pairing:
    """Pair predictions with true deliveries at most `tolerance_s` seconds apart, in the classes of the truth.

    `searched` are videos that were searched, whether or not a prediction came out of them; without them only videos
    with predictions are judged.
    """
    names = [*predictions.video.tolist(), *searched]
    partners = match_videos(names, (item.video for item in truth.deliveries))
    predicted_of: dict[str, list[int]] = {partners[name]: [] for name in names if name in partners}
    true_of: dict[str, list[TrueDelivery]] = defaultdict(list)
    for row, video in enumerate(predictions.video):
        if video in partners:
            predicted_of[partners[video]].append(row)
    for item in truth.deliveries:
        true_of[item.video].append(item)
    rows: list[_Row] = []
    moments_P2 = predictions.moments_P2
    for video in sorted(predicted_of):
        own, truths = predicted_of[video], true_of[video]
        true_T2 = np.array([item.moment_s for item in truths], dtype=np.float64)
        own_P2 = moments_P2[np.array(own, dtype=np.int64)]
        partner = dict(match_moments(own_P2, true_T2, tolerance_s=tolerance_s))
        rows += [(video, row, truths[partner[i]] if i in partner else None) for i, row in enumerate(own)]
        matched = set(partner.values())
        rows += [(video, -1, item) for i, item in enumerate(truths) if i not in matched]
    unseen = [video for video in true_of if video not in predicted_of]
    others = sorted(set(predictions.video) - set(partners))
    not_judged = {
        "unseen_videos": len(unseen),
        "unseen_deliveries": sum(len(true_of[video]) for video in unseen),
        "other_videos": len(others),
        "other_predictions": int(np.isin(predictions.video, others).sum()),
    }
    space = class_space(truth.taxonomy)
    return _assemble(predictions, rows, space, videos=tuple(sorted(predicted_of)), not_judged=not_judged)


def _assemble(predictions: Predictions, rows: list[_Row], space: ClassSpace, **more: Any) -> Pairing:
    index, truths = np.array([row for _, row, _ in rows], dtype=np.int64), [item for *_, item in rows]
    is_found = index >= 0
    matches = _matches(predictions, rows)
    has_batters = any(item and item.batter_id for item in truths)

    def column(values: np.ndarray, blank: float = np.nan) -> np.ndarray:
        filled = np.full((len(index), *values.shape[1:]), blank)
        filled[is_found] = values[index[is_found]]
        return filled

    probs_UG = space.probabilities(column(predictions.probs_NC))
    called_UG = np.nan_to_num(probs_UG)
    if not predictions.has_probabilities:
        called_UG = space.probabilities(column(np.eye(len(space.matrix_CG))[predictions.named], 0.0))
    return Pairing(
        space=space,
        probs_UG=probs_UG,
        called_U=np.where(is_found, called_UG.argmax(axis=1), -1),
        event_p=column(predictions.event_p),
        true_U=np.array([space.index(t.label, handedness=t.handedness) if t else NO_STROKE for t in truths], dtype=int),
        is_found=is_found,
        is_kept=is_found & predictions.is_kept[index],
        is_replay=np.array([_is_replay(predictions, row, item) for _, row, item in rows], dtype=bool),
        knows_replays=all(item.is_replay is not None for item in truths if item),
        video=np.array([video for video, *_ in rows], dtype=object),
        match=np.array(matches, dtype=object),
        group=np.array([t.batter_id if t else "" for t in truths] if has_batters else matches, dtype=object),
        has_batters=has_batters,
        predicted_impact_s=column(predictions.impact_s),
        predicted_span_U2=column(np.stack([predictions.start_s, predictions.end_s], axis=1)),
        true_impact_s=np.array([item.impact_s if item else np.nan for item in truths], dtype=np.float64),
        truths=truths,
        **more,
    )


def _is_replay(predictions: Predictions, row: int, item: TrueDelivery | None) -> bool:
    if item and item.is_replay is not None:
        return item.is_replay
    return bool(predictions.is_replay[row]) if row >= 0 else False


def _matches(predictions: Predictions, rows: list[_Row]) -> list[str]:
    """Return the match of every row: truth's word, else that of the video in truth or predictions, else the video."""
    said = [(video, item.match_id) for video, _, item in rows if item and item.match_id]
    said += [(video, predictions.match_id[row]) for video, row, _ in rows if row >= 0 and predictions.match_id[row]]
    of_video = dict(reversed(said))  # the first word counts
    return [(item.match_id if item else "") or of_video.get(video, video) for video, _, item in rows]
