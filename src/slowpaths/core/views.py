"""Camera views: the vocabulary that mining writes and rules read."""

from __future__ import annotations

VIEWS: tuple[str, ...] = (
    "pitch_endon",  # broadcast camera behind one end, looking along the pitch
    "pitch_side",  # looking across the pitch
    "nets_endon",  # practice nets or a phone, along the pitch
    "nets_side",  # practice nets or a phone, across the pitch
    "closeup",  # one person fills the frame
    "field",  # the outfield, no pitch
    "crowd",  # stands, sky, people watching
    "other",
)

# How a view is seen by the rules: E end-on, S side-on, "-" no stroke can be read from it.
ASPECT: dict[str, str] = {
    "pitch_endon": "E",
    "nets_endon": "E",
    "pitch_side": "S",
    "nets_side": "S",
    "closeup": "E",
    "field": "-",
    "crowd": "-",
    "other": "-",
}
PLAY_VIEWS: frozenset[str] = frozenset(view for view, aspect in ASPECT.items() if aspect != "-")
