"""Whether shots are seen as the view they are: each true shot where there is a table of them, else at each delivery."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.mining_check import is_view_right
from slowpaths.evaluation.mining_sample import MiningSample


@measure(122, "mining", baseline="the most frequent view", is_share=True)
def _view(sample: MiningSample) -> Reading:
    """View of the shot right: each true shot, or (without a table of shots) at each true delivery."""
    if sample.shots:
        hits: list[bool | None] = [shot.view == shot.found_view for shot in sample.shots]
        views = [shot.view for shot in sample.shots]
        clusters, meaning = (
            np.array([shot.video for shot in sample.shots], dtype=object),
            "view of each true shot right",
        )
    else:
        hits = [is_view_right(fate) for fate in sample.check.fates]
        views = [fate.truth.view for fate, hit in zip(sample.check.fates, hits, strict=True) if hit is not None]
        clusters, meaning = None, "view of the shot right, at each true delivery"
    constant = max(Counter(views).values(), default=0) / max(len(views), 1)
    reading = sample.share(hits, clusters, constant=constant, reason="truth names no views in mined videos")
    return replace(reading, meaning=meaning)


@report_table(122)
def _shots(sample: MiningSample) -> Table:
    """Return shots."""
    return [
        {"video": s.video, "true_view": s.view, "found_view": s.found_view, "right": int(s.view == s.found_view)}
        for s in sample.shots or ()
    ]
