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
from slowpaths.labelling.rules.gates import SIDE_FEATURES, Gates, is_observable
from slowpaths.labelling.rules.rule import Rule
from slowpaths.labelling.rules.thresholds import Threshold

NOT_ASKED = -2
"""The symbol of a rule that a gate or a missing feature kept from looking: no evidence, unlike an abstention."""


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
    features: FeatureValues | None = None  # the numbers that rules read; None where only votes are known

    def __post_init__(self) -> None:
        assert self.symbols_NR.shape == (len(self.delivery_ids), len(self.specs)), self.symbols_NR.shape

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
    def has_votes(self) -> np.ndarray:
        """Return where at least one rule votes (N,), bool."""
        return np.any(self.symbols_NR >= 0, axis=1)

    def take(self, rows: np.ndarray) -> VoteMatrix:
        """Return the votes on some deliveries, by position or mask."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        ids = self.delivery_ids.take(pa.array(rows))
        features = None if self.features is None else self.features.take(rows)
        return replace(self, delivery_ids=ids, symbols_NR=self.symbols_NR[rows], features=features)

    def with_rules(self, is_wanted: np.ndarray) -> VoteMatrix:
        """Return the votes of some rules, by a mask (R,), without the features that only the others read."""
        columns = np.flatnonzero(is_wanted)
        specs = tuple(self.specs[column] for column in columns)
        read = {feature for spec in specs for feature in spec.reads}
        features = None if self.features is None else self.features.only(read)
        return replace(self, specs=specs, symbols_NR=self.symbols_NR[:, columns], features=features)


def apply_rules(
    deliveries: pa.Table, *, rules: Sequence[Rule], calibration: Calibration, block: FeatureBlock | None = None
) -> VoteMatrix:
    """Return what the rules vote on deliveries (or on the block made of them), and the numbers they read."""
    block = FeatureBlock.from_table(deliveries) if block is None else block
    delivery_ids, gates = deliveries["delivery_id"].combine_chunks(), Gates.of(block)
    met: dict[Threshold, np.ndarray] = {}
    symbols_NR = np.full((len(block), len(rules)), NOT_ASKED, dtype=np.int8)
    for column, rule in enumerate(rules):
        for threshold in rule.thresholds.values():
            if threshold not in met:
                met[threshold] = calibration.met(threshold, block)
        is_open = _may_look(rule, block, gates)
        if is_open.any():
            met_by_name = {name: met[threshold] for name, threshold in rule.thresholds.items()}
            symbols_NR[:, column] = np.where(is_open, rule(replace(block, met_by_name=met_by_name)), NOT_ASKED)
    specs = tuple(RuleSpec.of(rule) for rule in rules)
    read = [name for name in FEATURE_NAMES if any(name in spec.reads for spec in specs)]
    features = FeatureValues.of(block, read, is_hand_known=gates.is_hand_known)
    return VoteMatrix(delivery_ids=delivery_ids, specs=specs, symbols_NR=symbols_NR, features=features)


def _may_look(rule: Rule, block: FeatureBlock, gates: Gates) -> np.ndarray:
    """Return where a rule may speak (N,): in its views, through its gates, with its features measured."""
    is_seen = np.array([view in rule.views and is_observable(rule.requires, view) for view in VIEWS])
    is_open = is_seen[block.view_codes] & ~(block.impact_uncertainty_s > rule.impact_within_s)
    hand = [gates.is_hand_known] if SIDE_FEATURES.intersection(rule.requires) else []
    measured = [np.isfinite(block[feature]) for feature in rule.requires]
    return np.logical_and.reduce([is_open, *(gates.by_name[name] for name in rule.gates), *hand, *measured])
