"""The taxonomy: 14 leaf strokes, their factors, and crosswalks to the vocabularies of others.

Off and leg are relative to the batter: handedness is resolved before a stroke is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from slowpaths.core.errors import UsageError

ABSTAIN = -1
"""The symbol of a rule that says nothing about a delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Hold what a stroke is made of; `-` where the question does not arise."""

    foot: Literal["F", "B", "-"]  # front or back foot
    plane: Literal["V", "H", "-"]  # plane of the bat, vertical or horizontal
    side: Literal["off", "straight", "leg", "-"]  # where the ball goes, seen from the batter
    intent: Literal["none", "defend", "attack"]  # what the batter wants
    air: bool  # whether the ball is meant to leave the ground


FACTORS: dict[str, Factors] = {
    "leave": Factors(foot="-", plane="-", side="-", intent="none", air=False),
    "ff_defence": Factors(foot="F", plane="V", side="straight", intent="defend", air=False),
    "bf_defence": Factors(foot="B", plane="V", side="straight", intent="defend", air=False),
    "cover_drive": Factors(foot="F", plane="V", side="off", intent="attack", air=False),
    "straight_drive": Factors(foot="F", plane="V", side="straight", intent="attack", air=False),
    "on_drive": Factors(foot="F", plane="V", side="leg", intent="attack", air=False),
    "bf_punch": Factors(foot="B", plane="V", side="off", intent="attack", air=False),
    "cut": Factors(foot="B", plane="H", side="off", intent="attack", air=False),
    "pull_hook": Factors(foot="B", plane="H", side="leg", intent="attack", air=False),
    "sweep": Factors(foot="F", plane="H", side="leg", intent="attack", air=False),
    "reverse_sweep_ramp": Factors(foot="F", plane="H", side="off", intent="attack", air=False),
    "flick_glance": Factors(foot="-", plane="V", side="leg", intent="attack", air=False),
    "loft_straight_off": Factors(foot="F", plane="V", side="straight", intent="attack", air=True),
    "loft_leg_slog": Factors(foot="F", plane="V", side="leg", intent="attack", air=True),
}
STROKES: tuple[str, ...] = tuple(FACTORS)
NUM_STROKES = len(STROKES)
INDEX: dict[str, int] = {name: index for index, name in enumerate(STROKES)}

# Sets of strokes that rules vote for (the names used throughout the rulebook).
FF = frozenset({"ff_defence", "cover_drive", "straight_drive", "on_drive", "sweep", "reverse_sweep_ramp",
                "loft_straight_off", "loft_leg_slog"})  # fmt: skip
BF = frozenset({"bf_defence", "bf_punch", "cut", "pull_hook"})
EITHER_FOOT = frozenset({"flick_glance", "leave"})
VERT = frozenset({"ff_defence", "bf_defence", "cover_drive", "straight_drive", "on_drive", "bf_punch",
                  "flick_glance", "loft_straight_off", "loft_leg_slog"})  # fmt: skip
HORZ = frozenset({"cut", "pull_hook", "sweep", "reverse_sweep_ramp"})
OFF = frozenset({"cover_drive", "bf_punch", "cut", "reverse_sweep_ramp"})
STRAIGHT = frozenset({"straight_drive", "loft_straight_off", "ff_defence", "bf_defence"})
IN_FRONT = frozenset({"ff_defence", "bf_defence", "cover_drive", "straight_drive", "on_drive", "bf_punch"})
LEG = frozenset({"on_drive", "pull_hook", "sweep", "flick_glance", "loft_leg_slog"})
DEFEND = frozenset({"ff_defence", "bf_defence"})
LEAVE = frozenset({"leave"})
ATTACK = frozenset(STROKES) - DEFEND - LEAVE
LOFT = frozenset({"loft_straight_off", "loft_leg_slog"})
KNEE = frozenset({"sweep", "reverse_sweep_ramp"})

# For each foreign class the leaves it may mean. Sources: CricShot10 class list (Sen, Deb, Dhar, Koshiba 2021,
# doi 10.3390/s21082846); CricShot10k class list (github.com/Dihan69/CricShot10k, README); direction classes of
# Gupta and Balan 2022 (doi 10.1007/s11042-022-13307-y), which name where the ball goes.
_CRICSHOT10: dict[str, frozenset[str]] = {
    "cover": frozenset({"cover_drive", "bf_punch"}),
    "defense": frozenset({"ff_defence", "bf_defence"}),
    "flick": frozenset({"flick_glance"}),
    "hook": frozenset({"pull_hook"}),
    "late_cut": frozenset({"cut"}),
    "lofted": frozenset({"loft_straight_off", "loft_leg_slog"}),
    "pull": frozenset({"pull_hook"}),
    "square_cut": frozenset({"cut"}),
    "straight": frozenset({"straight_drive", "on_drive"}),
    "sweep": frozenset({"sweep", "reverse_sweep_ramp"}),
}
_CRICSHOT10K: dict[str, frozenset[str]] = {
    "cover_drive": frozenset({"cover_drive", "bf_punch"}),
    "defensive": frozenset({"ff_defence", "bf_defence"}),
    "down_the_wicket": LOFT,
    "flick": frozenset({"flick_glance", "on_drive"}),
    "hook": frozenset({"pull_hook"}),
    "late_cut": frozenset({"cut"}),
    "lofted_legside": frozenset({"loft_leg_slog"}),
    "lofted_offside": frozenset({"loft_straight_off"}),
    "pull": frozenset({"pull_hook"}),
    "reverse_sweep": frozenset({"reverse_sweep_ramp"}),
    "scoop": frozenset({"reverse_sweep_ramp"}),
    "square_cut": frozenset({"cut"}),
    "straight_drive": frozenset({"straight_drive"}),
    "sweep": frozenset({"sweep"}),
    "upper_cut": frozenset({"cut"}),
}
# The five categories are directions in the picture of the bowler's-end camera; the names are ours. This is the table
# for a right-hander (off side at image left); a left-hander swaps left and right.
_GUPTA_BALAN_5: dict[str, frozenset[str]] = {
    "straight": STRAIGHT | {"leave"},
    "left": frozenset({"cover_drive", "bf_punch"}),
    "right": frozenset({"on_drive", "loft_leg_slog"}),
    "back_left": frozenset({"cut", "reverse_sweep_ramp"}),
    "back_right": frozenset({"pull_hook", "sweep", "flick_glance"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosswalk:
    """Relate our leaves to the classes of another vocabulary."""

    name: str  # name of the vocabulary, as `truth_taxonomy=` takes it
    classes: Mapping[str, frozenset[str]]  # foreign class -> the leaves it may mean

    def groups(self) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
        """Return the coarsest classes both vocabularies can tell apart: name -> (foreign classes, our leaves).

        Two foreign classes that share a leaf (pull and hook) fall into one group, and so do two leaves that share a
        foreign class. A group's name joins its foreign classes with `+`; groups come in the order of the foreign
        classes.

        Example:
            >>> sorted(crosswalk("cricshot10").groups())[4]
            'late_cut+square_cut'
        """
        groups: list[tuple[list[str], set[str]]] = []
        for name, leaves in self.classes.items():
            touching = [group for group in groups if group[1] & leaves]
            names = [member for group in touching for member in group[0]] + [name]
            joined = set(leaves).union(*(group[1] for group in touching))
            groups = [group for group in groups if group not in touching] + [(names, joined)]
        order = {name: position for position, name in enumerate(self.classes)}
        groups.sort(key=lambda group: min(order[name] for name in group[0]))
        return {
            "+".join(sorted(names, key=order.__getitem__)): (frozenset(names), frozenset(leaves))
            for names, leaves in groups
        }

    def leaves(self, label: str) -> frozenset[str]:
        """Return the leaves a foreign class may mean.

        Raises:
            UsageError: If the vocabulary has no such class.
        """
        if label not in self.classes:
            raise UsageError(f"'{label}' is not a class of {self.name}; its classes are {', '.join(self.classes)}")
        return self.classes[label]


_CLASSES: dict[str, Mapping[str, frozenset[str]]] = {
    "slowpaths": {stroke: frozenset({stroke}) for stroke in STROKES},
    "cricshot10": _CRICSHOT10,
    "cricshot10k": _CRICSHOT10K,
    "gupta_balan_5": _GUPTA_BALAN_5,
}
TAXONOMIES: tuple[str, ...] = tuple(_CLASSES)


def crosswalk(name: str, *, is_right_handed: bool = True) -> Crosswalk:
    """Return the crosswalk to a vocabulary, one of `TAXONOMIES`; `slowpaths` maps every leaf to itself.

    Only `gupta_balan_5`, which names image directions, depends on the batter's handedness.

    Raises:
        UsageError: If the vocabulary is unknown.
    """
    if name not in _CLASSES:
        raise UsageError(f"unknown taxonomy '{name}'; choose one of {', '.join(TAXONOMIES)}")
    classes = _CLASSES[name]
    if name == "gupta_balan_5" and not is_right_handed:
        swap = {"left": "right", "right": "left", "back_left": "back_right", "back_right": "back_left"}
        classes = {key: classes[swap.get(key, key)] for key in classes}
    return Crosswalk(name=name, classes=classes)


def membership(sets: Iterable[Iterable[str]]) -> np.ndarray:
    """Return S sets of strokes as a 0/1 matrix (S, 14), bool.

    Raises:
        UsageError: If a name is not one of the 14 strokes.

    Example:
        >>> membership([KNEE]).sum()
        np.int64(2)
    """
    rows = [set(names) for names in sets]
    for names in rows:
        if unknown := names - set(STROKES):
            raise UsageError(f"unknown stroke '{sorted(unknown)[0]}'; the strokes are {', '.join(STROKES)}")
    return np.array([[stroke in names for stroke in STROKES] for names in rows], dtype=bool).reshape(-1, NUM_STROKES)
