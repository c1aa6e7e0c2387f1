"""Parity with crowd-kit on votes for single classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from slowpaths.labelling.model.dawid_skene import DawidSkene
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.rules.votes import RuleSpec, VoteMatrix

PANDAS = pytest.mark.filterwarnings("ignore:The (inplace|copy) keyword")  # crowd-kit 1.4 on pandas 3
crowdkit = pytest.importorskip("crowdkit.aggregation")


def class_votes(num: int = 120, *, num_rules: int = 6, num_classes: int = 4, seed: int = 0) -> VoteMatrix:
    rng = np.random.default_rng(seed)
    truth = rng.integers(num_classes, size=num)
    accuracy = rng.uniform(0.5, 0.9, num_rules)
    said = np.where(
        rng.random((num, num_rules)) < accuracy, truth[:, None], rng.integers(num_classes, size=(num, num_rules))
    )
    said[rng.random(said.shape) < 0.3] = -1
    said[:, 0] = np.where(said[:, 0] < 0, truth, said[:, 0])  # crowd-kit knows no task without votes
    names = tuple(f"c{index}" for index in range(num_classes))
    specs = tuple(
        RuleSpec(code=f"t.r{index}", family="t", symbols=names, sets_SC=np.eye(num_classes, dtype=bool))
        for index in range(num_rules)
    )
    ids = pa.array([f"d{index:04d}" for index in range(num)])
    return VoteMatrix(delivery_ids=ids, specs=specs, symbols_NR=said.astype(np.int8))


def as_frame(votes: VoteMatrix) -> pd.DataFrame:
    rows, rules = np.nonzero(votes.symbols_NR >= 0)
    return pd.DataFrame(
        {
            "task": np.array(votes.delivery_ids.to_pylist())[rows],
            "worker": rules,
            "label": votes.symbols_NR[rows, rules].astype(int),
        }
    )


@PANDAS
@pytest.mark.parametrize("num_rounds", [1, 4, 12])
def test_dawid_skene_is_crowd_kit(num_rounds: int) -> None:
    votes = class_votes()
    theirs = crowdkit.DawidSkene(n_iter=num_rounds, tol=-np.inf).fit_predict_proba(as_frame(votes)).sort_index()
    # crowd-kit ends on an E-step with the parameters of the round before
    ours = DawidSkene(num_rounds=num_rounds - 1, abstain="missing", smoothing=0.0, tolerance=-np.inf).fit(votes)
    np.testing.assert_allclose(ours.predict_proba(votes), theirs[sorted(theirs.columns)].to_numpy(), atol=1e-6)


@PANDAS
def test_majority_is_crowd_kit() -> None:
    votes = class_votes(seed=1)
    theirs = crowdkit.MajorityVote().fit_predict_proba(as_frame(votes)).sort_index()
    ours = MajorityVote().fit(votes).predict_proba(votes)
    np.testing.assert_allclose(ours, theirs[sorted(theirs.columns)].fillna(0).to_numpy(), atol=1e-12)


def test_an_abstention_is_a_symbol() -> None:
    """A rule that speaks on one of two classes only tells them apart by its silence."""
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=600)
    said = np.stack([np.where(truth == 0, 0, -1)] * 3 + [truth] * 2, axis=1)
    flips = rng.random(said.shape) < 0.15
    said[:, :3] = np.where(flips[:, :3], -1 - said[:, :3], said[:, :3])
    said[:, 3:] = np.where(rng.random((600, 2)) < 0.35, 1 - said[:, 3:], said[:, 3:])
    one = RuleSpec(code="t.one", family="t", symbols=("a",), sets_SC=np.array([[True, False]]))
    two = RuleSpec(code="t.two", family="t", symbols=("a", "b"), sets_SC=np.eye(2, dtype=bool))
    ids = pa.array([str(index) for index in range(600)])
    votes = VoteMatrix(delivery_ids=ids, specs=(one, one, one, two, two), symbols_NR=said.astype(np.int8))
    accuracy = {
        kind: (DawidSkene(abstain=kind).fit(votes).predict(votes) == truth).mean() for kind in ("symbol", "missing")
    }
    assert accuracy["symbol"] > 0.9 > accuracy["missing"] + 0.1
