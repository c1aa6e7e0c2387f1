"""Energy: how hard the batter swung."""

from __future__ import annotations

from slowpaths.core.strokes import ATTACK, DEFEND, LEAVE
from slowpaths.labelling.rules.quality import LIVE_MOVEMENT
from slowpaths.labelling.rules.rule import SIDE_ON, plain_rule
from slowpaths.labelling.rules.rulebook.cues import FAST_HANDS, SHORT_SWING, SLOW_HANDS
from slowpaths.labelling.rules.thresholds import above, apart, below

_STRETCH = "Stretch, Buys, Du Toit and Viljoen 1998, J Sports Sci 16(8)"
_BAT_SPEEDS = f"{_STRETCH}: bat at 3.5 +- 3.4 m/s just before impact in forward defence, 11.8 +- 4.6 m/s in the drive"
_PEAK_WITHIN_S = 0.2  # largest value within .2 s
_SOFT_HANDS = (
    "coaching texts: soft hands stop the bat at the ball in defence; design choice for the numbers, a quarter and half "
    "of the speed, which read .32 and .60 once the track is smoothed over .28 s"
)


fast_hands = plain_rule(
    "energy.fast_hands",
    "Attacking strokes move the hands about twice as fast as defensive ones.",
    votes={"attack": ATTACK},
    thresholds={"attack": FAST_HANDS},
    needs=LIVE_MOVEMENT,
    impact_within_s=_PEAK_WITHIN_S,
    source=_BAT_SPEEDS,
)

slow_hands = plain_rule(
    "energy.slow_hands",
    "Slow hands defend or leave; seen along the pitch, where a straight bat moves, all hands look slow.",
    votes={"defend": DEFEND | LEAVE},
    thresholds={"defend": SLOW_HANDS},
    views=SIDE_ON,
    needs=LIVE_MOVEMENT,
    impact_within_s=_PEAK_WITHIN_S,
    source=_BAT_SPEEDS,
)

follow_through = plain_rule(
    "energy.follow_through",
    "A struck ball is followed through.",
    votes={"attack": ATTACK},
    thresholds={"attack": above("post_impact_speed", 0.60, rails=(0.32, 0.60))},
    needs=LIVE_MOVEMENT,
    source=_SOFT_HANDS,
)

soft_hands = plain_rule(
    "energy.soft_hands",
    "A blocked ball stops the hands; seen along the pitch they also seem to when they come towards the camera.",
    votes={"defend": DEFEND},
    thresholds={"defend": below("post_impact_speed", 0.32, rails=(0.32, 0.60))},
    views=SIDE_ON,
    needs=LIVE_MOVEMENT,
    source=_SOFT_HANDS,
)

arc_length = plain_rule(
    "energy.arc_length",
    "Attacking strokes draw a long arc from the top of the backlift to the follow-through.",
    votes={"defend": DEFEND | LEAVE, "attack": ATTACK},
    thresholds={"defend": SHORT_SWING, "attack": above("arc_length", 2.2, rails=(1.2, 2.2))},
    needs=LIVE_MOVEMENT,
    source="coaching texts: full swing against a short, checked one; design choice for the numbers",
)

backlift = plain_rule(
    "energy.backlift",
    "A batter who means to hit hard lifts the bat higher.",
    votes={"attack": ATTACK, "defend": DEFEND | {"flick_glance"}},
    thresholds=apart("backlift_height", {"attack": 0.10, "defend": -0.35}),
    source=f"{_STRETCH}: backlift of .65 m in forward defence against .74 m in the drive, so a weak cue",
)

runs_after = plain_rule(
    "energy.runs_after",
    "A batter who sets off for a run has played an attacking stroke.",
    votes={"attack": ATTACK},
    thresholds={"attack": above("runs_after", 1.0)},
    needs=LIVE_MOVEMENT,
    impact_within_s=0.5,  # travel over 1 s
    source="batters run after strokes that score; design choice for the number",
)
