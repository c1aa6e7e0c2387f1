"""Camera views: the vocabulary that mining writes and rules read."""

from __future__ import annotations

# How a view is seen by the rules: E end-on, S side-on, "-" no stroke can be read from it.
ASPECT: dict[str, str] = {
    "pitch_endon": "E",  # broadcast camera behind one end, looking along the pitch
    "pitch_side": "S",  # looking across the pitch
    "nets_endon": "E",  # practice nets or a phone, along the pitch
    "nets_side": "S",  # practice nets or a phone, across the pitch
    "closeup": "E",  # one person fills the frame
    "field": "-",  # the outfield, no pitch
    "crowd": "-",  # stands, sky, people watching
    "other": "-",
}
VIEWS: tuple[str, ...] = tuple(ASPECT)
PLAY_VIEWS: frozenset[str] = frozenset(view for view, aspect in ASPECT.items() if aspect != "-")
