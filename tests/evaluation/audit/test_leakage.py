"""What leakage is worth, where it was put in and where it was not; every check fires once and is silent once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from slowpaths.evaluation.audit.checks import CHECKS, check_all
from slowpaths.evaluation.audit.leakage import (
    SPLITS,
    Labelled,
    _profile_error,
    cross_named,
    folds,
    leakage,
    linear_probe,
    steadiness,
)

MATCHES, EACH = 8, 30


def nearest(train_NF: np.ndarray, label_N: np.ndarray, test_NF: np.ndarray) -> np.ndarray:
    """Name what the nearest training delivery is."""
    return label_N[((test_NF[:, None] - train_NF) ** 2).sum(axis=2).argmin(axis=1)]


def labelled(*, leak: float, signal: float, seed: int = 0) -> Labelled:
    """Return deliveries whose features tell the stroke (signal) or the match (leak), in which strokes cluster."""
    rng = np.random.default_rng(seed)
    match_N = np.repeat(np.arange(MATCHES), EACH)
    label_N = (match_N + rng.integers(2, size=len(match_N)) * 2) % 4
    features_NF = rng.standard_normal((len(match_N), 6)) * 0.3
    features_NF[:, :4] += signal * np.eye(4)[label_N]
    features_NF[:, 4] += leak * match_N
    features_NF[:, 5] += leak * (label_N // 2) * np.where(match_N % 2, 1, -1)  # what it means differs by match
    match = np.array([f"m{at}" for at in match_N], dtype=object)
    groups = {"innings": match, "match": match, "batter": match, "venue": np.full(len(match), "", dtype=object)}
    return Labelled(
        name_N=np.arange(len(match)).astype(str), features_NF=features_NF, label_N=label_N, groups=groups,
        is_right_handed_N=np.arange(len(match)) % 3 > 0,
        kept={"jitter": np.ones(len(match)), "mirror": label_N % 2 * 1.0},
    )  # fmt: skip


LEAKY, HONEST = labelled(leak=3.0, signal=0.0), labelled(leak=0.0, signal=3.0)


def test_a_model_that_knows_the_match_is_flattered_by_clips_and_one_that_knows_strokes_is_not() -> None:
    table, _ = leakage(LEAKY, fit=nearest)
    rows = {str(row["split"]): row for row in table}
    assert list(rows) == list(SPLITS)
    assert float(rows["clip"]["accuracy"]) > 0.9 > 0.6 > float(rows["match"]["accuracy"])
    assert float(rows["match"]["flattered_low"]) > 0.1
    assert float(rows["match"]["profile_error"]) > float(rows["clip"]["profile_error"])
    honest = {str(row["split"]): row for row in leakage(HONEST, fit=nearest)[0]}
    assert abs(float(honest["match"]["flattered"])) < 0.02


def test_what_is_not_known_has_a_reason_and_no_number() -> None:
    rows = {str(row["split"]): row for row in leakage(LEAKY, fit=nearest)[0]}
    assert np.isnan(float(rows["venue"]["accuracy"]))
    assert rows["venue"]["reason"] == "the venue of some deliveries is not known"


def test_groups_stay_whole_and_no_delivery_is_tested_on_itself() -> None:
    fold_N = folds(LEAKY.match_N)
    assert all(len(set(fold_N[match == LEAKY.match_N])) == 1 for match in set(LEAKY.match_N))
    assert len(set(fold_N)) == 5
    seen: list[int] = []

    def fit(train_NF: np.ndarray, label_N: np.ndarray, test_NF: np.ndarray) -> np.ndarray:
        assert not set(map(bytes, train_NF)) & set(map(bytes, test_NF))
        seen.append(len(test_NF))
        return np.zeros(len(test_NF), dtype=np.int64)

    cross_named(LEAKY, LEAKY.match_N, fit)
    assert sum(seen) == len(LEAKY)


def _right(data: Labelled) -> dict[str, np.ndarray]:
    return leakage(data, fit=nearest)[1]


def _copied(data: Labelled) -> Labelled:
    features = data.features_NF.copy()
    features[EACH] = features[0]
    return replace(data, features_NF=features)


def _lonely(data: Labelled) -> Labelled:
    return replace(data, label_N=np.where(np.arange(len(data)) == 0, 9, data.label_N))


def _one_match(data: Labelled) -> Labelled:
    groups = {name: np.full(len(data), "m", dtype=object) for name in data.groups}
    return replace(data, groups=groups)


def _left_wrong(right: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"match": np.where(HONEST.is_right_handed_N, 1.0, np.arange(len(HONEST)) % 2)}


CASES: dict[str, tuple[Labelled, Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]]] = {
    "EV001": (LEAKY, lambda right: right),
    "EV002": (_one_match(HONEST), lambda right: right),
    "EV003": (_copied(HONEST), lambda right: right),
    "EV004": (_lonely(HONEST), lambda right: right),
    "EV005": (HONEST, lambda right: {"clip": right["clip"], "match": np.zeros(len(HONEST))}),
    "EV006": (HONEST, _left_wrong),
    "EV007": (replace(HONEST, seen_N=np.arange(len(HONEST)) == 3), lambda right: right),
    "EV008": (replace(HONEST, kept={"jitter": np.full(len(HONEST), 0.79)}), lambda right: right),
    "EV009": (replace(HONEST, kept={"mirror": np.full(len(HONEST), 0.49)}), lambda right: right),
}


@pytest.mark.parametrize("code", CHECKS)
def test_every_check_fires_where_it_should_and_is_silent_where_not(code: str) -> None:
    data, change = CASES[code]
    assert CHECKS[code](data, change(_right(data)))
    assert not CHECKS[code](HONEST, _right(HONEST))


def test_checks_that_fire_are_listed_with_their_sentence() -> None:
    fired = check_all(_copied(HONEST), _right(HONEST))
    assert [row["code"] for row in fired] == ["EV003"]
    assert str(fired[0]["says"]).startswith("1 deliveries stand in several matches")


def test_a_probe_names_by_what_the_embedding_tells_and_nothing_else() -> None:
    rows = {str(row["split"]): row for row in leakage(HONEST, fit=linear_probe)[0]}
    assert float(rows["match"]["accuracy"]) > 0.95
    blind = replace(HONEST, features_NF=np.random.default_rng(1).standard_normal((len(HONEST), 6)))
    rows = {str(row["split"]): row for row in leakage(blind, fit=linear_probe)[0]}
    assert float(rows["match"]["accuracy"]) < 0.35  # strokes cluster in matches: below chance
    assert linear_probe(np.zeros((2, 1)), np.array([3, 3]), np.zeros((1, 1))).tolist() == [3]


def test_steadiness_is_a_share_with_an_interval_over_matches_and_deliveries_can_be_taken() -> None:
    half = replace(HONEST, kept={"mirror": (np.arange(len(HONEST)) // EACH % 2) * 1.0})
    (row,) = steadiness(half)
    assert row["changed"] == "mirror" and row["keeps_its_name"] == 0.5
    assert float(row["low"]) < 0.2 and float(row["high"]) > 0.8  # matches differ, and there are eight
    some = half.take(half.match_N == "m1")
    assert len(some) == EACH == len(some.kept["mirror"]) and steadiness(some)[0]["keeps_its_name"] == 1


def test_the_error_of_profiles_does_not_follow_the_order_of_a_set() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        batter_N = np.array([f"b{number}" for number in rng.integers(0, 17, 300)], dtype=object)
        label_N, named_N = rng.integers(0, 14, (2, 300))
        data = replace(labelled(leak=0.0, signal=1.0), label_N=label_N, groups={"match": batter_N, "batter": batter_N})
        errors = []
        for name in sorted(set(batter_N)):
            true, named = (np.bincount(own[batter_N == name], minlength=14) for own in (label_N, named_N))
            errors.append(0.5 * np.abs(true / true.sum() - named / named.sum()).sum())
        assert _profile_error(data, named_N) == np.mean(errors)
