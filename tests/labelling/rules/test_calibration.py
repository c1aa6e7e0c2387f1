from __future__ import annotations

import numpy as np
import pytest

from slowpaths.labelling.rules.antimode import Antimode, find_antimode, otsu_threshold
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.calibration import Calibration, calibrate
from slowpaths.labelling.rules.catalogue import select_rules
from slowpaths.labelling.rules.thresholds import above, below
from tests.labelling.tables import deliveries_table


def humps(low: float, high: float, sd: float, *, num: int = 400, share: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(1)
    first = round(num * share)
    return rng.permutation(np.concatenate([rng.normal(low, sd, first), rng.normal(high, sd, num - first)]))


def test_two_equal_humps_have_their_antimode_in_the_middle() -> None:
    antimode = find_antimode(humps(0.0, 4.0, 0.8))
    assert antimode.status == "antimode" and antimode.count == 400
    assert antimode.value == pytest.approx(2.0, abs=0.15)
    assert antimode.sigma == pytest.approx(1.4826 * 2.0, rel=0.1)  # most values lie 2 from the median


def test_unequal_humps_move_the_antimode_towards_the_smaller() -> None:
    assert find_antimode(humps(0.0, 4.0, 0.8, share=0.8)).value > find_antimode(humps(0.0, 4.0, 0.8)).value


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
def test_one_hump_has_no_antimode(values: np.ndarray) -> None:
    assert find_antimode(values).status == "one hump"


def test_too_few_deliveries_have_no_antimode() -> None:
    assert find_antimode(humps(0.0, 4.0, 0.5, num=29)).status == "too few"
    assert find_antimode(np.append(humps(0.0, 4.0, 0.5, num=29), np.nan)).status == "too few"
    assert find_antimode(humps(0.0, 4.0, 0.5, num=30)).status == "antimode"


def test_otsu_splits_where_the_variance_between_is_largest() -> None:
    points = np.sort(humps(0.0, 4.0, 0.5, num=60))
    scores = [
        split * (60 - split) * (points[:split].mean() - points[split:].mean()) ** 2 for split in range(1, 60)
    ]  # fmt: skip
    best = int(np.argmax(scores))
    assert otsu_threshold(points) == pytest.approx(0.5 * (points[best] + points[best + 1]))


def calibration(value: float, *, status: str = "antimode", sigma: float = 0.4) -> Calibration:
    antimode = Antimode(status=status, count=100, value=value, sigma=sigma)  # type: ignore[arg-type]
    keys = [("stride_front", False, view) for view in ("pitch_side", "pitch_endon")]
    return Calibration(antimodes=dict.fromkeys(keys, antimode))


def test_the_threshold_is_the_antimode_plus_the_dead_zone() -> None:
    found = calibration(0.6)
    high = above("stride_front", 0.55, rails=(0.35, 0.8))
    low = below("stride_front", 0.55, rails=(0.35, 0.8))
    assert found.level(high, view="pitch_side").value == pytest.approx(0.7)
    assert found.level(low, view="pitch_side").value == pytest.approx(0.5)
    assert found.level(high, view="pitch_side").origin == "antimode at 0.6, n=100"


def test_guard_rails_hold_the_antimode() -> None:
    limit = above("stride_front", 0.55, rails=(0.35, 0.8), end_on_gain=0.5)
    level = calibration(3.0).level(limit, view="pitch_side")
    assert level.value == pytest.approx(0.9) and "guard rail" in level.origin
    assert calibration(-3.0).level(limit, view="pitch_side").value == pytest.approx(0.45)
    assert calibration(3.0).level(limit, view="pitch_endon").value == pytest.approx(0.5)  # .4 + .1


def test_defaults_stand_without_an_antimode() -> None:
    limit = above("stride_front", 0.55, rails=(0.35, 0.8), end_on_gain=0.35)
    assert calibration(np.nan, status="one hump").level(limit, view="pitch_side").value == 0.55
    assert calibration(np.nan, status="too few").level(limit, view="pitch_endon").value == pytest.approx(0.1925)
    assert Calibration(antimodes={}).level(limit, view="pitch_side").origin == "default: not calibrated"
    fixed = above("stride_front", 0.55)
    assert calibration(0.6).level(fixed, view="pitch_side").value == 0.55


def test_no_threshold_lies_within_what_noise_reaches() -> None:
    forward = above("stride_front", 0.55, rails=(0.35, 0.8), end_on_gain=0.1, noise=0.17)
    back = below("stride_back", -0.25, rails=(-0.5, -0.12), end_on_gain=0.35, noise=0.17)
    nothing = Calibration(antimodes={})
    assert nothing.level(forward, view="pitch_side").value == 0.55
    assert nothing.level(forward, view="pitch_endon").value == pytest.approx(0.17)
    assert nothing.level(back, view="pitch_side").value == -0.25
    assert nothing.level(back, view="pitch_endon").value == pytest.approx(-0.17)
    assert "held by noise" in nothing.level(back, view="pitch_endon").origin


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
    antimode = found.antimodes["stride_front", False, "pitch_side"]
    assert antimode.count == 200 and antimode.status == "antimode" and 0.3 < antimode.value < 0.9
    assert found.antimodes["stride_front", False, "pitch_endon"].status == "too few"
    assert {row["feature"] for row in found.to_dict()} == {"stride_front"}


def test_the_absolute_value_is_calibrated_for_folded_thresholds() -> None:
    limit = above("hand_sweep", 0.3, rails=(0.1, 0.5), is_folded=True)
    block = FeatureBlock.from_table(deliveries_table(4, {"hand_sweep": np.array([-0.4, 0.4, 0.2, np.nan])}))
    assert Calibration(antimodes={}).met(limit, block).tolist() == [True, True, False, False]
