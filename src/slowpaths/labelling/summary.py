"""What there is to say about a label set, as tables. `labelling.render` puts them into words.

How many labels are right cannot be told without a label. The label model's own mean confidence, before it is flattened,
is the best estimate there is, and too high; it is never given without by how much (`experiments/label_free`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from slowpaths.core.strokes import STROKES
from slowpaths.core.text import counted
from slowpaths.labelling.gold_check import GoldCheck
from slowpaths.labelling.model.agreement import FamilyAgreement, HeldOut, hold_out_families, leave_one_family_out
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.feature_likelihood import independent_share
from slowpaths.labelling.model.label_model import LabelModel
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.model.rule_statistics import RuleSummary, effective_votes, residual_correlation, summarise
from slowpaths.labelling.opinions import Voice
from slowpaths.labelling.rules.calibration import Calibration
from slowpaths.labelling.rules.votes import VoteMatrix
from slowpaths.labelling.select import Selected

_FEW = 200  # deliveries
_DOUBTFUL = 0.5  # sureness by agreement: unseen families agree about half as well as those that are seen
_MAX_CORRELATED = 20_000  # deliveries from which the residual correlations are estimated


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Hold the summary of a label set."""

    fingerprint: str  # of the label set
    model: str  # name of the label model
    temperature: float  # by which the probabilities are flattened (above 1) or sharpened
    own_confidence: float | None  # the label model's mean confidence in its votes, not flattened; None for majority
    # how sure it was flattened to be, from agreement with families unseen: no estimate of how many labels are right;
    # None where that says nothing
    agreed_sureness: float | None
    num_deliveries: int  # deliveries labelled
    num_company: int  # further deliveries that the label model was fitted on
    num_votes: int  # votes cast
    num_features: int  # features that are evidence beside the votes; 0 where votes are all
    independent_features: float  # how many independent ones they are worth
    num_silent: int  # deliveries on which every rule abstains
    num_gold: int  # deliveries labelled by a person
    num_dropped: int  # further deliveries that a person says are none; they have no label
    gold_check: GoldCheck | None  # labels made without the gold, held against it; None without gold
    voices: list[Voice]  # how the votes, the teacher and the student fared
    rules: list[RuleSummary]  # one summary a rule
    # rule -> accuracy on the strokes it covers, estimated by the label model without labels; None without votes, and
    # for a rule with a single symbol
    rule_accuracy: dict[str, float | None]
    # rule -> share of right votes, estimated by the label model without labels; None without votes
    rule_precision: dict[str, float | None]
    effective_votes: dict[str, float]  # family -> how many independent rules it is worth
    agreement: dict[str, FamilyAgreement]  # label model -> how well its labels agree with families it was not shown
    labels: dict[str, int]  # stroke -> labels, of the deliveries that are named
    num_unnamed: int  # deliveries of which nobody says anything: their label is the commonest stroke, and means nothing
    kept: dict[str, int]  # stroke -> labels kept for training
    shares: dict[str, float]  # stroke -> estimated share among the deliveries that are named
    least_confidence: dict[str, float | None]  # stroke -> confidence of the last delivery kept; None where none is
    left_out: dict[str, int]  # reason -> deliveries left out
    antimodes: list[dict[str, Any]]  # antimodes by feature and view
    warnings: list[str]  # what a reader should know before trusting the labels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """Hold a label model and the deliveries it labels, which it was fitted on among others."""

    model: LabelModel  # the model
    encoding: Encoding  # the votes as the rules cast them
    weighed: Encoding  # the votes it was fitted on: families may be merged
    held_out: HeldOut  # what it says without each family
    own_confidence: float | None  # its mean confidence before it is flattened; None for majority vote
    agreed_sureness: float | None  # how sure it is made, from agreement alone; None where there is none to speak of
    num_company: int = 0  # deliveries that it was fitted on and that are not among these

    def only(self, rows: np.ndarray) -> Fitted:
        """Return the same for the deliveries to label, by position."""
        if len(rows) == self.encoding.num_deliveries:
            return self
        encoding, weighed = (Encoding.of(one.votes.take(rows)) for one in (self.encoding, self.weighed))
        num_company = self.encoding.num_deliveries - len(rows)
        return replace(self, encoding=encoding, weighed=weighed, num_company=num_company)


def summary_of(
    fitted: Fitted,
    probs_NC: np.ndarray,
    selected: Selected,
    calibration: Calibration,
    *,
    is_named_N: np.ndarray,
    shares_C: np.ndarray,
    voices: list[Voice],
    num_gold: int,
    num_dropped: int,
    gold_check: GoldCheck | None,
    name: str,
) -> Summary:
    """Return the summary of a label set; `name` is its fingerprint.

    Args:
        fitted: The label model.
        probs_NC: What is believed of the deliveries.
        selected: What is kept of them.
        calibration: Thresholds found in the footage.
        is_named_N: Whether anybody names a delivery.
        shares_C: Estimated shares of the strokes, among the deliveries that are named.
        voices: How each voice fared.
        num_gold: Deliveries that a person named.
        num_dropped: Deliveries that a person says are none.
        gold_check: What would have been said without gold, held against it; None without gold.
        name: Fingerprint of the label set.
    """
    model, encoding, weighed = fitted.model, fitted.encoding, fitted.weighed.votes
    votes, labels_N = encoding.votes, probs_NC.argmax(axis=1)
    labels = _by_stroke(labels_N[is_named_N])
    agreement = {model.name: leave_one_family_out(fitted.held_out)}
    if not isinstance(model, MajorityVote):
        agreement[MajorityVote.name] = leave_one_family_out(hold_out_families(MajorityVote(), weighed))
    features = weighed.features if model.emissions_ is not None and model.emissions_.features_GC is not None else None
    num_features = len(features.names) if features is not None else 0
    return Summary(
        fingerprint=name,
        model=model.name,
        temperature=model.temperature_,
        own_confidence=fitted.own_confidence,
        agreed_sureness=fitted.agreed_sureness,
        num_deliveries=len(votes),
        num_company=fitted.num_company,
        num_votes=int((votes.symbols_NR >= 0).sum()),
        num_features=num_features,
        independent_features=0.0 if features is None else num_features * independent_share(features.design()),
        num_silent=int((~votes.has_votes).sum()),
        num_gold=num_gold,
        num_dropped=num_dropped,
        gold_check=gold_check,
        voices=voices,
        rules=summarise(encoding),
        rule_accuracy=_known(weighed.codes, model.rule_accuracy_),
        rule_precision=_known(weighed.codes, model.rule_precision_),
        effective_votes=effective_votes(votes, _correlation(encoding, probs_NC)),
        agreement=agreement,
        labels=labels,
        num_unnamed=int((~is_named_N).sum()),
        kept=_by_stroke(labels_N[selected.is_kept]),
        shares=dict(zip(STROKES, shares_C.tolist(), strict=True)),
        least_confidence=_known(STROKES, selected.least_C),
        left_out=selected.counts,
        antimodes=calibration.to_dict(),
        warnings=find_warnings(
            votes, labels=labels, num_fitted=len(votes) + fitted.num_company, sureness=fitted.agreed_sureness
        ),
    )


def find_warnings(
    votes: VoteMatrix, *, labels: Mapping[str, int], num_fitted: int, sureness: float | None
) -> list[str]:
    """Return what a reader should know before trusting the labels: silence, one stroke, few deliveries, disagreement.

    Args:
        votes: The votes on the deliveries to label.
        labels: Stroke -> deliveries that somebody names so.
        num_fitted: Deliveries that the label model learned from.
        sureness: How far families of rules bear each other out, 0..1; None where nothing says so.
    """
    warnings, silent = [], int((~votes.has_votes).sum())
    strokes, named = [stroke for stroke, count in labels.items() if count], sum(labels.values())
    of_all = counted(len(votes), "delivery", "deliveries")
    if silent == len(votes):
        rest = "and no other voice speaks: nothing is named" if not named else "other voices alone name them"
        warnings.append(f"no rule votes on any of {of_all}, {rest}; look at the quality features of the poses.")
    elif silent > 0.5 * len(votes):
        warnings.append(f"no rule speaks on {silent} of {of_all}: look at the quality features of the poses.")
    if len(strokes) == 1 and named > 1:
        found = f"one class only: all {named} deliveries that are named are called {strokes[0]}"
        warnings.append(f"{found}; footage of one stroke teaches no label model what tells strokes apart.")
    if num_fitted < _FEW:
        found = "one delivery teaches" if num_fitted == 1 else f"{num_fitted} deliveries teach"
        cure = "name more mined folders in company="
        warnings.append(f"{found} a label model little of its rules ({_FEW} do): {cure}.")
    if sureness is not None and sureness < _DOUBTFUL:
        found = "families of rules bear out little of what is named without them"
        warnings.append(f"{found}: trust the labels little, and look at what each rule says.")
    return warnings


def _correlation(encoding: Encoding, probs_NC: np.ndarray) -> np.ndarray:
    """Return the residual correlation of the rules (R, R), from evenly spaced deliveries of a large set."""
    if encoding.num_deliveries <= _MAX_CORRELATED:
        return residual_correlation(encoding, probs_NC)
    sample = np.linspace(0, encoding.num_deliveries - 1, _MAX_CORRELATED).astype(int)
    return residual_correlation(Encoding.of(encoding.votes.take(sample)), probs_NC[sample])


def _known(names: Sequence[str], values: np.ndarray) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else float(value) for name, value in zip(names, values, strict=True)}


def _by_stroke(labels: np.ndarray) -> dict[str, int]:
    return dict(zip(STROKES, np.bincount(labels, minlength=len(STROKES)).tolist(), strict=True))
