"""Decode with torchcodec (an extra: it needs a system FFmpeg); times and checks come from the packet index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from slowpaths.core.errors import BrokenVideoError, MissingDependencyError, UsageError
from slowpaths.video._index import StreamIndex
from slowpaths.video.decode import check_indices, resized, shown_size

_CHUNK = 16


class TorchcodecDecoder:
    """Decode one file in exact seek mode (the approximate one may return neighbours).

    Args:
        path: Video file.
        index: Its index.
        num_threads: Decoding threads (torchcodec's own default is one).

    Raises:
        MissingDependencyError: If torchcodec or its FFmpeg libraries are missing.
        UsageError: If frames of such a file cannot be told by number.
    """

    def __init__(self, path: Path, *, index: StreamIndex, num_threads: int) -> None:
        try:
            from torchcodec.decoders import VideoDecoder  # pyrefly: ignore[missing-import]
        except (ImportError, RuntimeError, OSError) as error:
            raise MissingDependencyError(
                "torchcodec or its FFmpeg is missing: pip install 'slowpaths[torchcodec]' and apt-get install ffmpeg, "
                "or use backend=pyav"
            ) from error
        if index.is_counted:
            raise UsageError(f"torchcodec does not number the frames of {path.name} as shown: use backend=pyav")
        self.pts_s = index.pts_s
        self.width, self.height = shown_size(width=index.width, height=index.height, rotation_deg=index.rotation_deg)
        self._path = path
        try:
            self._decoder: Any = VideoDecoder(
                str(path), dimension_order="NHWC", num_ffmpeg_threads=num_threads, seek_mode="exact"
            )
        except (RuntimeError, ValueError) as error:
            raise BrokenVideoError(f"torchcodec cannot read {path.name}: use backend=pyav or re-encode it") from error
        if len(self._decoder) != len(self):
            raise UsageError(f"torchcodec does not number the frames of {path.name} as shown: use backend=pyav")

    def __len__(self) -> int:
        return len(self.pts_s)

    def frames(self, indices: Sequence[int] | np.ndarray, *, height: int | None = None) -> np.ndarray:
        """Return frames (N, H, W, 3); see `Decoder.frames`."""
        import cv2

        numbers = check_indices(indices, num_frames=len(self), name=self._path.name)
        wanted, places = np.unique(numbers, return_inverse=True)
        size = resized(width=self.width, height=self.height, to_height=height)
        if not len(wanted):
            return np.empty((0, size[1], size[0], 3), dtype=np.uint8)
        try:
            found = self._decoder.get_frames_at(wanted.tolist()).data.numpy()
        except RuntimeError as error:
            raise BrokenVideoError(f"torchcodec cannot read {self._path.name}: use backend=pyav") from error
        if size != (self.width, self.height):
            method = cv2.INTER_AREA if size[1] < self.height else cv2.INTER_CUBIC
            found = np.stack([cv2.resize(frame, size, interpolation=method) for frame in found])
        return found[places]

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
        for first in range(0, len(numbers), _CHUNK):
            chunk = numbers[first : first + _CHUNK]
            yield from zip(chunk, self.frames(chunk, height=height), strict=True)

    def close(self) -> None:
        """Free the decoder's memory."""
        self._decoder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
