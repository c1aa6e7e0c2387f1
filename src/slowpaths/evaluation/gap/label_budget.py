"""How many labels a system without labels is worth: by accuracy, by stroke profiles, by review effort.

A curve a - b n^-c (b, c >= 0, so it never falls) is fitted to supervised systems trained on n labels each; a system is
worth the n at which the curve has its value. The n often differ from measure to measure: that is the gap in labels.

The curve begins where little is learnt: supervised systems that are left out of comparisons, for they are right for
less than half of the best, belong to it where all with as many labels are left out.

Legend: K configurations with a known number of labels, B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.gap.association import Estimate, estimate
from slowpaths.evaluation.gap.population import Population
from slowpaths.evaluation.measure import Table

AMOUNT, KIND, SUPERVISED = "amount", "supervision", "supervised"
COLUMNS = (
    "accuracy_top1", "usefulness_profile_fidelity", "usefulness_retrieval_ap", "usefulness_wss95",
    "usefulness_review_area", "usefulness_decision_utility", "usefulness_prevalence_error",
)  # fmt: skip
MIN_AMOUNTS = 4  # different numbers of labels; a curve of three parameters goes through any three
_POWERS = np.linspace(0.05, 2.0, 40)


def fit_curve(num_K: np.ndarray, value_K: np.ndarray, weights_K: np.ndarray) -> tuple[float, float, float]:
    """Return a, b, c of the curve a - b n^-c by weighted least squares, c on a grid.

    Example:
        >>> n = np.array([5.0, 10, 20, 50, 100])
        >>> [round(x, 3) for x in fit_curve(n, 0.9 - n ** -0.5, np.ones(5))]
        [0.9, 1.0, 0.5]
    """
    best, found = np.inf, (float(np.average(value_K, weights=weights_K)), 0.0, 1.0)
    root_K = np.sqrt(weights_K)
    for power in _POWERS:
        design = np.column_stack([np.ones(len(num_K)), -(num_K**-power)])
        (top, slope), *_ = np.linalg.lstsq(design * root_K[:, None], value_K * root_K, rcond=None)
        lost = float((weights_K * (design @ [top, slope] - value_K) ** 2).sum())
        if slope >= 0 and lost < best:
            best, found = lost, (float(top), float(slope), float(power))
    return found


def labels_worth(value: float, curve: tuple[float, float, float]) -> float:
    """Return the number of labels at which a curve has a value; infinite where it never gets so far.

    0 where a curve that never rises lies above it.

    Example:
        >>> round(labels_worth(0.8, (0.9, 1.0, 0.5)), 3)
        100.0
    """
    top, slope, power = curve
    if value >= top:
        return float("inf")
    if slope == 0:
        return 0.0
    return float(((top - value) / slope) ** (-1 / power))


def label_budget(population: Population, weights_BK: np.ndarray, *, is_judged_K: np.ndarray) -> tuple[Table, str]:
    """Return what every kind of system without labels is worth in labels, by each measure; or why that is not known.

    `is_judged_K` says which systems are compared: a kind is judged by the mean over those of them that learnt without
    labels.
    """
    amounts = population.groups.get(AMOUNT, np.full(len(population), ""))
    kind_K = population.groups.get(KIND, np.full(len(population), ""))
    number_K = np.array([_number(text) for text in amounts])
    taught = (kind_K == SUPERVISED) & np.isfinite(number_K)
    taught &= is_judged_K | ~np.isin(number_K, number_K[taught & is_judged_K])
    if len(set(number_K[taught])) < MIN_AMOUNTS:
        return [], (
            f"What systems are worth in labels is not known: that needs {SUPERVISED} systems with {MIN_AMOUNTS} values "
            f"of {AMOUNT} (groups {KIND} and {AMOUNT})."
        )
    smallest, largest = number_K[taught].min(), number_K[taught].max()
    table: Table = []
    for kind in sorted(set(kind_K) - {SUPERVISED, ""}):
        for column in COLUMNS:
            values_K, own = population.of(column)["all"], (kind_K == kind) & is_judged_K
            if not own.any() or not np.isfinite(values_K[own | taught]).all():
                continue
            worth_B = np.full(len(weights_BK), np.nan)
            for at, weights_K in enumerate(weights_BK):
                drawn = taught & (weights_K > 0)
                if weights_K[own].any() and len(set(number_K[drawn])) >= MIN_AMOUNTS:
                    curve = fit_curve(number_K[drawn], values_K[drawn], weights_K[drawn])
                    worth_B[at] = labels_worth(float(np.average(values_K[own], weights=weights_K[own])), curve)
            found = estimate(np.clip(worth_B, smallest, largest), population.num_systems, "")
            table.append({"kind": kind, "measure": column.split("_", 1)[1], **_cells(found, smallest, largest)})
    return table, ""


def _cells(found: Estimate, smallest: float, largest: float) -> dict[str, float | str]:
    ends = {"labels": found.value, "labels_low": found.low, "labels_high": found.high}
    beyond = {smallest: f"{smallest:g} or fewer", largest: f"{largest:g} or more"}.get(found.value or 0.0, "")
    return {key: float("nan") if value is None else value for key, value in ends.items()} | {"beyond": beyond}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
