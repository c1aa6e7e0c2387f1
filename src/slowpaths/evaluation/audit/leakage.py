"""What leakage is worth: one light model, tested on clips, innings, matches, batters and venues it was not trained on.

Clips of one match share batters, light and camera; a split by clips lets the model know them. The difference of its
accuracy to that under a split by matches is what such a split flatters by.

Legend: N deliveries, F features, B replicates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from slowpaths.evaluation.intervals import jackknife, leave_out, weighted_mean
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.measures.profile_error import total_variation
from slowpaths.evaluation.stroke_profiles import to_shares

FOLDS = 5
SPLITS = ("clip", "innings", "match", "batter", "venue")
_TREES = 200
_PROBE_C, _PROBE_STEPS = 0.1, 500  # of the linear layer: how little its weights are held back, and steps to fit them
Fit = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Labelled:
    """Hold deliveries with features, a stroke each, and what they share."""

    name_N: np.ndarray  # delivery ids
    features_NF: np.ndarray  # NaN where unmeasured
    label_N: np.ndarray  # stroke, an index
    groups: Mapping[str, np.ndarray]  # innings, match, batter, venue -> name (N,), "" where unknown
    is_right_handed_N: np.ndarray  # whether the batter is
    seen_N: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))  # what taught the features; (0,): none
    # how a clip was changed -> 1 where a network still names it alike (N,); empty where no network is audited
    kept: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.label_N)

    @property
    def match_N(self) -> np.ndarray:
        """Return the match of every delivery (N,)."""
        return self.groups["match"]

    def take(self, rows: np.ndarray) -> Labelled:
        """Return some deliveries, by index or by mask (N,)."""
        groups = {name: own[rows] for name, own in self.groups.items()}
        kept = {name: own[rows] for name, own in self.kept.items()}
        own = {name: getattr(self, name)[rows] for name in ("name_N", "features_NF", "label_N", "is_right_handed_N")}
        return replace(
            self, **own, groups=groups, kept=kept, seen_N=self.seen_N[rows] if len(self.seen_N) else self.seen_N
        )


def extra_trees(train_NF: np.ndarray, label_N: np.ndarray, test_NF: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Name the strokes of test deliveries with trees grown on others; takes unmeasured features as they are."""
    from sklearn.ensemble import ExtraTreesClassifier

    model = ExtraTreesClassifier(_TREES, min_samples_leaf=2, max_features="sqrt", random_state=seed)
    return model.fit(train_NF, label_N).predict(test_NF)


def linear_probe(train_NF: np.ndarray, label_N: np.ndarray, test_NF: np.ndarray) -> np.ndarray:
    """Name the strokes of test deliveries with a linear layer fitted to the embeddings of others."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if len(set(label_N.tolist())) == 1:
        return np.full(len(test_NF), label_N[0])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=_PROBE_C, max_iter=_PROBE_STEPS, tol=1e-3))
    return np.asarray(model.fit(train_NF, label_N).predict(test_NF))


def folds(group_N: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return the fold of every delivery (N,): groups stay whole, folds are about equally large.

    Example:
        >>> fold = folds(np.array(["a", "a", "b", "c"]))
        >>> bool(fold[0] == fold[1]), len(set(fold.tolist()))
        (True, 3)
    """
    names, group = np.unique(group_N, return_inverse=True)
    sizes, filled = np.bincount(group), np.zeros(min(FOLDS, len(names)))
    fold_of = np.zeros(len(names), dtype=np.int64)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    for at in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold_of[at] = filled.argmin()
        filled[fold_of[at]] += sizes[at]
    return fold_of[group]


def cross_named(data: Labelled, group_N: np.ndarray, fit: Fit, *, seed: int = 0) -> np.ndarray:
    """Return the stroke that every delivery is named by a model trained on the other folds (N,)."""
    fold_N, named_N = folds(group_N, seed=seed), np.zeros(len(data), dtype=np.int64)
    for fold in np.unique(fold_N):
        test = fold_N == fold
        named_N[test] = fit(data.features_NF[~test], data.label_N[~test], data.features_NF[test])
    return named_N


def leakage(data: Labelled, *, fit: Fit = extra_trees, seed: int = 0) -> tuple[Table, dict[str, np.ndarray]]:
    """Return one row a split, and which deliveries are named right under it: split -> 0 or 1 (N,).

    A split whose groups are not known, or of which there is only one, has a row with the reason.
    """
    groups = {"clip": np.arange(len(data)).astype(str), **data.groups}
    weights_BN, right, table = leave_out(data.match_N), {}, []
    for split in SPLITS:
        group_N = groups.get(split, np.full(len(data), ""))
        num = len(set(group_N.tolist()) - {""})
        row: dict[str, float | int | str] = {"split": split, "groups": num, "reason": ""}
        numbers = ("accuracy", "low", "high", "profile_error", "flattered", "flattered_low", "flattered_high")
        row |= dict.fromkeys(numbers, float("nan"))
        table.append(row)
        if (group_N == "").any() or num < 2:
            row["reason"] = f"the {split} of some deliveries is not known" if num != 1 else f"there is one {split} only"
            continue
        named_N = cross_named(data, group_N, fit, seed=seed)
        right[split] = (named_N == data.label_N).astype(np.float64)
        row["accuracy"], row["low"], row["high"] = _ends(weighted_mean(right[split], weights_BN))
        row["profile_error"] = _profile_error(data, named_N)
        gained = weighted_mean(right["clip"] - right[split], weights_BN)
        row["flattered"], row["flattered_low"], row["flattered_high"] = _ends(gained)
    return table, right


def steadiness(data: Labelled) -> Table:
    """Return how many clips keep their name where they are changed, one row a kind of change."""
    weights_BN, table = leave_out(data.match_N), []
    for how, kept_N in data.kept.items():
        share, low, high = _ends(weighted_mean(kept_N, weights_BN))
        table.append({"changed": how, "keeps_its_name": share, "low": low, "high": high})
    return table


def _ends(values_B: np.ndarray) -> tuple[float, float, float]:
    interval = jackknife(values_B)
    low, high = (interval.low, interval.high) if interval else (float("nan"), float("nan"))
    return float(values_B[0]), low, high


def _profile_error(data: Labelled, named_N: np.ndarray) -> float:
    """Return the share of a batter's (or match's) deliveries that is booked on the wrong stroke, mean over them."""
    batter_N = data.groups.get("batter", np.full(len(data), ""))
    whose_N = data.match_N if (batter_N == "").any() else batter_N
    one_hot = np.eye(max(data.label_N.max(), named_N.max()) + 1)
    sums = [
        [to_shares(one_hot[own[whose_N == name]].sum(axis=0)) for own in (data.label_N, named_N)]
        for name in sorted(set(whose_N))  # in one order: a sum rounds by it
    ]
    return float(np.mean([total_variation(true, named) for true, named in sums]))
