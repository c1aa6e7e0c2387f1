"""The hierarchical partial-label model: three numbers a rule first, full confusions shrunk towards them second.

Stage 1 fits the tied model (`labelling.model.tied`) with Beta priors of `strength` pseudo-counts. Stage 2 lets every
P(s | y), abstention included, move away from its tied row, which weighs `strength` pseudo-counts: this is where "the
stride rule misreads sweeps" is learnt.

Rules that repeat each other count as one (`labelling.model.repetition`).

From the first posterior on, the features that rules read are evidence beside the votes
(`labelling.model.feature_likelihood`).

Legend: R rules, S symbols of all rules stacked, C classes, F features, G = 2 F columns of features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.labelling.model.class_prior import EXPECTED, check_class_prior, expected_shares
from slowpaths.labelling.model.encoding import Counts, EmissionParameters, Encoding, clamp
from slowpaths.labelling.model.feature_likelihood import feature_weights, independent_share
from slowpaths.labelling.model.label_model import AUTO, LabelModel
from slowpaths.labelling.model.majority import majority
from slowpaths.labelling.model.repetition import repetition_weights
from slowpaths.labelling.model.tied import Tied, maximise_tied, tied_emissions


@dataclass(kw_only=True, eq=False, repr=False)
class HierarchicalPartial(LabelModel):
    """Learn from partial votes in two stages; the default label model.

    Args:
        tied_rounds: Rounds of stage 1; 0 keeps the prior numbers.
        confusion_rounds: Rounds of stage 2; 0 keeps the tied rows.
        strength: Pseudo-counts of the priors, in deliveries.
        class_prior: Stroke -> how often it is played, relative to the others; what is not named is as in
            `EXPECTED`.
        prior_strength: Pseudo-counts of `class_prior`, as a share of the deliveries.
        prior_limit: Most of these pseudo-counts, in deliveries: without a limit no number of deliveries could show that
            few strokes are played. With too few, strokes absorb each other where votes tell little: of 547 real
            sequences, 30 leave seven of fourteen strokes without any, and 200 two.
        features: Whether the features that rules read are evidence too, where they are known.
        lean: How many deliveries teach the model as much as the plain majority of the votes knows: of n deliveries, the
            majority has lean / (lean + n) of the say.
    """

    name = "hierarchical"
    tied_rounds: int = 40
    confusion_rounds: int = 5
    strength: float = 30.0
    class_prior: Mapping[str, float] = field(default_factory=lambda: EXPECTED)
    prior_strength: float = 0.5
    prior_limit: float = 200.0
    features: bool = True
    lean: float = 10.0
    temperature: float | str = AUTO
    merge_families: bool = False

    def check(self) -> None:
        """Check the settings, as in `LabelModel`."""
        super().check()
        self.check_rounds("tied_rounds", "confusion_rounds")
        self.check_positive("strength", "prior_strength", "prior_limit")
        check_class_prior(self.class_prior)
        if not 0 <= self.lean < np.inf:
            raise UsageError(f"label_model.lean is a number of at least 0, not {self.lean!r}")

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        posterior_NC = super()._posterior(encoding, gold)
        say_N1 = encoding.votes.has_votes[:, None] * (self.lean / (self.lean + self._num_taught))
        return clamp(posterior_NC + say_N1 * (majority(encoding) - posterior_NC), gold)

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        self._num_taught = encoding.num_deliveries
        expected_C = expected_shares(self.class_prior, num_classes=encoding.num_classes)
        prior_counts = min(self.prior_strength * encoding.num_deliveries, self.prior_limit)
        prior = Tied.prior(encoding, expected_C)
        weight_R = repetition_weights(encoding)
        has_votes = bool(weight_R.any())  # without any, nothing tells which features belong to which stroke
        share = independent_share(encoding.features_NG) if self.features and has_votes else 0.0

        def believed(emissions: EmissionParameters, counts: Counts) -> EmissionParameters:
            """Return the parameters with what the counts say of classes and of features."""
            shares_C = counts.totals_C + prior_counts * expected_C
            prior_C, weights_GC = shares_C / shares_C.sum(), None
            if share:
                weights_GC = feature_weights(
                    counts.features_GC, encoding.squares_F, share=share, strength=self.strength
                )
            return replace(emissions, prior_C=prior_C, features_GC=weights_GC, weight_R=weight_R)

        emissions = replace(tied_emissions(encoding, prior, expected_C), weight_R=weight_R)
        for _ in range(self.tied_rounds):
            counts = encoding.expected_counts(emissions, gold=gold)
            tied = maximise_tied(encoding, counts, prior=prior, strength=self.strength)
            emissions = believed(tied_emissions(encoding, tied, expected_C), counts)
        anchor = emissions
        for _ in range(self.confusion_rounds):
            counts = encoding.expected_counts(emissions, gold=gold)
            emissions = believed(shrunk_emissions(encoding, counts, anchor=anchor, strength=self.strength), counts)
        self.emissions_ = emissions


def shrunk_emissions(
    encoding: Encoding, counts: Counts, *, anchor: EmissionParameters, strength: float
) -> EmissionParameters:
    """Return full confusions from expected counts, each row shrunk to its anchor by `strength` pseudo-counts."""
    assert anchor.abstain_RC is not None
    scale_RC = counts.asked_RC + strength
    silent_RC = counts.asked_RC - encoding.by_rule(counts.symbols_SC)
    return replace(
        anchor,
        symbols_SC=(counts.symbols_SC + strength * anchor.symbols_SC) / scale_RC[encoding.rule_S],
        abstain_RC=(silent_RC + strength * anchor.abstain_RC) / scale_RC,
    )
