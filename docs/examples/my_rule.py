"""A rule of your own: `slowpaths label mined=DIR rules.paths=[docs/examples/my_rule.py]`.

A rule sees features, never pixels (docs/tables.md lists them), and says a set of strokes, not one. This one knows that
a batter who ends a stroke with high hands and the head well down has driven, and not defended.
"""

import numpy as np

from slowpaths.core.strokes import DEFEND
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.rule import BOTH, pick, rule
from slowpaths.labelling.rules.thresholds import above, below


@rule(
    code="mine.driven",  # family.what: rules of one family look at the same thing and fail together
    votes={  # each symbol means a set of strokes
        "driven": {"cover_drive", "straight_drive", "on_drive"},
        "blocked": DEFEND,
    },
    thresholds={  # rails: a threshold may follow the footage between these two numbers
        "high": above("finish_height", 0.4, rails=(0.2, 0.6)),
        "low": below("finish_height", -0.1),
        "head_down": above("head_drop", 0.1),
        "soft": below("post_impact_speed", 0.35),
    },
    evidence={"driven": ("high", "head_down"), "blocked": ("low", "soft")},  # the numbers a reader of the votes sees
    views=BOTH,  # end-on and side-on; elsewhere the rule is not asked
    source="our coach: a drive is finished over the front shoulder, a block is not finished at all",
)
def driven(block: FeatureBlock) -> np.ndarray:
    """A stroke that is finished high with the head down is a drive, one that stops low at the ball is a block."""
    return pick(block.met("high") & block.met("head_down"), block.met("low") & block.met("soft"))
