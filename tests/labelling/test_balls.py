from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from slowpaths.labelling.balls import ball_of, share


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
    for row_C in share(apart_2C, np.array(["a", "a"]), prior_C=prior_C):
        assert row_C == pytest.approx(together_C)


def test_balls_seen_once_and_views_that_saw_nothing_change_nothing() -> None:
    prior_C = np.array([0.5, 0.3, 0.2])
    probs_NC = np.array([[0.1, 0.2, 0.7], [0.0, 1.0, 0.0], prior_C])
    shared_NC = share(probs_NC, np.array(["a", "b", "a"]), prior_C=prior_C)
    assert shared_NC[0] == pytest.approx(probs_NC[0])  # the other view is all prior
    assert shared_NC[2] == pytest.approx(probs_NC[0])
    assert (shared_NC[1] == probs_NC[1]).all()
