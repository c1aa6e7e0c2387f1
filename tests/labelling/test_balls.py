from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from slowpaths.core.strokes import STROKES
from slowpaths.core.tempering import temper
from slowpaths.labelling.balls import ball_of, share
from slowpaths.labelling.model.naive_bayes import FixedNaiveBayes
from slowpaths.labelling.pipeline import label
from slowpaths.store.schema import PROB_PREFIX
from tests.labelling.tables import deliveries_table, footage_table


def test_a_replay_belongs_to_the_ball_it_repeats() -> None:
    shots = pa.table({"shot_id": ["s1", "s2", "s3"], "replay_of": [None, "s1", None]})
    deliveries = pa.table({"shot_id": ["s1", "s2", "s3", "unknown"]})
    assert ball_of(deliveries, shots).tolist() == ["s1", "s1", "s3", "unknown"]


def test_two_views_say_what_their_votes_say_together() -> None:
    """Posteriors of independent votes under one prior, one half each, against the posterior of all of them."""
    random = np.random.default_rng(0)
    prior_C = random.dirichlet(np.ones(5))
    likelihoods_2C = random.random((2, 5))
    apart_2C = prior_C * likelihoods_2C
    apart_2C /= apart_2C.sum(axis=1, keepdims=True)
    together_C = prior_C * likelihoods_2C.prod(axis=0)
    together_C /= together_C.sum()
    for row_C in share(apart_2C, np.array(["a", "a"]), prior_NC=np.tile(prior_C, (2, 1))):
        assert row_C == pytest.approx(together_C)


def test_balls_seen_once_and_views_that_saw_nothing_change_nothing() -> None:
    prior_C = np.array([0.5, 0.3, 0.2])
    probs_NC = np.array([[0.1, 0.2, 0.7], [0.0, 1.0, 0.0], prior_C])
    shared_NC = share(probs_NC, np.array(["a", "b", "a"]), prior_NC=np.tile(prior_C, (3, 1)))
    assert shared_NC[0] == pytest.approx(probs_NC[0])  # the other view is all prior
    assert shared_NC[2] == pytest.approx(probs_NC[0])
    assert (shared_NC[1] == probs_NC[1]).all()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_three_silent_views_keep_the_prior(temperature: float) -> None:
    """Nothing is measured, so every posterior is the tempered prior, and together they are no surer than alone."""
    model = FixedNaiveBayes(class_prior=dict.fromkeys(STROKES, 1.0) | {"cut": 39.0}, temperature=temperature)
    names = ["s0", "s1", "s2"]
    shots = pa.table({"shot_id": names, "replay_of": [None, "s0", "s0"]})
    labels = label(deliveries_table(3, shot_id=names), footage_table(), model=model, shots=shots).labels
    found_NC = np.stack([labels[PROB_PREFIX + stroke].to_numpy() for stroke in STROKES], axis=1)
    prior_C = np.where(np.array(STROKES) == "cut", 0.75, 0.25 / 13)
    assert found_NC == pytest.approx(np.tile(temper(prior_C[None], temperature), (3, 1)))
    assert set(labels["label"].to_pylist()) == {"cut"}
