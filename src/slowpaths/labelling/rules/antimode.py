"""The antimode: the lowest point between the two humps of a distribution, if it has two.

Whether it has two is asked of the values first (Hartigan's dip): two normals dip between them even when they are fitted
to a flat or a skew distribution. Then a mixture of two normals says where the lowest point lies (Otsu 1979 and Kittler
and Illingworth 1986 choose such points for grey levels).

Legend: N values, P points, 2 components.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from slowpaths.labelling.rules.dip import has_two_humps

MIN_COUNT = 30  # fewer deliveries of a view do not show a distribution
_NUM_POINTS = 500  # quantiles that stand for the distribution: the fit costs the same for any number of deliveries
_NUM_ROUNDS = 100
_MIN_WEIGHT = 0.1  # a smaller hump is a tail of bad measurements rather than a way to bat
_MAX_DEPTH = 0.8  # density at the antimode over density at the lower hump
_MIN_BIC_GAIN = 10.0  # "very strong" evidence for two components (Kass and Raftery 1995)

Status = Literal["antimode", "one hump", "too few"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Antimode:
    """Hold what the distribution of one feature in one view shows."""

    status: Status  # whether an antimode was found, or why not
    count: int  # deliveries looked at
    value: float  # where the antimode lies, unit of the feature; NaN where there is none
    sigma: float  # robust standard deviation of the feature (1.4826 MAD); NaN where there are too few


def find_antimode(values: np.ndarray) -> Antimode:
    """Return the lowest point between the two humps of a distribution, if it has two; only finite values count.

    Example:
        >>> humps = np.concatenate([np.linspace(0, 1, 100), np.linspace(4, 5, 100)])
        >>> antimode = find_antimode(humps)
        >>> antimode.status, 1 < antimode.value < 4
        ('antimode', True)
    """
    values = values[np.isfinite(values)]
    count = len(values)
    if count < MIN_COUNT:
        return Antimode(status="too few", count=count, value=float("nan"), sigma=float("nan"))
    sigma = float(1.4826 * np.median(np.abs(values - np.median(values))))
    num_points = min(count, _NUM_POINTS)
    points = np.quantile(values, (np.arange(num_points) + 0.5) / num_points)
    is_flat = sigma <= 0 or not has_two_humps(points, count=count if count > num_points else None)
    points = np.clip(points, *np.quantile(points, (0.01, 0.99)))
    if is_flat or points.std() <= 0:
        return Antimode(status="one hump", count=count, value=float("nan"), sigma=sigma)
    weights, means, sds = _fit_two_normals(points)
    antimode = _lowest_between(points, weights, means, sds)
    gain = _bic_gain(points, weights, means, sds)
    if antimode is None or weights.min() < _MIN_WEIGHT or gain < _MIN_BIC_GAIN:
        return Antimode(status="one hump", count=count, value=float("nan"), sigma=sigma)
    return Antimode(status="antimode", count=count, value=antimode, sigma=sigma)


def otsu_threshold(points: np.ndarray) -> float:
    """Return the split of sorted points with the largest variance between the two parts (Otsu 1979)."""
    below = np.arange(1, len(points))
    sums = np.cumsum(points)[:-1]
    gap = sums / below - (points.sum() - sums) / (len(points) - below)
    best = int(np.argmax(below * (len(points) - below) * gap**2))
    return float(0.5 * (points[best] + points[best + 1]))


def _fit_two_normals(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights, means and standard deviations (2,) by expectation maximisation from Otsu's split."""
    is_high = points > otsu_threshold(points)
    if is_high.all() or not is_high.any():
        is_high = points > points.mean()
    share = np.stack([~is_high, is_high], axis=1).astype(np.float64)  # (P, 2)
    floor = (0.05 * points.std()) ** 2  # no hump narrower than this: repeated values would make a spike
    weights, means, sds = _moments(points, share, floor)
    for _ in range(_NUM_ROUNDS):
        density = weights * _normal(points[:, None], means, sds)
        share = density / np.maximum(density.sum(axis=1, keepdims=True), 1e-300)
        before = means
        weights, means, sds = _moments(points, share, floor)
        if np.abs(means - before).max() < 1e-6 * sds.max():
            break
    order = np.argsort(means)
    return weights[order], means[order], sds[order]


def _moments(points: np.ndarray, share_P2: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mass = np.maximum(share_P2.sum(axis=0), 1e-12)
    means = share_P2.T @ points / mass
    variances = (share_P2 * (points[:, None] - means) ** 2).sum(axis=0) / mass + floor
    return mass / mass.sum(), means, np.sqrt(variances)


def _lowest_between(points: np.ndarray, weights: np.ndarray, means: np.ndarray, sds: np.ndarray) -> float | None:
    """Return where the mixture density is lowest between its means, or None where the points do not thin out there.

    The mixture says where to look; whether there is a antimode is asked of the points themselves (a smoothed density),
    since two normals dip even when they are fitted to a flat distribution.
    """
    grid = np.linspace(means[0], means[1], 129)
    lowest = int(np.argmin((weights * _normal(grid[:, None], means, sds)).sum(axis=1)))
    density = _normal(grid[:, None], points, 0.5 * sds.min()).mean(axis=1)
    lower_hump = min(density[: lowest + 1].max(), density[lowest:].max())
    return float(grid[lowest]) if density[lowest] <= _MAX_DEPTH * lower_hump else None


def _bic_gain(points: np.ndarray, weights: np.ndarray, means: np.ndarray, sds: np.ndarray) -> float:
    """Return how much lower the Bayesian information criterion is with two normals (3 more parameters) than one."""
    two = np.log(np.maximum((weights * _normal(points[:, None], means, sds)).sum(axis=1), 1e-300)).sum()
    one = np.log(np.maximum(_normal(points, points.mean(), points.std()), 1e-300)).sum()
    return float(2.0 * (two - one) - 3.0 * np.log(len(points)))


def _normal(x: np.ndarray, mean: np.ndarray | float, sd: np.ndarray | float) -> np.ndarray:
    return np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2.0 * np.pi))
