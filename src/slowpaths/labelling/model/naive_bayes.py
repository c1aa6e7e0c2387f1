"""Fixed naive Bayes: what the declared sets say by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from slowpaths.labelling.model.class_prior import EXPECTED, check_class_prior, expected_shares
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.label_model import AUTO, LabelModel
from slowpaths.labelling.model.repetition import repetition_weights
from slowpaths.labelling.model.tied import Tied, tied_emissions


@dataclass(kw_only=True, eq=False, repr=False)
class FixedNaiveBayes(LabelModel):
    """Trust the declared sets and how often rules speak, and learn nothing: a fairer baseline than majority vote.

    Args:
        class_prior: Stroke -> how often it is played, relative to the others; what is not named is as in
            `EXPECTED`.
    """

    name = "naive_bayes"
    class_prior: Mapping[str, float] = field(default_factory=lambda: EXPECTED)
    temperature: float | str = AUTO
    merge_families: bool = False

    def check(self) -> None:
        """Check the settings, as in `LabelModel`."""
        super().check()
        check_class_prior(self.class_prior)

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        expected_C = expected_shares(self.class_prior, num_classes=encoding.num_classes)
        tied = tied_emissions(encoding, Tied.prior(encoding, expected_C), expected_C)
        self.emissions_ = replace(tied, weight_R=repetition_weights(encoding))
