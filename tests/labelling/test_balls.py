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
    prior_Y = random.dirichlet(np.ones(5))
    likelihoods_2Y = random.random((2, 5))
    apart_2Y = prior_Y * likelihoods_2Y
    apart_2Y /= apart_2Y.sum(axis=1, keepdims=True)
    together_Y = prior_Y * likelihoods_2Y.prod(axis=0)
    together_Y /= together_Y.sum()
    for row_Y in share(apart_2Y, np.array(["a", "a"]), prior_Y=prior_Y):
        assert row_Y == pytest.approx(together_Y)


def test_balls_seen_once_and_views_that_saw_nothing_change_nothing() -> None:
    prior_Y = np.array([0.5, 0.3, 0.2])
    probs_NY = np.array([[0.1, 0.2, 0.7], [0.0, 1.0, 0.0], prior_Y])
    shared_NY = share(probs_NY, np.array(["a", "b", "a"]), prior_Y=prior_Y)
    assert shared_NY[0] == pytest.approx(probs_NY[0])  # the other view is all prior
    assert shared_NY[2] == pytest.approx(probs_NY[0])
    assert (shared_NY[1] == probs_NY[1]).all()
