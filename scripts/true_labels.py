"""Labels tables with the strokes that truth tells, for networks that are trained on true labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from slowpaths.core.strokes import STROKES
from slowpaths.evaluation.classes import class_space
from slowpaths.evaluation.matching import TOLERANCE_S, match_moments
from slowpaths.evaluation.truth_table import TrueDelivery, read_truth
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import read_table


def true_labels(labels: Path, truth: Path, *, taxonomy: str = "slowpaths") -> pa.Table:
    """Return a labels table with the strokes that were played; what is none of the taxonomy's is not kept.

    A class that stands for several of our strokes is shared among them alike.
    """
    table, space = read_table(labels, LABELS), class_space(taxonomy)
    rows, balls = table.to_pylist(), read_truth(truth, taxonomy=taxonomy).deliveries
    played_as: dict[int, TrueDelivery] = {}
    for video in sorted({row["video"] for row in rows}):
        mined = [at for at, row in enumerate(rows) if row["video"] == video]
        played = [ball for ball in balls if ball.video == video]
        moments = np.array([[rows[at]["impact_s"]] * 2 for at in mined]), np.array([ball.moment_s for ball in played])
        pairs = match_moments(*moments, tolerance_s=TOLERANCE_S)
        played_as |= {mined[one]: played[other] for one, other in pairs}
    for at, row in enumerate(rows):
        ball = played_as.get(at)
        strokes = sorted(space.true_leaves(ball.label, handedness=ball.handedness), key=STROKES.index) if ball else []
        row["is_kept"] = bool(strokes)
        if strokes:
            row |= {f"prob_{name}": (name in strokes) / len(strokes) for name in STROKES}
            row |= {"label": strokes[0], "confidence": 1 / len(strokes), "source": "gold"}
    return pa.Table.from_pylist(rows, schema=table.schema)
