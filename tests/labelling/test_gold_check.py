"""What a person said, held against labels that did not know it."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.errors import TableError
from slowpaths.core.tempering import temper
from slowpaths.labelling.gold_check import FEWEST_FOR_TEMPERATURE, check_gold
from slowpaths.labelling.pipeline import NO_STROKE, label
from slowpaths.labelling.render import to_markdown
from tests.labelling.tables import footage_table, random_deliveries

FOOTAGE = footage_table({"v": "m1", "w": "m1", "x": "m2", "y": "m2"})


def test_shares_have_wilson_intervals_and_silence_does_not_count():
    probs = np.tile([0.6, 0.4], (12, 1))
    votes = probs.copy()
    votes[:4] = np.nan
    gold = np.array([0] * 9 + [1] + [-1] * 2)
    check = check_gold(probs, {"votes": votes, "student": np.full((12, 2), np.nan)}, gold)
    label_score, votes_score = check.scores  # the student never speaks
    assert (label_score.name, label_score.right, label_score.num) == ("label", 9, 10)
    # Wilson 1927, 9 of 10 by hand: .5958 to .9821
    assert (label_score.low, label_score.high) == pytest.approx((0.5958, 0.9821), abs=1e-4)
    assert (votes_score.name, votes_score.right, votes_score.num) == ("votes", 5, 6)
    assert check.confidence == pytest.approx(0.6)
    assert check.temperature is None


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_posteriors_wrong_is_found(true_temperature):
    rng = np.random.default_rng(0)
    honest = rng.dirichlet(np.full(5, 0.6), size=20_000)
    gold = (honest.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    check = check_gold(temper(honest, 1 / true_temperature), {}, gold)
    assert check.temperature == pytest.approx(true_temperature, rel=0.05)


def test_labels_are_judged_before_they_know_and_tempered_only_with_enough():
    deliveries = random_deliveries(300)
    blind = label(deliveries, FOOTAGE)
    names = blind.labels["label"].to_pylist()
    ids = deliveries["delivery_id"].to_pylist()
    few = {ids[0]: names[0], ids[1]: "sweep" if names[1] != "sweep" else "cut"}
    told = label(deliveries, FOOTAGE, gold=few)
    assert (told.summary.gold_check.scores[0].right, told.summary.gold_check.scores[0].num) == (1, 2)
    assert told.summary.gold_check.temperature is None
    assert "| label | 1 of 2 | 0.50 |" in to_markdown(told.summary)
    assert blind.summary.gold_check is None and "What a person said" not in to_markdown(blind.summary)
    many = {name: "cut" for name in ids[:FEWEST_FOR_TEMPERATURE]}
    tempered = label(deliveries, FOOTAGE, gold=many)
    assert tempered.summary.gold_check.temperature == pytest.approx(4.0, abs=0.01)  # labels by lot: as flat as it goes
    assert max(tempered.labels["confidence"].to_pylist()[FEWEST_FOR_TEMPERATURE:]) < 0.9
    assert set(tempered.labels["confidence"].to_pylist()[:FEWEST_FOR_TEMPERATURE]) == {1.0}


def test_what_is_no_stroke_has_no_label_and_no_vote():
    deliveries = random_deliveries(80)
    first, *rest = deliveries["delivery_id"].to_pylist()
    found = label(deliveries, FOOTAGE, gold={first: NO_STROKE})
    assert found.labels["delivery_id"].to_pylist() == rest
    assert first not in found.votes["delivery_id"].to_pylist()
    assert found.fingerprint != label(deliveries, FOOTAGE).fingerprint
    assert "1 left out as none" in to_markdown(found.summary)
    with pytest.raises(TableError, match="nothing to label"):
        label(deliveries, FOOTAGE, gold=dict.fromkeys([first, *rest], NO_STROKE))
