"""How far accuracy orders systems as usefulness does: with intervals, against what noise allows, and at the top.

Every number is a function of weights of configurations: ones give the value, configurations drawn with replacement its
interval.

Legend: K configurations, B replicates, of which the first is the population itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.rank_correlation import tau_ap, tau_b

MIN_SYSTEMS = 3  # fewer have no order to speak of
MIN_FOR_INTERVAL = 8  # configurations; with fewer a bootstrap draws the same few again and again
MIN_TOP = 5  # configurations in the top quartile
BAND = 0.01  # accuracy within which systems count as equal
MIN_IN_BAND = 3  # configurations
_TOP = 0.75  # quantile of accuracy from which on systems are the top
Halves = Mapping[str, np.ndarray]  # half -> values of the configurations (K,), more is better


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Hold a number with its interval, or the reason why there is none."""

    value: float | None = None
    low: float | None = None  # lower end of the 95 % interval; None where it has none
    high: float | None = None  # upper end
    reason: str = ""  # why there is no value

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def estimate(values_B: np.ndarray, num_systems: int, reason: str) -> Estimate:
    """Return a value with the interval that holds 95 % of its replicates; `reason` where there is no value."""
    if not np.isfinite(values_B[0]):
        return Estimate(reason=reason)
    drawn = values_B[1:][np.isfinite(values_B[1:])]
    low, high = None, None
    if num_systems >= MIN_FOR_INTERVAL and 2 * len(drawn) > len(values_B) - 1:
        low, high = (float(end) for end in np.quantile(drawn, [0.025, 0.975]))
    return Estimate(value=float(values_B[0]), low=low, high=high)


def noise_ceiling(accuracy: Halves, useful: Halves, weights_BK: np.ndarray) -> dict[str, np.ndarray]:
    """Return what keeps accuracy on one half from ordering systems as usefulness on the other half does (B,).

    `gap` is 1 - tau(acc_A, U_B) / sqrt(tau(acc_A, acc_B) tau(U_A, U_B)): 0 where nothing but noise does, 1 where the
    orders have nothing in common. Each half is the first one once and the mean of both taus is taken. `reliability` is
    tau(U_A, U_B), `reliability_accuracy` tau(acc_A, acc_B), `ceiling` the root. Taus do not divide as correlations do:
    where there is a gap this one is too small. `tau_noiseless` is the tau without noise if the orders come from normal
    variables, whose correlation is sin(pi tau / 2) (Greiner 1909).
    """
    of_accuracy, of_useful = (tau_b(halves["A"], halves["B"], weights_BK) for halves in (accuracy, useful))
    product = np.where((of_accuracy > 0) & (of_useful > 0), of_accuracy * of_useful, np.nan)
    across = (tau_b(accuracy["A"], useful["B"], weights_BK) + tau_b(accuracy["B"], useful["A"], weights_BK)) / 2
    linear = [np.sin(np.pi / 2 * tau) for tau in (across, of_accuracy, of_useful)]
    correlation = divide(linear[0], np.sqrt(np.where(np.isfinite(product), linear[1] * linear[2], np.nan)))
    return {
        "gap": 1 - divide(across, np.sqrt(product)),
        "ceiling": np.sqrt(product),
        "tau_across": across,
        "tau_noiseless": 2 / np.pi * np.arcsin(np.clip(correlation, -1, 1)),
        "reliability": of_useful,
        "reliability_accuracy": of_accuracy,
    }


def top_quartile(accuracy_K: np.ndarray, useful_K: np.ndarray, weights_BK: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return tau-b and tau-ap among the most accurate quarter (B,); NaN where they are too few."""
    is_top = accuracy_K >= np.nanquantile(accuracy_K, _TOP)
    if (is_top & np.isfinite(useful_K)).sum() < MIN_TOP:
        return (np.full(len(weights_BK), np.nan),) * 2
    given = accuracy_K[is_top], useful_K[is_top], weights_BK[:, is_top]
    return tau_b(*given), tau_ap(*given)


def band_spread(accuracy_K: np.ndarray, useful_K: np.ndarray, weights_BK: np.ndarray) -> np.ndarray:
    """Return the spread of usefulness among systems of equal accuracy over that of all (B,).

    Around every system with at least two others within a point of accuracy stands a band; the root of the mean variance
    in the bands is divided by the standard deviation of all. 1: accuracy tells nothing, near 0: it tells all.

    Example:
        >>> accuracy = np.array([0.5, 0.5, 0.5, 0.7, 0.7, 0.7])
        >>> band_spread(accuracy, 10 * accuracy, np.ones((1, 6))).tolist()
        [0.0]
    """
    known = np.isfinite(accuracy_K) & np.isfinite(useful_K)
    accuracy_K, useful_K, weights_BK = accuracy_K[known], useful_K[known], weights_BK[:, known]
    useful_K = useful_K - useful_K.mean() if len(useful_K) else useful_K
    near_KK = (np.abs(accuracy_K[:, None] - accuracy_K) <= BAND + 1e-9).astype(np.float64)
    num_BK = weights_BK @ near_KK
    within_BK = _variance(
        num_BK, weights_BK @ (near_KK * useful_K[:, None]), weights_BK @ (near_KK * useful_K[:, None] ** 2)
    )
    own_BK = np.where(num_BK >= MIN_IN_BAND, weights_BK, 0.0)
    whole_B = _variance(weights_BK.sum(axis=1), weights_BK @ useful_K, weights_BK @ useful_K**2)
    mean_B = divide((own_BK * np.nan_to_num(within_BK)).sum(axis=1), own_BK.sum(axis=1))
    return np.sqrt(divide(mean_B, whole_B))


def regret(chosen_by: Halves, useful: Halves, weights_BK: np.ndarray) -> np.ndarray:
    """Return what choosing the best system by one number on one half costs on the other half (B,).

    That is (best U - U of the chosen) / (best U - median U), mean over both ways round: 0 nothing, 1 as much as to take
    a system in the middle.

    Example:
        >>> halves = {"A": np.array([3.0, 2, 1]), "B": np.array([3.0, 2, 1])}
        >>> regret({name: -values for name, values in halves.items()}, halves, np.ones((1, 3))).tolist()
        [2.0]
    """
    return (_regret(chosen_by["A"], useful["B"], weights_BK) + _regret(chosen_by["B"], useful["A"], weights_BK)) / 2


def _regret(chosen_by_K: np.ndarray, useful_K: np.ndarray, weights_BK: np.ndarray) -> np.ndarray:
    known = np.isfinite(chosen_by_K) & np.isfinite(useful_K)
    if not known.any():
        return np.full(len(weights_BK), np.nan)
    by_K, useful_K, weights_BK = chosen_by_K[known], useful_K[known], weights_BK[:, known]
    drawn_BK = weights_BK > 0
    chosen_B = useful_K[np.where(drawn_BK, by_K, -np.inf).argmax(axis=1)]
    best_B = np.where(drawn_BK, useful_K, -np.inf).max(axis=1)
    order = np.argsort(useful_K)
    passed_BK = np.cumsum(weights_BK[:, order], axis=1)
    median_B = useful_K[order][(passed_BK >= passed_BK[:, -1:] / 2).argmax(axis=1)]
    return divide(best_B - chosen_B, best_B - median_B)


def _variance(num: np.ndarray, total: np.ndarray, squares: np.ndarray) -> np.ndarray:
    return np.maximum(divide(squares - divide(total**2, num), np.where(num > 1, num - 1, 0.0)), 0.0)
