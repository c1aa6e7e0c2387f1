"""Top-k accuracy: how often the true stroke is among the k most probable; also of what selection keeps for training.

Edge cases: deliveries whose true class ties with others count by the chance that a random order of the tied ones puts
it among the k; with no more classes than k there is nothing to measure.

Legend: B replicates, N graded deliveries, G classes.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from slowpaths.evaluation.intervals import wilson
from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.sample import Sample


def top_k_hits(probs_NG: np.ndarray, true_N: np.ndarray, *, k: int) -> np.ndarray:
    """Return the probability that the true class is among the k most probable, ties broken at random (N,).

    Example:
        >>> top_k_hits(np.array([[0.25, 0.25, 0.5], [0.4, 0.4, 0.2]]), np.array([2, 0]), k=1).tolist()
        [1.0, 0.5]
    """
    own_N1 = np.take_along_axis(probs_NG, true_N[:, None], axis=1)
    above_N = (probs_NG > own_N1).sum(axis=1)
    tied_N = (probs_NG == own_N1).sum(axis=1)
    return np.clip((k - above_N) / tied_N, 0.0, 1.0)


@measure(10, "accuracy", baseline="every class alike; the most frequent class", is_share=True)
def _top1(sample: Sample) -> Reading:
    """Share of deliveries whose stroke is named right."""
    return sample.mean(sample.correct_N, chance=1 / len(sample.names), constant=float(sample.shares_G.max()))


@measure(11, "accuracy", baseline="every class alike; the five most frequent classes", is_share=True)
def _top5(sample: Sample) -> Reading:
    """Share whose stroke is among the five most probable."""
    if len(sample.names) <= 5:
        return Reading(reason=f"there are only {len(sample.names)} classes")
    hits_N = top_k_hits(sample.probs_NG, sample.true_N, k=5)
    return sample.mean(hits_N, chance=5 / len(sample.names), constant=float(np.sort(sample.shares_G)[-5:].sum()))


@measure(23, "accuracy", baseline="every class alike; the most frequent class among them", is_share=True)
def _top1_kept(sample: Sample) -> Reading | None:
    """Share named right among those kept for training."""
    kept_N = sample.pairing.is_kept[sample.rows]
    if kept_N.all():
        return None  # it would repeat top1
    if not kept_N.any():
        return Reading(reason="selection keeps none of these deliveries")
    constant = float(np.bincount(sample.true_N[kept_N]).max() / kept_N.sum())
    return sample.mean(sample.correct_N, kept_N, chance=1 / len(sample.names), constant=constant)


@report_table(10, title="Each stroke")
def _per_class(sample: Sample) -> Table:
    """Return the scores of every class, those without deliveries too; NaN where there is nothing to divide by."""
    names = sample.pairing.space.columns
    labels = list(range(len(names)))
    scores = precision_recall_fscore_support(sample.true_N, sample.called_N, labels=labels, zero_division=0)
    called_G = np.bincount(sample.called_N, minlength=len(names))
    return [
        {
            "class": name,
            "precision": float(precision) if called else float("nan"),
            "recall": float(recall) if support else float("nan"),
            "f1": float(f1) if support or called else float("nan"),
            "support": int(support),
            "predicted": int(called),
        }
        for name, precision, recall, f1, support, called in zip(names, *np.asarray(scores), called_G, strict=True)
    ]


@report_table(11)
def _confusion(sample: Sample) -> Table:
    columns, counts_GG = sample.pairing.space.columns, sample.confusion_BGG[0].astype(int).tolist()
    rows = zip(sample.names, counts_GG, strict=False)  # "other" is never true
    return [{"true": true, **dict(zip(columns, counts_G, strict=True))} for true, counts_G in rows]


@report_table(20, title="Accuracy by view, handedness, replay and venue")
def _breakdown(sample: Sample) -> Table:
    """Return accuracy by what truth says of a delivery: where it fails for some, its errors will not cancel."""
    table: Table = []
    truths = [sample.pairing.truths[row] for row in sample.rows]
    for field in ("view", "handedness", "is_replay", "venue"):
        values = np.array(["" if getattr(t, field) in (None, "") else str(getattr(t, field)) for t in truths])
        for value in sorted(set(values) - {""}):
            hits = sample.correct_N[values == value]
            interval = wilson(float(hits.sum()), len(hits))
            row = {"field": field, "value": value, "deliveries": len(hits), "top1": float(hits.mean())}
            table.append({**row, "low": interval.low, "high": interval.high})
    return table
