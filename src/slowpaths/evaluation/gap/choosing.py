"""Which system to take where few clips are labelled: a Dawid-Skene model over systems, after CODA.

Kay et al. 2025 (arXiv 2507.23771): every system has a confusion matrix whose rows are Dirichlet; before any label it
leans to what systems have in common. The next clip to label is the one that is expected to tell most about which system
is best. It is compared with clips in random order, judged by the labels alone and by the same model.

Simplified here: the accuracy of a system is taken as normal, classes of a clip come from the mean of the systems (they
are no independent witnesses), and only some clips are looked at before each label. Systems that learnt from one set of
pseudo-labels err alike, and would outvote all others with its errors: together they count as one witness.

Legend: K systems, N clips, C classes, A batters, T labels, J measures, Q candidates, H hypotheses of a class, X points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.special import log_ndtr

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Table

STRATEGIES = ("random clips, labels alone", "random clips, all systems", "chosen clips, all systems")
_LEAN = 5.0  # labels of a class that the consensus counts for before the first label
_DIAGONAL = 2.0  # and that a system is right more often than chance
_CANDIDATES, _HYPOTHESES, _POINTS = 32, 3, 32
_EVERY = 5  # labels after which profiles are looked at again


@dataclass(frozen=True, eq=False)
class Calls:
    """Hold what systems call the clips."""

    called_KN: np.ndarray
    num_classes: int
    group_N: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=str))  # batter of every clip
    family_K: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=str))  # label set; each its own if not given

    @cached_property
    def weight_K(self) -> np.ndarray:
        """Return how far each system counts as a witness: families alike, the systems of one alike, sum 1."""
        if not len(self.family_K):
            return np.full(len(self.called_KN), 1 / len(self.called_KN))
        _, family, sizes = np.unique(self.family_K, return_inverse=True, return_counts=True)
        return 1 / (len(sizes) * sizes[family])

    @cached_property
    def one_hot_KNC(self) -> np.ndarray:
        """Return the calls as 0/1."""
        return np.eye(self.num_classes)[self.called_KN]

    @cached_property
    def share_C(self) -> np.ndarray:
        """Return the share of every class by the consensus, none quite 0."""
        share_C = np.tensordot(self.weight_K, self.one_hot_KNC, axes=1).mean(axis=0) + 1e-3
        return share_C / share_C.sum()

    @cached_property
    def prior_KCC(self) -> np.ndarray:
        """Return Dirichlet counts before any label, rows true."""
        votes_NC = np.tensordot(self.weight_K, self.one_hot_KNC, axes=1)
        seen_KCC = np.einsum("nc,knd->kcd", votes_NC, self.one_hot_KNC, optimize=True)
        rate_KCC = np.nan_to_num(divide(seen_KCC, seen_KCC.sum(axis=2, keepdims=True)), nan=1 / self.num_classes)
        return _LEAN * rate_KCC + np.eye(self.num_classes) * _DIAGONAL + 1 / self.num_classes

    def classes(self, counts_KCC: np.ndarray) -> np.ndarray:
        """Return the probability of every class for every clip (N, C)."""
        rate_KCC = counts_KCC / counts_KCC.sum(axis=2, keepdims=True)
        each = zip(self.weight_K, rate_KCC, self.called_KN, strict=True)
        likely_NC = np.sum([weight * rates[:, own].T for weight, rates, own in each], axis=0)
        joint_NC = likely_NC * self.share_C
        return joint_NC / joint_NC.sum(axis=1, keepdims=True)

    def profiles(self, one_hot_NC: np.ndarray) -> np.ndarray:
        """Return the share of every class in what a batter plays (A, C)."""
        _, group = np.unique(self.group_N, return_inverse=True)
        sums_AC = np.eye(group.max() + 1)[group].T @ one_hot_NC
        return sums_AC / sums_AC.sum(axis=1, keepdims=True)


def accuracy_belief(counts_KCC: np.ndarray, share_C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the accuracy of every system (K,)."""
    right_KC, total_KC = np.diagonal(counts_KCC, axis1=1, axis2=2), counts_KCC.sum(axis=2)
    return _belief(right_KC, total_KC - right_KC, share_C)


def best_probability(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return the probability that each system is the most accurate, for normal beliefs (..., K).

    Example:
        >>> best_probability(np.array([0.5, 0.5]), np.array([0.01, 0.01])).round(3).tolist()
        [0.5, 0.5]
    """
    spread = np.sqrt(np.maximum(variance, 1e-12))
    low, high = (mean - 3 * spread).min(axis=-1), (mean + 3 * spread).max(axis=-1)
    points = low[..., None] + (high - low)[..., None] * np.linspace(0, 1, _POINTS)
    scaled = (points[..., None, :] - mean[..., None]) / spread[..., None]
    below = log_ndtr(scaled)
    log_density = -(scaled**2) / 2 - np.log(spread)[..., None]
    mass = np.exp(log_density + below.sum(axis=-2, keepdims=True) - below).sum(axis=-1)
    return mass / np.maximum(mass.sum(axis=-1, keepdims=True), 1e-300)


def most_telling(calls: Calls, counts_KCC: np.ndarray, candidates_Q: np.ndarray, classes_NC: np.ndarray) -> int:
    """Return the candidate whose label is expected to leave the least doubt about which system is best."""
    right_KC = np.diagonal(counts_KCC, axis1=1, axis2=2)
    wrong_KC = counts_KCC.sum(axis=2) - right_KC
    mean_K, variance_K = _belief(right_KC, wrong_KC, calls.share_C)
    old_m, old_v = _moments(right_KC, wrong_KC)
    classes_QH = np.argsort(-classes_NC[candidates_Q], axis=1)[:, :_HYPOTHESES]
    chance_QH = np.take_along_axis(classes_NC[candidates_Q], classes_QH, axis=1)
    agrees_QHK = calls.called_KN[:, candidates_Q].T[:, None, :] == classes_QH[..., None]
    means, variances = mean_K, variance_K
    change = []
    for hits, misses in ((1, 0), (0, 1)):  # what a label of each class would change for a system right or wrong on it
        new_m, new_v = _moments(right_KC + hits, wrong_KC + misses)
        change.append((calls.share_C * (new_m - old_m), calls.share_C**2 * (new_v - old_v)))
    shift = [np.where(agrees_QHK, hit.T[classes_QH], miss.T[classes_QH]) for hit, miss in zip(*change, strict=True)]
    doubt_QH = _entropy(best_probability(means + shift[0], variances + shift[1]))
    expected_Q = (chance_QH * doubt_QH).sum(axis=1) + (1 - chance_QH.sum(axis=1)) * _entropy(
        best_probability(mean_K, variance_K)
    )
    return int(candidates_Q[expected_Q.argmin()])


def label_order(
    calls: Calls, true_N: np.ndarray, *, budget: int, is_active: bool, rng: np.random.Generator
) -> list[int]:
    """Return which clips are labelled, in order: at random, or each the most telling among some."""
    shuffled = rng.permutation(len(true_N))
    if not is_active:
        return shuffled[:budget].tolist()
    is_open = (calls.called_KN != calls.called_KN[0]).any(axis=0)  # where all agree nothing can be told
    counts_KCC, order, classes_NC = calls.prior_KCC.copy(), [], calls.classes(calls.prior_KCC)
    for _ in range(min(budget, int(is_open.sum()))):
        candidates = rng.choice(np.flatnonzero(is_open), size=min(_CANDIDATES, int(is_open.sum())), replace=False)
        chosen = most_telling(calls, counts_KCC, candidates, classes_NC)
        order.append(chosen)
        is_open[chosen] = False
        counts_KCC[:, true_N[chosen]] += calls.one_hot_KNC[:, chosen]
        if len(order) % 10 == 0:
            classes_NC = calls.classes(counts_KCC)
    rest = [row for row in shuffled.tolist() if row not in set(order)]
    return (order + rest)[:budget]


def choices(
    calls: Calls, true_N: np.ndarray, order: Sequence[int], *, is_alone: bool, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return which system is taken after each label (T,): for its accuracy, and for its stroke profiles.

    The second is looked at after every fifth label; it is the system whose profiles are nearest to what labels and all
    systems together say. Equal systems are told apart at random.
    """
    counts_KCC = calls.prior_KCC.copy()
    right_K, by_accuracy, by_profile = rng.random(len(calls.called_KN)) * 1e-6, [], []
    known_NC = np.full((len(true_N), calls.num_classes), np.nan)
    profiles_KAC = np.stack([calls.profiles(own) for own in calls.one_hot_KNC])
    for row in order:
        right_K += calls.called_KN[:, row] == true_N[row]
        counts_KCC[:, true_N[row]] += calls.one_hot_KNC[:, row]
        known_NC[row] = np.eye(calls.num_classes)[true_N[row]]
        by_accuracy.append(int((right_K if is_alone else accuracy_belief(counts_KCC, calls.share_C)[0]).argmax()))
        if not is_alone and len(by_profile) % _EVERY:
            by_profile.append(by_profile[-1])
        elif not is_alone:
            believed_NC = np.where(np.isnan(known_NC), calls.classes(counts_KCC), known_NC)
            off_K = np.abs(profiles_KAC - calls.profiles(believed_NC)).sum(axis=2).mean(axis=1)
            by_profile.append(int(off_K.argmin()))
    return {"accuracy": np.array(by_accuracy)} | ({} if is_alone else {"profile": np.array(by_profile)})


def choosing_table(
    calls: Calls,
    true_N: np.ndarray,
    regret_JK: dict[str, np.ndarray],
    *,
    budget: int,
    repeats: int,
    seed: int = 0,
    step: Callable[[str], None] = lambda _: None,
) -> Table:
    """Return what choosing costs after each label, mean over repeats, for every strategy.

    `regret_JK` maps a measure to what taking each system costs (K,).
    """
    budget = min(budget, len(true_N))
    sums: dict[tuple[str, str], dict[str, np.ndarray]] = {}
    for repeat in range(repeats):
        rng = np.random.default_rng((seed, repeat))
        at_random = label_order(calls, true_N, budget=budget, is_active=False, rng=rng)
        active = label_order(calls, true_N, budget=budget, is_active=True, rng=rng)
        for strategy, order in zip(STRATEGIES, (at_random, at_random, active), strict=True):
            for aim, taken_T in choices(calls, true_N, order, is_alone=strategy == STRATEGIES[0], rng=rng).items():
                own = sums.setdefault((strategy, aim), {name: np.zeros(budget) for name in regret_JK})
                for name, regret_K in regret_JK.items():
                    own[name] += regret_K[taken_T] / repeats
        step(f"repeat {repeat + 1}")
    return [
        {"strategy": strategy, "chosen for": aim, "labels": at + 1, **{name: float(own[name][at]) for name in own}}
        for (strategy, aim), own in sums.items()
        for at in range(budget)
    ]


def labels_needed(regret_T: Sequence[float], tolerance: float) -> int | None:
    """Return after how many labels the regret stays within a tolerance; None where it does not.

    Example:
        >>> labels_needed([0.3, 0.0, 0.2, 0.01, 0.0], 0.05)
        4
    """
    above = np.flatnonzero(np.asarray(regret_T) > tolerance)
    first = int(above[-1]) + 2 if len(above) else 1
    return first if first <= len(regret_T) else None


def _moments(right: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of Beta distributions."""
    mean = right / (right + wrong)
    return mean, mean * (1 - mean) / (right + wrong + 1)


def _belief(right_KC: np.ndarray, wrong_KC: np.ndarray, share_C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean_KC, variance_KC = _moments(right_KC, wrong_KC)
    return mean_KC @ share_C, variance_KC @ share_C**2


def _entropy(probability: np.ndarray) -> np.ndarray:
    return -(probability * np.log(np.maximum(probability, 1e-300))).sum(axis=-1)
