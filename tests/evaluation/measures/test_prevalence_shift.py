"""Shares under prevalence shift: known answers, parity with QuaPy where it is installed, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.evaluation.measures import prevalence
from slowpaths.evaluation.measures.prevalence_shift import ALIKE, CLASSIFY, draws, estimators, shifted
from slowpaths.evaluation.sample import Sample

TRUE = np.array([0.5, 0.3, 0.2])
COUNTED = np.array([0.4, 0.4, 0.2])


def test_errors_worked_by_hand_from_the_published_formulas() -> None:
    """AE, RAE and KLD of Sebastiani 2020 (doi 10.1007/s10791-019-09363-y), smoothed by 1 / (2 N) as there."""
    assert prevalence.absolute_error(TRUE, COUNTED) == pytest.approx(0.2 / 3)
    true, counted = ((shares + 0.05) / 1.15 for shares in (TRUE, COUNTED))  # N = 10
    relative = ((0.1 / 1.15) / true[0] + (0.1 / 1.15) / true[1]) / 3
    assert prevalence.relative_absolute_error(TRUE, COUNTED, num=10) == pytest.approx(relative)
    surprise = sum(p * np.log(p / q) for p, q in zip(true, counted, strict=True))
    assert prevalence.divergence(TRUE, COUNTED, num=10) == pytest.approx(surprise)


def test_errors_and_expectation_maximisation_are_those_of_quapy() -> None:
    error = pytest.importorskip("quapy.error", reason="QuaPy is not installed: pip install quapy compares with it")
    from quapy.method.aggregative import EMQ

    assert prevalence.absolute_error(TRUE, COUNTED) == pytest.approx(error.ae(TRUE, COUNTED))
    for ours, theirs in ((prevalence.relative_absolute_error, error.rae), (prevalence.divergence, error.kld)):
        assert ours(TRUE, COUNTED, num=10) == pytest.approx(theirs(TRUE, COUNTED, eps=1 / 20))
    probs_NG, prior_G = np.random.default_rng(0).dirichlet(np.full(4, 0.5), 500), np.array([0.4, 0.3, 0.2, 0.1])
    ours_G = prevalence.expectation_maximisation(probs_NG, prior_G)
    assert ours_G == pytest.approx(EMQ.EM(prior_G, probs_NG)[0], abs=2e-3)  # it stops earlier


def test_counts_are_adjusted_by_the_confusion_and_recover_the_shares() -> None:
    """Three in four of stroke 0 are called so, one in five of stroke 1: Forman's adjusted count."""
    seen_true_N = np.repeat([0, 1], 20)
    seen_NG = np.eye(2)[np.r_[np.zeros(15), np.ones(5), np.zeros(4), np.ones(16)].astype(int)]
    ways = estimators(seen_NG, seen_true_N, None, num_true=2)
    counted = np.eye(2)[np.r_[np.zeros(31), np.ones(69)].astype(int)]  # .31 = .75 p + .2 (1 - p): p is .2
    assert ways[CLASSIFY](counted).tolist() == pytest.approx([0.31, 0.69])
    assert ways["adjusted count"](counted).tolist() == pytest.approx([0.2, 0.8])
    assert ways["adjusted mean probability"](counted).tolist() == pytest.approx([0.2, 0.8])
    assert ways[ALIKE](counted).tolist() == [0.5, 0.5]
    assert "expectation maximisation" not in ways
    taught = estimators(seen_NG, seen_true_N, np.array([0.5, 0.5]), num_true=2)["expectation maximisation"]
    soft = np.array([[0.8, 0.2]] * 10 + [[0.2, 0.8]] * 10)
    assert taught(soft).tolist() == pytest.approx([0.5, 0.5], abs=1e-3)


def test_draws_cover_all_shares_there_can_be() -> None:
    true_N = np.repeat([0, 1, 5], [90, 9, 1])
    shares = (
        np.array([np.bincount(true_N[rows], minlength=6) for rows in draws(true_N, np.array([0, 1, 5]), seed=0)]) / 200
    )
    assert shares[:, [2, 3, 4]].sum() == 0 and np.allclose(shares.sum(axis=1), 1)
    assert shares[:, 5].max() > 0.6 and shares[:, 5].min() < 0.05
    assert shares[:, [0, 1, 5]].mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.12)


def test_a_perfect_system_counts_right_whatever_is_played_and_a_constant_one_never(perfect, read) -> None:
    measures, tables = read(perfect)
    assert measures["prevalence_shift_error"].value == pytest.approx(0, abs=1e-12)
    assert measures["prevalence_shift_error"].low is None and measures["prevalence_shift_error"].chance > 0.03
    rows = {row["method"]: row for row in tables["prevalence_shift"]}
    assert rows["adjusted count"]["absolute_error"] == pytest.approx(0, abs=1e-9)
    always = np.eye(14)[np.full(len(perfect.true_U), 3)]
    constant = read(replace(perfect, probs_UG=always, called_U=always.argmax(axis=1)))[0]["prevalence_shift_error"]
    assert constant.value > constant.chance


def test_adjusted_counts_beat_plain_ones_under_shift_where_the_confusion_is_well_known() -> None:
    rng = np.random.default_rng(0)
    confusion = 0.6 * np.eye(4) + 0.4 * np.roll(np.eye(4), 1, axis=1)

    def named(true_N: np.ndarray) -> np.ndarray:
        return np.eye(4)[[rng.choice(4, p=confusion[stroke]) for stroke in true_N]]

    seen_N = rng.integers(4, size=2000)
    ways = estimators(named(seen_N), seen_N, None, num_true=4)
    true_N = np.repeat([0, 3], [450, 50])
    errors = {
        name: np.abs(ways[name](named(true_N)) - [0.9, 0, 0, 0.1]).mean() for name in (CLASSIFY, "adjusted count")
    }
    assert errors[CLASSIFY] > 0.15 and errors["adjusted count"] < 0.05


def test_every_estimator_beats_a_guess_and_the_same_tables_give_the_same_numbers(pairing) -> None:
    sample = Sample(pairing, prior_C=np.full(14, 1 / 14))
    errors = {name: rows[:, 0].mean() for name, rows in shifted(sample).items()}
    assert max(error for name, error in errors.items() if name != ALIKE) < errors[ALIKE]
    assert len(errors) == 6 and errors[CLASSIFY] == shifted(sample, (CLASSIFY,))[CLASSIFY][:, 0].mean()


def test_one_match_has_no_other_to_learn_from(pairing, read) -> None:
    one = read(pairing.take(pairing.match == pairing.match[0]))
    assert "needs two matches" in one[0]["prevalence_shift_error"].reason and not one[1]["prevalence_shift"]
