"""Whether shots are seen as the view they are: each true shot where there is a table of them, else at each delivery."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slowpaths.evaluation.measure import MeasureSpec, Reading, ReportTable, Table
from slowpaths.evaluation.mining_check import is_view_right
from slowpaths.evaluation.mining_sample import MiningSample


def _measure(sample: MiningSample) -> Reading:
    if not sample.shots:
        hits = [is_view_right(fate) for fate in sample.check.fates]
        reading = sample.share(hits, reason="truth names no views in mined videos")
        return replace(reading, meaning="view of the shot right, at each true delivery")
    hits = [shot.view == shot.found_view for shot in sample.shots]
    reading = sample.share(hits, np.array([shot.video for shot in sample.shots], dtype=object))
    return replace(reading, meaning="view of each true shot right")


def _table(sample: MiningSample) -> Table:
    return [
        {"video": s.video, "true_view": s.view, "found_view": s.found_view, "right": int(s.view == s.found_view)}
        for s in sample.shots or ()
    ]


MEASURES = (
    MeasureSpec(
        name="view",
        side="mining",
        place=122,
        meaning="view of the shot right: each true shot, or (without a table of shots) at each true delivery",
        measure=_measure,
        is_share=True,
    ),
)
TABLES = (ReportTable(name="shots", place=122, build=_table),)
