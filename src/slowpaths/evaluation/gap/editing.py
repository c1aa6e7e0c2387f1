"""The same accuracy, other errors: edit the predictions of one system and see what each measure says.

Each edit moves a growing share of the wrong answers (or of the probabilities) and leaves every right answer right and
every wrong one wrong. So what changes in usefulness is the effect of the kind of error alone, which no correlation over
systems shows.

Legend: U rows of a pairing, W wrong rows, N graded rows, G classes, V values of a factor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from slowpaths.evaluation.gap.measured import measures_of
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.sample import Sample

STRENGTHS = tuple((np.arange(11) / 10).round(1).tolist())
MEASURES = (
    "profile_fidelity", "profile_error", "ranking_agreement", "retrieval_ap", "wss95", "aurc", "decision_utility",
    "auto_accept", "prevalence_error", "ece",
)  # fmt: skip
"""What is measured of the edited predictions: one or two of every kind of usefulness, and calibration."""
_SHARPEST = 4.0  # probabilities are raised to at most 1 + this power

EDITS: dict[str, str] = {
    "within side": "wrong answers name a stroke to the same side of the field",
    "across side": "wrong answers name a stroke to another side",
    "cancelling": "wrong answers trade places, so that every stroke is named as often as it is played",
    "one stroke": "wrong answers name the most frequent stroke",
    "per batter": "wrong answers name one stroke, another one for each batter",
    "overconfident": "probabilities are sharpened",
    "shuffled confidence": "probabilities are traded among deliveries, the order of strokes stays",
}
"""Name of every edit and what it does at strength 1; at 0 nothing is edited."""


def edit(sample: Sample, name: str, strength: float, *, seed: int = 0) -> Sample:
    """Return a sample in which an edit was made at a strength from 0 to 1.

    Rows that an edit cannot change (no other stroke goes to the same side) stay as they are.
    """
    rng = np.random.default_rng(seed)
    if name in ("overconfident", "shuffled confidence"):
        return _with_probabilities(sample, *_PROBABILITIES[name](sample, strength, rng))
    wrong_W = rng.permutation(np.flatnonzero(sample.correct_N == 0))
    named_W = _NAMED[name](sample, wrong_W, rng)
    count = round(strength * len(wrong_W))
    wrong_W, named_W = wrong_W[:count], named_W[:count]
    is_changed = (named_W >= 0) & (named_W != sample.true_N[wrong_W])
    rows_N, named_W = wrong_W[is_changed], named_W[is_changed]
    probs_NG, called_N = sample.probs_NG.copy(), sample.called_N.copy()
    before = called_N[rows_N]
    probs_NG[rows_N, before], probs_NG[rows_N, named_W] = probs_NG[rows_N, named_W], probs_NG[rows_N, before]
    called_N[rows_N] = named_W
    return _with_probabilities(sample, probs_NG, called_N)


def editing_table(
    sample: Sample, columns: Sequence[str], *, seed: int = 0, step: Callable[[str], None] = lambda _: None
) -> Table:
    """Return accuracy and those of the columns that are in `MEASURES` for every edit and strength."""
    table: Table = []
    columns = [name for name in columns if name.split("_", 1)[1] in MEASURES]
    none = measures_of(sample, ("top1", *MEASURES))
    for name in EDITS:
        for strength in STRENGTHS:
            found = measures_of(edit(sample, name, strength, seed=seed), ("top1", *MEASURES)) if strength else none
            row: dict[str, float | int | str] = {"edit": name, "strength": strength}
            for column in ("accuracy_top1", *columns):
                value = found.get(column)
                row[column] = float("nan") if value is None else value
            table.append(row)
        step(name)
    return table


def _with_probabilities(sample: Sample, probs_NG: np.ndarray, called_N: np.ndarray) -> Sample:
    probs_UG, called_U = sample.pairing.probs_UG.copy(), sample.pairing.called_U.copy()
    probs_UG[sample.rows], called_U[sample.rows] = probs_NG, called_N
    return replace(sample, pairing=replace(sample.pairing, probs_UG=probs_UG, called_U=called_U))


def _of_side(sample: Sample, wrong_W: np.ndarray, rng: np.random.Generator, *, is_same: bool) -> np.ndarray:
    values_GV = sample.pairing.space.factor("side")[1]
    same_GG, has_G = values_GV @ values_GV.T > 0, values_GV.sum(axis=1) > 0
    fits_GG = (same_GG if is_same else ~same_GG) & has_G & has_G[:, None] & ~np.eye(len(has_G), dtype=bool)
    fits_WG = fits_GG[sample.true_N[wrong_W]]
    drawn = np.where(fits_WG, rng.random(fits_WG.shape), -1.0)
    return np.where(fits_WG.any(axis=1), drawn.argmax(axis=1), -1)


def _cancelling(sample: Sample, wrong_W: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    order = np.argsort(sample.true_N[wrong_W], kind="stable")
    named_W = np.empty(len(wrong_W), dtype=np.int64)
    true_W = sample.true_N[wrong_W][order]
    named_W[order] = np.roll(true_W, max(np.bincount(true_W).max(initial=0), len(true_W) // 2))
    return named_W


def _one_stroke(sample: Sample, wrong_W: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    first, second = np.argsort(-sample.shares_G, kind="stable")[:2]
    return np.where(sample.true_N[wrong_W] == first, second, first)


def _per_batter(sample: Sample, wrong_W: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    _, group_N = np.unique(sample.pairing.group[sample.rows].astype(str), return_inverse=True)
    pets = np.argsort(rng.random((group_N.max() + 1, len(sample.names))), axis=1)[:, :2]
    first_W, second_W = pets[group_N[wrong_W]].T
    return np.where(sample.true_N[wrong_W] == first_W, second_W, first_W)


def _sharpened(sample: Sample, strength: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    powered = sample.probs_NG ** (1 + _SHARPEST * strength)
    return powered / powered.sum(axis=1, keepdims=True), sample.called_N


def _shuffled(sample: Sample, strength: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    probs_NG = sample.probs_NG.copy()
    rows = rng.permutation(len(probs_NG))[: round(strength * len(probs_NG))]
    order = np.argsort(-probs_NG[rows], axis=1, kind="stable")
    given = -np.sort(-probs_NG[np.roll(rows, 1)], axis=1)
    probs_NG[rows[:, None], order] = given
    return probs_NG, sample.called_N


_NAMED: dict[str, Callable[..., np.ndarray]] = {
    "within side": lambda *given: _of_side(*given, is_same=True),
    "across side": lambda *given: _of_side(*given, is_same=False),
    "cancelling": _cancelling,
    "one stroke": _one_stroke,
    "per batter": _per_batter,
}
_PROBABILITIES: dict[str, Callable[..., Any]] = {"overconfident": _sharpened, "shuffled confidence": _shuffled}
