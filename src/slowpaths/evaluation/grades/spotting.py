"""How precisely strokes are found in time, as the report states it."""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation import spotting
from slowpaths.evaluation.intervals import Estimate, wilson
from slowpaths.evaluation.measure import Measure, Table, measured, missing
from slowpaths.evaluation.pairing import NO_STROKE, Pairing


def grade_spotting(pairing: Pairing) -> tuple[list[Measure], dict[str, Table]]:
    """Measure average precision at tolerances, blind to classes and per class, and recall at few false alarms.

    Predictions without an impact take no part. Classes are scored by the probability of a stroke times that of the
    class; strokes outside the taxonomy count where classes do not matter.
    """
    meanings = {
        "spotting_map_1_frame": "average precision of stroke moments within 1 frame",
        "spotting_map_2_frames": "the same within 2 frames",
        "spotting_map_4_frames": "the same within 4 frames",
        "spotting_map_05s": "the same within half a second",
        "spotting_class_map_05s": "the same, the stroke named right too, mean over strokes",
        "recall_at_false_alarms": "deliveries found within half a second at one false alarm in ten deliveries",
    }
    is_true = np.isfinite(pairing.true_impact_s)
    is_claimed = pairing.is_found & np.isfinite(pairing.predicted_impact_s)
    is_claimed &= is_true | (pairing.true_U == NO_STROKE)  # a found leave is no false alarm
    if not is_true.any() or not is_claimed.any():
        reason = "truth has no impact in these videos" if not is_true.any() else "the predictions have no impact times"
        return [missing(name, "spotting", text, reason=reason) for name, text in meanings.items()], {}
    video = np.unique(pairing.video.astype(str), return_inverse=True)[1].astype(np.float64)
    predicted = spotting.Events(
        video=video[is_claimed],
        time_s=pairing.predicted_impact_s[is_claimed],
        scores_EG=pairing.event_p[is_claimed, None] * pairing.probs_UG[is_claimed],
    )
    one_hot = np.eye(pairing.probs_UG.shape[1] + 1)[np.where(pairing.true_U >= 0, pairing.true_U, -1)]
    truth = spotting.Events(video=video[is_true], time_s=pairing.true_impact_s[is_true], scores_EG=one_hot[is_true])
    table = spotting.spotting_table(predicted, truth)
    by_name = {row["tolerance"]: row for row in table}
    hits, num = spotting.hits_in_order(predicted.anonymous(), truth.anonymous(), column=0, tolerance_s=0.5)
    recall = spotting.recall_at_false_alarms(hits, num)
    values: dict[str, Estimate | float] = {
        "spotting_map_1_frame": float(by_name["1 frames"]["map_any_stroke"]),
        "spotting_map_2_frames": float(by_name["2 frames"]["map_any_stroke"]),
        "spotting_map_4_frames": float(by_name["4 frames"]["map_any_stroke"]),
        "spotting_map_05s": float(by_name["0.5 s"]["map_any_stroke"]),
        "spotting_class_map_05s": float(by_name["0.5 s"]["map_per_class"]),
        "recall_at_false_alarms": Estimate(recall, wilson(recall * num, num)),
    }
    return [measured(name, "spotting", text, estimate=values[name], num=num) for name, text in meanings.items()], {
        "spotting": table
    }
