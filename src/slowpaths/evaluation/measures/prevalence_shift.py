"""Counting strokes where another team plays others: the error of estimated shares under prevalence shift.

The artificial-prevalence protocol (Forman 2008; Moreo, Esuli and Sebastiani 2021, doi 10.1145/3459637.3482015, QuaPy):
shares are drawn alike from all there can be (a flat Dirichlet over the strokes that truth has), so many balls are drawn
by them from the footage, with replacement inside a stroke, and every estimator counts them. The confusion that adjusted
counts need is learnt from one half of the matches, the draws are from the other half; both halves are taken in turn.
Errors are mean absolute, mean relative absolute and the
Kullback-Leibler divergence, as in `prevalence`.

Edge cases: it needs two matches; strokes that one of the halves does not have are left out of its draws. Expectation
maximisation is left out where it is not known which shares the model was trained under. The draws are of a fixed seed,
so the same tables give the same numbers; there is no interval.

Legend: N graded balls, G named classes, S true classes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.measures.prevalence import (
    absolute_error,
    adjusted_count,
    classify_and_count,
    divergence,
    expectation_maximisation,
    first_half,
    probabilistic_count,
    relative_absolute_error,
)
from slowpaths.evaluation.sample import Sample

_DRAWS, _BALLS = 25, 200  # of each half
CLASSIFY, ALIKE = "classify and count", "every stroke alike"
Count = Callable[[np.ndarray], np.ndarray]


def estimators(
    seen_NG: np.ndarray, true_N: np.ndarray, prior_G: np.ndarray | None, *, num_true: int
) -> dict[str, Count]:
    """Return ways to estimate shares (G,) from probabilities (N, G), by name.

    Args:
        seen_NG: Probabilities of labelled balls, which tell the confusion.
        true_N: Their strokes.
        prior_G: Shares that the probabilities take for given; None where they are not known.
        num_true: Strokes that truth can have.
    """
    alike_G = np.where(np.arange(seen_NG.shape[1]) < num_true, 1 / num_true, 0.0)

    def adjusted(probs_NG: np.ndarray, *, is_soft: bool) -> np.ndarray:
        counted_S = adjusted_count(probs_NG, seen_NG, true_N, num_true=num_true, is_soft=is_soft)
        return np.r_[counted_S, np.zeros(len(alike_G) - num_true)]

    found: dict[str, Count] = {
        ALIKE: lambda _: alike_G,
        CLASSIFY: classify_and_count,
        "mean probability": probabilistic_count,
        "adjusted count": lambda probs_NG: adjusted(probs_NG, is_soft=False),
        "adjusted mean probability": lambda probs_NG: adjusted(probs_NG, is_soft=True),
    }
    if prior_G is not None:
        found["expectation maximisation"] = lambda probs_NG: expectation_maximisation(probs_NG, prior_G)
    return found


def draws(true_N: np.ndarray, strokes: np.ndarray, *, seed: int) -> list[np.ndarray]:
    """Return rows of so many samples, each of shares drawn alike from all there can be over some strokes."""
    rng = np.random.default_rng(seed)
    rows_of = [np.flatnonzero(true_N == stroke) for stroke in strokes]
    found = []
    for _ in range(_DRAWS):
        counts = rng.multinomial(_BALLS, rng.dirichlet(np.ones(len(strokes))))
        found.append(np.concatenate([rng.choice(rows, num) for rows, num in zip(rows_of, counts, strict=True)]))
    return found


def shifted(sample: Sample, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Return three errors of estimators (all where none are named), one row a draw (draws, 3).

    Raises:
        NotMeasured: If there are not two matches with two strokes in common.
    """
    own = np.flatnonzero(sample.is_ball_N)
    is_first = first_half(sample.pairing.match[sample.rows[own]])
    probs_NG, true_N, num_true = sample.probs_NG[own], sample.true_N[own], len(sample.names)
    if not is_first.any() or is_first.all():
        raise NotMeasured("it needs two matches: one to learn the confusion from, one to count")
    prior_G = None if sample.prior_C is None else sample.prior_C @ sample.pairing.space.matrix_CG
    errors: dict[str, list[tuple[float, float, float]]] = {}
    for seed, half in enumerate((is_first, ~is_first)):
        strokes = np.intersect1d(true_N[half], true_N[~half])
        if len(strokes) < 2:
            raise NotMeasured("the two halves of the matches have fewer than two strokes in common")
        ways = estimators(probs_NG[~half], true_N[~half], prior_G, num_true=num_true)
        for rows in draws(true_N[half], strokes, seed=seed):
            true_G = np.bincount(true_N[half][rows], minlength=probs_NG.shape[1]) / len(rows)
            for name in names or ways:
                counted_G = ways[name](probs_NG[half][rows])
                relative = relative_absolute_error(true_G, counted_G, num=len(rows))
                row = absolute_error(true_G, counted_G), relative, divergence(true_G, counted_G, num=len(rows))
                errors.setdefault(name, []).append(row)
    return {name: np.array(rows) for name, rows in errors.items()}


@measure(76, "usefulness", baseline="every class alike", best="lowest")
def _prevalence_shift_error(sample: Sample) -> Reading:
    """Mean error of a stroke's share where others are played, counting named strokes (lower is better)."""
    errors = shifted(sample, (CLASSIFY, ALIKE))
    chance = float(errors[ALIKE][:, 0].mean())
    return Reading(values_B=np.array([errors[CLASSIFY][:, 0].mean()]), num=len(errors[CLASSIFY]), chance=chance)


@report_table(71, name="prevalence_shift", title="Counting strokes where others are played")
def _prevalence_shift(sample: Sample) -> Table:
    means = {name: rows.mean(axis=0).tolist() for name, rows in shifted(sample).items()}
    return [
        {"method": name, "absolute_error": ae, "relative_absolute_error": rae, "divergence_nats": kld}
        for name, (ae, rae, kld) in means.items()
    ]
