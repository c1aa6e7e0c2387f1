"""Thresholds that follow the footage: the valley between two humps of the unlabelled distribution.

For every feature and view a mixture of two normals is fitted to the values of usable deliveries. Where it has two
humps, the lowest point between them becomes the threshold, clipped to the guard rails of the cut, and values within a
quarter of a standard deviation of it are left undecided (Otsu 1979 and Kittler and Illingworth 1986 choose such
valleys for grey levels). Where there are too few deliveries or one hump only, the default of the cut stands. Labels
are never seen.

Legend: N deliveries, V views, P points, 2 components.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from slowpaths.core.views import ASPECT, VIEWS
from slowpaths.labelling.block import FeatureBlock
from slowpaths.labelling.cuts import Cut
from slowpaths.labelling.gates import INSTANT_S, QUALITY, Gates
from slowpaths.labelling.rules import Rule

MIN_COUNT = 30  # fewer deliveries of a view do not show a distribution
DEAD_ZONE = 0.25  # half width of the undecided zone, in standard deviations
_NUM_POINTS = 500  # quantiles that stand for the distribution: the fit costs the same for any number of deliveries
_NUM_ROUNDS = 100
_MIN_WEIGHT = 0.1  # a smaller hump is a tail of bad measurements rather than a way to bat
_MAX_DEPTH = 0.8  # density at the valley over density at the lower hump
_MIN_BIC_GAIN = 10.0  # "very strong" evidence for two components (Kass and Raftery 1995)

Status = Literal["valley", "one hump", "too few"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Valley:
    """Hold what the distribution of one feature in one view shows.

    Args:
        status: Whether a valley was found, or why not.
        count: Deliveries looked at.
        value: Where the valley lies, unit of the feature; NaN where there is none.
        sigma: Robust standard deviation of the feature (1.4826 MAD); NaN where there are too few.
    """

    status: Status
    count: int
    value: float
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Hold the number a cut compares with in one view, and where it comes from."""

    value: float
    origin: str


Key = tuple[str, bool, str]  # feature, whether its absolute value is meant, view


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """Hold the valleys of a set of deliveries; without any, every cut keeps its default."""

    valleys: Mapping[Key, Valley]

    def threshold(self, cut: Cut, *, view: str) -> Threshold:
        """Return the threshold of a cut in a view."""
        found = self._threshold(cut, view=view)
        if abs(found.value) >= cut.noise:
            return found
        return Threshold(
            value=cut.noise if cut.side == "above" else -cut.noise, origin=f"{found.origin}, held by noise"
        )

    def _threshold(self, cut: Cut, *, view: str) -> Threshold:
        gain = cut.end_on_gain if ASPECT[view] == "E" else 1.0
        valley = self.valleys.get((cut.feature, cut.is_folded, view))
        if cut.rails is None:
            return Threshold(value=cut.default * gain, origin="fixed")
        if valley is None or valley.status != "valley":
            why = f"{valley.status}, n={valley.count}" if valley else "not calibrated"
            return Threshold(value=cut.default * gain, origin=f"default: {why}")
        low, high = sorted((cut.rails[0] * gain, cut.rails[1] * gain))
        clipped = min(max(valley.value, low), high)
        margin = DEAD_ZONE * valley.sigma
        railed = "" if clipped == valley.value else ", held by the guard rail"
        return Threshold(
            value=clipped + margin if cut.side == "above" else clipped - margin,
            origin=f"valley at {valley.value:.3g}{railed}, n={valley.count}",
        )

    def thresholds(self, cut: Cut) -> list[Threshold]:
        """Return the threshold of a cut in every view (V,)."""
        return [self.threshold(cut, view=view) for view in VIEWS]

    def met(self, cut: Cut, block: FeatureBlock) -> np.ndarray:
        """Return where a cut is met (N,), bool; never where the feature is NaN."""
        values = np.abs(block[cut.feature]) if cut.is_folded else block[cut.feature]
        limits = np.array([threshold.value for threshold in self.thresholds(cut)])[block.view_codes]
        return values >= limits if cut.side == "above" else values <= limits

    def to_dict(self) -> list[dict[str, Any]]:
        """Return one plain row a feature and view that had any measured delivery, in a fixed order."""
        return [
            {"feature": feature, "is_folded": is_folded, "view": view} | _none_for_nan(asdict(valley))
            for (feature, is_folded, view), valley in sorted(self.valleys.items())
            if valley.count
        ]


def calibrate(block: FeatureBlock, *, rules: Iterable[Rule]) -> Calibration:
    """Find the valleys of every feature the rules may calibrate, view by view, without labels.

    Args:
        block: Deliveries.
        rules: Rules whose cuts carry guard rails.
    """
    wanted = {
        (cut.feature, cut.is_folded): None for rule in rules for cut in rule.cuts.values() if cut.rails is not None
    }
    gates = Gates.of(block)
    is_usable = np.logical_and.reduce([gates.by_name[name] for name in QUALITY])
    is_usable &= ~(block.impact_uncertainty_s > INSTANT_S)
    valleys: dict[Key, Valley] = {}
    for code, view in enumerate(VIEWS):
        rows = np.flatnonzero(is_usable & (block.view_codes == code))
        if ASPECT[view] == "-" or not len(rows):
            continue
        for feature, is_folded in wanted:
            values = block[feature][rows]
            valleys[feature, is_folded, view] = find_valley(np.abs(values) if is_folded else values)
    return Calibration(valleys=valleys)


def find_valley(values: np.ndarray) -> Valley:
    """Return the lowest point between the two humps of a distribution, if it has two.

    Args:
        values: Measured values (N,); NaN and infinities are left out.

    Example:
        >>> humps = np.concatenate([np.linspace(0, 1, 100), np.linspace(4, 5, 100)])
        >>> valley = find_valley(humps)
        >>> valley.status, 1 < valley.value < 4
        ('valley', True)
    """
    values = values[np.isfinite(values)]
    count = len(values)
    if count < MIN_COUNT:
        return Valley(status="too few", count=count, value=float("nan"), sigma=float("nan"))
    sigma = float(1.4826 * np.median(np.abs(values - np.median(values))))
    num_points = min(count, _NUM_POINTS)
    points = np.quantile(values, (np.arange(num_points) + 0.5) / num_points)
    points = np.clip(points, *np.quantile(points, (0.01, 0.99)))
    if sigma <= 0 or points.std() <= 0:
        return Valley(status="one hump", count=count, value=float("nan"), sigma=sigma)
    weights, means, sds = _fit_two_normals(points)
    valley = _lowest_between(points, weights, means, sds)
    gain = _bic_gain(points, weights, means, sds)
    if valley is None or weights.min() < _MIN_WEIGHT or gain < _MIN_BIC_GAIN:
        return Valley(status="one hump", count=count, value=float("nan"), sigma=sigma)
    return Valley(status="valley", count=count, value=valley, sigma=sigma)


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

    The mixture says where to look; whether there is a valley is asked of the points themselves (a smoothed density),
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


def _none_for_nan(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in row.items()}
