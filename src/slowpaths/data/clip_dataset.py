"""Clips as a map-style dataset: a length, a clip for every index, and always the same clip for the same index.

Legend: T frames, C channels (RGB), H, W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from slowpaths.core.errors import BrokenVideoError, UsageError
from slowpaths.data.batch import ClipItem
from slowpaths.data.clips import ClipRecord
from slowpaths.data.sampling import Window
from slowpaths.data.settings import ClipSettings
from slowpaths.data.transforms import ClipTransform, canonical
from slowpaths.store.mined_folder import ClipSpec
from slowpaths.video.open import open_video


class BrokenClipError(BrokenVideoError):
    """Report a clip that cannot be read, in one sentence also where it comes out of a loader worker.

    PyTorch makes the error of a worker anew from the text of its traceback, whose last line is the error as it was.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.strip().splitlines()[-1].removeprefix(f"{__name__}.{type(self).__name__}: "))


@dataclass(eq=False)
class ClipDataset(Dataset[ClipItem]):
    """Read clips of a mined folder.

    In training, index `epoch * len(dataset) + i` is clip i as epoch `epoch` shows it (see `EpochSampler`). In testing
    there is one item a clip and view, views of a clip beside each other.

    Decoders are opened for one read and closed again, inside the worker that reads: nothing is shared across a fork,
    and memory does not grow with the number of clips.
    """

    records: Sequence[ClipRecord]  # the clips
    spec: ClipSpec  # what their files look like
    window: Window  # which frames are shown
    transform: ClipTransform  # what happens to their pixels
    is_train: bool  # whether shift and transform are drawn anew each epoch
    # how they are read: size, weight in the loss, decoder, and memory for what was read, of which each worker has its
    # share; what does not fit is read again
    settings: ClipSettings
    seed: int = 0  # of these draws

    def __post_init__(self) -> None:
        views = self._test_views()
        self._views = ((0, 0),) if self.is_train else views
        self._cache: dict[int, np.ndarray] = {}
        self._cache_bytes_left = int(self.settings.cache_mib / max(1, self.settings.num_workers) * 2**20)

    def __len__(self) -> int:
        return len(self.records) * len(self._views)

    def __getitem__(self, index: int) -> ClipItem:
        epoch, position = divmod(index, len(self))
        row, view = divmod(position, len(self._views))
        record = self.records[row]
        if epoch and not self.is_train:
            raise IndexError(f"item {index} of {len(self)}")  # ends plain iteration over the dataset
        rng = np.random.default_rng((self.seed, epoch, row)) if self.is_train else None
        shift, place = self._views[view]
        shift = record.impact_shift + (self.window.train_shift(rng) if rng else shift)
        return ClipItem(
            **self._seen(row, shift=shift, place=place, rng=rng),
            probs_C=torch.from_numpy(record.clip.probs.astype(np.float32)),
            features_F=torch.from_numpy(record.features_F),
            weight=float(record.clip.confidence**self.settings.weight_power),
            index=row,
            view=view,
        )

    def _test_views(self) -> tuple[tuple[int, int], ...]:
        self.window.check(self.spec)
        return self.window.views()

    def _seen(self, row: int, *, shift: int, place: int, rng: np.random.Generator | None) -> dict[str, Any]:
        """Return what the network sees of a clip, varied by the generator where there is one: fields of `ClipItem`.

        The window is moved by `shift` frames from the impact as mined; where a person moved the impact, that is in it.
        """
        frames_TCHW = _to_tensor(self._read(row, shift=shift))
        if rng is None:
            places = (place,) if place else ()  # only the transform of testing knows any but the centre
            return {"frames_CTHW": self.transform(frames_TCHW, *places)}
        # torchvision draws from the global generator: give it a state of its own, and leave the caller's alone.
        with torch.random.fork_rng(devices=[]):
            torch.random.default_generator.manual_seed(int(rng.integers(2**63)))
            return {"frames_CTHW": self.transform(frames_TCHW)}

    def _read(self, row: int, *, shift: int) -> np.ndarray:
        """Return the shown frames (T, H, W, 3) uint8, turned into a right-hander's."""
        record = self.records[row]
        shown = self.window.frames(self.spec, shift=shift).clip(0, self.spec.num_frames - 1)
        if (clip_THWC := self._cache.get(row)) is not None:
            return clip_THWC[shown]
        needs_all = self._cache_bytes_left > 0
        wanted = range(self.spec.num_frames) if needs_all else shown.tolist()
        how = {"read_px": self.settings.read_px, "backend": self.settings.backend}
        frames_THWC = read_frames(record, wanted, spec=self.spec, **how)
        if not needs_all:
            return frames_THWC
        self._keep(row, frames_THWC)
        return frames_THWC[shown]

    def _keep(self, row: int, read: np.ndarray) -> None:
        """Keep what was read of a clip, or nothing more from the first on that does not fit."""
        if read.nbytes <= self._cache_bytes_left:
            self._cache[row] = np.ascontiguousarray(read)
            self._cache_bytes_left -= read.nbytes
        else:
            self._cache_bytes_left = 0


def read_frames(
    record: ClipRecord, frames: Sequence[int], *, spec: ClipSpec, read_px: int | None, backend: str
) -> np.ndarray:
    """Return frames of a clip (T, H, W, 3) uint8, no larger than `read_px`, turned into a right-hander's.

    Raises:
        BrokenClipError: If the file cannot be read.
    """
    try:
        with open_video(record.path, backend=backend) as decoder:
            is_smaller = read_px is not None and read_px < spec.size
            frames_THWC = decoder.frames(frames, height=read_px if is_smaller else None)
    except (BrokenVideoError, UsageError) as error:
        raise BrokenClipError(
            f"the clip {record.path} cannot be read ({error}): mine the footage again, or restore the file"
        ) from error
    return canonical(frames_THWC, handedness_p=record.handedness_p)


def _to_tensor(frames_THWC: np.ndarray) -> Tensor:
    """Return (T, C, H, W), channels last in memory: torchvision resizes that layout fastest."""
    return torch.from_numpy(np.ascontiguousarray(frames_THWC)).permute(0, 3, 1, 2)
