"""Voices beside the votes: a teacher and a student say what strokes are, and all opinions are pooled.

The pool is logarithmic, with weights that sum to one over those who speak: it is never surer than its members, which
repeat each other (the student has been taught by the others). The weights, and how much less the votes count than the
teacher in what the student is taught, were chosen with measures of real sequences in view (experiments/naming).

Legend: N deliveries, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pyarrow as pa

from slowpaths.labelling.arrow import floats
from slowpaths.labelling.model.encoding import clamp
from slowpaths.labelling.teacher import FEATURES_READ, FEWEST_KNOWN, StrokeTeacher
from slowpaths.store.schema import FEATURE_PREFIX

VOTES, TEACHER, STUDENT = "votes", "teacher", "student"
WEIGHTS: Mapping[str, float] = {VOTES: 1.0, TEACHER: 1.0, STUDENT: 2.0}
VOTES_IN_TEACHING = 0.3
"""Power of the votes beside the teacher's opinion in what the student is taught. Taught by the votes alone it repeats
their errors, which are alike in all strokes of a kind; the teacher's are not."""
_FLOOR = 1e-6


class Student(Protocol):
    """Say what strokes are, once taught what is believed of them."""

    @property
    def fingerprint(self) -> str:
        """Identify how it is taught."""

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
    why_silent: str = ""  # why it speaks on none, in words


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """Hold what is believed of deliveries once every voice has been heard, and what each voice said."""

    probs_NC: np.ndarray
    said_by: dict[str, np.ndarray]  # voice -> probabilities (N, C), NaN rows where it says nothing; votes: the prior
    has_votes_N: np.ndarray  # whether any rule votes
    why_silent: dict[str, str]  # voice that speaks on none -> why, in words

    def only(self, rows: np.ndarray) -> Heard:
        """Return the same for some deliveries, by position."""
        said_by = {name: said[rows] for name, said in self.said_by.items()}
        return replace(self, probs_NC=self.probs_NC[rows], said_by=said_by, has_votes_N=self.has_votes_N[rows])

    def spoken(self) -> dict[str, np.ndarray]:
        """Return what each voice says (N, C), NaN rows where it says nothing: the prior is no word of the votes."""
        return self.said_by | {VOTES: np.where(self.has_votes_N[:, None], self.said_by[VOTES], np.nan)}

    @property
    def is_named_N(self) -> np.ndarray:
        """Return whether any voice speaks of a delivery (N,)."""
        return np.any([np.isfinite(said_NC).all(axis=1) for said_NC in self.spoken().values()], axis=0)

    def voices(self) -> list[Voice]:
        """Return how each voice fared, votes first."""
        found, names_N = [], self.probs_NC.argmax(axis=1)
        for name, said_NC in self.spoken().items():
            speaks_N = np.isfinite(said_NC).all(axis=1)
            rest = {other: said for other, said in self.said_by.items() if other != name}
            agrees = (np.nan_to_num(said_NC).argmax(axis=1) == names_N)[speaks_N]
            is_changed = pool(rest).argmax(axis=1) != names_N if rest else np.zeros(0)
            why, num = self.why_silent.get(name, ""), int(speaks_N.sum())
            voice = Voice(name=name, speaks_on=num, agrees=_mean(agrees), worth=_mean(is_changed), why_silent=why)
            found.append(voice)
        return found


def hear(
    voted_NC: np.ndarray,
    *,
    has_votes_N: np.ndarray,
    deliveries: pa.Table,
    teacher: StrokeTeacher | None,
    student: Student | None,
    gold_N: np.ndarray,
) -> Heard:
    """Return what is believed of deliveries once the voices beside the votes have been heard.

    Args:
        voted_NC: Probabilities by the votes; the prior where no rule votes.
        has_votes_N: Whether any does.
        deliveries: Table of the deliveries, with their features.
        teacher: Who has seen simulated strokes; None for nobody.
        student: Who learns from the deliveries themselves; None for nobody.
        gold_N: Known classes, -1 where unknown.
    """
    said_by, ids = {VOTES: voted_NC}, deliveries["delivery_id"].to_pylist()
    why_silent = {} if has_votes_N.any() else {VOTES: "no rule votes on any delivery"}
    if teacher is not None:
        features_NF = np.stack([floats(deliveries[FEATURE_PREFIX + name]) for name in FEATURES_READ], axis=1)
        said_by[TEACHER] = teacher(features_NF)
        if not np.isfinite(said_by[TEACHER]).any():
            why_silent[TEACHER] = f"of no delivery are {FEWEST_KNOWN} of the features known that it reads"
    if student is not None:
        taught_NC = clamp(_product(said_by, {VOTES: VOTES_IN_TEACHING if teacher else 1.0, TEACHER: 1.0}), gold_N)
        said_by[STUDENT] = student(ids, taught_NC)
        if reason := student.why_silent(ids):
            why_silent[STUDENT] = reason
    return Heard(probs_NC=pool(said_by), said_by=said_by, has_votes_N=has_votes_N, why_silent=why_silent)


def pool(said_by: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the logarithmic pool of opinions (N, C); whoever says nothing of a delivery (NaN) does not count there.

    Example:
        >>> pool({"votes": np.array([[0.8, 0.2]]), "teacher": np.array([[0.2, 0.8]])}).tolist()
        [[0.5, 0.5]]
        >>> pool({"votes": np.array([[0.8, 0.2]]), "teacher": np.array([[np.nan, np.nan]])}).round(2).tolist()
        [[0.8, 0.2]]
    """
    speaks_by = {name: np.isfinite(said_NC).all(axis=1) for name, said_NC in said_by.items()}
    total_N = np.maximum(sum(WEIGHTS[name] * speaks_N for name, speaks_N in speaks_by.items()), _FLOOR)
    return _product(said_by, {name: WEIGHTS[name] / total_N[:, None] for name in said_by})


def _product(said_by: Mapping[str, np.ndarray], powers: Mapping[str, float | np.ndarray]) -> np.ndarray:
    logs = [powers[name] * np.log(np.maximum(said_NC, _FLOOR)) for name, said_NC in said_by.items()]
    logs_NC = np.nan_to_num(np.stack(logs)).sum(axis=0)
    probs_NC = np.exp(logs_NC - logs_NC.max(axis=1, keepdims=True))
    return probs_NC / probs_NC.sum(axis=1, keepdims=True)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
