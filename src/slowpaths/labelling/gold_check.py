"""Labels held against what a person said, before that was known to anybody who made them.

The person chose what to look at, so this is the accuracy on what they chose. Whoever looks at the least sure
deliveries first finds more errors than the set holds.

Legend: N deliveries, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest

from slowpaths.core.tempering import temper

FEWEST_FOR_TEMPERATURE = 100
"""With so many corrections the standard error of a share is at most .05; with fewer the label model's own estimate
stays."""
_TEMPERATURES = (0.25, 4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Say how often somebody named the stroke that a person says was played."""

    name: str  # "label", or a voice
    num: int  # deliveries on which it spoke and a person said the stroke
    right: int  # of these, named as the person does
    low: float  # lower end of Wilson's 95 % interval of the share
    high: float  # upper end


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldCheck:
    """Hold how labels fared that were made without the corrections they are held against."""

    scores: tuple[Score, ...]  # the label first, then each voice that spoke
    confidence: float  # how sure the labels were of themselves there, mean
    temperature: float | None  # by which posteriors are flattened from now on; None with too few corrections


def check_gold(probs_NC: np.ndarray, said_by: Mapping[str, np.ndarray], gold_N: np.ndarray) -> GoldCheck:
    """Hold posteriors that know of no correction against the corrections.

    Args:
        probs_NC: Probabilities of the labels.
        said_by: Voice -> its probabilities (N, C), NaN rows where it says nothing.
        gold_N: Strokes by a person, -1 where nothing is said; somewhere something is.
    """
    told = np.flatnonzero(gold_N >= 0)
    probs_KC, gold_K = probs_NC[told], gold_N[told]
    voices = {"label": probs_KC, **{name: said_NC[told] for name, said_NC in said_by.items()}}
    enough = len(told) >= FEWEST_FOR_TEMPERATURE
    return GoldCheck(
        scores=tuple(score for name, said_KC in voices.items() if (score := _score(name, said_KC, gold_K))),
        confidence=float(probs_KC.max(axis=1).mean()),
        temperature=fit_temperature(probs_KC, gold_K) if enough else None,
    )


def _score(name: str, probs_NC: np.ndarray, gold_N: np.ndarray) -> Score | None:
    speaks_N = np.isfinite(probs_NC).all(axis=1)
    if not speaks_N.any():
        return None
    num, right = int(speaks_N.sum()), int((probs_NC[speaks_N].argmax(axis=1) == gold_N[speaks_N]).sum())
    interval = binomtest(right, num).proportion_ci(method="wilson")
    return Score(name=name, num=num, right=right, low=float(interval.low), high=float(interval.high))


def fit_temperature(probs_NC: np.ndarray, gold_N: np.ndarray) -> float:
    """Return the temperature of least log loss (Guo et al. 2017, arXiv 1706.04599), .25 to 4.

    Args:
        probs_NC: Probabilities.
        gold_N: The true strokes.
    """

    def loss(log_temperature: float) -> float:
        likely_N = temper(probs_NC, float(np.exp(log_temperature)))[np.arange(len(gold_N)), gold_N]
        return float(-np.log(np.maximum(likely_N, 1e-12)).mean())

    found = minimize_scalar(loss, bounds=tuple(np.log(_TEMPERATURES)), method="bounded")
    return float(np.exp(found.x))
