"""Predictions to evaluate: a predictions or labels table of ours, or anybody's table with the same columns.

Legend: N clips, C = 14 strokes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.strokes import INDEX, NUM_STROKES, STROKES
from slowpaths.evaluation.table_columns import Columns, read_columns
from slowpaths.evaluation.truth_table import nearest, normal_path
from slowpaths.store.schema import PROB_PREFIX

SPLITS: tuple[str, ...] = ("auto", "test", "val", "train", "all")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """Hold predictions column by column, one row a delivery.

    Args:
        delivery_id: Ids (N,).
        video: Paths of the videos (N,), the video's id where the table gives no path.
        match_id: Matches (N,), "" where unknown.
        start_s: Starts of the clips (N,), seconds, NaN where unknown.
        end_s: Ends (N,), seconds.
        impact_s: Impacts (N,), seconds, NaN where unknown.
        event_p: Probability that there is a stroke (N,).
        probs_NC: Probabilities over the strokes (N, 14), rows sum to 1.
        split: "train", "val", "test" or "" (N,).
        is_kept: Whether selection keeps it for training (N,), bool; all where the table does not say.
        has_probabilities: Whether the table gave probabilities, not only a label.
        has_split: Whether the table says what was held out of training (labels do not).
    """

    delivery_id: np.ndarray
    video: np.ndarray
    match_id: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    impact_s: np.ndarray
    event_p: np.ndarray
    probs_NC: np.ndarray
    split: np.ndarray
    is_kept: np.ndarray
    has_probabilities: bool = True
    has_split: bool = True

    def __len__(self) -> int:
        return len(self.video)

    def take(self, rows: np.ndarray) -> Predictions:
        """Return some rows, by index or by mask (N,)."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: value[rows] for name, value in arrays.items() if isinstance(value, np.ndarray)})


def read_predictions(path: Path, *, model_id: str | None = None) -> Predictions:
    """Read predictions or labels and check every value.

    Several rows of one delivery (views of the same clip) are averaged into one.

    Args:
        path: CSV or Parquet with `video` (or video_id), start_s and end_s (or impact_s), and the `prob_<stroke>`
            columns or at least label and confidence. Optional: delivery_id, match_id, event_p, split, model_id.
        model_id: Which model's rows to take where the table holds several.

    Raises:
        TableError: If a column is missing or a value cannot be used; says line and column.
        UsageError: If the table holds several models and none was chosen.
    """
    columns = read_columns(Path(path))
    if "video" not in columns and "video_id" not in columns:
        columns.require(["video"])
    if "impact_s" not in columns:
        columns.require(["start_s", "end_s"])
    probs_NC, has_probabilities = _probabilities(columns)
    videos, ids = columns.texts("video"), columns.texts("video_id")
    times = {name: columns.numbers(name, unit="seconds") for name in ("start_s", "end_s", "impact_s")}
    for row in np.flatnonzero(np.isnan(times["impact_s"]) & np.isnan(times["start_s"] + times["end_s"])):
        raise columns.error(int(row), "impact_s", "is empty and so is start_s or end_s; a prediction needs a time")
    event_p = columns.numbers("event_p")
    predictions = Predictions(
        delivery_id=np.array(columns.texts("delivery_id"), dtype=object),
        video=np.array([normal_path(a) if a else b for a, b in zip(videos, ids, strict=True)], dtype=object),
        match_id=np.array(columns.texts("match_id"), dtype=object),
        event_p=np.where(np.isnan(event_p), 1.0, event_p),
        probs_NC=probs_NC,
        split=np.array(columns.texts("split"), dtype=object),
        is_kept=np.array([flag is not False for flag in columns.flags("is_kept")], dtype=bool),
        has_probabilities=has_probabilities,
        has_split="split" in columns,
        **times,
    )
    return _merge_views(_of_model(predictions, columns, model_id))


def choose_split(predictions: Predictions, split: str = "auto") -> tuple[Predictions, str]:
    """Return the held-out rows and a sentence on what was left out ("" where nothing was).

    Args:
        predictions: All rows.
        split: "auto" takes test, else val, else rows without a split, and training rows only where nothing else is.

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
    left_out = {name or "no split": n for name, n in present.items() if n and name != chosen}
    if chosen == "train":
        return predictions.take(
            predictions.split == "train"
        ), "These are training rows: the numbers say how well the model fits, not how good it is."
    note = ""
    if not chosen and not left_out and predictions.has_split:
        note = "The predictions name no split: it is not known whether these deliveries were held out of training."
    elif left_out:
        named = ", ".join(f"{n} of {name}" for name, n in left_out.items())
        note = f"Evaluated on split {chosen or 'none'}; left out: {named}."
    return predictions.take(predictions.split == chosen), note


def _probabilities(columns: Columns) -> tuple[np.ndarray, bool]:
    names = [PROB_PREFIX + stroke for stroke in STROKES]
    if any(name in columns for name in names):
        columns.require(names)
        probs_NC = np.stack([columns.numbers(name) for name in names], axis=1)
        totals = probs_NC.sum(axis=1)
        for row in np.flatnonzero(~np.isfinite(totals) | (probs_NC < 0).any(axis=1) | (np.abs(totals - 1) > 0.01)):
            bad = int(np.flatnonzero(~(probs_NC[row] >= 0))[0]) if not (probs_NC[row] >= 0).all() else 0
            problem = (
                "is empty or negative" if not probs_NC[row, bad] >= 0 else f"the row sums to {totals[row]:.3f}, not 1"
            )
            raise columns.error(int(row), names[bad], problem)
        return probs_NC / totals[:, None], True
    columns.require(["label"])
    probs_NC = np.zeros((len(columns), NUM_STROKES))
    confidence = columns.numbers("confidence")
    for row, label in enumerate(columns.texts("label")):
        if label not in INDEX:
            raise columns.error(row, "label", f"'{label}' is not a stroke; nearest: {nearest(label, STROKES)}")
        sure = 1.0 if np.isnan(confidence[row]) else float(confidence[row])
        if not 0 <= sure <= 1:
            raise columns.error(row, "confidence", f"{sure:g} is not between 0 and 1")
        probs_NC[row] = (1 - sure) / (NUM_STROKES - 1)
        probs_NC[row, INDEX[label]] = sure
    return probs_NC, False


def _of_model(predictions: Predictions, columns: Columns, model_id: str | None) -> Predictions:
    models = np.array(columns.texts("model_id"), dtype=object)
    names = sorted(set(models))
    if model_id is None and len(names) > 1:
        raise UsageError(
            f"{columns.path.name} holds {len(names)} models; choose one with model_id= ({', '.join(names)})"
        )
    if model_id is not None and model_id not in names:
        raise UsageError(f"{columns.path.name} has no model '{model_id}'; it has {', '.join(names) or 'none'}")
    return predictions if model_id is None else predictions.take(models == model_id)


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
    return replace(merged, probs_NC=means)


def check_not_empty(predictions: Predictions, path: Path) -> None:
    """Check that there is something to evaluate.

    Raises:
        TableError: If there are no rows.
    """
    if not len(predictions):
        raise TableError(f"{path.name} holds no rows: check the stage that wrote it")
