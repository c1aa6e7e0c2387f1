"""Leave: the batter offers no stroke."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import LEAVE
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.quality import LIVE_MOVEMENT
from slowpaths.labelling.rules.rule import END_ON, pick, plain_rule, rule
from slowpaths.labelling.rules.rulebook.cues import SHORT_SWING
from slowpaths.labelling.rules.thresholds import above, below

no_downswing = plain_rule(
    "leave.no_downswing",
    "Hands that stay high and hardly move when the ball passes leave it.",
    votes={"leave": LEAVE},
    thresholds={"short": SHORT_SWING, "hands_high": above("hand_height", 0.75)},
    needs=LIVE_MOVEMENT,
    source="coaching texts: the batter who leaves keeps bat and hands high; design choice for the numbers",
)


@rule(
    code="leave.withdraw",
    votes={"leave": LEAVE},
    thresholds={"withdrawn": above("hands_withdraw", 0.25), "no_hit": below("onset_z", 4.0)},
    requires=("hands_withdraw",),
    evidence={"leave": ("withdrawn",)},
    views=END_ON,
    source="coaching texts: hands and bat are pulled up out of the line of the ball; design choice for the numbers",
)
def withdraw(block: FeatureBlock) -> np.ndarray:
    """Hands pulled up out of the way leave the ball, unless a hit is heard."""
    is_hit_heard = np.isfinite(block["onset_z"]) & ~block.met("no_hit")
    return pick(block.met("withdrawn") & ~is_hit_heard)
