"""Sound: what the stump microphone hears around impact."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import ATTACK, DEFEND, LEAVE
from slowpaths.core.views import PLAY_VIEWS
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.rule import pick, plain_rule, rule
from slowpaths.labelling.rules.thresholds import above, below

_HEARD = ("live",)  # replays carry commentary instead of the ground


@rule(
    code="sound.silent",
    votes={"leave": LEAVE},
    thresholds={"nothing": below("onset_z", 4.0), "faint": below("onset_share", 0.25)},
    requires=("onset_z",),
    views=PLAY_VIEWS,
    needs=_HEARD,
    impact_within_s=0.15,  # loudest within .15 s
    source="bat and pad are audible on match recordings (Khan et al. 2019, doi 10.3906/elk-1901-166); sound pressure "
    "falls with distance, and a keeper stands at least four times as far from the stump microphone as the bat; a play "
    "and miss sounds the same, so a weak cue",
)
def silent(block: FeatureBlock) -> np.ndarray:
    """No hit around impact, or one that sounds from afar: the ball passed the bat."""
    return pick(block.met("nothing") | block.met("faint"))


loudness = plain_rule(
    "sound.loudness",
    "The loudest quarter of a video's hits are attacking strokes, the softest quarter defensive ones.",
    votes={"attack": ATTACK, "defend": DEFEND | LEAVE | {"flick_glance"}},
    thresholds={"attack": above("onset_rank", 0.75), "defend": below("onset_rank", 0.25)},
    views=PLAY_VIEWS,
    needs=_HEARD,
    impact_within_s=0.15,  # loudest within .15 s
    source="harder hits sound louder through one microphone; quartiles within a video, so that no level is assumed",
)
