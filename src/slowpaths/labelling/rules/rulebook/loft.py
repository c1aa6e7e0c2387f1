"""Loft: strokes meant to clear the field."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import LOFT
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.gates import MOVEMENT_GATES
from slowpaths.labelling.rules.rule import SIDE_ON, pick, rule
from slowpaths.labelling.rules.rulebook.cues import ALONG_GAIN, FAST_HANDS
from slowpaths.labelling.rules.thresholds import above


@rule(
    code="loft.lean_back",
    votes={"loft": LOFT},
    thresholds={"lean": above("lean_back_deg", 8.0), "fast": FAST_HANDS, "high": above("finish_height", 0.6)},
    views=SIDE_ON,
    gates=(*MOVEMENT_GATES, "live"),
    source="power hitting needs bat speed and uncocked wrists (Peploe et al. 2017; McErlain-Naylor et al. 2021, "
    "doi 10.1080/02640414.2021.1934289); design choice for the numbers",
)
def lean_back(block: FeatureBlock) -> np.ndarray:
    """Leaning back in a fast swing with a high finish lifts the ball."""
    return pick(block.met("lean") & block.met("fast") & block.met("high"))


@rule(
    code="loft.down_the_wicket",
    votes={"advance": LOFT | {"straight_drive", "on_drive", "cover_drive"}},
    thresholds={
        "front": above("stride_front", 1.6, end_on_gain=ALONG_GAIN),
        "back": above("stride_back", 0.8, end_on_gain=ALONG_GAIN),
    },
    source="coaching texts: a batter who leaves the crease means to drive or to clear the infield; "
    "design choice for the numbers",
)
def down_the_wicket(block: FeatureBlock) -> np.ndarray:
    """Both feet moving far down the pitch is a charge, which ends in a drive or a lofted stroke."""
    return pick(block.met("front") & block.met("back"))
