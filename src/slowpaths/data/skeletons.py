"""Deliveries as skeletons around the impact, for networks that take no pixels: nothing is decoded.

Legend: S = 32 steps, D = 30 channels of `core.stroke_sequence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from slowpaths.core.errors import UsageError
from slowpaths.core.stroke_sequence import CHANNELS, STEPS, resampled, sequence_of, varied
from slowpaths.data.batch import NO_FRAMES
from slowpaths.data.clip_dataset import ClipDataset
from slowpaths.data.clips import ClipRecord
from slowpaths.store.mined_folder import MinedFolder


def with_skeletons(records: Sequence[ClipRecord], mined: MinedFolder) -> list[ClipRecord]:
    """Return the records with the sequences of their strokes, None where the batter is hardly seen.

    Raises:
        UsageError: If there is not one.
    """
    tracks, deliveries = mined.poses_by_shot(), {item.delivery_id: item for item in mined.deliveries()}
    found = [
        replace(record, sequence_TD=sequence_of(deliveries[record.clip.delivery_id], tracks.get(record.shot_id, ())))
        for record in records
    ]
    if all(record.sequence_TD is None for record in found):
        raise UsageError(
            f"{mined.path} holds no poses of the batters, which this network takes: mine the footage again, or choose "
            "a model= that takes clips"
        )
    return found


class SkeletonDataset(ClipDataset):
    """Give the skeletons of strokes, one view each; in training a part of them, of another size and jittered.

    Where the batter is not seen the skeleton is zero: a network says what it says of nobody.
    """

    def _test_views(self) -> tuple[tuple[int, int], ...]:
        return ((0, 0),)

    def _seen(self, row: int, *, shift: int, place: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        sequence_TD = self.records[row].sequence_TD
        if sequence_TD is None:
            sequence_SD = np.zeros((STEPS, CHANNELS))
        elif rng is None:
            sequence_SD = resampled(sequence_TD)
        else:
            sequence_SD = varied(sequence_TD, rng, mirror_p=self.settings.flip_p)
        return {"frames_CTHW": NO_FRAMES, "sequence_TD": torch.from_numpy(sequence_SD.astype(np.float32))}
