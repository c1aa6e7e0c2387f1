from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from slowpaths.evaluation.measures import retrieval as ap
from slowpaths.evaluation.measures.retrieval import ndcg_at, precision_at, rank_of_hit, saving_to_hit
from slowpaths.evaluation.ranking import rank


@pytest.fixture(params=[0, 1, 2])
def sample(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(request.param)
    scores = rng.random(60) if request.param else rng.integers(0, 6, 60) / 6  # seed 0: many ties
    return scores, rng.random(60) < 0.2 + 0.4 * scores


def test_scores_agree_with_scikit_learn(sample: tuple[np.ndarray, np.ndarray]) -> None:
    scores, relevant = sample
    ranking = rank(scores, relevant)
    assert ap.average_precision(ranking)[0] == pytest.approx(average_precision_score(relevant, scores))
    assert ndcg_at(ranking)[0] == pytest.approx(ndcg_score(relevant[None], scores[None], k=20))


def test_a_list_by_hand() -> None:
    # hit, miss, hit, miss
    ranking = rank(np.array([4.0, 3, 2, 1]), np.array([True, False, True, False]))
    assert precision_at(ranking, 2)[0] == 0.5
    assert precision_at(ranking, 10)[0] == 0.2  # a short list does not look better
    assert ap.average_precision(ranking)[0] == pytest.approx((1 + 2 / 3) / 2)
    assert rank_of_hit(ranking, 2)[0] == 3
    assert saving_to_hit(ranking, 2)[0] == pytest.approx(1 - 3 / (2 * 5 / 3))
    assert np.isnan(saving_to_hit(ranking, 3)[0])


def test_ties_give_the_expected_precision() -> None:
    ranking = rank(np.array([1.0, 1, 1, 0]), np.array([True, False, False, True]))
    assert precision_at(ranking, 2)[0] == pytest.approx(1 / 3)


def test_hits_that_were_never_found_cost() -> None:
    found = rank(np.array([2.0, 1.0]), np.array([True, False]))
    half = rank(np.array([2.0, 1.0, -np.inf]), np.array([True, False, True]))
    assert ap.average_precision(half)[0] == ap.average_precision(found)[0] / 2
    assert rank_of_hit(half, 2)[0] == 2  # everything was watched in vain


@pytest.mark.parametrize(("relevant", "clips"), [(1, 1), (1, 4), (2, 5), (3, 6)])
def test_random_order_agrees_with_brute_force(relevant: int, clips: int) -> None:
    values = []
    for hits in itertools.combinations(range(clips), relevant):
        wanted = np.isin(np.arange(clips), hits)
        values.append(ap.average_precision(rank(-np.arange(clips, dtype=float), wanted))[0])
    assert ap.random_average_precision(relevant, clips) == pytest.approx(np.mean(values))


def test_weights_are_repeated_clips(sample: tuple[np.ndarray, np.ndarray]) -> None:
    scores, relevant = sample
    weights = np.random.default_rng(9).integers(0, 3, len(scores))
    again = np.repeat(np.arange(len(scores)), weights)
    weighted, repeated = rank(scores, relevant, weights[None].astype(float)), rank(scores[again], relevant[again])
    for measure in (
        precision_at,
        ap.average_precision,
        ndcg_at,
        saving_to_hit,
    ):
        assert measure(weighted)[0] == pytest.approx(measure(repeated)[0])
