"""Stroke profiles, as the report states them: per batter where truth names batters, else per match.

Legend: U rows of the pairing, G classes, T classes truth can have, J groups, B replicates.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from slowpaths.evaluation.intervals import ClusterBootstrap, divide, unit_weights
from slowpaths.evaluation.measure import Measure, Table, measured, missing
from slowpaths.evaluation.pairing import NO_STROKE, Pairing
from slowpaths.evaluation.usefulness import profiles

MIN_DELIVERIES = 10  # below it one delivery is more than a tenth of the profile
ALL = "all footage"
MIN_GROUPS_RANKED = 5  # fewer groups have too few pairs for an order


def grade_profiles(pairing: Pairing, bootstrap: ClusterBootstrap) -> tuple[list[Measure], dict[str, Table]]:
    """Measure whether each batter (or match) gets the right share of every stroke.

    Groups with fewer than `MIN_DELIVERIES` are left out; where all are that small, the footage as a whole is one group.
    The true profile counts missed deliveries too; the predicted one counts false deliveries where groups are not
    batters. Strokes outside the taxonomy count in neither.
    """
    whom, group_U = _groups(pairing)
    whose = "the footage's" if whom == ALL else f"each {whom}'s"
    meanings = {
        "profile_fidelity": f"likeness of {whose} stroke profile to the true one, counting named strokes",
        "profile_fidelity_soft": "the same, adding up probabilities",
        "profile_fidelity_adjusted": "the same, corrected by the confusion seen on all others",
        "profile_error": f"share of {whose} balls booked on the wrong stroke (lower is better)",
        "rare_stroke_bias": "by which share the rarest stroke is over-counted (below 0: under-counted)",
        "ranking_agreement": "agreement on who plays more of a stroke, -1 to 1, mean over strokes",
    }
    rows = np.flatnonzero((pairing.true_U >= 0) | ((pairing.true_U == NO_STROKE) & ~np.array(pairing.has_batters)))
    rows = rows[group_U[rows] != ""]
    if not (pairing.true_U[rows] >= 0).any():
        reason = "no true delivery has a stroke of the taxonomy"
        return [missing(name, "usefulness", text, reason=reason) for name, text in meanings.items()], {}
    found, group_N = np.unique(group_U[rows].astype(str), return_inverse=True)
    names = found.tolist()
    true_NG, hard_NG, soft_NG = _counts(pairing, rows)
    rarest = _rarest(true_NG)

    def shares(counts_NG: np.ndarray, weights_BN: np.ndarray) -> np.ndarray:
        return profiles.profiles(counts_NG, group_N, weights_BN, num_groups=len(names))

    def statistic(weights_BU: np.ndarray) -> np.ndarray:
        weights_BN = weights_BU[:, rows]
        true_BJG, hard_BJG = shares(true_NG, weights_BN), shares(hard_NG, weights_BN)
        soft_BJG = shares(soft_NG, weights_BN)
        bias_B = divide(weights_BN @ hard_NG[:, rarest], weights_BN @ true_NG[:, rarest]) - 1
        return np.stack(
            [
                profiles.fidelity(true_BJG, hard_BJG),
                profiles.fidelity(true_BJG, soft_BJG),
                profiles.mean_total_variation(true_BJG, hard_BJG),
                bias_B,
            ],
            axis=1,
        )

    hard, soft, error, bias = bootstrap.estimate(statistic)
    one = unit_weights(len(rows))
    true_JG, hard_JG = shares(true_NG, one)[0], shares(hard_NG, one)[0]
    constant_JG = np.broadcast_to(np.eye(true_JG.shape[1])[true_NG.sum(axis=0).argmax()], true_JG.shape)
    num_true = len(pairing.space.names)
    chance_JG = np.zeros_like(true_JG)
    chance_JG[:, :num_true] = 1 / num_true
    adjusted_JG = _adjusted(pairing, rows, group_N, hard_NG, len(names))
    values = {
        "profile_fidelity": hard,
        "profile_fidelity_soft": soft,
        "profile_fidelity_adjusted": _fidelity(true_JG, adjusted_JG) if np.isfinite(adjusted_JG).any() else np.nan,
        "profile_error": error,
        "rare_stroke_bias": bias,
        "ranking_agreement": _ranking(true_JG, hard_JG),
    }
    chance = {name: _fidelity(true_JG, chance_JG) for name in list(meanings)[:3]}
    chance["profile_error"] = float(profiles.mean_total_variation(true_JG[None], chance_JG[None])[0])
    chance["ranking_agreement"] = 0.0
    constant = {name: _fidelity(true_JG, constant_JG) for name in list(meanings)[:3]}
    constant["profile_error"] = float(profiles.mean_total_variation(true_JG[None], constant_JG[None])[0])
    meanings["rare_stroke_bias"] += f": {pairing.space.names[rarest]}"
    reasons = {
        "profile_fidelity_adjusted": f"it needs two groups with {MIN_DELIVERIES} deliveries or more",
        "ranking_agreement": f"it needs more than {MIN_GROUPS_RANKED - 1} groups with {MIN_DELIVERIES} deliveries",
    }
    measures = []
    for name, text in meanings.items():
        value = values[name]
        if isinstance(value, float) and not np.isfinite(value):
            measures.append(missing(name, "usefulness", text, reason=reasons[name]))
            continue
        measures.append(
            measured(
                name,
                "usefulness",
                text,
                estimate=value,
                chance=chance.get(name),
                constant=constant.get(name),
                num=len(names),
                bounds=(-1.0, np.inf) if name == "rare_stroke_bias" else (0.0, 1.0),
            )
        )
    return measures, {
        "profiles": _table(pairing, group_U, names, true_JG, hard_JG, shares(soft_NG, one)[0], adjusted_JG)
    }


def _groups(pairing: Pairing) -> tuple[str, np.ndarray]:
    """Return what a group is called, and the group of every row (U,), "" for rows of groups that are too small."""
    sizes = Counter(pairing.group[pairing.true_U >= 0])
    large = {name for name, size in sizes.items() if name and size >= MIN_DELIVERIES}
    if not large:
        return ALL, np.full(len(pairing.group), ALL, dtype=object)
    whom = "batter" if pairing.has_batters else "match"
    return whom, np.array([name if name in large else "" for name in pairing.group], dtype=object)


def _counts(pairing: Pairing, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what each row adds to the true, the hard and the soft profile (N, G) each."""
    num_columns = len(pairing.space.columns)
    true_N, found_N = pairing.true_U[rows], pairing.is_found[rows]
    true_NG = np.where((true_N >= 0)[:, None], np.eye(num_columns)[np.maximum(true_N, 0)], 0.0)
    soft_NG = np.where(found_N[:, None], np.nan_to_num(pairing.probs_UG[rows]), 0.0)
    hard_NG = np.where(found_N[:, None], np.eye(num_columns)[soft_NG.argmax(axis=1)], 0.0)
    return true_NG, hard_NG, soft_NG


def _rarest(true_NG: np.ndarray) -> int:
    """Return the class with the fewest true deliveries, but some."""
    counts_G = true_NG.sum(axis=0)
    return int(np.argmin(np.where(counts_G > 0, counts_G, np.inf)))


def _adjusted(
    pairing: Pairing, rows: np.ndarray, group_N: np.ndarray, hard_NG: np.ndarray, num_groups: int
) -> np.ndarray:
    graded = pairing.is_graded[rows]
    found_JT = profiles.adjusted_profiles(
        hard_NG[graded],
        pairing.true_U[rows][graded],
        group_N[graded],
        num_groups=num_groups,
        num_true=len(pairing.space.names),
    )
    return np.pad(found_JT, ((0, 0), (0, hard_NG.shape[1] - found_JT.shape[1])))


def _fidelity(true_JG: np.ndarray, predicted_JG: np.ndarray) -> float:
    return float(profiles.fidelity(true_JG[None], predicted_JG[None])[0])


def _ranking(true_JG: np.ndarray, hard_JG: np.ndarray) -> float:
    if len(true_JG) < MIN_GROUPS_RANKED:
        return float("nan")
    taus_G = profiles.ranking_agreement(true_JG, hard_JG)
    return float(np.nanmean(taus_G)) if np.isfinite(taus_G).any() else float("nan")


def _table(pairing: Pairing, group_U: np.ndarray, names: list[str], *estimates: np.ndarray) -> Table:
    table: Table = []
    sizes = Counter(group_U[pairing.true_U >= 0])
    for index, name in enumerate(names):
        for column, label in enumerate(pairing.space.columns):
            values = [float(shares_JG[index, column]) for shares_JG in estimates]
            keys = ("true", "counted", "mean_probability", "adjusted")
            table.append(
                {"group": name, "deliveries": sizes[name], "class": label, **dict(zip(keys, values, strict=True))}
            )
    return table
