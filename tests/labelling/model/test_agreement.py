from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.labelling.model.agreement import hard_labels, hold_out_families, leave_one_family_out
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.label_model import LabelModel
from slowpaths.labelling.model.majority import MajorityVote
from tests.labelling.simulate import simulate


class Stubborn(LabelModel):
    """Always names the first stroke."""

    name = "stubborn"

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        pass

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        return np.tile(np.eye(14)[1], (encoding.num_deliveries, 1))


def test_it_ranks_models_as_the_truth_does() -> None:
    for seed in (0, 1):
        votes = simulate(300, seed=seed).votes
        kappa = {
            model.name: leave_one_family_out(hold_out_families(model, votes)).overall.kappa
            for model in (Stubborn(), MajorityVote(), HierarchicalPartial())
        }
        assert kappa["hierarchical"] > kappa["majority"] + 0.03 > 0.05
        assert kappa["stubborn"] == pytest.approx(0.0, abs=1e-9)


def test_every_family_is_judged_by_a_model_that_did_not_see_it() -> None:
    votes = simulate(300, seed=1).votes
    found = leave_one_family_out(hold_out_families(HierarchicalPartial(), votes))
    assert list(found.by_family) == list(votes.families)
    assert list(found.by_rule) == [spec.code for spec in votes.specs]
    for part in (found.by_family, found.by_rule):
        assert sum(agreement.num_votes for agreement in part.values()) == found.overall.num_votes
    assert found.overall.num_votes == (votes.symbols_NR >= 0).sum()
    is_foot = np.array([spec.family == "foot" for spec in votes.specs])
    scrambled = votes.symbols_NR.copy()
    scrambled[:, is_foot] = np.random.default_rng(0).permutation(scrambled[:, is_foot])
    after = leave_one_family_out(hold_out_families(HierarchicalPartial(), replace(votes, symbols_NR=scrambled)))
    assert found.by_family["foot"].kappa > 0.1
    assert after.by_family["foot"].kappa == pytest.approx(0.0, abs=0.08)


def test_large_sets_are_thinned_and_small_ones_do_not_break() -> None:
    votes = simulate(2500, seed=1).votes
    assert (
        leave_one_family_out(hold_out_families(MajorityVote(), votes)).overall.num_votes < (votes.symbols_NR >= 0).sum()
    )
    silent = replace(votes, symbols_NR=np.full_like(votes.symbols_NR, -1))
    assert np.isnan(leave_one_family_out(hold_out_families(MajorityVote(), silent)).overall.kappa)
    alone = votes.with_rules(np.array([spec.family == "foot" for spec in votes.specs]))
    assert np.isnan(leave_one_family_out(hold_out_families(MajorityVote(), alone)).overall.kappa)


def test_ties_are_shared() -> None:
    np.testing.assert_allclose(hard_labels(np.array([[0.4, 0.4, 0.2], [0.1, 0.2, 0.7]])), [[0.5, 0.5, 0], [0, 0, 1]])
