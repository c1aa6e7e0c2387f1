"""The votes as a table, each with the measured numbers and thresholds a person can check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from slowpaths.core.views import VIEWS
from slowpaths.labelling.arrow import join_texts
from slowpaths.labelling.block import FeatureBlock
from slowpaths.labelling.calibration import Calibration
from slowpaths.labelling.cuts import Cut, feature_of
from slowpaths.labelling.rules import Rule
from slowpaths.labelling.votes import VoteMatrix
from slowpaths.store.schema import VOTES


def votes_table(votes: VoteMatrix, *, block: FeatureBlock, rules: Sequence[Rule], calibration: Calibration) -> pa.Table:
    """Return the cast votes with their evidence, rule by rule, deliveries in order within a rule.

    Args:
        votes: Matrix from `apply_rules` on `block`.
        block: Deliveries.
        rules: Rules, in the order of the matrix.
        calibration: Thresholds used.

    Returns:
        Table of the votes schema; abstentions have no row.
    """
    schema = VOTES.schema.remove_metadata()
    shards = [schema.empty_table()]
    for column, rule in enumerate(rules):
        for number, symbol in enumerate(rule.symbols):
            rows = np.flatnonzero(votes.symbols_NR[:, column] == number)
            if not len(rows):
                continue
            parts = [_cut_text(rule.cuts[name], rows, block, calibration) for name in rule.evidence[symbol]]
            shard = [
                votes.delivery_ids.take(pa.array(rows)),
                pa.repeat(pa.scalar(rule.code), len(rows)),
                pa.repeat(pa.scalar(symbol), len(rows)),
                join_texts(parts, separator="; "),
            ]
            shards.append(pa.Table.from_arrays(shard, schema=schema))
    return pa.concat_tables(shards)


def _cut_text(cut: Cut, rows: np.ndarray, block: FeatureBlock, calibration: Calibration) -> pa.Array:
    """Return "feature value unit >= threshold (origin, view)" for some deliveries."""
    feature = feature_of(cut.feature)
    values = np.round(block[cut.feature][rows], 3)
    sign = ">=" if cut.side == "above" else "<="
    unit = f" {feature.unit}" if feature.unit else ""
    size = " in size" if cut.is_folded else ""
    limits = [
        f"{unit} {sign} {threshold.value:.3g}{size} ({threshold.origin}, {view})"
        for view, threshold in zip(VIEWS, calibration.thresholds(cut), strict=True)
    ]
    limit = pa.array(limits).take(pa.array(block.view_codes[rows]))
    return join_texts([f"{feature.name} ", pa.array(values).cast(pa.string()), limit], separator="")
