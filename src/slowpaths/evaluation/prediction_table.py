"""Predictions to evaluate: a predictions or labels table of ours, or anybody's table with the same columns.

Legend: N clips, C = 14 strokes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace

import numpy as np

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.strokes import INDEX, NUM_STROKES, STROKES
from slowpaths.core.text import did_you_mean
from slowpaths.evaluation.matching import TOLERANCE_S
from slowpaths.evaluation.table_columns import Columns, Source, normal_path, read_columns
from slowpaths.store.schema import PRIOR_KEY, PROB_PREFIX

_PROBS: tuple[str, ...] = tuple(PROB_PREFIX + stroke for stroke in STROKES)
_ROUNDING = 0.005 * NUM_STROKES + 1e-6  # two decimals in every column: each may be half a hundredth off
_ORDER = 1e-3  # how much of their differences confidences keep that would put another stroke before the named one
_HELD_OUT: tuple[str, ...] = ("test", "val", "train")
SPLITS: tuple[str, ...] = ("auto", *_HELD_OUT, "all")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """Hold predictions column by column, one row a delivery."""

    delivery_id: np.ndarray  # ids (N,)
    video: np.ndarray  # paths of the videos (N,), the video's id where the table gives no path
    match_id: np.ndarray  # matches (N,), "" where unknown
    start_s: np.ndarray  # starts of the clips (N,), seconds, NaN where unknown
    end_s: np.ndarray  # ends (N,), seconds
    impact_s: np.ndarray  # impacts (N,), seconds, NaN where unknown
    event_p: np.ndarray  # probability that there is a stroke (N,)
    probs_NC: np.ndarray  # probabilities over the strokes (N, 14), rows sum to 1
    named: np.ndarray  # the named stroke (N,), an index: the label, else the most probable
    split: np.ndarray  # "train", "val", "test" or "" (N,)
    is_alone: np.ndarray  # whether it is a label alone, whose confidence is taken to be 1 (N,), bool
    is_raised: np.ndarray  # whether its confidence would put any other stroke before the label (N,), bool
    is_kept: np.ndarray  # whether selection keeps it for training (N,), bool; all where the table does not say
    is_replay: np.ndarray  # whether it shows again what was shown before (N,), None where unknown
    has_probabilities: bool = True  # whether the table gave probabilities, not only a label
    has_split: bool = True  # whether the table says what was held out of training (labels do not)
    # by how much the probabilities of a row summed to more or less than 1 before they were rescaled
    largest_gap: float = 0.0
    # shares of the strokes that the probabilities take for given (14); None where the table does not say
    stated_prior: tuple[float, ...] | None = None

    def __len__(self) -> int:
        return len(self.video)

    @property
    def moments_P2(self) -> np.ndarray:
        """Return when each prediction says it happens: the impact twice, else the span (N, 2), seconds."""
        spans_P2 = np.stack([self.start_s, self.end_s], axis=1)
        return np.where(np.isnan(self.impact_s)[:, None], spans_P2, self.impact_s[:, None])

    @property
    def prior_C(self) -> np.ndarray | None:
        """Return the shares of the strokes that the probabilities take for given (14,); None where that is not known.

        They are what the table says, else those of the named training rows: right of a model whose probabilities were
        learnt without making rare strokes likelier.
        """
        if self.stated_prior is not None:
            return np.array(self.stated_prior)
        is_training = self.split == "train"
        return self.probs_NC[is_training].mean(axis=0) if is_training.any() else None

    def take(self, rows: np.ndarray) -> Predictions:
        """Return some rows, by index or by mask (N,)."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: value[rows] for name, value in arrays.items() if isinstance(value, np.ndarray)})


def read_predictions(source: Source, *, model_id: str | None = None) -> Predictions:
    """Read predictions or labels and check every value.

    The table has `video` (or video_id), start_s and end_s (or impact_s), and the `prob_<stroke>` columns or at least
    label and confidence. Optional: delivery_id, match_id, event_p, split, model_id, is_replay. Probabilities may be
    rounded to two decimals: rows are rescaled to sum to 1. Several rows of one delivery (views of the same clip) are
    averaged.

    Raises:
        TableError: If there are no rows, a column is missing or a value cannot be used; says line and column.
        UsageError: If the table holds several models and none was chosen.
    """
    columns = read_columns(source)
    columns.require([] if "video_id" in columns else ["video"])
    columns.require([] if "impact_s" in columns else ["start_s", "end_s"])
    for name in columns.values:
        if name.startswith(PROB_PREFIX) and name not in _PROBS:
            known = did_you_mean(
                name, _PROBS, otherwise="give prob_<stroke> of our strokes, or label and confidence alone"
            )
            raise TableError(f"{columns.name}: the column '{name}' is of no stroke; {known}")
    has_probabilities = any(name in columns for name in _PROBS)
    probs_NC, named, largest_gap = _probabilities(columns) if has_probabilities else _spread(columns)
    times, sure_N = _times(columns), columns.numbers("confidence")
    event_p = columns.numbers("event_p")
    for row in np.flatnonzero((event_p < 0) | (event_p > 1)).tolist():
        raise columns.error(row, "event_p", f"{event_p[row]:g} is not between 0 and 1")
    splits = columns.choices("split", _HELD_OUT, "a split")
    videos = zip(columns.texts("video"), columns.texts("video_id"), strict=True)
    predictions = Predictions(
        video=np.array([normal_path(a) if a else b for a, b in videos], dtype=object),
        event_p=np.where(np.isnan(event_p), 1.0, event_p),
        probs_NC=probs_NC,
        named=named,
        is_kept=np.array([flag is not False for flag in columns.flags("is_kept")], dtype=bool),
        is_replay=np.array(columns.flags("is_replay"), dtype=object),
        largest_gap=largest_gap,
        stated_prior=_stated_prior(columns),
        has_probabilities=has_probabilities,
        is_alone=np.isnan(sure_N) & (not has_probabilities),
        is_raised=(sure_N < 1 / NUM_STROKES) & (not has_probabilities),
        has_split="split" in columns,
        split=np.array(splits, dtype=object),
        **{name: np.array(columns.texts(name), dtype=object) for name in ("delivery_id", "match_id")},
        **times,
    )
    if not len(predictions):
        raise TableError(f"{columns.name} holds no rows: check the stage that wrote it")
    _check_ids(predictions, columns)
    return _merge_views(_of_model(predictions, columns, model_id))


def _times(columns: Columns) -> dict[str, np.ndarray]:
    """Return start, end and impact of every row (N,), seconds, NaN where empty."""
    times = {name: columns.numbers(name, unit="seconds") for name in ("start_s", "end_s", "impact_s")}
    for name, values_s in times.items():
        for row in np.flatnonzero(values_s < 0).tolist():
            problem = f"{values_s[row]:g} lies before the video begins: give seconds from its first picture on"
            raise columns.error(row, name, problem)
    for row in np.flatnonzero(times["end_s"] < times["start_s"]).tolist():
        span = f"{times['start_s'][row]:g} to {times['end_s'][row]:g} s"
        raise columns.error(row, "end_s", f"the stroke ends before it starts ({span}); swap the two")
    for row in np.flatnonzero(np.isnan(times["impact_s"]) & np.isnan(times["start_s"] + times["end_s"])):
        raise columns.error(int(row), "impact_s", "is empty and so is start_s or end_s; a prediction needs a time")
    return times


def _stated_prior(columns: Columns) -> tuple[float, ...] | None:
    """Return the shares of the strokes that a table says its probabilities take for given; None where it does not.

    Raises:
        TableError: If they are no shares of the strokes.
    """
    if (text := columns.said.get(PRIOR_KEY)) is None:
        return None
    try:
        shares = np.array(json.loads(text), dtype=np.float64)
    except (ValueError, TypeError):
        shares = np.full(1, np.nan)
    if shares.shape != (NUM_STROKES,) or not (shares > 0).all() or not np.isfinite(shares).all():
        raise TableError(f"{columns.name} states a prior that is no share of {NUM_STROKES} strokes: write it again")
    return tuple((shares / shares.sum()).tolist())


def with_split_of(predictions: Predictions, other: Predictions) -> Predictions:
    """Return predictions with the split of another table of the same deliveries; rows it does not hold have none.

    Raises:
        TableError: If the tables have no delivery in common (one without delivery_id has none), or a delivery of the
            other one has two splits.
    """
    split_of: dict[str, str] = {}
    for name, split in zip(other.delivery_id.tolist(), other.split.tolist(), strict=True):
        if name and split_of.setdefault(name, split) != split:
            raise TableError(f"split_of= names a table that gives {name} two splits: give each delivery its own id")
    known = [split_of.get(name, "") for name in predictions.delivery_id.tolist()]
    if not any(known):
        raise TableError("split_of= names a table with other deliveries: give predictions on the same mined set")
    return replace(predictions, split=np.array(known, dtype=object), has_split=True)


def choose_split(predictions: Predictions, split: str = "auto") -> tuple[Predictions, str]:
    """Return the held-out rows and a sentence on what was left out ("" where nothing was).

    "auto" takes test, else val, else rows without a split, and training rows only where nothing else is.

    Raises:
        UsageError: If the split is unknown or holds no rows.
    """
    if split not in SPLITS:
        raise UsageError(f"unknown split '{split}'; choose one of {', '.join(SPLITS)}")
    present = {str(name): int((predictions.split == name).sum()) for name in ("test", "val", "", "train")}
    if split == "all":
        return predictions, "All splits are evaluated together." if present[""] < len(predictions) else ""
    chosen = next((name for name, count in present.items() if count), "") if split == "auto" else split
    if split != "auto" and not present[split]:
        raise UsageError(f"the predictions have no rows of split '{split}'; use split=auto")
    left_out = ", ".join(f"{n} of {name or 'no split'}" for name, n in present.items() if n and name != chosen)
    note = ""
    if chosen == "train":
        note = "These are training rows: the numbers say how well the model fits, not how good it is."
    elif left_out:
        note = f"Evaluated on split {chosen or 'none'}; left out: {left_out}."
    elif not chosen and predictions.has_split:
        note = "The predictions name no split: it is not known whether these deliveries were held out of training."
    return predictions.take(predictions.split == chosen), note


def _probabilities(columns: Columns) -> tuple[np.ndarray, np.ndarray, float]:
    """Return probabilities (N, C), the named stroke (N,) and by how much a row missed the sum 1."""
    columns.require(_PROBS)
    probs_NC = np.stack([columns.numbers(name) for name in _PROBS], axis=1)
    gap_N = np.abs(probs_NC.sum(axis=1) - 1)
    for row in np.flatnonzero(~(gap_N <= _ROUNDING) | ~(probs_NC >= 0).all(axis=1)).tolist():
        bad = np.flatnonzero(~(probs_NC[row] >= 0))
        problem = "is empty or negative" if len(bad) else f"the row sums to {probs_NC[row].sum():.3f}, not 1"
        raise columns.error(row, _PROBS[bad[0]] if len(bad) else _PROBS[0], problem)
    named = probs_NC.argmax(axis=1)
    for row, label in enumerate(columns.choices("label", STROKES, "a stroke")):
        likeliest = STROKES[named[row]]
        named[row] = INDEX[label or likeliest]
        if probs_NC[row, named[row]] < probs_NC[row].max() - 1e-9:
            problem = f"'{label}' is not the most probable stroke, {likeliest} is: mend the label or the probabilities"
            raise columns.error(row, "label", problem)
    return probs_NC / probs_NC.sum(axis=1, keepdims=True), named, float(gap_N.max(initial=0.0))


def _spread(columns: Columns) -> tuple[np.ndarray, np.ndarray, float]:
    """Return what a label and its confidence say: the rest is spread evenly, and nothing gets more than the label.

    Confidences below one in fourteen (scores of a spotter) keep their order just above it.
    """
    columns.require(["label"])
    labels = columns.choices("label", STROKES, "a stroke", is_required=True)
    named = np.array([INDEX[label] for label in labels], dtype=np.int64)
    sure_N = columns.numbers("confidence")
    for row in np.flatnonzero((sure_N < 0) | (sure_N > 1)).tolist():
        raise columns.error(row, "confidence", f"{sure_N[row]:g} is not between 0 and 1")
    sure_N = np.where(np.isnan(sure_N), 1.0, sure_N)
    sure_N = np.maximum(sure_N, (1 + _ORDER * sure_N) / NUM_STROKES)
    rest_N1 = (1 - sure_N)[:, None] / (NUM_STROKES - 1)
    return np.where(np.eye(NUM_STROKES, dtype=bool)[named], sure_N[:, None], rest_N1), named, 0.0


def _of_model(predictions: Predictions, columns: Columns, model_id: str | None) -> Predictions:
    models = np.array(columns.texts("model_id"), dtype=object)
    names = sorted(set(models))
    if model_id is None and len(names) > 1:
        raise UsageError(f"{columns.name} holds {len(names)} models; choose one with model_id= ({', '.join(names)})")
    if model_id is not None and model_id not in names:
        raise UsageError(f"{columns.name} has no model '{model_id}'; it has {', '.join(names) or 'none'}")
    return predictions if model_id is None else predictions.take(models == model_id)


def _check_ids(predictions: Predictions, columns: Columns) -> None:
    """Refuse an id that a model gives to moments of a video too far apart to be views of one delivery."""
    first: dict[tuple[str, str, str], int] = {}
    moments = predictions.moments_P2.tolist()
    names = zip(predictions.video.tolist(), predictions.delivery_id.tolist(), columns.texts("model_id"), strict=True)
    for row, key in enumerate(names):
        (start_s, end_s), (from_s, to_s) = moments[row], moments[first.setdefault(key, row) if key[1] else row]
        if max(start_s - to_s, from_s - end_s) > TOLERANCE_S:
            problem = f"{key[1]} stands in {columns.places[first[key]]} for another moment: give each delivery its own"
            raise columns.error(row, "delivery_id", problem)


def _merge_views(predictions: Predictions) -> Predictions:
    keys: dict[tuple[str, str, str], list[int]] = {}
    for row in range(len(predictions)):
        name = predictions.delivery_id[row] or f"row {row}"
        keys.setdefault((predictions.video[row], name, predictions.split[row]), []).append(row)
    if len(keys) == len(predictions):
        return predictions
    groups = list(keys.values())
    merged = predictions.take(np.array([rows[0] for rows in groups]))
    means = np.stack([predictions.probs_NC[rows].mean(axis=0) for rows in groups])
    is_one = np.array([len(set(predictions.named[rows])) == 1 for rows in groups])
    return replace(merged, probs_NC=means, named=np.where(is_one, merged.named, means.argmax(axis=1)))
