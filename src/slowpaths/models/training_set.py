"""What a loss or a curriculum may know of the training clips before it sees them.

Legend: N training clips, C the 14 strokes, R rules, S sets of strokes that a vote may name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import INDEX, NUM_STROKES
from slowpaths.store.mined_folder import MinedFolder


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Votes:
    """Hold what rules say of clips."""

    sets_SC: Tensor  # the sets of strokes, 0 or 1, float32; the first one, of nothing, stands for an abstention
    set_NR: Tensor  # which set each rule names of each clip, int64
    weight_NR: Tensor  # how far the vote counts, 0..1, float32; 0 where the rule abstains


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingSet:
    """Hold the training clips, row by row as `ClipBatch.index_B` numbers them."""

    probs_NC: Tensor  # target distributions (N, 14), float32
    delivery_ids: Sequence[str] = field(default=())  # their deliveries
    mined: Path | None = None  # folder whose rules voted on them, and whose voices speak of them

    @property
    def num_clips(self) -> int:
        """Return the number of clips N."""
        return len(self.probs_NC)

    def votes(self, *, families: Collection[str] | None = None) -> Votes:
        """Read the votes on the clips.

        Args:
            families: Families whose rules count; all where None.

        Raises:
            UsageError: If nothing is known of the folder they lie in.
            TableError: If a table is missing or wrong.
        """
        if self.mined is None:
            raise UsageError("this loss learns from votes of rules: train on a mined folder, or choose another loss=")
        folder = MinedFolder(self.mined)
        rules = folder.rules()
        row_of = {delivery: row for row, delivery in enumerate(self.delivery_ids)}
        counted = [code for code in sorted(rules) if families is None or rules[code].family in families]
        column_of = {code: column for column, code in enumerate(counted)}
        sets: dict[frozenset[str], int] = {frozenset(): 0}
        set_NR = torch.zeros(len(row_of), len(column_of), dtype=torch.int64)
        weight_NR = torch.zeros(len(row_of), len(column_of))
        for vote in folder.votes():
            if (row := row_of.get(vote.delivery_id)) is not None and vote.rule in column_of:
                named = rules[vote.rule].votes[vote.symbol]
                set_NR[row, column_of[vote.rule]] = sets.setdefault(named, len(sets))
                weight_NR[row, column_of[vote.rule]] = vote.weight
        sets_SC = torch.zeros(len(sets), NUM_STROKES)
        for named, number in sets.items():
            sets_SC[number, [INDEX[stroke] for stroke in named]] = 1
        return Votes(sets_SC=sets_SC, set_NR=set_NR, weight_NR=weight_NR)

    def voice(self, name: str, *, otherwise: str) -> Tensor:
        """Read how one voice of the folder spreads the clips over strokes (N, 14), float32; 0 where it says nothing.

        Raises:
            UsageError: If it says nothing at all, or nothing is known of the folder; `otherwise` is the cure.
        """
        if self.mined is None:
            raise UsageError(f"the {name} speaks of the clips of a mined folder: train on one, or {otherwise}")
        said = MinedFolder(self.mined).voice(name, otherwise=otherwise)
        unknown = np.zeros(NUM_STROKES, dtype=np.float32)
        return torch.from_numpy(np.stack([said.get(delivery, unknown) for delivery in self.delivery_ids]))
