from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.labelling.select import Selected, Selection, duplicate_groups, select


def run(confidence: Any, label: Any, *, settings: Selection | None = None, **changes: Any) -> Selected:
    confidence, label = np.asarray(confidence, dtype=float), np.asarray(label)
    num = len(label)
    probs = np.full((num, 14), 0.0)
    probs[np.arange(num), label] = confidence
    shares = np.full(14, 0.0)
    shares[:2] = 0.5
    arguments: dict[str, Any] = {
        "shares_C": shares,
        "has_votes": np.ones(num, dtype=bool),
        "event_p": np.full(num, np.nan),
        "groups": np.arange(num),
        "is_gold": np.zeros(num, dtype=bool),
        "settings": settings or Selection(keep_share=1.0, min_per_stroke=0),
    }
    return select(probs, **(arguments | changes))


def test_shares_follow_the_prior_and_not_the_surest_stroke() -> None:
    """Eight sure of stroke 0, four less sure of stroke 1, shares half and half: six places for 0, all four of 1."""
    found = run([0.9, 0.99, 0.8, 0.95, 0.7, 0.97, 0.96, 0.6, 0.5, 0.4, 0.45, 0.3], [0] * 8 + [1] * 4)
    assert found.is_kept.tolist() == [True, True, True, True, False, True, True, False, True, True, True, True]
    assert found.least_C[:2].tolist() == [0.8, 0.3]
    assert np.isnan(found.least_C[2:]).all()
    assert found.counts["beyond the stroke's quota"] == 2


def test_keep_share_and_quota_limit_every_stroke() -> None:
    label = np.repeat([0, 1], 50)
    confidence = np.random.default_rng(0).uniform(0.3, 1, 100)
    assert np.bincount(label[run(confidence, label, settings=Selection(keep_share=0.5)).is_kept]).tolist() == [25, 25]
    quota = Selection(keep_share=1.0, max_per_stroke=10)
    kept = run(confidence, label, settings=quota).is_kept
    assert np.bincount(label[kept]).tolist() == [10, 10]
    assert confidence[kept & (label == 0)].min() > confidence[~kept & (label == 0)].max()


def test_a_stroke_of_few_deliveries_is_not_cut_to_nothing() -> None:
    confidence = np.linspace(0.9, 0.3, 12)
    none_left = run(confidence, [5] * 12, settings=Selection(keep_share=0.8, min_per_stroke=0))
    some_left = run(confidence, [5] * 12, settings=Selection(keep_share=0.8, min_per_stroke=8))
    assert (none_left.is_kept.sum(), some_left.is_kept.sum()) == (0, 8)
    capped = run(confidence, [5] * 12, settings=Selection(min_per_stroke=8, max_per_stroke=3))
    assert capped.is_kept.sum() == 3


def test_gold_stays_and_counts_towards_the_quota() -> None:
    is_gold = np.array([True, True, False, False])
    event_p = np.array([0.0, 0.9, 0.9, 0.0])
    found = run([0.1, 0.1, 0.9, 0.9], [0, 0, 0, 1], is_gold=is_gold, event_p=event_p)
    assert found.is_kept.tolist() == [True, True, False, False]


def test_reasons_are_counted_once_each() -> None:
    found = run(
        [0.9, 0.9, 0.9, 0.2, 0.9],
        [0, 0, 0, 0, 1],
        has_votes=np.array([False, True, True, True, True]),
        event_p=np.array([0.0, 0.1, 0.9, 0.9, 0.9]),
        groups=np.array([0, 1, 2, 3, 3]),
        settings=Selection(keep_share=1.0, min_confidence=0.5),
    )
    assert found.is_kept.tolist() == [False, False, True, False, True]
    assert found.counts == {
        "no vote": 1,
        "probably no stroke": 1,
        "near-duplicate": 1,
        "confidence below the least": 0,
        "beyond the stroke's quota": 0,
    }


def test_of_near_duplicates_gold_then_the_surest_then_the_first_stays() -> None:
    groups = np.array([0, 0, 0, 1, 1, 2, 2])
    is_gold = np.array([False, False, True, False, False, False, False])
    found = run([0.9, 0.8, 0.1, 0.3, 0.6, 0.5, 0.5], [0, 0, 0, 1, 1, 1, 1], groups=groups, is_gold=is_gold)
    assert found.is_kept.tolist() == [False, False, True, False, True, True, False]


def test_a_near_duplicate_that_is_left_out_takes_no_other_with_it() -> None:
    event_p = np.array([0.1, 0.9, 0.9, np.nan])
    found = run([0.9, 0.8, 0.7, 0.6], [0, 0, 0, 1], groups=np.array([4, 4, 4, 5]), event_p=event_p)
    assert found.is_kept.tolist() == [False, True, False, True]
    assert (found.counts["probably no stroke"], found.counts["near-duplicate"]) == (1, 1)
    has_votes = np.array([False, True, True, True])
    found = run([0.9, 0.8, 0.7, 0.6], [0, 0, 0, 1], groups=np.array([4, 4, 4, 5]), has_votes=has_votes)
    assert found.is_kept.tolist() == [False, True, False, True]


def test_without_selection_everything_with_a_vote_is_kept() -> None:
    found = run([0.1, 0.1], [0, 0], has_votes=np.array([True, False]), settings=Selection(enabled=False))
    assert found.is_kept.tolist() == [True, False]


@pytest.mark.parametrize(
    "wrong", [{"keep_share": 1.2}, {"min_confidence": -0.1}, {"min_event_p": float("nan")}, {"max_per_stroke": 0}]
)
def test_settings_outside_their_range_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"selection.{next(iter(wrong))}"):
        Selection(**wrong)


def test_duplicates_are_equal_features() -> None:
    nan = np.nan
    features = np.array([[1, nan], [1, 2], [1, nan], [nan, nan], [nan, nan], [0.0, 1], [-0.0, 1], [3, 3]])
    assert duplicate_groups(features).tolist() == [0, 1, 0, 3, 4, 5, 5, 7]
