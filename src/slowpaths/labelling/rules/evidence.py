"""The votes as a table, each with the measured numbers and thresholds a person can check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from slowpaths.core.views import VIEWS
from slowpaths.labelling.arrow import join_texts
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.calibration import Calibration
from slowpaths.labelling.rules.rule import Rule
from slowpaths.labelling.rules.thresholds import Threshold, feature_of
from slowpaths.labelling.rules.votes import VoteMatrix
from slowpaths.store.schema import VOTES


def votes_table(votes: VoteMatrix, *, block: FeatureBlock, rules: Sequence[Rule], calibration: Calibration) -> pa.Table:
    """Return the cast votes with their evidence (votes schema), rule by rule, deliveries in order within a rule."""
    schema = VOTES.schema.remove_metadata()
    shards, weights_NR = [schema.empty_table()], votes.weights
    for column, rule in enumerate(rules):
        for number, symbol in enumerate(rule.symbols):
            rows = np.flatnonzero(votes.symbols_NR[:, column] == number)
            if not len(rows):
                continue
            parts = [_threshold_text(rule.thresholds[name], rows, block, calibration) for name in rule.evidence[symbol]]
            shard = [
                votes.delivery_ids.take(pa.array(rows)),
                pa.repeat(pa.scalar(rule.code), len(rows)),
                pa.repeat(pa.scalar(symbol), len(rows)),
                join_texts(parts, separator="; "),
                pa.array(weights_NR[rows, column]),
            ]
            shards.append(pa.Table.from_arrays(shard, schema=schema))
    return pa.concat_tables(shards)


def _threshold_text(threshold: Threshold, rows: np.ndarray, block: FeatureBlock, calibration: Calibration) -> pa.Array:
    """Return "feature value unit >= threshold (origin, view)" for some deliveries."""
    feature = feature_of(threshold.feature)
    values = np.round(block[threshold.feature][rows], 3)
    sign = ">=" if threshold.side == "above" else "<="
    unit = f" {feature.unit}" if feature.unit else ""
    size = " in size" if threshold.is_folded else ""
    limits = [
        f"{unit} {sign} {level.value:.3g}{size} ({level.origin}, {view})"
        for view, level in zip(VIEWS, calibration.levels(threshold), strict=True)
    ]
    limit = pa.array(limits).take(pa.array(block.view_codes[rows]))
    return join_texts([f"{feature.name} ", pa.array(values).cast(pa.string()), limit], separator="")
