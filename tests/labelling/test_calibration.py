from __future__ import annotations

import numpy as np
import pytest

from slowpaths.labelling.block import FeatureBlock
from slowpaths.labelling.calibration import Calibration, Valley, calibrate, find_valley, otsu_threshold
from slowpaths.labelling.catalogue import select_rules
from slowpaths.labelling.cuts import above, below
from tests.labelling.tables import deliveries_table


def humps(low: float, high: float, sd: float, *, num: int = 400, share: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(1)
    first = round(num * share)
    return rng.permutation(np.concatenate([rng.normal(low, sd, first), rng.normal(high, sd, num - first)]))


def test_two_equal_humps_have_their_valley_in_the_middle() -> None:
    valley = find_valley(humps(0.0, 4.0, 0.8))
    assert valley.status == "valley" and valley.count == 400
    assert valley.value == pytest.approx(2.0, abs=0.15)
    assert valley.sigma == pytest.approx(1.4826 * 2.0, rel=0.1)  # most values lie 2 from the median


def test_unequal_humps_move_the_valley_towards_the_smaller() -> None:
    assert find_valley(humps(0.0, 4.0, 0.8, share=0.8)).value > find_valley(humps(0.0, 4.0, 0.8)).value


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=400),
        np.random.default_rng(0).uniform(size=400),
        np.random.default_rng(0).lognormal(sigma=0.4, size=400),
        humps(0.0, 1.0, 0.8),  # two humps too close to tell apart
        humps(0.0, 8.0, 0.8, share=0.96),  # a tail of bad measurements
        np.ones(400),
    ],
    ids=["normal", "uniform", "lognormal", "close", "tail", "constant"],
)
def test_one_hump_has_no_valley(values: np.ndarray) -> None:
    assert find_valley(values).status == "one hump"


def test_too_few_deliveries_have_no_valley() -> None:
    assert find_valley(humps(0.0, 4.0, 0.5, num=29)).status == "too few"
    assert find_valley(np.append(humps(0.0, 4.0, 0.5, num=29), np.nan)).status == "too few"
    assert find_valley(humps(0.0, 4.0, 0.5, num=30)).status == "valley"


def test_otsu_splits_where_the_variance_between_is_largest() -> None:
    points = np.sort(humps(0.0, 4.0, 0.5, num=60))
    scores = [
        cut * (60 - cut) * (points[:cut].mean() - points[cut:].mean()) ** 2 for cut in range(1, 60)
    ]  # fmt: skip
    best = int(np.argmax(scores))
    assert otsu_threshold(points) == pytest.approx(0.5 * (points[best] + points[best + 1]))


def calibration(value: float, *, status: str = "valley", sigma: float = 0.4) -> Calibration:
    valley = Valley(status=status, count=100, value=value, sigma=sigma)  # type: ignore[arg-type]
    keys = [("stride_front", False, view) for view in ("pitch_side", "pitch_endon")]
    return Calibration(valleys=dict.fromkeys(keys, valley))


def test_the_threshold_is_the_valley_plus_the_dead_zone() -> None:
    found = calibration(0.6)
    high = above("stride_front", 0.55, rails=(0.35, 0.8))
    low = below("stride_front", 0.55, rails=(0.35, 0.8))
    assert found.threshold(high, view="pitch_side").value == pytest.approx(0.7)
    assert found.threshold(low, view="pitch_side").value == pytest.approx(0.5)
    assert found.threshold(high, view="pitch_side").origin == "valley at 0.6, n=100"


def test_guard_rails_hold_the_valley() -> None:
    cut = above("stride_front", 0.55, rails=(0.35, 0.8), end_on_gain=0.5)
    threshold = calibration(3.0).threshold(cut, view="pitch_side")
    assert threshold.value == pytest.approx(0.9) and "guard rail" in threshold.origin
    assert calibration(-3.0).threshold(cut, view="pitch_side").value == pytest.approx(0.45)
    assert calibration(3.0).threshold(cut, view="pitch_endon").value == pytest.approx(0.5)  # .4 + .1


def test_defaults_stand_without_a_valley() -> None:
    cut = above("stride_front", 0.55, rails=(0.35, 0.8), end_on_gain=0.35)
    assert calibration(np.nan, status="one hump").threshold(cut, view="pitch_side").value == 0.55
    assert calibration(np.nan, status="too few").threshold(cut, view="pitch_endon").value == pytest.approx(0.1925)
    assert Calibration(valleys={}).threshold(cut, view="pitch_side").origin == "default: not calibrated"
    fixed = above("stride_front", 0.55)
    assert calibration(0.6).threshold(fixed, view="pitch_side").value == 0.55


def test_no_threshold_lies_within_what_noise_reaches() -> None:
    forward = above("stride_front", 0.55, rails=(0.35, 0.8), end_on_gain=0.1, noise=0.17)
    back = below("stride_back", -0.25, rails=(-0.5, -0.12), end_on_gain=0.35, noise=0.17)
    nothing = Calibration(valleys={})
    assert nothing.threshold(forward, view="pitch_side").value == 0.55
    assert nothing.threshold(forward, view="pitch_endon").value == pytest.approx(0.17)
    assert nothing.threshold(back, view="pitch_side").value == -0.25
    assert nothing.threshold(back, view="pitch_endon").value == pytest.approx(-0.17)
    assert "held by noise" in nothing.threshold(back, view="pitch_endon").origin


def test_views_are_calibrated_apart_and_only_on_usable_deliveries() -> None:
    side = humps(0.0, 1.2, 0.1, num=200)
    poor = np.full(200, 0.9)
    values = np.concatenate([side, poor, np.zeros(5)])
    table = deliveries_table(
        405,
        {"stride_front": values, "pose_confidence": np.repeat([0.9, 0.1, 0.9], [200, 100, 105])},
        impact_uncertainty_s=np.repeat([0.05, 0.3, 0.05], [300, 100, 5]),
        view=np.repeat(["pitch_side", "pitch_side", "pitch_endon"], [200, 200, 5]),
    )
    found = calibrate(FeatureBlock.from_table(table), rules=select_rules(include=["foot.stride"]))
    valley = found.valleys["stride_front", False, "pitch_side"]
    assert valley.count == 200 and valley.status == "valley" and 0.3 < valley.value < 0.9
    assert found.valleys["stride_front", False, "pitch_endon"].status == "too few"
    assert {row["feature"] for row in found.to_dict()} == {"stride_front"}


def test_the_absolute_value_is_calibrated_for_folded_cuts() -> None:
    cut = above("hand_sweep", 0.3, rails=(0.1, 0.5), is_folded=True)
    block = FeatureBlock.from_table(deliveries_table(4, {"hand_sweep": np.array([-0.4, 0.4, 0.2, np.nan])}))
    assert Calibration(valleys={}).met(cut, block).tolist() == [True, True, False, False]
