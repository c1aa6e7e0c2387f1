"""Decode with decord 0.6.0: fast random access in plain H.264; times and checks come from the packet index."""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.errors import BrokenVideoError
from slowpaths.video.index import StreamIndex
from slowpaths.video.protocol import CHUNK, Decoder, shrink_all


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


class DecordDecoder(Decoder):
    """Decode one file; the reader is opened at the first request.

    Args:
        path: Video file.
        index: Its index; `open_video` has seen to it that decord numbers the frames in the same way.
        num_threads: Decoding threads.
    """

    def __init__(self, path: Path, *, index: StreamIndex, num_threads: int) -> None:
        super().__init__(name=path.name, pts_s=index.pts_s, width=index.width, height=index.height)
        self._path, self._num_threads = path, num_threads
        self._reader: Any = None

    def close(self) -> None:
        """Free the file and the decoder's memory."""
        self._reader = None

    def _read(self, wanted: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
        if self._reader is None:
            self._reader = self._open()
        found = self._batch(self._reader, wanted, size=size)
        # Going back to the start drops the pictures decord keeps in its queues; without it memory grows from call to
        # call (dmlc/decord#247).
        self._reader.seek(0)
        return found

    def _walk(self, numbers: range, *, size: tuple[int, int], is_draft: bool) -> Iterator[np.ndarray]:
        reader = self._open()
        for first in range(0, len(numbers), CHUNK):
            yield from self._batch(reader, np.array(numbers[first : first + CHUNK]), size=size)

    def _open(self) -> Any:
        decord = load_decord()
        try:
            reader = decord.VideoReader(str(self._path), num_threads=self._num_threads)
        except (decord.DECORDError, RuntimeError) as error:
            raise BrokenVideoError(f"decord cannot open {self.name}: use backend=pyav") from error
        if len(reader) != len(self):
            raise BrokenVideoError(
                f"decord counts {len(reader)} frames in {self.name}, there are {len(self)}: use backend=pyav"
            )
        return reader

    def _batch(self, reader: Any, numbers: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
        decord = load_decord()
        try:
            frames_NHWC = reader.get_batch(numbers.tolist()).asnumpy()
        except decord.DECORDError as error:
            raise BrokenVideoError(f"decord cannot read {self.name}: use backend=pyav or re-encode it") from error
        return shrink_all(frames_NHWC, size=size)
