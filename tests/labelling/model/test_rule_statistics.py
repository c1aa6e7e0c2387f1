from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from slowpaths.core.strokes import BF, FF, HORZ, LEG, VERT, membership
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.families import merge_families
from slowpaths.labelling.model.rule_statistics import effective_votes, residual_correlation, summarise
from slowpaths.labelling.rules.votes import RuleSpec, VoteMatrix
from tests.labelling.simulate import simulate


def votes_of(*columns: list[int]) -> VoteMatrix:
    sets = [(FF, BF), (VERT, HORZ), (LEG,)]
    specs = tuple(
        RuleSpec(
            code=f"f{index}.r",
            family=f"f{index}",
            symbols=tuple("abc"[: len(declared)]),
            sets_SC=membership(declared),
        )
        for index, declared in enumerate(sets)
    )
    return VoteMatrix(
        delivery_ids=pa.array([f"d{index}" for index in range(len(columns[0]))]),
        specs=specs,
        symbols_NR=np.array(columns, dtype=np.int8).T,
    )


def test_coverage_overlap_and_conflict_by_hand() -> None:
    """BF and VERT share two strokes, FF and HORZ the sweeps, BF and LEG the pull, VERT and LEG three: no conflict."""
    votes = votes_of([0, 0, 1, -1, -2], [1, -1, 0, -1, 0], [-1, -1, 0, -1, -1])
    foot, plane, leg = summarise(votes)
    assert (foot.coverage, foot.overlap, foot.conflict, foot.asked) == pytest.approx((0.6, 0.4, 0.0, 0.8))
    assert (plane.coverage, plane.overlap, plane.conflict) == pytest.approx((0.6, 0.4, 0.0))
    assert (leg.num_votes, leg.coverage, leg.overlap) == pytest.approx((1, 0.2, 0.2))
    assert foot.by_symbol == {"a": 2, "b": 1}


def test_votes_conflict_only_where_no_stroke_satisfies_both() -> None:
    sets_SC = membership([FF, BF])
    pair = [RuleSpec(code=f"{name}.r", family=name, symbols=("front", "back"), sets_SC=sets_SC) for name in "ab"]
    votes = VoteMatrix(
        delivery_ids=pa.array(["x", "y", "z"]),
        specs=tuple(pair),
        symbols_NR=np.array([[0, 1], [0, 0], [1, -1]], dtype=np.int8),
    )
    assert [rule.conflict for rule in summarise(votes)] == [pytest.approx(1 / 3)] * 2


def test_summaries_agree_with_a_slow_count() -> None:
    votes = simulate(80, seed=3).votes
    for rule, summary in enumerate(summarise(votes)):
        overlap = conflict = 0
        for row in votes.symbols_NR:
            others = [other for other in range(33) if other != rule and row[other] >= 0]
            if row[rule] >= 0:
                own = votes.specs[rule].sets_SC[row[rule]]
                overlap += bool(others)
                conflict += any(not (own & votes.specs[other].sets_SC[row[other]]).any() for other in others)
        assert summary.overlap == pytest.approx(overlap / 80)
        assert summary.conflict == pytest.approx(conflict / 80)


def test_families_that_fail_together_are_found() -> None:
    alike, apart = (simulate(3000, seed=5, correlation=value, num_broken=0) for value in (0.9, 0.0))
    mean = {}
    for name, world in (("alike", alike), ("apart", apart)):
        correlation_RR = residual_correlation(Encoding.of(world.votes), np.eye(14)[world.truth])
        np.testing.assert_allclose(correlation_RR, correlation_RR.T)
        np.testing.assert_allclose(np.diag(correlation_RR), 1.0)
        foot = [index for index, spec in enumerate(world.votes.specs) if spec.family == "foot"]
        mean[name] = correlation_RR[np.ix_(foot, foot)][~np.eye(len(foot), dtype=bool)].mean()
        worth = effective_votes(world.votes, correlation_RR)["foot"]
        assert worth == pytest.approx(5 / (1 + 4 * max(mean[name], 0.0)))
    assert mean["alike"] > 0.5 and abs(mean["apart"]) < 0.05


def test_only_families_that_fail_together_are_merged() -> None:
    world = simulate(1000, seed=5, correlation=0.95, num_broken=0)
    symbols_NR = world.votes.symbols_NR.copy()
    symbols_NR[:100] = -2  # no rule can look
    symbols_NR[100:200, 1:] = -2  # the first rule of a family can
    world = replace(world, votes=replace(world.votes, symbols_NR=symbols_NR))
    truth_NC = np.eye(14)[world.truth]
    merged = merge_families(Encoding.of(world.votes), truth_NC)
    codes = [spec.code for spec in merged.specs]
    assert "foot.merged" in codes and not any(code.startswith("foot.r") for code in codes)
    foot = [index for index, spec in enumerate(world.votes.specs) if spec.family == "foot"]
    before, after = world.votes.symbols_NR[:, foot], merged.symbols_NR[:, codes.index("foot.merged")]
    front, back = (before == 0).sum(axis=1), (before == 1).sum(axis=1)
    np.testing.assert_array_equal(
        after, np.where(front > back, 0, np.where(back > front, 1, np.where(np.arange(1000) < 100, -2, -1)))
    )
    apart = simulate(1000, seed=5, correlation=0.0, num_broken=0)
    untouched = merge_families(Encoding.of(apart.votes), np.eye(14)[apart.truth])
    assert [spec.code for spec in untouched.specs] == [spec.code for spec in apart.votes.specs]
