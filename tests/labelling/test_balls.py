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
from tests.labelling.tables import deliveries_table, footage_table, random_deliveries


def test_a_replay_belongs_to_the_ball_it_repeats() -> None:
    shots = pa.table({"shot_id": ["s1", "s2", "s3", "s4"], "replay_of": [None, "s1", None, "s9"]})
    deliveries = pa.table(
        {
            "delivery_id": ["d1", "d2", "d3", "d4", "d5"],
            "shot_id": ["s1", "s2", "s3", "s4", "unknown"],
            "impact_s": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    assert ball_of(deliveries, shots).tolist() == ["d1", "d1", "d3", "s9", "d5"]


def test_each_delivery_of_a_shot_is_a_ball_and_its_replay_repeats_the_last() -> None:
    shots = pa.table({"shot_id": ["s1", "s2"], "replay_of": [None, "s1"]})
    deliveries = pa.table(
        {"delivery_id": ["late", "again", "early"], "shot_id": ["s1", "s2", "s1"], "impact_s": [8.0, 12.0, 3.0]}
    )
    assert ball_of(deliveries, shots).tolist() == ["late", "late", "early"]


def test_an_hour_in_the_nets_without_a_cut_gets_a_label_a_ball() -> None:
    deliveries = random_deliveries(60)
    videos = {name: name for name in set(deliveries["video_id"].to_pylist())}
    assert set(deliveries["shot_id"].to_pylist()) == {"v-s0000"}
    shots = pa.table({"shot_id": ["v-s0000"], "replay_of": pa.array([None], pa.string())})
    alone, held = (
        label(deliveries, footage_table(videos), model="naive_bayes", shots=given).labels for given in (None, shots)
    )
    assert held["label"].to_pylist() == alone["label"].to_pylist()
    assert len(set(held["label"].to_pylist())) > 5


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
