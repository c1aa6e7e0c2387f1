"""A voice is trusted as far as families of rules bear out its sureness: never on no grounds."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from slowpaths.core.strokes import NUM_STROKES
from slowpaths.labelling.model.naive_bayes import FixedNaiveBayes
from slowpaths.labelling.model.trust import FEWEST, PRIOR_MEAN, Trust, trust
from tests.labelling.simulate import simulate

SIGMA = 0.45  # noise of a voice that is .7 sure


def voice(spoken_N, *, seed=0):
    """Return what is believed by a voice that is as right about these strokes as it is sure."""
    seen_NC = np.eye(NUM_STROKES)[spoken_N]
    seen_NC = seen_NC + SIGMA * np.random.default_rng((seed, 5)).standard_normal(seen_NC.shape)
    odds_NC = np.exp((seen_NC - seen_NC.max(axis=1, keepdims=True)) / SIGMA**2)
    return odds_NC / odds_NC.sum(axis=1, keepdims=True)


def spoken(truth, share, *, seed=0):
    """Return strokes of which a share is true, and the rest anybody's guess."""
    rng = np.random.default_rng((seed, 6))
    return np.where(rng.random(len(truth)) < share, truth, rng.integers(0, NUM_STROKES, len(truth)))


def trusted(votes, said_NC, *, side_N=None):
    sides = np.zeros(len(votes)) if side_N is None else side_N
    return trust(votes, lambda rows, _: said_NC[rows], side_N=sides)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 1.0])
def test_the_share_that_is_right_is_found(share):
    found = []
    for seed in range(4):
        world = simulate(600, seed=seed)
        found.append(trusted(world.votes, voice(spoken(world.truth, share, seed=seed), seed=seed)))
    assert np.mean([one.borne_out for one in found]) == pytest.approx(share, abs=0.07)
    assert np.mean([one.weight for one in found]) == pytest.approx(share, abs=0.07)


def test_the_standard_error_is_how_far_worlds_lie_apart():
    found = []
    for seed in range(24):
        world = simulate(200, seed=seed)
        found.append(trusted(world.votes, voice(spoken(world.truth, 0.5, seed=seed), seed=seed)))
    assert np.std([one.borne_out for one in found]) == pytest.approx(np.mean([one.error for one in found]), rel=0.35)


def test_a_voice_that_names_another_stroke_has_no_weight():
    world = simulate(600)
    assert trusted(world.votes, voice((world.truth + 7) % NUM_STROKES)).weight == 0.0


def test_a_voice_that_always_names_one_stroke_is_not_borne_out():
    world = simulate(600)
    assert trusted(world.votes, voice(np.full(600, 3))).weight < 0.2


def test_few_deliveries_and_rules_that_say_nothing_of_each_other_leave_the_prior():
    world = simulate(FEWEST - 1)
    assert trusted(world.votes, voice(world.truth)) == pytest.approx(Trust(), nan_ok=True)
    many = simulate(200).votes
    shuffled = [np.random.default_rng(rule).permutation(column) for rule, column in enumerate(many.symbols_NR.T)]
    found = trusted(replace(many, symbols_NR=np.stack(shuffled, axis=1)), voice(simulate(200).truth))
    assert found.weight == PRIOR_MEAN
    assert np.isnan(found.borne_out)


def test_the_fewer_deliveries_the_nearer_to_the_prior():
    weights = {}
    for num in (FEWEST, 100, 1000):
        worlds = [simulate(num, seed=seed) for seed in range(4)]
        said = [voice(spoken(world.truth, 0.0, seed=seed)) for seed, world in enumerate(worlds)]
        weights[num] = np.mean([trusted(world.votes, one).weight for world, one in zip(worlds, said, strict=True)])
    assert PRIOR_MEAN > weights[FEWEST] > weights[100] > weights[1000]


def test_same_deliveries_same_answer_and_silence_counts_for_nothing():
    world = simulate(300)
    said = voice(spoken(world.truth, 0.7))
    assert trusted(world.votes, said) == trusted(world.votes, said)
    said[::3] = np.nan
    some = trusted(world.votes, said)
    assert some.borne_out == pytest.approx(0.7, abs=0.15)
    assert trusted(world.votes, np.full_like(said, np.nan)).weight == PRIOR_MEAN


def test_what_a_view_does_to_all_voices_is_no_agreement():
    world, side_N = simulate(600), np.arange(600) % 2
    from_one_side = simulate(600).votes.symbols_NR.copy()
    from_one_side[side_N == 1] = np.maximum(from_one_side[side_N == 1], 0)  # all rules say their first symbol there
    votes = replace(world.votes, symbols_NR=from_one_side)
    said = voice(np.where(side_N == 1, 0, np.random.default_rng(2).integers(0, NUM_STROKES, 600)))
    assert trusted(votes, said, side_N=side_N).borne_out == pytest.approx(0.0, abs=0.15)
    assert abs(trusted(votes, said).borne_out) > 0.3


def test_the_voice_is_held_against_a_family_without_what_that_family_reads():
    votes, asked = simulate(100).votes, []
    specs = tuple(replace(spec, reads=frozenset({spec.family})) for spec in votes.specs)

    def ask(rows, withheld):
        asked.append(withheld)
        return voice(np.zeros(len(rows), dtype=int))

    trust(replace(votes, specs=specs), ask, side_N=np.zeros(100))
    assert asked == [frozenset({family}) for family in votes.families]


def test_families_that_read_the_same_are_not_held_against_each_other():
    world = simulate(300)
    specs = tuple(replace(spec, reads=frozenset({"hand_height"})) for spec in world.votes.specs)
    alike = replace(world.votes, specs=specs)
    assert trusted(alike, voice(world.truth)) == pytest.approx(Trust(), nan_ok=True)


def test_it_is_the_formula():
    world, side_N = simulate(120), np.zeros(120)
    votes, said = world.votes, voice(spoken(world.truth, 0.5))
    votes, said = votes.take(votes.has_votes), said[votes.has_votes]
    believed = []
    for family in votes.families:
        own = votes.with_rules(np.array([spec.family == family for spec in votes.specs]))
        believed.append(FixedNaiveBayes(temperature=1.0).fit(own).predict_proba(own))

    def agreement(pairs):
        found = expected = 0.0
        for one, two in pairs:
            covariances = [np.cov(each.T, bias=True) for each in (one, two)]
            inverse = np.diag(2.0 / (one.mean(axis=0) + two.mean(axis=0)))
            found += sum(float((a - one.mean(axis=0)) @ (b - two.mean(axis=0))) for a, b in zip(one, two, strict=True))
            expected += len(one) * np.trace(covariances[0] @ inverse @ covariances[1])
        return found / expected

    rules = np.sqrt(agreement(combinations(believed, 2)))
    found = trusted(votes, said, side_N=side_N[: len(votes)])
    assert found.rules_borne_out == pytest.approx(rules)
    assert found.borne_out == pytest.approx(agreement((each, said) for each in believed) / rules)
