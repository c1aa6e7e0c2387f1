from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.strokes import INDEX, NUM_STROKES
from slowpaths.evaluation.classes import class_space
from slowpaths.evaluation.measures import decision_utility as decision


@pytest.mark.parametrize(
    ("true", "called", "price"),
    [
        ("cover_drive", "cover_drive", 0.0),
        ("cover_drive", "straight_drive", 0.3 + 0.5),
        ("cover_drive", "bf_punch", 0.3 + 0.2),
        ("cover_drive", "pull_hook", 0.3 + 0.5 + 0.2),
        ("ff_defence", "straight_drive", 0.3 + 0.2),
        ("bf_defence", "on_drive", 0.3 + 0.5 + 0.2 + 0.2),  # all of it: the dearest error
        ("leave", "pull_hook", 0.3 + 0.5),  # no side is not that side either: or a leave would be the cheap answer
        ("flick_glance", "pull_hook", 0.3),  # a flick comes off either foot
    ],
)
def test_the_price_list(true: str, called: str, price: float) -> None:
    costs = decision.stroke_costs()
    assert costs[INDEX[true], INDEX[called]] == pytest.approx(price / 1.2)
    np.testing.assert_allclose(costs, costs.T)
    assert costs.max() == 1.0 and not np.diag(costs).any()


def test_costs_of_coarser_classes_are_the_least_of_their_strokes() -> None:
    space = class_space("cricshot10")
    costs = decision.class_costs(space)
    names = space.columns
    assert costs[names.index("cover"), names.index("straight")] == pytest.approx(0.8 / 1.2)
    assert costs[names.index("defense"), names.index("cover")] == pytest.approx(1.0 / 1.2)
    assert not np.diag(costs).any()


def test_utility_is_one_when_right_and_zero_for_the_best_constant() -> None:
    costs = decision.stroke_costs()
    true = np.array([1, 1, 1, 8])
    assert decision.normalised_utility(true, true, costs)[0] == 1.0
    constant = np.full(4, int(np.argmin(costs[true].sum(axis=0))))
    assert decision.normalised_utility(constant, true, costs)[0] == 0.0


def test_the_safe_action_differs_from_the_likeliest() -> None:
    # .4 off side, .3 + .3 leg side strokes: naming a leg stroke costs .4 * 1.0 + .3 * .3, naming the cut .6 * 1.0
    probs = np.zeros((1, NUM_STROKES))
    probs[0, [INDEX["cut"], INDEX["on_drive"], INDEX["loft_leg_slog"]]] = [0.4, 0.3, 0.3]
    action = int(decision.best_actions(probs, decision.stroke_costs())[0])
    assert action in (INDEX["on_drive"], INDEX["loft_leg_slog"])


def test_net_benefit() -> None:
    found = decision.net_benefit(true_positives=80, false_positives=60, num=1000, threshold=0.2)
    assert found == pytest.approx(0.065)
    assert decision.net_benefit_treat_all(prevalence=0.1, threshold=0.2) == pytest.approx(-0.125)


def test_a_decision_curve_starts_at_treating_all_and_ends_at_none() -> None:
    rng = np.random.default_rng(0)
    probability = rng.uniform(0.05, 0.9, 500)
    happened = rng.random(500) < probability
    curve = decision.decision_curve(probability, happened, np.array([0.01, 0.3, 0.95]))
    assert curve[0] == pytest.approx(decision.net_benefit_treat_all(prevalence=happened.mean(), threshold=0.01))
    assert curve[1] > max(0.0, decision.net_benefit_treat_all(prevalence=happened.mean(), threshold=0.3))
    assert curve[2] == 0.0
