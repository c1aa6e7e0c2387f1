from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.data.mined import labelled

from slowpaths.core.strokes import STROKES
from slowpaths.models.relabel import agree, disagree, relabelled


def test_labels_and_network_are_multiplied_and_scaled_to_the_prior() -> None:
    rng = np.random.default_rng(0)
    q, p = rng.dirichlet(np.full(14, 0.5), size=200), rng.dirichlet(np.full(14, 0.5), size=200)
    both = agree(q, p)
    assert both.sum(axis=1) == pytest.approx(np.ones(200))
    assert both.mean(axis=0) == pytest.approx(q.mean(axis=0), abs=2e-3)
    # Within a stroke the odds between two clips are those of sqrt(q p), whatever the scale of the strokes.
    odds, plain = np.log(both), np.log(np.sqrt(q * p))
    double = lambda x: x[0, 0] - x[0, 1] - x[1, 0] + x[1, 1]  # noqa: E731
    assert double(odds) == pytest.approx(double(plain), abs=1e-6)


def test_a_balanced_network_does_not_change_the_shares_of_strokes() -> None:
    q = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.2, 0.8]])
    p = np.full((4, 2), 0.5)
    assert agree(q, p).mean(axis=0) == pytest.approx(q.mean(axis=0))
    assert agree(q, p).argmax(axis=1).tolist() == [0, 0, 0, 1]


def test_a_clip_of_which_both_rule_out_everything_gets_the_prior() -> None:
    both = agree(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    assert both[1:].tolist() == [[1, 0], [0, 1]]
    assert both[0].sum() == pytest.approx(1) and np.isfinite(both).all()


def test_the_surest_contradictions_are_dropped_and_never_more_than_a_twentieth() -> None:
    q, p = np.tile([0.95, 0.05], (60, 1)), np.tile([0.95, 0.05], (60, 1))
    for row, sure in ((3, 0.93), (10, 0.99), (20, 0.97), (30, 0.96), (40, 0.85)):
        p[row] = 1 - sure, sure
    q[10] = 0.99, 0.01
    # Three of sixty; that in row 40 is not sure, and of the four others the least sure one stays.
    assert disagree(q, p).nonzero()[0].tolist() == [10, 20, 30]
    assert not disagree(q, q).any()


def test_what_a_person_said_and_what_nobody_predicted_stays() -> None:
    clips = [labelled("a", stroke=1), replace(labelled("b", stroke=2), source="gold"), labelled("c", stroke=3)]
    says = np.full(14, 0.01 / 13)
    says[5] = 0.99
    found = relabelled(clips, {"a": says, "b": says})
    assert found[1] is clips[1] and found[2] is clips[2]
    assert found[0].probs.sum() == pytest.approx(1)
    assert found[0].confidence == pytest.approx(found[0].probs.max())
    assert found[0].label == STROKES[int(found[0].probs.argmax())]
    assert relabelled(clips, {}) == clips
