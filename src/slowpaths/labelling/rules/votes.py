"""The vote matrix: what every rule says of every delivery.

Legend: N deliveries, R rules, S symbols of one rule, C strokes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.strokes import membership
from slowpaths.core.views import VIEWS
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.calibration import Calibration
from slowpaths.labelling.rules.feature_values import FeatureValues
from slowpaths.labelling.rules.quality import Quality, is_observable
from slowpaths.labelling.rules.rule import Rule
from slowpaths.labelling.rules.thresholds import Threshold

NOT_ASKED = -2
"""The symbol of a rule that could not look (view, missing feature, no quality): no evidence, unlike an abstention."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleSpec:
    """Declare what one rule can say: a label model needs no more of a rule."""

    code: str  # code of the rule
    family: str  # family of the rule
    symbols: tuple[str, ...]  # names of the symbols (S,)
    sets_SC: np.ndarray  # strokes each symbol may mean (S, C), bool
    reads: frozenset[str] = frozenset()  # names of the features it looks at

    @classmethod
    def of(cls, rule: Rule) -> RuleSpec:
        """Return the spec of a rule."""
        sets_SC = membership(rule.votes.values())
        return cls(code=rule.code, family=rule.family, symbols=rule.symbols, sets_SC=sets_SC, reads=rule.reads)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VoteMatrix:
    """Hold the votes of R rules on N deliveries."""

    delivery_ids: pa.Array  # deliveries, in the order of the rows (N,)
    specs: tuple[RuleSpec, ...]  # what each rule can say (R,)
    # number of the symbol voted for, -1 to abstain, -2 where the rule could not look (N, R), int8
    symbols_NR: np.ndarray
    # how far what each rule says, or keeps silent about, counts (N, R), 0..1; None where everything counts whole
    weights_NR: np.ndarray | None = None
    features: FeatureValues | None = None  # the numbers that rules read; None where only votes are known

    def __post_init__(self) -> None:
        for values_NR in (self.symbols_NR, self.weights):
            assert values_NR.shape == (len(self.delivery_ids), len(self.specs)), values_NR.shape

    def __len__(self) -> int:
        return len(self.delivery_ids)

    @property
    def num_classes(self) -> int:
        """Return how many strokes the specs speak of."""
        return self.specs[0].sets_SC.shape[1]

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes of the rules (R,)."""
        return tuple(spec.code for spec in self.specs)

    @property
    def families(self) -> tuple[str, ...]:
        """Return the distinct families in order of appearance."""
        return tuple(dict.fromkeys(spec.family for spec in self.specs))

    @property
    def weights(self) -> np.ndarray:
        """Return how far what each rule says counts (N, R), 0 where it could not look."""
        return (self.symbols_NR != NOT_ASKED) * (1.0 if self.weights_NR is None else self.weights_NR)

    @property
    def has_votes(self) -> np.ndarray:
        """Return where at least one rule votes (N,), bool."""
        return np.any(self.symbols_NR >= 0, axis=1)

    def take(self, rows: np.ndarray) -> VoteMatrix:
        """Return the votes on some deliveries, by position or mask."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        ids = self.delivery_ids.take(pa.array(rows))
        features = None if self.features is None else self.features.take(rows)
        weights_NR = None if self.weights_NR is None else self.weights_NR[rows]
        symbols_NR = self.symbols_NR[rows]
        return replace(self, delivery_ids=ids, symbols_NR=symbols_NR, weights_NR=weights_NR, features=features)

    def columns(self, rules: Sequence[int] | np.ndarray) -> VoteMatrix:
        """Return the votes of some rules, by position and in that order, with all features."""
        weights_NR = None if self.weights_NR is None else self.weights_NR[:, rules]
        specs = tuple(self.specs[rule] for rule in rules)
        return replace(self, specs=specs, symbols_NR=self.symbols_NR[:, rules], weights_NR=weights_NR)

    def with_rules(self, is_wanted: np.ndarray) -> VoteMatrix:
        """Return the votes of some rules, by a mask (R,), without the features that only the others read."""
        wanted = self.columns(np.flatnonzero(is_wanted))
        read = {feature for spec in wanted.specs for feature in spec.reads}
        return replace(wanted, features=None if self.features is None else self.features.only(read))


def apply_rules(
    deliveries: pa.Table, *, rules: Sequence[Rule], calibration: Calibration, block: FeatureBlock | None = None
) -> VoteMatrix:
    """Return what the rules vote on deliveries (or on the block made of them), and the numbers they read."""
    block = FeatureBlock.from_table(deliveries) if block is None else block
    quality = Quality.of(block)
    met: dict[Threshold, np.ndarray] = {}
    symbols_NR = np.full((len(block), len(rules)), NOT_ASKED, dtype=np.int8)
    weights_NR = np.zeros(symbols_NR.shape)
    for column, rule in enumerate(rules):
        for threshold in rule.thresholds.values():
            if threshold not in met:
                met[threshold] = calibration.met(threshold, block)
        weights_NR[:, column] = _weight(rule, block, quality)
        can_look = weights_NR[:, column] > 0
        if can_look.any():
            met_by_name = {name: met[threshold] for name, threshold in rule.thresholds.items()}
            symbols_NR[:, column] = np.where(can_look, rule(replace(block, met_by_name=met_by_name)), NOT_ASKED)
    read = {name for rule in rules for name in rule.reads}
    return VoteMatrix(
        delivery_ids=deliveries["delivery_id"].combine_chunks(),
        specs=tuple(RuleSpec.of(rule) for rule in rules),
        symbols_NR=symbols_NR,
        weights_NR=weights_NR,
        features=FeatureValues.of(block, [name for name in FEATURE_NAMES if name in read], hand_N=quality.hand_N),
    )


def _weight(rule: Rule, block: FeatureBlock, quality: Quality) -> np.ndarray:
    """Return how far a rule counts (N,): in its views, with its features measured, as far as quality allows."""
    is_seen = np.array([view in rule.views and is_observable(rule.requires, view) for view in VIEWS])
    measured = [np.isfinite(block[feature]) for feature in rule.requires]
    can_look = np.logical_and.reduce([is_seen[block.view_codes], *measured])
    return can_look * quality.weight(rule.requires, needs=rule.needs, impact_within_s=rule.impact_within_s)
