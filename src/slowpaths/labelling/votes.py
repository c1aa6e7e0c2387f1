"""The vote matrix: what every rule says of every delivery.

Legend: N deliveries, R rules, S symbols of one rule, Y strokes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from slowpaths.core.errors import TableError
from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.strokes import ABSTAIN, membership
from slowpaths.labelling.arrow import join_texts, positions
from slowpaths.labelling.block import FeatureBlock
from slowpaths.labelling.calibration import Calibration
from slowpaths.labelling.cuts import Cut
from slowpaths.labelling.gates import Gates
from slowpaths.labelling.movement import Movement
from slowpaths.labelling.rules import Rule

NOT_ASKED = -2
"""The symbol of a rule that a gate or a missing feature kept from looking: no evidence, unlike an abstention."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ballot:
    """Declare what one rule can say: a label model needs no more of a rule.

    Args:
        code: Code of the rule.
        family: Family of the rule.
        symbols: Names of the symbols (S,).
        sets_SY: Strokes each symbol may mean (S, Y), bool.
        reads: Names of the features it looks at.
    """

    code: str
    family: str
    symbols: tuple[str, ...]
    sets_SY: np.ndarray
    reads: frozenset[str] = frozenset()

    @classmethod
    def of(cls, rule: Rule) -> Ballot:
        """Return the ballot of a rule."""
        return cls(
            code=rule.code,
            family=rule.family,
            symbols=rule.symbols,
            sets_SY=membership(rule.votes.values()),
            reads=rule.reads,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VoteMatrix:
    """Hold the votes of R rules on N deliveries.

    Args:
        delivery_ids: Deliveries, in the order of the rows (N,).
        ballots: What each rule can say (R,).
        symbols_NR: Number of the symbol voted for, -1 to abstain, -2 where the rule could not look (N, R), int8.
        movement: The numbers that rules read; None where only votes are known.
    """

    delivery_ids: pa.Array
    ballots: tuple[Ballot, ...]
    symbols_NR: np.ndarray
    movement: Movement | None = None

    def __post_init__(self) -> None:
        assert self.symbols_NR.shape == (len(self.delivery_ids), len(self.ballots)), self.symbols_NR.shape

    def __len__(self) -> int:
        return len(self.delivery_ids)

    @property
    def num_classes(self) -> int:
        """Return how many strokes the ballots speak of."""
        return self.ballots[0].sets_SY.shape[1]

    @property
    def families(self) -> tuple[str, ...]:
        """Return the distinct families in order of appearance."""
        return tuple(dict.fromkeys(ballot.family for ballot in self.ballots))

    @property
    def has_votes(self) -> np.ndarray:
        """Return where at least one rule votes (N,), bool."""
        return np.any(self.symbols_NR >= 0, axis=1)

    def take(self, rows: np.ndarray) -> VoteMatrix:
        """Return the votes on some deliveries, by position or mask."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        return replace(
            self,
            delivery_ids=self.delivery_ids.take(pa.array(rows)),
            symbols_NR=self.symbols_NR[rows],
            movement=None if self.movement is None else self.movement.take(rows),
        )

    def with_rules(self, is_wanted: np.ndarray) -> VoteMatrix:
        """Return the votes of some rules, by a mask (R,), without the features that only the others read."""
        columns = np.flatnonzero(is_wanted)
        ballots = tuple(self.ballots[column] for column in columns)
        read = {feature for ballot in ballots for feature in ballot.reads}
        movement = None if self.movement is None else self.movement.only(read)
        return replace(self, ballots=ballots, symbols_NR=self.symbols_NR[:, columns], movement=movement)


def apply_rules(
    deliveries: pa.Table | FeatureBlock,
    *,
    rules: Sequence[Rule],
    calibration: Calibration,
    delivery_ids: pa.Array | None = None,
) -> VoteMatrix:
    """Return what the rules vote, gates included, and the numbers they read.

    Args:
        deliveries: Deliveries table, or its block where `delivery_ids` is given too.
        rules: Rules to apply (R,).
        calibration: Thresholds.
        delivery_ids: Ids (N,); taken from the table where they are not given.
    """
    if isinstance(deliveries, pa.Table):
        delivery_ids = deliveries["delivery_id"].combine_chunks()
        deliveries = FeatureBlock.from_table(deliveries)
    assert delivery_ids is not None
    block, gates = deliveries, Gates.of(deliveries)
    met: dict[Cut, np.ndarray] = {}
    symbols_NR = np.full((len(block), len(rules)), NOT_ASKED, dtype=np.int8)
    for column, rule in enumerate(rules):
        for cut in rule.cuts.values():
            if cut not in met:
                met[cut] = calibration.met(cut, block)
        is_open = gates.allow(
            views=rule.views, requires=rule.requires, gates=rule.gates, impact_within_s=rule.impact_within_s
        )
        for feature in rule.requires:
            is_open = is_open & np.isfinite(block[feature])
        if is_open.any():
            said = rule(block.with_cuts({name: met[cut] for name, cut in rule.cuts.items()}))
            symbols_NR[:, column] = np.where(is_open, said, NOT_ASKED)
    ballots = tuple(Ballot.of(rule) for rule in rules)
    read = [name for name in FEATURE_NAMES if any(name in ballot.reads for ballot in ballots)]
    movement = Movement.of(block, read, is_hand_known=gates.is_hand_known)
    return VoteMatrix(delivery_ids=delivery_ids, ballots=ballots, symbols_NR=symbols_NR, movement=movement)


def from_votes_table(votes: pa.Table, *, rules: Sequence[Rule], delivery_ids: pa.Array) -> VoteMatrix:
    """Return the matrix of a votes table, which does not tell an abstention from a rule that could not look.

    Args:
        votes: Table of the votes schema, rows in any order.
        rules: Rules that may vote (R,).
        delivery_ids: Deliveries that may be voted on (N,).

    Raises:
        TableError: If the table speaks of a delivery, rule or symbol that is not among these.
    """
    ballots = tuple(Ballot.of(rule) for rule in rules)
    rows = _positions(votes["delivery_id"], delivery_ids, "delivery_id")
    columns = _positions(votes["rule"], pa.array([ballot.code for ballot in ballots], pa.string()), "rule")
    names = [f"{ballot.code} {symbol}" for ballot in ballots for symbol in ballot.symbols]
    said = join_texts([votes["rule"], votes["symbol"]], separator=" ")
    starts = np.cumsum([0, *(len(ballot.symbols) for ballot in ballots)])
    symbols_NR = np.full((len(delivery_ids), len(ballots)), ABSTAIN, dtype=np.int8)
    symbols_NR[rows, columns] = _positions(said, pa.array(names, pa.string()), "symbol") - starts[columns]
    return VoteMatrix(delivery_ids=delivery_ids, ballots=ballots, symbols_NR=symbols_NR)


def _positions(values: pa.ChunkedArray, known: pa.Array, column: str) -> np.ndarray:
    found = positions(values, known)
    if (found < 0).any():
        stranger = values[int(np.argmax(found < 0))].as_py()
        raise TableError(
            f"the votes table has the {column} '{stranger}', which is unknown here: "
            "run `slowpaths label` again on this mined folder"
        )
    return found
