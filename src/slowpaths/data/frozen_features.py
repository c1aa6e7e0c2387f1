"""Clips as features of their pictures, for networks that take no pixels: computed once, and kept in the mined folder.

The whole stored clip is looked at, every second frame, so that every window and every shift finds its pictures. A file
is named by the bytes of its clip and by all that decides its numbers; what is there is never computed again.

Legend: T frames, H, W pixels, F = 1280 features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.data.batch import NO_FRAMES
from slowpaths.data.clip_dataset import ClipDataset, read_frames
from slowpaths.data.clips import ClipRecord
from slowpaths.store.mined_folder import ClipSpec, MinedFolder
from slowpaths.store.tables import atomic_write
from slowpaths.video.picture_features import EXTRACTOR, SIDE_PX, picture_features

STRIDE = 2
"""Frames of the file from one picture to the next: 16 pictures in the 32 frames of a stroke."""
BATCH = 4
"""Pictures at once: more are no faster on a CPU, and above 8 their maps are too large for memory to be used again."""
Told = Callable[[str, int], AbstractContextManager[Callable[[], Any]]]
"""Shows progress: called with a title and a number of steps, it yields what is called after each."""


def with_picture_features(
    records: Sequence[ClipRecord], mined: MinedFolder, *, spec: ClipSpec, backend: str, told: Told | None = None
) -> list[ClipRecord]:
    """Return the records with the files of their picture features; those that are missing are computed, clip by clip.

    Raises:
        BrokenClipError: If a clip cannot be read.
        SlowpathsError: If the folder cannot be written.
    """
    found = [replace(record, picture_features=_file(record, mined, spec=spec)) for record in records]
    missing = [record for record in found if not _of(record).is_file()]
    with told("features of pictures", len(missing)) if told and missing else nullcontext(lambda: None) as step:
        for record in missing:
            frames_THWC = read_frames(record, _frames(spec).tolist(), spec=spec, read_px=SIDE_PX, backend=backend)
            batches = [picture_features(list(frames_THWC[at : at + BATCH])) for at in range(0, len(frames_THWC), BATCH)]
            with atomic_write(_of(record)) as stream:
                np.save(stream, np.concatenate(batches).astype(np.float16), allow_pickle=False)
            step()
    return found


class PictureFeatureDataset(ClipDataset):
    """Give the picture features of the window of a clip; in training the window is shifted, and nothing else varied."""

    def _test_views(self) -> tuple[tuple[int, int], ...]:
        views = super()._test_views()
        if num_placed := sum(bool(place) for _, place in views):
            num_shifts = len(views) - num_placed
            raise UsageError(
                f"{len(views)} views are cut left, centre and right, and features of pictures know no place: give "
                f"num_test_views={num_shifts} for the same shifts"
            )
        return views

    def _seen(self, row: int, *, shift: int, place: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        features_TF = self._stored(row)
        first, length = int(self.window.frames(self.spec, shift=shift)[0]), self.window.num_frames
        pictures = max(1, length * self.window.frame_stride // STRIDE)
        rows_T = (first - _frames(self.spec)[0] + 1) // STRIDE + np.arange(pictures)
        shown_TF = features_TF[np.clip(rows_T, 0, len(features_TF) - 1)].astype(np.float32)
        return {"frames_CTHW": NO_FRAMES, "sequence_TD": torch.from_numpy(shown_TF)}

    def _stored(self, row: int) -> np.ndarray:
        """Return the features of all pictures of a clip (T, F)."""
        if (known_TF := self._cache.get(row)) is not None:
            return known_TF
        path = _of(self.records[row])
        try:
            features_TF = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise TableError(f"{path} cannot be read: delete it, and the features are computed again") from error
        self._keep(row, features_TF)
        return features_TF


def _frames(spec: ClipSpec) -> np.ndarray:
    """Return the frames (T,) of a file that are looked at; that of the impact is one of them."""
    return np.arange(spec.impact_frame % STRIDE, spec.num_frames, STRIDE)


def _file(record: ClipRecord, mined: MinedFolder, *, spec: ClipSpec) -> Path:
    decides = [EXTRACTOR, SIDE_PX, _frames(spec).tolist(), record.handedness_p < 0.5]
    return mined.picture_features / f"{file_digest(record.path)[:32]}-{fingerprint(decides)}.npy"


def _of(record: ClipRecord) -> Path:
    assert record.picture_features is not None
    return record.picture_features
