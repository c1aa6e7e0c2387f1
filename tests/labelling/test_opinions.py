"""Opinions are pooled: nobody is surer than those who speak, who says nothing does not count, and gold is taught."""

import numpy as np
import pyarrow as pa
import pytest

from slowpaths.core.strokes import NUM_STROKES
from slowpaths.labelling.opinions import VOTES_IN_TEACHING, hear, pool
from slowpaths.labelling.teacher import FEATURES_READ, FEWEST_KNOWN
from slowpaths.store.schema import FEATURE_PREFIX

BOTH = np.ones(2, dtype=bool)


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

    def __init__(self, said):
        self.said, self.taught = said, None

    def why_silent(self, delivery_ids):
        return "" if np.isfinite(self.said).any() else "too few"

    def __call__(self, delivery_ids, believed_NC):
        assert len(delivery_ids) == len(believed_NC)
        self.taught = believed_NC.copy()
        return self.said


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


def test_the_student_is_taught_by_the_teacher_first_and_by_gold_above_all():
    votes, said = opinions(0, 0), opinions(1, 1)
    student = Student(opinions(1, 1))
    gold = np.array([-1, 3])
    heard = hear(votes, has_votes_N=BOTH, deliveries=deliveries(2), teacher=Teacher(said), student=student, gold_N=gold)
    expected = votes[0] ** VOTES_IN_TEACHING * said[0]
    assert student.taught[0] == pytest.approx(expected / expected.sum())
    assert student.taught[1] == pytest.approx(np.eye(NUM_STROKES)[3])
    assert heard.probs_NC.argmax(axis=1).tolist() == [1, 1]
    assert votes == pytest.approx(opinions(0, 0)), "what was voted is not changed by teaching"


def test_voices_are_told_apart():
    student = Student(np.full((2, NUM_STROKES), np.nan))
    heard = hear(
        opinions(0, 0), has_votes_N=BOTH, deliveries=deliveries(2),
        teacher=Teacher(0.2 / NUM_STROKES + 0.8 * opinions(1, 0)), student=student, gold_N=np.full(2, -1),
    )  # fmt: skip
    votes, teacher, silent = heard.voices()
    assert (votes.name, votes.speaks_on, votes.agrees, votes.worth) == ("votes", 2, 1.0, 0.5)
    assert (teacher.name, teacher.speaks_on, teacher.agrees, teacher.worth) == ("teacher", 2, 0.5, 0.0)
    assert (silent.speaks_on, silent.worth) == (0, 0.0)
    assert np.isnan(silent.agrees)
    assert [voice.why_silent for voice in heard.voices()] == ["", "", "too few"]


def test_the_prior_is_no_word_of_the_votes_but_counts_in_the_pool():
    said = np.full((3, NUM_STROKES), np.nan)
    said[1] = opinions(2)[0]
    heard = hear(
        opinions(0, 1, 1), has_votes_N=np.array([True, False, False]), deliveries=deliveries(3),
        teacher=Teacher(said), student=None, gold_N=np.full(3, -1),
    )  # fmt: skip
    assert heard.is_named_N.tolist() == [True, True, False]
    assert [voice.speaks_on for voice in heard.voices()] == [1, 1]
    assert heard.probs_NC[1, 1] == pytest.approx(heard.probs_NC[1, 2]), "pooled as if it had been voted"
    assert heard.probs_NC[2] == pytest.approx(opinions(1)[0])
    assert heard.only(np.array([2])).is_named_N.tolist() == [False]


def test_why_nobody_speaks_is_said():
    nothing = np.full((2, NUM_STROKES), np.nan)
    heard = hear(
        opinions(0, 0), has_votes_N=~BOTH, deliveries=deliveries(2), teacher=Teacher(nothing),
        student=Student(nothing), gold_N=np.full(2, -1),
    )  # fmt: skip
    assert not heard.is_named_N.any()
    assert [voice.why_silent for voice in heard.voices()] == [
        "no rule votes on any delivery",
        f"of no delivery are {FEWEST_KNOWN} of the features known that it reads",
        "too few",
    ]


def test_votes_alone_stay_what_they_are():
    votes = opinions(0, 5)
    heard = hear(votes, has_votes_N=BOTH, deliveries=deliveries(2), teacher=None, student=None, gold_N=np.full(2, -1))
    assert heard.probs_NC == pytest.approx(votes)
    assert len(heard.voices()) == 1
