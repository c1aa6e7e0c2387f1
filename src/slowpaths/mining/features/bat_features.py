"""Where the bat points at impact and after it. Formulas as in `core.features`.

Legend: N looks.
"""

from __future__ import annotations

import numpy as np

from slowpaths.core.views import ASPECT

AT_S, AFTER_S = (-0.06, 0.06), (0.08, 0.24)  # from the impact
LEAST_SURE = 0.4
"""A look counts where the bat points that surely: of bats that were annotated by eye, in clips that the network has not
seen, .79 are then told to within 45 degrees, .71 of all; chosen on bats of one half (`experiments/naming`)."""


def bat_features(times_N: np.ndarray, pointing_N2: np.ndarray, *, view: str, is_right_handed: bool) -> dict[str, float]:
    """Return the features of the bat, NaN where it was not seen for sure.

    Args:
        times_N: When it was looked at, seconds since the impact.
        pointing_N2: Where it points, right and up in the picture as shown; the longer, the surer, 1 at most.
        view: View of the shot, one of `core.views.VIEWS`; seen from the side it points neither to off nor to leg.
        is_right_handed: Handedness of the batter.
    """
    sure_N = np.linalg.norm(pointing_N2, axis=1)
    right_N, up_N = (pointing_N2 / np.maximum(sure_N, 1e-9)[:, None]).T
    off_N = right_N * (-1.0 if is_right_handed else 1.0)
    if ASPECT.get(view, "E") != "E":
        off_N = np.full(len(off_N), np.nan)

    def mean(values_N: np.ndarray, window_s: tuple[float, float]) -> float:
        rows = (times_N >= window_s[0]) & (times_N <= window_s[1]) & (sure_N >= LEAST_SURE)
        return float(np.average(values_N[rows], weights=sure_N[rows])) if rows.any() else float("nan")

    return {
        "bat_across": mean(right_N**2, AT_S),
        "bat_off": mean(off_N, AT_S),
        "bat_off_after": mean(off_N, AFTER_S),
        "bat_up_after": mean(up_N, AFTER_S),
    }
