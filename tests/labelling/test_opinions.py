"""Opinions are pooled: nobody is surer than those who speak, who says nothing does not count, and gold is taught."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from slowpaths.core.strokes import NUM_STROKES
from slowpaths.labelling import opinions as opinions_module
from slowpaths.labelling.balls import share
from slowpaths.labelling.model.trust import PRIOR_MEAN, Trust
from slowpaths.labelling.opinions import VOTES_IN_TEACHING, Heard, hear, pool
from slowpaths.labelling.rules.votes import RuleSpec, VoteMatrix
from slowpaths.labelling.teacher import FEATURES_READ, FEWEST_KNOWN
from slowpaths.store.schema import FEATURE_PREFIX

BOTH = np.ones(2, dtype=bool)
WHOLE = Trust(weight=1.0)


def opinions(*rows):
    probs = np.full((len(rows), NUM_STROKES), 0.5 / (NUM_STROKES - 1))
    probs[np.arange(len(rows)), list(rows)] = 0.5
    return probs


class Teacher:
    fingerprint = "t"

    def __init__(self, said):
        self.said = said

    def __call__(self, features_NF):
        assert features_NF.shape[1] == len(FEATURES_READ)
        return self.said


class Student:
    fingerprint = "s"

    def __init__(self, said, *, rounds=1):
        self.said, self.rounds, self.taught, self.lessons = said, rounds, None, []

    def why_silent(self, delivery_ids):
        return "" if np.isfinite(self.said).any() else "too few"

    def __call__(self, delivery_ids, believed_NC):
        assert len(delivery_ids) == len(believed_NC)
        self.taught = believed_NC.copy()
        self.lessons.append(self.taught)
        return self.said


def votes_cast(has_votes_N):
    """Return the votes of one rule, which speaks where it is said to."""
    spec = RuleSpec(code="a.rule", family="a", symbols=("s",), sets_SC=np.ones((1, NUM_STROKES), dtype=bool))
    ids = pa.array([f"d{row}" for row in range(len(has_votes_N))])
    symbols = np.where(has_votes_N, 0, -1).astype(np.int8)[:, None]
    return VoteMatrix(delivery_ids=ids, specs=(spec,), symbols_NR=symbols)


@pytest.fixture
def is_trusted(monkeypatch):
    """Let the teacher be trusted so far, whatever agreement says."""
    return lambda trusted: monkeypatch.setattr(opinions_module, "trust", lambda *_, **__: trusted)


def asked(voted, *, has_votes_N=BOTH, teacher=None, student=None, gold_N=None, **how):
    num = len(voted)
    gold_N = np.full(num, -1) if gold_N is None else gold_N
    return hear(
        voted, votes=votes_cast(has_votes_N), side_N=np.zeros(num), deliveries=deliveries(num), teacher=teacher,
        student=student, gold_N=gold_N, **how,
    )  # fmt: skip


def deliveries(num):
    names = {FEATURE_PREFIX + name: np.zeros(num) for name in FEATURES_READ}
    return pa.table({"delivery_id": [f"d{row}" for row in range(num)], **names})


def test_nobody_is_surer_than_the_surest_and_the_silent_do_not_count():
    votes, said = opinions(0, 0, 0), opinions(0, 1, 2)
    said[2] = np.nan
    pooled = pool({"votes": votes, "teacher": said})
    assert pooled.sum(axis=1) == pytest.approx(1.0)
    assert pooled[0] == pytest.approx(votes[0])
    assert pooled[1, 0] == pytest.approx(pooled[1, 1])
    assert pooled[2] == pytest.approx(votes[2])


def test_everybody_silent_is_no_opinion():
    assert pool({"votes": np.full((1, 4), np.nan)}) == pytest.approx(np.full((1, 4), 0.25))


def test_the_student_is_taught_by_a_trusted_teacher_first_and_by_gold_above_all(is_trusted):
    is_trusted(WHOLE)
    votes, said = opinions(0, 0), opinions(1, 1)
    student = Student(opinions(1, 1))
    heard = asked(votes, teacher=Teacher(said), student=student, gold_N=np.array([-1, 3]))
    expected = votes[0] ** VOTES_IN_TEACHING * said[0]
    assert student.taught[0] == pytest.approx(expected / expected.sum())
    assert student.taught[1] == pytest.approx(np.eye(NUM_STROKES)[3])
    assert heard.probs_NC.argmax(axis=1).tolist() == [1, 1]
    assert votes == pytest.approx(opinions(0, 0)), "what was voted is not changed by teaching"


def test_a_teacher_that_is_not_trusted_is_as_none(is_trusted):
    is_trusted(Trust(weight=0.0))
    votes, said = opinions(0, 0), np.full((2, NUM_STROKES), 1e-4)
    said[:, 1] = 1.0 - 1e-4 * (NUM_STROKES - 1)
    student, alone = Student(opinions(2, 2)), Student(opinions(2, 2))
    heard, without = asked(votes, teacher=Teacher(said), student=student), asked(votes, student=alone)
    assert student.taught == pytest.approx(alone.taught)
    assert heard.probs_NC == pytest.approx(without.probs_NC)
    assert [voice.weight for voice in heard.voices()] == [1.0, 0.0, 2.0]
    only = asked(votes, has_votes_N=~BOTH, teacher=Teacher(said))
    assert not only.is_named_N.any(), "what it says of deliveries without votes names nothing"


def test_half_a_trust_is_half_a_weight_and_half_an_opinion(is_trusted):
    is_trusted(Trust(weight=0.5))
    votes, said = opinions(0), opinions(1)
    expected = (votes * np.sqrt(0.5 * said + 0.5 / NUM_STROKES)) ** (1 / 1.5)
    heard = asked(votes, has_votes_N=BOTH[:1], teacher=Teacher(said))
    assert heard.probs_NC == pytest.approx(expected / expected.sum())
    assert heard.said_by["teacher"] == pytest.approx(said), "what it said is kept as it was"


@pytest.mark.parametrize("reads", [frozenset({"bat_across", "hand_height"}), frozenset({"hand_height"})])
def test_the_teacher_is_not_shown_of_the_bat_what_a_rule_reads(reads):
    votes = votes_cast(BOTH)
    votes = replace(votes, specs=tuple(replace(spec, reads=reads) for spec in votes.specs))
    shown = []

    def teacher(features_NF):
        shown.append(features_NF)
        return opinions(1, 1)

    hear(
        opinions(0, 0), votes=votes, side_N=np.zeros(2), deliveries=deliveries(2), teacher=teacher, student=None,
        gold_N=np.full(2, -1),
    )  # fmt: skip
    hidden = {name for name, values_N in zip(FEATURES_READ, shown[0].T, strict=True) if np.isnan(values_N).all()}
    assert hidden == reads & {"bat_across"}, "what rules read of hands it reads, too"


def test_few_deliveries_leave_the_teacher_the_prior():
    voice = asked(opinions(0, 0), teacher=Teacher(opinions(1, 1))).voices()[1]
    assert voice.weight == PRIOR_MEAN
    assert np.isnan(voice.trust.borne_out)


def test_voices_are_told_apart(is_trusted):
    is_trusted(WHOLE)
    student = Student(np.full((2, NUM_STROKES), np.nan))
    heard = asked(opinions(0, 0), teacher=Teacher(0.2 / NUM_STROKES + 0.8 * opinions(1, 0)), student=student)
    votes, teacher, silent = heard.voices()
    assert (votes.name, votes.speaks_on, votes.agrees, votes.worth) == ("votes", 2, 1.0, 0.5)
    assert (teacher.name, teacher.speaks_on, teacher.agrees, teacher.worth) == ("teacher", 2, 0.5, 0.0)
    assert (silent.speaks_on, silent.worth) == (0, 0.0)
    assert np.isnan(silent.agrees)
    assert [voice.why_silent for voice in heard.voices()] == ["", "", "too few"]
    assert [voice.trust for voice in heard.voices()] == [None, WHOLE, None]


def test_the_prior_is_no_word_of_the_votes_but_counts_in_the_pool(is_trusted):
    is_trusted(WHOLE)
    said = np.full((3, NUM_STROKES), np.nan)
    said[1] = opinions(2)[0]
    heard = asked(opinions(0, 1, 1), has_votes_N=np.array([True, False, False]), teacher=Teacher(said))
    assert heard.is_named_N.tolist() == [True, True, False]
    assert [voice.speaks_on for voice in heard.voices()] == [1, 1]
    assert heard.probs_NC[1, 1] == pytest.approx(heard.probs_NC[1, 2]), "pooled as if it had been voted"
    assert heard.probs_NC[2] == pytest.approx(opinions(1)[0])
    assert heard.only(np.array([2])).is_named_N.tolist() == [False]


def test_why_nobody_speaks_is_said():
    nothing = np.full((2, NUM_STROKES), np.nan)
    heard = asked(opinions(0, 0), has_votes_N=~BOTH, teacher=Teacher(nothing), student=Student(nothing))
    assert not heard.is_named_N.any()
    assert [voice.why_silent for voice in heard.voices()] == [
        "no rule votes on any delivery",
        f"of no delivery are {FEWEST_KNOWN} of the features known that it reads",
        "too few",
    ]


def test_votes_alone_stay_what_they_are():
    votes = opinions(0, 5)
    heard = asked(votes)
    assert heard.probs_NC == pytest.approx(votes)
    assert len(heard.voices()) == 1


def test_a_second_round_is_taught_by_the_first_and_by_the_teacher(is_trusted):
    is_trusted(WHOLE)
    votes, said, answer = opinions(0, 0), opinions(1, 1), opinions(2, 2)
    student = Student(answer, rounds=2)
    asked(votes, teacher=Teacher(said), student=student, gold_N=np.array([-1, 3]))
    first, second = student.lessons
    assert first[0].argmax() == 1
    expected = answer[0] * said[0]
    assert second[0] == pytest.approx(expected / expected.sum())
    assert second[1] == pytest.approx(np.eye(NUM_STROKES)[3]), "gold is taught in every round"


def test_votes_can_be_left_out_of_lessons_and_labels(is_trusted):
    is_trusted(WHOLE)
    said = opinions(1, 1)
    said[1] = np.nan
    student = Student(np.full((2, NUM_STROKES), np.nan))
    heard = asked(opinions(0, 0), teacher=Teacher(said), student=student, with_votes=False)
    assert student.taught[0] == pytest.approx(said[0])
    assert heard.probs_NC[0] == pytest.approx(said[0])
    assert heard.probs_NC[1] == pytest.approx(1.0 / NUM_STROKES)
    assert heard.is_named_N.tolist() == [True, False]
    assert heard.voices()[0].weight == 0.0


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("with_votes", [True, False])
def test_views_of_a_ball_that_saw_nothing_say_together_what_each_says(weight, with_votes):
    prior_C = np.random.default_rng(0).dirichlet(np.ones(NUM_STROKES))
    even_NC = np.full((3, NUM_STROKES), 1 / NUM_STROKES)
    said_by = {"votes": np.tile(prior_C, (3, 1)), "teacher": even_NC, "student": even_NC.copy()}
    said_by["student"][2] = np.nan  # silent on one view: votes count more there
    trust = Trust(weight=weight)
    heard = Heard(
        probs_NC=pool(said_by, trust, with_votes=with_votes), said_by=said_by, has_votes_N=np.zeros(3, dtype=bool),
        why_silent={}, trust=trust, with_votes=with_votes,
    )  # fmt: skip
    prior_NC = heard.prior(prior_C)
    assert prior_NC == pytest.approx(heard.probs_NC)  # nobody saw anything
    shared_NC = share(heard.probs_NC[:2], np.array(["a", "a"]), prior_NC=prior_NC[:2])
    assert shared_NC == pytest.approx(heard.probs_NC[:2])
    believed_NC = share(heard.probs_NC, np.array(["a", "a", "a"]), prior_NC=prior_NC)
    assert (np.argsort(believed_NC[0]) == np.argsort(prior_C)).all() or not with_votes


def test_two_views_that_favour_a_common_stroke_do_not_name_a_rare_one():
    prior_C = np.full(NUM_STROKES, 0.1 / (NUM_STROKES - 2))
    prior_C[:2] = 0.6, 0.3
    seen_NC = np.full((2, NUM_STROKES), 0.5 / (NUM_STROKES - 1))
    seen_NC[:, 0] = 0.5
    said_by = {"votes": np.tile(prior_C, (2, 1)), "teacher": seen_NC, "student": seen_NC}
    heard = Heard(probs_NC=pool(said_by), said_by=said_by, has_votes_N=np.ones(2, dtype=bool), why_silent={})
    shared_NC = share(heard.probs_NC, np.array(["a", "a"]), prior_NC=heard.prior(prior_C))
    assert (shared_NC.argmax(axis=1) == 0).all() and shared_NC[0, 0] > heard.probs_NC[0, 0]
