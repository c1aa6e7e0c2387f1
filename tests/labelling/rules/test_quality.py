"""Each quality weakens a vote by itself, and one that was not measured does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from slowpaths.labelling.rules.calibration import Calibration
from slowpaths.labelling.rules.catalogue import all_rules, select_rules
from slowpaths.labelling.rules.quality import REACH, SIDE_FEATURES, is_observable
from slowpaths.labelling.rules.votes import NOT_ASKED, apply_rules
from tests.labelling.tables import deliveries_table, random_deliveries

MEASURED = {
    "stride_front": 2.0,
    "stride_back": 0.0,
    "hand_sweep": 0.6,
    "onset_z": 2.0,
    "camera_pan_off": 0.2,
    "camera_zoom": 0.0,
    "peak_hand_speed": 9.0,
    "lean_back_deg": 20.0,
    "finish_height": 0.9,
}


def weight(code: str, features: dict[str, float] | None = None, **columns: Any) -> float:
    """Return how far a rule's vote counts on a delivery that is well seen but for what is given."""
    whole = {"pose_confidence": 0.9, "striker_p": 1.0} | MEASURED
    columns = {"impact_uncertainty_s": 0.01, "handedness_p": 1.0} | columns
    table = deliveries_table(1, whole | (features or {}), **columns)
    votes = apply_rules(table, rules=select_rules(include=[code]), calibration=Calibration(antimodes={}))
    assert (votes.symbols_NR[0, 0] == NOT_ASKED) == (votes.weights[0, 0] == 0)
    return float(votes.weights[0, 0])


def is_asked(code: str, features: dict[str, float] | None = None, **columns: Any) -> bool:
    return weight(code, features, **columns) > 0


@pytest.mark.parametrize(
    ("feature", "full"),
    [("pose_confidence", 0.7), ("valid_fraction", 1.0), ("striker_p", 1.0), ("camera_inliers", 0.6)],
)
def test_a_vote_counts_in_proportion_to_the_quality_of_what_it_reads(feature: str, full: float) -> None:
    for share in (0.0, 0.1, 0.5, 1.0, 1.2):
        assert weight("foot.stride", {feature: full * share}) == pytest.approx(min(share, 1.0))
    assert weight("foot.stride", {feature: np.nan}) == 1.0
    assert weight("foot.stride", {feature: full / 2, "valid_fraction": 0.5}) == pytest.approx(
        0.5 if feature == "valid_fraction" else 0.25
    )


def test_an_uncertain_impact_weakens_a_rule_as_far_as_it_blurs_what_the_rule_reads() -> None:
    for code, bears_s in (("foot.stride", 0.08), ("sound.silent", 0.15), ("camera.pan", 0.34)):
        for times in (0.2, 1.0, 3.0, 30.0):
            chance = norm.cdf(REACH / times) - norm.cdf(-REACH / times)
            assert weight(code, impact_uncertainty_s=bears_s * times) == pytest.approx(chance)
        assert weight(code, impact_uncertainty_s=0.0) == weight(code, impact_uncertainty_s=np.nan) == 1.0
    for rule in select_rules():
        assert 0.08 <= rule.impact_within_s <= 0.5


def test_no_worse_quality_ever_counts_for_more() -> None:
    better = random_deliveries(300)
    place = better.schema.get_field_index("impact_uncertainty_s")
    better = better.set_column(place, "impact_uncertainty_s", [np.full(300, 0.2)])
    for column, worse in (
        ("feature_striker_p", 0.9 * better["feature_striker_p"].to_numpy()),
        ("feature_camera_inliers", 0.9 * better["feature_camera_inliers"].to_numpy()),
        ("impact_uncertainty_s", 1.2 * better["impact_uncertainty_s"].to_numpy()),
    ):
        spoilt = better.set_column(better.schema.get_field_index(column), column, [worse])
        before, after = (
            apply_rules(table, rules=all_rules(), calibration=Calibration(antimodes={})) for table in (better, spoilt)
        )
        np.testing.assert_array_equal(after.symbols_NR, before.symbols_NR)
        assert (after.weights <= before.weights).all() and after.weights.sum() < before.weights.sum()


def test_sound_does_not_care_about_pose_nor_pan_about_the_person() -> None:
    assert is_asked("sound.silent", {"pose_confidence": 0.0, "striker_p": 0.0, "camera_inliers": 0.0})
    assert is_asked("camera.pan", {"pose_confidence": 0.0, "striker_p": 0.0})
    assert not is_asked("camera.pan", {"camera_inliers": 0.0})


def test_replays_close_what_depends_on_speed_or_live_sound() -> None:
    for code in ("energy.fast_hands", "sound.silent", "camera.pan"):
        assert not is_asked(code, {"is_live": 0.0})
        assert is_asked(code, {"is_live": np.nan})
    assert is_asked("side.hand_sweep", {"is_live": 0.0})


@pytest.mark.parametrize(("handedness_p", "counts"), [(0.0, 1.0), (0.1, 0.8), (0.5, 0.0), (0.95, 0.9), (np.nan, 0.0)])
def test_unsure_handedness_weakens_the_side_only(handedness_p: float, counts: float) -> None:
    assert weight("side.hand_sweep", handedness_p=handedness_p) == pytest.approx(counts)
    assert weight("foot.stride", handedness_p=handedness_p) == 1.0


def test_views_and_observability() -> None:
    assert is_asked("foot.stride", view="pitch_side") and is_asked("foot.stride", view="nets_endon")
    assert not is_asked("foot.stride", view="closeup") and not is_asked("foot.stride", view="field")
    assert not is_asked("side.hand_sweep", view="pitch_side")
    assert is_asked("loft.lean_back", view="pitch_side")
    assert not is_asked("loft.lean_back", view="pitch_endon")
    assert not is_asked("camera.pan", view="nets_endon")
    assert not is_observable(["lean_back_deg"], "pitch_endon") and is_observable(["lean_back_deg"], "nets_side")
    assert not is_asked("foot.stride", view="a view of another version")


def test_every_rule_on_the_side_depends_on_handedness() -> None:
    for rule in select_rules(include=["side", "camera.pan", "finish.wrap", "knee.grip_switch", "strokes.pull"]):
        assert SIDE_FEATURES.intersection(rule.requires), rule.code
