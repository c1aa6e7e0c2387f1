"""The tied model of a rule: three numbers say how often it speaks and how often it is then right.

A rule k has symbols s, each declared to mean the classes S_k(s); in_k are the classes that some symbol of it means. For
y in in_k it speaks with probability c_in and is then right with probability a (split over its right symbols, or else
over its wrong ones); for other y it speaks with probability c_out, any symbol. The declared sets anchor the classes, so
there is no label switching. It is the partial one-coin model of Yu, Ding and Bach 2022 (PMLR 151), with abstentions
modelled.

How often a rule speaks can be counted without knowing any class. The priors of c_in and c_out are therefore set so
that they give that count, in the ratio of .65 to .25: the silence of a rule that hardly ever speaks tells little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.labelling.model.encoding import Counts, EmissionParameters, Encoding

ACCURACY = 0.78  # prior of a: how often a rule is right where it speaks of a stroke it covers
COVERAGE = 0.65  # c_in where a rule speaks as often as expected
FALSE_ALARM = 0.25  # c_out there
_CERTAIN = 0.999  # accuracy of a rule with a single symbol: it cannot say a wrong one
_MAX_COVERAGE = 0.95  # no rule is expected to speak always


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tied:
    """Hold the three numbers of every rule."""

    accuracy_R: np.ndarray  # a
    coverage_R: np.ndarray  # c_in
    false_alarm_R: np.ndarray  # c_out

    @classmethod
    def prior(cls, encoding: Encoding, expected_C: np.ndarray) -> Tied:
        """Return the numbers expected of rules from how often they speak, before it is known of what."""
        inside_R = (encoding.by_rule(encoding.sets_SC.astype(np.float64)) > 0) @ expected_C
        ratio = FALSE_ALARM / COVERAGE
        coverage_R = np.minimum(encoding.speaks_R / (inside_R + ratio * (1.0 - inside_R)), _MAX_COVERAGE)
        left_R = (encoding.speaks_R - coverage_R * inside_R) / np.maximum(1.0 - inside_R, 1e-9)
        return cls(
            accuracy_R=np.where(np.bincount(encoding.rule_S) == 1, _CERTAIN, ACCURACY),
            coverage_R=coverage_R,
            false_alarm_R=np.clip(left_R, ratio * coverage_R, coverage_R),
        )


def tied_emissions(encoding: Encoding, tied: Tied, prior_C: np.ndarray) -> EmissionParameters:
    """Return P(symbol | class) and P(abstain | class) of rules described by three numbers each."""
    rule_S, sets_SC = encoding.rule_S, encoding.sets_SC
    sizes_R = np.bincount(rule_S)
    right_RC = encoding.by_rule(sets_SC.astype(np.float64))
    wrong_RC = sizes_R[:, None] - right_RC
    accuracy_S, coverage_S = tied.accuracy_R[rule_S, None], tied.coverage_R[rule_S, None]
    is_right = accuracy_S * coverage_S / np.maximum(right_RC, 1)[rule_S]
    is_wrong = (1 - accuracy_S) * coverage_S / np.maximum(wrong_RC, 1)[rule_S]
    is_strange = (tied.false_alarm_R / sizes_R)[rule_S, None]
    symbols_SC = np.where(sets_SC, is_right, np.where(right_RC[rule_S] > 0, is_wrong, is_strange))
    return EmissionParameters(prior_C=prior_C, symbols_SC=symbols_SC, abstain_RC=1.0 - encoding.by_rule(symbols_SC))


def maximise_tied(encoding: Encoding, counts: Counts, *, prior: Tied, strength: float) -> Tied:
    """Return the three numbers of every rule from expected counts, with Beta priors of `strength` pseudo-counts."""
    is_in_RC = encoding.by_rule(encoding.sets_SC.astype(np.float64)) > 0
    cast_RC = encoding.by_rule(counts.symbols_SC)
    cast_in_R, cast_out_R = (cast_RC * is_in_RC).sum(axis=1), (cast_RC * ~is_in_RC).sum(axis=1)
    asked_in_R, asked_out_R = (counts.asked_RC * is_in_RC).sum(axis=1), (counts.asked_RC * ~is_in_RC).sum(axis=1)
    right_R = encoding.by_rule(counts.symbols_SC * encoding.sets_SC).sum(axis=1)
    accuracy_R = (right_R + strength * prior.accuracy_R) / (cast_in_R + strength)
    return Tied(
        accuracy_R=np.where(np.bincount(encoding.rule_S) == 1, _CERTAIN, accuracy_R),
        coverage_R=(cast_in_R + strength * prior.coverage_R) / (asked_in_R + strength),
        false_alarm_R=(cast_out_R + strength * prior.false_alarm_R) / (asked_out_R + strength),
    )
