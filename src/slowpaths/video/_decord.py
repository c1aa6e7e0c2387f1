"""Decode with decord 0.6.0: fast random access in plain H.264; times and checks come from the packet index."""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from slowpaths.core.errors import BrokenVideoError
from slowpaths.video._index import StreamIndex
from slowpaths.video.decode import check_indices, resized

_CHUNK = 16


def load_decord() -> Any:
    """Import decord without showing its libraries to the rest of the process.

    decord 0.6.0 loads itself and the zlib it carries with RTLD_GLOBAL; OpenCV, loaded later, then finds that zlib
    instead of its own and can no longer read PNG files.
    """
    if "decord" in sys.modules:
        return sys.modules["decord"]
    shown = ctypes.RTLD_GLOBAL
    try:
        ctypes.RTLD_GLOBAL = ctypes.RTLD_LOCAL  # pyrefly: ignore[bad-assignment]
        return importlib.import_module("decord")
    finally:
        ctypes.RTLD_GLOBAL = shown


class DecordDecoder:
    """Decode one file; the reader is opened at the first request.

    Args:
        path: Video file.
        index: Its index; `open_video` has seen to it that decord numbers the frames in the same way.
        num_threads: Decoding threads.
    """

    def __init__(self, path: Path, *, index: StreamIndex, num_threads: int) -> None:
        self.pts_s, self.width, self.height = index.pts_s, index.width, index.height
        self._path, self._num_threads = path, num_threads
        self._reader: Any = None

    def __len__(self) -> int:
        return len(self.pts_s)

    def frames(self, indices: Sequence[int] | np.ndarray, *, height: int | None = None) -> np.ndarray:
        """Return frames (N, H, W, 3); see `Decoder.frames`."""
        numbers = check_indices(indices, num_frames=len(self), name=self._path.name)
        wanted, places = np.unique(numbers, return_inverse=True)
        if self._reader is None:
            self._reader = self._open()
        found = self._shrink(self._batch(self._reader, wanted), height=height)
        # Going back to the start drops the pictures decord keeps in its queues; without it memory grows from call to
        # call (dmlc/decord#247).
        self._reader.seek(0)
        return found if len(wanted) == len(numbers) and np.all(np.diff(numbers) > 0) else found[places]

    def iterate(
        self,
        *,
        start: int = 0,
        stop: int | None = None,
        step: int = 1,
        height: int | None = None,
        is_draft: bool = False,
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (frame number, picture) in one forward pass; `is_draft` changes nothing here."""
        numbers = range(start, len(self) if stop is None else min(stop, len(self)), step)
        reader = self._open()
        for first in range(0, len(numbers), _CHUNK):
            chunk = numbers[first : first + _CHUNK]
            yield from zip(chunk, self._shrink(self._batch(reader, np.array(chunk)), height=height), strict=True)

    def close(self) -> None:
        """Free the file and the decoder's memory."""
        self._reader = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _open(self) -> Any:
        decord = load_decord()
        try:
            reader = decord.VideoReader(str(self._path), num_threads=self._num_threads)
        except (decord.DECORDError, RuntimeError) as error:
            raise BrokenVideoError(f"decord cannot open {self._path.name}: use backend=pyav") from error
        if len(reader) != len(self):
            raise BrokenVideoError(
                f"decord counts {len(reader)} frames in {self._path.name}, there are {len(self)}: use backend=pyav"
            )
        return reader

    def _batch(self, reader: Any, numbers: np.ndarray) -> np.ndarray:
        decord = load_decord()
        if not len(numbers):
            return np.empty((0, self.height, self.width, 3), dtype=np.uint8)
        try:
            return reader.get_batch(numbers.tolist()).asnumpy()
        except decord.DECORDError as error:
            raise BrokenVideoError(f"decord cannot read {self._path.name}: use backend=pyav or re-encode it") from error

    def _shrink(self, frames_NHWC: np.ndarray, *, height: int | None) -> np.ndarray:
        import cv2

        size = resized(width=self.width, height=self.height, to_height=height)
        if size == (self.width, self.height):
            return frames_NHWC
        method = cv2.INTER_AREA if size[1] < self.height else cv2.INTER_CUBIC
        shrunk = [cv2.resize(frame, size, interpolation=method) for frame in frames_NHWC]
        return np.stack(shrunk) if shrunk else np.empty((0, size[1], size[0], 3), dtype=np.uint8)
