"""Each common gate closes a rule by itself, and an unmeasured quality leaves it open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slowpaths.labelling.rules.calibration import Calibration
from slowpaths.labelling.rules.catalogue import select_rules
from slowpaths.labelling.rules.gates import SIDE_FEATURES, is_observable
from slowpaths.labelling.rules.votes import NOT_ASKED, apply_rules
from tests.labelling.tables import deliveries_table

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


def is_asked(code: str, features: dict[str, float] | None = None, **columns: Any) -> bool:
    table = deliveries_table(1, MEASURED | (features or {}), **columns)
    votes = apply_rules(table, rules=select_rules(include=[code]), calibration=Calibration(antimodes={}))
    return bool(votes.symbols_NR[0, 0] != NOT_ASKED)


@pytest.mark.parametrize(
    ("feature", "bad", "edge"),
    [
        ("pose_confidence", 0.34, 0.35),
        ("valid_fraction", 0.59, 0.6),
        ("striker_p", 0.59, 0.6),
        ("camera_inliers", 0.29, 0.3),
    ],
)
def test_poor_quality_closes_movement_rules(feature: str, bad: float, edge: float) -> None:
    assert not is_asked("foot.stride", {feature: bad})
    assert is_asked("foot.stride", {feature: edge})
    assert is_asked("foot.stride", {feature: np.nan})


def test_an_uncertain_impact_closes_every_rule_when_it_blurs_what_the_rule_reads() -> None:
    for code, bears_s in (("foot.stride", 0.08), ("sound.silent", 0.15), ("camera.pan", 0.34)):
        assert not is_asked(code, impact_uncertainty_s=bears_s + 0.001)
        assert is_asked(code, impact_uncertainty_s=bears_s)
        assert is_asked(code, impact_uncertainty_s=np.nan)
    for rule in select_rules():
        assert 0.08 <= rule.impact_within_s <= 0.5


def test_sound_does_not_care_about_pose_nor_pan_about_the_person() -> None:
    assert is_asked("sound.silent", {"pose_confidence": 0.0, "striker_p": 0.0, "camera_inliers": 0.0})
    assert is_asked("camera.pan", {"pose_confidence": 0.0, "striker_p": 0.0})
    assert not is_asked("camera.pan", {"camera_inliers": 0.0})


def test_replays_close_what_depends_on_speed_or_live_sound() -> None:
    for code in ("energy.fast_hands", "sound.silent", "camera.pan"):
        assert not is_asked(code, {"is_live": 0.0})
        assert is_asked(code, {"is_live": np.nan})
    assert is_asked("side.hand_sweep", {"is_live": 0.0})


@pytest.mark.parametrize(
    ("handedness_p", "open_"), [(0.2, True), (0.21, False), (0.79, False), (0.8, True), (np.nan, False)]
)
def test_unsure_handedness_closes_the_side_only(handedness_p: float, open_: bool) -> None:
    assert is_asked("side.hand_sweep", handedness_p=handedness_p) is open_
    assert is_asked("foot.stride", handedness_p=handedness_p)


def test_views_and_observability() -> None:
    assert is_asked("foot.stride", view="pitch_side") and is_asked("foot.stride", view="nets_endon")
    assert not is_asked("foot.stride", view="closeup") and not is_asked("foot.stride", view="field")
    assert not is_asked("side.hand_sweep", view="pitch_side")
    assert is_asked("loft.lean_back", view="pitch_side")
    assert not is_asked("loft.lean_back", view="pitch_endon")
    assert not is_asked("camera.pan", view="nets_endon")
    assert not is_observable(["lean_back_deg"], "pitch_endon") and is_observable(["lean_back_deg"], "nets_side")
    assert not is_asked("foot.stride", view="a view of another version")


def test_every_rule_on_the_side_is_gated_by_handedness() -> None:
    for rule in select_rules(include=["side", "camera.pan", "finish.wrap", "knee.grip_switch", "strokes.pull"]):
        assert SIDE_FEATURES.intersection(rule.requires), rule.code
