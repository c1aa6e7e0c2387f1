"""Opinions are brought to shares of the classes: rows stay opinions, order within a class stays, certainty is kept."""

import numpy as np
import pytest

from slowpaths.models.class_shares import with_shares


def test_shares_are_met_and_odds_between_deliveries_stay():
    probs_NC = np.random.default_rng(0).dirichlet(np.ones(4), size=50)
    shares_C = np.array([0.4, 0.3, 0.2, 0.1])
    found = with_shares(probs_NC, shares_C)
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert found.mean(axis=0) == pytest.approx(shares_C, abs=1e-5)
    odds, odds_before = (values[:, 0] / values[:, 1] for values in (found, probs_NC))
    assert odds / odds[0] == pytest.approx(odds_before / odds_before[0])


def test_what_a_person_said_stays_and_no_way_to_the_shares_still_ends():
    probs_NC = np.array([[1.0, 0.0], [0.0, 1.0], [0.9, 0.1], [0.9, 0.1]])
    found = with_shares(probs_NC, np.array([0.5, 0.5]))
    assert found[:2] == pytest.approx(np.eye(2))
    assert found[2:] == pytest.approx(0.5, abs=1e-5)
    assert with_shares(np.eye(2)[[0, 0]], np.array([0.5, 0.5])) == pytest.approx(np.eye(2)[[0, 0]])
