"""Small pictures that lie in a temporary file: those of an hour's thumbnails would be 600 MB in memory.

Legend: N pictures, H, W, C = red, green, blue.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from functools import reduce

import numpy as np

_AT_ONCE = 256  # pictures that are read together


class PictureFile:
    """Hold pictures (H, W, C), uint8, of one shape; they are gone with the object.

    Example:
        >>> kept = PictureFile((2, 2, 3))
        >>> for level in (1, 2, 3):
        ...     kept.append(np.full((2, 2, 3), level, np.uint8))
        >>> kept[1:3].mean(axis=(1, 2, 3)).tolist(), len(kept)
        ([2.0, 3.0], 3)
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape, self._size = shape, reduce(int.__mul__, shape)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed, and so deleted, with this object
        weakref.finalize(self, self._file.close)
        self._num = 0

    def __len__(self) -> int:
        return self._num

    def append(self, picture_HWC: np.ndarray) -> None:
        """Take one more picture."""
        self._file.seek(self._num * self._size)
        self._file.write(np.ascontiguousarray(picture_HWC).tobytes())
        self._num += 1

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Return a run of pictures (N, H, W, C)."""
        first, stop, step = rows.indices(self._num)
        self._file.seek(first * self._size)
        data = self._file.read(max(stop - first, 0) * self._size)
        return np.frombuffer(data, np.uint8).reshape(-1, *self._shape)[::step]

    def runs(self) -> Iterator[np.ndarray]:
        """Yield all pictures, some at a time (N, H, W, C)."""
        for first in range(0, self._num, _AT_ONCE):
            yield self[first : first + _AT_ONCE]
