from __future__ import annotations

import numpy as np

from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.calibration import calibrate
from slowpaths.labelling.rules.catalogue import all_rules
from slowpaths.labelling.rules.evidence import votes_table
from slowpaths.labelling.rules.votes import apply_rules
from slowpaths.store.schema import VOTES
from tests.labelling.tables import deliveries_table, random_deliveries


def test_every_vote_has_a_row() -> None:
    table = random_deliveries(200)
    block = FeatureBlock.from_table(table)
    calibration = calibrate(block, rules=all_rules())
    votes = apply_rules(table, rules=all_rules(), calibration=calibration)
    written = votes_table(votes, block=block, rules=all_rules(), calibration=calibration)
    assert written.schema.equals(VOTES.schema.remove_metadata())
    assert written.num_rows == (votes.symbols_NR >= 0).sum() > 100


def test_evidence_can_be_checked_by_a_person() -> None:
    table = deliveries_table(
        2,
        {"stride_front": np.array([1.234, 0.0]), "stride_back": 0.0, "hand_sweep": np.array([0.1, -0.7])},
        view=["pitch_side", "pitch_endon"],
    )
    block = FeatureBlock.from_table(table)
    calibration = calibrate(block, rules=all_rules())
    votes = apply_rules(table, rules=all_rules(), calibration=calibration)
    rows = votes_table(votes, block=block, rules=all_rules(), calibration=calibration).to_pylist()
    assert {row["rule"]: row["evidence"] for row in rows} == {
        "foot.stride": "stride_front 1.234 torso >= 0.55 (default: too few, n=1, pitch_side)",
        "side.hand_sweep": "hand_sweep -0.7 torso >= 0.35 in size (default: too few, n=1, pitch_endon)",
    }


def test_rows_and_rules_can_be_taken() -> None:
    table = random_deliveries(50)
    block = FeatureBlock.from_table(table)
    votes = apply_rules(table, rules=all_rules(), calibration=calibrate(block, rules=all_rules()))
    part = votes.take(votes.has_votes).with_rules(np.arange(len(all_rules())) < 3)
    assert part.symbols_NR.shape == (votes.has_votes.sum(), 3)
    assert [spec.code for spec in part.specs] == [rule.code for rule in all_rules()[:3]]
    assert part.delivery_ids.to_pylist() == np.array(votes.delivery_ids.to_pylist())[votes.has_votes].tolist()


def test_no_delivery_gives_no_vote() -> None:
    table = deliveries_table(0)
    block = FeatureBlock.from_table(table)
    calibration = calibrate(block, rules=all_rules())
    votes = apply_rules(table, rules=all_rules(), calibration=calibration)
    assert votes.symbols_NR.shape == (0, len(all_rules()))
    assert votes_table(votes, block=block, rules=all_rules(), calibration=calibration).num_rows == 0
