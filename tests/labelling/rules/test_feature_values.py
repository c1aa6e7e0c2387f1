"""Features on one scale, worth as many as are independent."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.features import FEATURE_NAMES
from slowpaths.labelling.model.feature_likelihood import feature_weights, independent_share
from slowpaths.labelling.rules.block import VIEW_CODE, FeatureBlock
from slowpaths.labelling.rules.catalogue import all_rules
from slowpaths.labelling.rules.feature_values import FeatureValues
from slowpaths.labelling.rules.votes import RuleSpec
from tests.labelling.simulate import simulate


def block(columns: dict[str, np.ndarray], *, view: np.ndarray | None = None) -> FeatureBlock:
    num = len(next(iter(columns.values())))
    everything = {name: columns.get(name, np.full(num, np.nan)) for name in FEATURE_NAMES}
    return FeatureBlock(
        columns=everything,
        view_codes=np.full(num, VIEW_CODE["pitch_endon"]) if view is None else view,
        handedness_p=np.ones(num),
        impact_uncertainty_s=np.zeros(num),
    )


def test_each_side_of_the_pitch_has_its_own_scale() -> None:
    values = np.concatenate([np.arange(9.0), 100.0 + 10.0 * np.arange(9.0)])
    views = np.repeat([VIEW_CODE["pitch_endon"], VIEW_CODE["pitch_side"]], 9)
    found = FeatureValues.of(block({"hand_height": values}, view=views), ["hand_height"], hand_N=np.ones(18))
    expected = (np.arange(9.0) - 4.0) / (1.4826 * 2.0)
    np.testing.assert_allclose(found.values_NF[:, 0], np.tile(expected, 2), rtol=1e-6)


def test_what_cannot_be_compared_is_left_out() -> None:
    rng = np.random.default_rng(0)
    columns = {name: rng.standard_normal(20) for name in ("hand_height", "hand_sweep", "head_drop", "arc_length")}
    columns["hand_height"][:2] = [50.0, np.inf]
    columns["head_drop"][:15] = 1.0  # most are the same: no spread
    columns["arc_length"][7:] = np.nan  # seven measured
    hand_N = np.where(np.arange(20) >= 5, 0.6, 0.0)
    found = FeatureValues.of(block(columns), list(columns), hand_N=hand_N)
    assert found.names == ("hand_height", "hand_sweep")
    assert found.values_NF[0, 0] == 3.0
    assert np.isnan(found.values_NF[1, 0])
    assert np.isnan(found.values_NF[:5, 1]).all()  # off and leg mean nothing without the hand
    assert np.isfinite(found.values_NF[5:, 1]).all()
    np.testing.assert_allclose(found.weights[:, 1], hand_N)
    np.testing.assert_array_equal(found.weights[:, 0], np.arange(20) != 1)  # infinite: unmeasured
    assert FeatureValues.of(block(columns), [], hand_N=hand_N).values_NF.shape == (20, 0)


def test_features_that_only_a_withheld_rule_reads_are_withheld() -> None:
    specs = {rule.code: RuleSpec.of(rule) for rule in all_rules()}
    sweep, reach = specs["side.hand_sweep"], specs["side.finish_side"]
    assert sweep.reads == {"hand_sweep"}
    votes = simulate(30).votes
    kept = FeatureValues(names=("hand_sweep", "finish_side"), values_NF=np.zeros((30, 2), np.float32)).only(
        set(reach.reads)
    )
    assert kept.names == ("finish_side",)
    assert kept.values_NF.shape == (30, 1)
    assert votes.with_rules(np.arange(33) < 3).features is None


@pytest.mark.parametrize("num", [0, 1])
def test_no_feature_is_worth_nothing(num: int) -> None:
    assert independent_share(np.zeros((5, 2 * num))) == 0.0


def test_weights_are_the_log_density_of_normals() -> None:
    rng = np.random.default_rng(1)
    posterior = rng.dirichlet(np.full(4, 0.1), 40)
    values = rng.standard_normal((40, 3)) + posterior @ rng.normal(0.0, [3.0, 1.0, 0.0], (4, 3))
    design = np.concatenate([values, np.ones((40, 3))], axis=1)
    weights = feature_weights(design.T @ posterior, (values**2).sum(axis=0), share=0.5, strength=10.0)
    mass = posterior.sum(axis=0)[:, None]
    between = ((posterior.T @ values) ** 2 / mass).sum(axis=0)
    noise = ((values**2).sum(axis=0) - between + 10.0) / 50.0
    shrink = np.maximum(noise / np.maximum((between - 3 * noise) / 40, 1e-9), 6.0)
    means = (posterior.T @ values) / (mass + shrink)
    squares = (values[:, None] - means) ** 2  # (N, Y, F)
    variance = ((posterior[:, :, None] * squares).sum(axis=(0, 1)) + 10.0) / 50.0
    expected = -0.25 * (squares / variance).sum(axis=2)
    found = design @ weights
    np.testing.assert_allclose(found - found[:, :1], expected - expected[:, :1], atol=1e-9)
