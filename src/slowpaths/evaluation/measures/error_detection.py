"""Error detection: the probability that a right answer is surer than a wrong one (area under the ROC curve).

Edge cases: ties count half; where all answers are right or all are wrong there is no pair to compare.

Legend: B replicates, N graded deliveries, H groups of equal confidence with a right answer.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.ranking import rank
from slowpaths.evaluation.sample import Sample


def error_detection(
    confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None
) -> np.ndarray:
    """Return the probability that a right answer is surer than a wrong one (B,).

    Example:
        >>> error_detection(np.array([0.9, 0.5, 0.5]), np.array([1.0, 1.0, 0.0])).tolist()
        [0.75]
    """
    ranking = rank(confidence_N, correct_N, weights_BN)
    wrong_BH = ranking.size_BH - ranking.hits_BH
    wrong_B = ranking.num_clips_B - ranking.total_B
    below_BH = wrong_B[:, None] - (ranking.seen_BH - ranking.found_BH)
    pairs_B = (ranking.hits_BH * (below_BH + wrong_BH / 2)).sum(axis=1)
    return divide(pairs_B, ranking.total_B * wrong_B)


@measure(18, "calibration", baseline="confidence in random order")
def _error_detection(sample: Sample) -> Reading:
    """Chance that a right answer is surer than a wrong one."""
    return sample.reading(error_detection(sample.confidence_N, sample.correct_N, sample.weights_BN), chance=0.5)
