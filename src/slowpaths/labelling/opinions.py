"""Voices beside the votes: a teacher and a student say what strokes are, and all opinions are pooled.

The pool is logarithmic, with weights that sum to one over those who speak: it is never surer than its members, which
repeat each other (the student has been taught by the others). The weights, and how much less the votes count than the
teacher in what the student is taught, were chosen with measures of real sequences in view (experiments/naming). They
are the most that the teacher counts: how far agreement with families of rules bears it out on the deliveries at hand
(`labelling.model.trust`) is both its share of that weight and its share of its own opinion, the rest of which is that
any stroke is as likely. Both are needed: a teacher that is right half of the time and always sure would overrule votes
that were flattened (experiments/vote_worlds).

Legend: N deliveries, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
import pyarrow as pa

from slowpaths.labelling.arrow import floats
from slowpaths.labelling.model.encoding import clamp
from slowpaths.labelling.model.trust import Trust, trust
from slowpaths.labelling.rules.votes import VoteMatrix
from slowpaths.labelling.teacher import BAT, FEATURES_READ, FEWEST_KNOWN, StrokeTeacher
from slowpaths.store.schema import FEATURE_PREFIX

VOTES, TEACHER, STUDENT = "votes", "teacher", "student"
WEIGHTS: Mapping[str, float] = {VOTES: 1.0, TEACHER: 1.0, STUDENT: 2.0}
VOTES_IN_TEACHING = 0.3
"""Power of the votes beside the opinion of a wholly trusted teacher in what the student is taught. Taught by the votes
alone it repeats their errors, which are alike in all strokes of a kind; the teacher's are not."""
_FLOOR = 1e-6


class Student(Protocol):
    """Say what strokes are, once taught what is believed of them."""

    @property
    def fingerprint(self) -> str:
        """Identify how it is taught."""

    @property
    def rounds(self) -> int:
        """Return how often it is taught; after the first time, by what it said and by the teacher."""

    def why_silent(self, delivery_ids: Sequence[str]) -> str:
        """Return why it has nothing to say of any of these deliveries, in words; "" where it speaks."""

    def __call__(self, delivery_ids: Sequence[str], believed_NC: np.ndarray) -> np.ndarray:
        """Return probabilities (N, C), NaN rows where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Say how one voice fared in a set of labels."""

    name: str  # votes, teacher or student
    speaks_on: int  # deliveries
    agrees: float  # share of them on which it alone would name what the pool names; NaN where it is silent
    worth: float  # share of all deliveries that the pool would name otherwise without it; NaN where it is alone
    weight: float  # in the pool, beside 1 of the votes
    trust: Trust | None = None  # how far it is trusted, and why; None for a voice that is not judged so
    why_silent: str = ""  # why it speaks on none, in words


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """Hold what is believed of deliveries once every voice has been heard, and what each voice said."""

    probs_NC: np.ndarray
    said_by: dict[str, np.ndarray]  # voice -> probabilities (N, C), NaN rows where it says nothing; votes: the prior
    has_votes_N: np.ndarray  # whether any rule votes
    why_silent: dict[str, str]  # voice that speaks on none -> why, in words
    trust: Trust | None = None  # how far the teacher is trusted; None without one
    with_votes: bool = True  # whether the votes count

    def only(self, rows: np.ndarray) -> Heard:
        """Return the same for some deliveries, by position."""
        said_by = {name: said[rows] for name, said in self.said_by.items()}
        return replace(self, probs_NC=self.probs_NC[rows], said_by=said_by, has_votes_N=self.has_votes_N[rows])

    def spoken(self) -> dict[str, np.ndarray]:
        """Return what each voice says (N, C), NaN rows where it says nothing: the prior is no word of the votes."""
        return self.said_by | {VOTES: np.where(self.has_votes_N[:, None], self.said_by[VOTES], np.nan)}

    def prior(self, votes_prior_C: np.ndarray) -> np.ndarray:
        """Return what is believed of each delivery (N, C) where nothing is seen of it.

        Votes then have their prior (C,), with the weight they have in the pool, and to the other voices, where they
        speak, every stroke is as likely.
        """
        even_by = {
            name: np.where(np.isnan(said_NC), np.nan, 1 / said_NC.shape[1]) for name, said_NC in self.said_by.items()
        }
        even_by[VOTES] = np.tile(votes_prior_C, (len(self.probs_NC), 1))
        return pool(even_by, self.trust, with_votes=self.with_votes)

    @property
    def is_named_N(self) -> np.ndarray:
        """Return whether any voice that counts speaks of a delivery (N,)."""
        weights = weights_of(self.trust, with_votes=self.with_votes)
        counts = [said_NC for name, said_NC in self.spoken().items() if weights[name] > 0]
        return np.any([np.isfinite(said_NC).all(axis=1) for said_NC in counts], axis=0)

    def voices(self) -> list[Voice]:
        """Return how each voice fared, votes first."""
        found, names_N = [], self.probs_NC.argmax(axis=1)
        weights = weights_of(self.trust, with_votes=self.with_votes)
        for name, said_NC in self.spoken().items():
            speaks_N = np.isfinite(said_NC).all(axis=1)
            rest = {other: said for other, said in self.said_by.items() if other != name}
            agrees = (np.nan_to_num(said_NC).argmax(axis=1) == names_N)[speaks_N]
            without_NC = pool(rest, self.trust, with_votes=self.with_votes) if rest else self.probs_NC[:0]
            is_changed = without_NC.argmax(axis=1) != names_N[: len(without_NC)]
            voice = Voice(
                name=name,
                speaks_on=int(speaks_N.sum()),
                agrees=_mean(agrees),
                worth=_mean(is_changed),
                weight=weights[name],
                trust=self.trust if name == TEACHER else None,
                why_silent=self.why_silent.get(name, ""),
            )
            found.append(voice)
        return found


def hear(
    voted_NC: np.ndarray,
    *,
    votes: VoteMatrix,
    side_N: np.ndarray,
    deliveries: pa.Table,
    teacher: StrokeTeacher | None,
    student: Student | None,
    gold_N: np.ndarray,
    with_votes: bool = True,
) -> Heard:
    """Return what is believed of deliveries once the voices beside the votes have been heard.

    Args:
        voted_NC: Probabilities by the votes; the prior where no rule votes.
        votes: The votes themselves.
        side_N: The side from which each delivery is seen.
        deliveries: Table of the deliveries, with their features.
        teacher: Who has seen simulated strokes; None for nobody.
        student: Who learns from the deliveries themselves; None for nobody.
        gold_N: Known classes, -1 where unknown.
        with_votes: Whether the votes count, in the pool and in what the student is taught; the teacher is held against
            them either way.
    """
    said_by, ids, trusted = {VOTES: voted_NC}, deliveries["delivery_id"].to_pylist(), None
    why_silent = {} if votes.has_votes.any() else {VOTES: "no rule votes on any delivery"}
    if teacher is not None:
        features_NF = _shown(deliveries, votes)
        said_by[TEACHER] = teacher(features_NF)
        trusted = trust(votes, partial(ask_without, teacher, features_NF), side_N=side_N)
        if not np.isfinite(said_by[TEACHER]).any():
            why_silent[TEACHER] = f"of no delivery are {FEWEST_KNOWN} of the features known that it reads"
    if student is not None:
        taught_NC = _taught(said_by, trusted, with_votes=with_votes)
        for _ in range(student.rounds):
            said_by[STUDENT] = student(ids, clamp(taught_NC, gold_N))
            taught_NC = _taught_again(said_by, trusted)
        if reason := student.why_silent(ids):
            why_silent[STUDENT] = reason
    return Heard(
        probs_NC=pool(said_by, trusted, with_votes=with_votes),
        said_by=said_by,
        has_votes_N=votes.has_votes,
        why_silent=why_silent,
        trust=trusted,
        with_votes=with_votes,
    )


def weights_of(trusted: Trust | None, *, with_votes: bool = True) -> dict[str, float]:
    """Return the weight of each voice in the pool, where the teacher is trusted so far."""
    shares = {VOTES: float(with_votes), TEACHER: trusted.weight if trusted else 1.0}
    return {name: weight * shares.get(name, 1.0) for name, weight in WEIGHTS.items()}


def pool(said_by: Mapping[str, np.ndarray], trusted: Trust | None = None, *, with_votes: bool = True) -> np.ndarray:
    """Return the logarithmic pool of opinions (N, C); whoever says nothing of a delivery (NaN) does not count there.

    Example:
        >>> said_by = {"votes": np.array([[0.8, 0.2]]), "teacher": np.array([[0.2, 0.8]])}
        >>> pool(said_by).tolist()
        [[0.5, 0.5]]
        >>> pool(said_by, Trust(weight=0.0)).round(2).tolist()
        [[0.8, 0.2]]
        >>> pool({"votes": np.array([[0.8, 0.2]]), "teacher": np.array([[np.nan, np.nan]])}).round(2).tolist()
        [[0.8, 0.2]]
    """
    weights = weights_of(trusted, with_votes=with_votes)
    speaks_by = {name: np.isfinite(said_NC).all(axis=1) for name, said_NC in said_by.items()}
    total_N = np.maximum(sum(weights[name] * speaks_N for name, speaks_N in speaks_by.items()), _FLOOR)
    return _product(_discounted(said_by, trusted), {name: weights[name] / total_N[:, None] for name in said_by})


def _taught(said_by: Mapping[str, np.ndarray], trusted: Trust | None, *, with_votes: bool) -> np.ndarray:
    """Return what the student is taught (N, C): the more the teacher is trusted, the less the votes count."""
    weight = trusted.weight if trusted else 0.0
    powers = {VOTES: with_votes * (1.0 - weight * (1.0 - VOTES_IN_TEACHING)), TEACHER: weight}
    return _product(_discounted(said_by, trusted), powers)


def _taught_again(said_by: Mapping[str, np.ndarray], trusted: Trust | None) -> np.ndarray:
    """Return what the student is taught after its first round (N, C): what it said, and what the teacher says.

    What it said of a delivery comes from networks that were not taught on its match, but on matches for which others
    were: a second round is less blind than the first.
    """
    powers = {VOTES: 0.0, TEACHER: trusted.weight if trusted else 0.0, STUDENT: 1.0}
    return _product(_discounted(said_by, trusted), powers)


def _discounted(said_by: Mapping[str, np.ndarray], trusted: Trust | None) -> dict[str, np.ndarray]:
    """Return opinions as far as they are trusted: for the rest of the teacher's, any stroke is as likely."""
    if trusted is None or TEACHER not in said_by:
        return dict(said_by)
    said_NC = said_by[TEACHER]
    return {**said_by, TEACHER: trusted.weight * said_NC + (1.0 - trusted.weight) / said_NC.shape[1]}


def _shown(deliveries: pa.Table, votes: VoteMatrix) -> np.ndarray:
    """Return what the teacher is shown of deliveries (N, F): all it reads, but the bat only where no rule reads that.

    A bat is seen wrong in one look of five, and rules and teacher would then err together and be sure of it.
    """
    by_rules = frozenset[str]().union(*(spec.reads for spec in votes.specs))
    values_FN = [floats(deliveries[FEATURE_PREFIX + name]) for name in FEATURES_READ]
    withheld_F1 = np.array([name in BAT & by_rules for name in FEATURES_READ])[:, None]
    return np.where(withheld_F1, np.nan, np.stack(values_FN)).T


def ask_without(
    teacher: StrokeTeacher, features_NF: np.ndarray, rows: np.ndarray, withheld: frozenset[str]
) -> np.ndarray:
    """Return what a teacher says of some deliveries (N, C) where it is not shown some of its features."""
    shown_NF = features_NF[rows].copy()
    shown_NF[:, [name in withheld for name in FEATURES_READ]] = np.nan
    return teacher(shown_NF)


def _product(said_by: Mapping[str, np.ndarray], powers: Mapping[str, float | np.ndarray]) -> np.ndarray:
    logs = [powers[name] * np.log(np.maximum(said_NC, _FLOOR)) for name, said_NC in said_by.items()]
    logs_NC = np.nan_to_num(np.stack(logs)).sum(axis=0)
    probs_NC = np.exp(logs_NC - logs_NC.max(axis=1, keepdims=True))
    return probs_NC / probs_NC.sum(axis=1, keepdims=True)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
