"""The sequence student: what it sees, what it learns, and that it never answers for what it was taught."""

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.models import student
from slowpaths.models.student import cross_fit
from slowpaths.models.student_settings import StudentSettings

QUICK = StudentSettings(min_deliveries=8, folds=2, repeats=1, epochs=6, batch_size=16)


def two_kinds(num):
    """Return sequences of two kinds: hands go up, or hands stay."""
    random = np.random.default_rng(1)
    kinds = np.arange(num) % 2
    sequences = []
    for kind in kinds:
        one = 0.05 * random.normal(size=(15, 30)).astype(np.float32)
        one[:, 11] += kind * np.linspace(0, 2, 15)
        one[:, 13] += kind * np.linspace(0, 2, 15)
        sequences.append(one)
    return sequences, kinds


def test_it_corrects_opinions_that_are_wrong_now_and_then_and_does_the_same_again():
    sequences, kinds = two_kinds(64)
    wrong = np.random.default_rng(2).random(64) < 0.2
    believed = np.where((kinds ^ wrong)[:, None] == np.arange(2), 0.8, 0.2)
    matches = [f"m{row // 2}" for row in range(64)]
    said = cross_fit([*sequences, None], [*matches, "m"], np.vstack([believed, [0.5, 0.5]]), settings=QUICK, seed=3)
    assert (said[:64].argmax(axis=1) == kinds).mean() > 0.95 > (believed.argmax(axis=1) == kinds).mean()
    assert np.isnan(said[64]).all()
    again = cross_fit([*sequences, None], [*matches, "m"], np.vstack([believed, [0.5, 0.5]]), settings=QUICK, seed=3)
    assert again == pytest.approx(said, nan_ok=True)


def test_no_delivery_is_answered_by_a_network_that_was_taught_on_its_match(monkeypatch):
    sequences, kinds = two_kinds(32)
    for row, sequence in enumerate(sequences):
        sequence[:, 29] = row
    matches = [f"m{row // 4}" for row in range(32)]
    taught = {}

    def teach(shown, targets_NC, settings, *, seed):
        taught["matches"] = {matches[int(one[0, 29])] for one in shown}
        return None

    def ask(network, shown):
        assert not taught["matches"] & {matches[int(one[0, 29])] for one in shown}
        return np.full((len(shown), 2), 0.5)

    monkeypatch.setattr(student, "_teach", teach)
    monkeypatch.setattr(student, "_ask", ask)
    said = cross_fit(sequences, matches, np.eye(2)[kinds], settings=replace(QUICK, folds=3, repeats=2))
    assert said == pytest.approx(np.full((32, 2), 0.5))


def test_what_was_kept_is_not_learnt_again_and_belongs_to_what_decides_it(monkeypatch):
    sequences, kinds = two_kinds(32)
    matches, believed = [f"m{row // 2}" for row in range(32)], np.where(np.eye(2)[kinds] > 0, 0.8, 0.2)
    kept = {}

    def recall(name, learn):
        if name not in kept:
            kept[name] = learn()
        return kept[name]

    said = cross_fit(sequences, matches, believed, settings=QUICK, recall=recall)
    assert len(kept) == QUICK.folds * QUICK.repeats
    monkeypatch.setattr(student, "_teach", None)
    again = cross_fit(sequences, matches, believed, settings=QUICK, recall=recall)
    assert again.tolist() == said.tolist()
    monkeypatch.setattr(student, "_say", lambda shown, targets_NC, unseen, **how: np.full((len(unseen), 2), 0.5))
    for other in (
        {"sequences": [sequences[0] + 0.1, *sequences[1:]]}, {"matches": ["m9", *matches[1:]]},
        {"opinions_NC": believed[:, ::-1]}, {"settings": replace(QUICK, epochs=5)}, {"seed": 1},
    ):  # fmt: skip
        given = {"sequences": sequences, "matches": matches, "opinions_NC": believed, "settings": QUICK, "seed": 0}
        num = len(kept)
        cross_fit(**(given | other), recall=recall)
        assert len(kept) == num + QUICK.folds * QUICK.repeats


def test_what_is_taught_has_the_shares_that_are_asked_for(monkeypatch):
    sequences, kinds = two_kinds(32)
    taught = []

    def say(shown, targets_NC, unseen, **how):
        taught.append(targets_NC)
        return np.full((len(unseen), 2), 0.5)

    monkeypatch.setattr(student, "_say", say)
    believed = np.where(np.eye(2)[kinds] > 0, 0.9, 0.1) * [0.9, 0.1]
    believed /= believed.sum(axis=1, keepdims=True)
    matches = [f"m{row}" for row in range(32)]
    for shares_C, expected in ((None, 0.75), (np.array([0.5, 0.5]), 0.5)):
        taught.clear()
        cross_fit(sequences, matches, believed, settings=QUICK, shares_C=shares_C)
        assert np.concatenate(taught)[:, 0].mean() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("num", "num_matches"), [(7, 7), (30, 1)])
def test_too_little_teaches_nothing(num, num_matches):
    sequences, kinds = two_kinds(num)
    said = cross_fit(sequences, [f"m{row % num_matches}" for row in range(num)], np.eye(2)[kinds], settings=QUICK)
    assert np.isnan(said).all()


@pytest.mark.parametrize(
    ("num_deliveries", "num_sequences", "num_matches", "words"),
    [
        (1, 1, 1, "1 delivery is at hand, and it learns from 8 or more (student.min_deliveries)"),
        (30, 0, 0, "no delivery has a pose sequence"),
        (30, 7, 7, "7 deliveries have a pose sequence, and it learns from 8 or more"),
        (30, 30, 1, "deliveries come from 1 match, and it learns from 2 or more (student.folds)"),
    ],
)
def test_why_it_is_silent_is_said(num_deliveries, num_sequences, num_matches, words):
    why = QUICK.why_silent(num_deliveries=num_deliveries, num_sequences=num_sequences, num_matches=num_matches)
    assert words in why
    assert QUICK.why_silent(num_deliveries=30, num_sequences=8, num_matches=2) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"folds": 1}, {"epochs": 0}, {"repeats": 0}, {"rounds": 3}, {"lr": 0.0}, {"dropout": 1.0},
        {"sharpness": float("nan")},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError, match=r"student\."):
        StudentSettings(**wrong)
