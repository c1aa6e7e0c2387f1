"""Loft: strokes meant to clear the field."""

from __future__ import annotations

from slowpaths.core.strokes import LOFT
from slowpaths.labelling.rules.quality import LIVE_MOVEMENT
from slowpaths.labelling.rules.rule import SIDE_ON, plain_rule
from slowpaths.labelling.rules.rulebook.cues import ALONG_GAIN, FAST_HANDS
from slowpaths.labelling.rules.thresholds import above

lean_back = plain_rule(
    "loft.lean_back",
    "Leaning back in a fast swing with a high finish lifts the ball.",
    votes={"loft": LOFT},
    thresholds={"lean": above("lean_back_deg", 8.0), "fast": FAST_HANDS, "high": above("finish_height", 0.6)},
    views=SIDE_ON,
    needs=LIVE_MOVEMENT,
    source="power hitting needs bat speed and uncocked wrists (Peploe et al. 2017; McErlain-Naylor et al. 2021, "
    "doi 10.1080/02640414.2021.1934289); design choice for the numbers",
)

down_the_wicket = plain_rule(
    "loft.down_the_wicket",
    "Both feet moving far down the pitch is a charge, which ends in a drive or a lofted stroke.",
    votes={"advance": LOFT | {"straight_drive", "on_drive", "cover_drive"}},
    thresholds={
        "front": above("stride_front", 1.6, end_on_gain=ALONG_GAIN),
        "back": above("stride_back", 0.8, end_on_gain=ALONG_GAIN),
    },
    source="coaching texts: a batter who leaves the crease means to drive or to clear the infield; "
    "design choice for the numbers",
)
