"""The classes a comparison is made in: our 14 strokes, or what both vocabularies can tell apart.

Legend: N deliveries, C = 14 strokes, G classes, of which the last may be "other".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from slowpaths.core.strokes import FACTORS, INDEX, NUM_STROKES, STROKES, crosswalk

OTHER = "other"
OUTSIDE = -1
"""The class index of a stroke outside the truth's taxonomy."""


@dataclass(frozen=True)
class ClassSpace:
    """Relate strokes and foreign labels to the classes of a comparison."""

    taxonomy: str  # the truth's vocabulary
    # class -> our strokes in it; strokes of no class fall to "other", which no truth can have
    leaves: Mapping[str, frozenset[str]]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the classes that truth can have, without "other"."""
        return tuple(self.leaves)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the probability columns: the classes, then "other" where some stroke is in no class."""
        covered = frozenset().union(*self.leaves.values())
        return self.names if covered == frozenset(STROKES) else (*self.names, OTHER)

    @cached_property
    def matrix_CG(self) -> np.ndarray:
        """Return which stroke belongs to which column as 0/1 (14, G)."""
        matrix = np.zeros((NUM_STROKES, len(self.columns)))
        for column, name in enumerate(self.names):
            matrix[[INDEX[stroke] for stroke in self.leaves[name]], column] = 1
        if self.columns[-1] == OTHER:
            matrix[:, -1] = 1 - matrix[:, :-1].sum(axis=1)
        return matrix

    def probabilities(self, probs_NC: np.ndarray) -> np.ndarray:
        """Sum stroke probabilities (N, 14) over each class: (N, G)."""
        return probs_NC @ self.matrix_CG

    def true_leaves(self, label: str, *, handedness: str = "") -> frozenset[str]:
        """Return the strokes a truth label may mean, seen from the batter; empty for a stroke outside the taxonomy."""
        return crosswalk(self.taxonomy, is_right_handed=handedness != "L").leaves(label) if label else frozenset()

    def index(self, label: str, *, handedness: str = "") -> int:
        """Return the class index of a truth label, `OUTSIDE` for a stroke outside the taxonomy."""
        leaves = self.true_leaves(label, handedness=handedness)
        return next((i for i, name in enumerate(self.names) if leaves and leaves <= self.leaves[name]), OUTSIDE)

    def factor(self, factor: str) -> tuple[tuple[str, ...], np.ndarray]:
        """Return the values of a factor ("foot", "plane" or "side"), and which column says which, as 0/1 (G, V).

        A class whose strokes differ in the factor (or do not have it) has an empty row: its deliveries are left out.
        """
        values = tuple(sorted({getattr(item, factor) for item in FACTORS.values()} - {"-"}))
        matrix = np.zeros((len(self.columns), len(values)))
        for row, name in enumerate(self.columns):
            found = {getattr(FACTORS[stroke], factor) for stroke in self.leaves.get(name, ())}
            if len(found) == 1 and found <= set(values):
                matrix[row, values.index(found.pop())] = 1
        return values, matrix


def class_space(taxonomy: str) -> ClassSpace:
    """Return the coarsest classes that our strokes and a vocabulary (of `core.strokes.TAXONOMIES`) have in common.

    Raises:
        UsageError: If the vocabulary is unknown.

    Example:
        >>> class_space("cricshot10").columns[-2:]
        ('sweep', 'other')
    """
    groups = crosswalk(taxonomy).groups()
    return ClassSpace(taxonomy=taxonomy, leaves={name: leaves for name, (_, leaves) in groups.items()})
