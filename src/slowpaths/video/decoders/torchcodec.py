"""Decode with torchcodec (an extra: it needs a system FFmpeg); times and checks come from the packet index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.errors import BrokenVideoError, MissingDependencyError, UsageError
from slowpaths.video.index import StreamIndex
from slowpaths.video.protocol import Decoder, shrink_all


class TorchcodecDecoder(Decoder):
    """Decode one file in exact seek mode (the approximate one may return neighbours).

    Args:
        path: Video file.
        index: Its index.
        num_threads: Decoding threads (torchcodec's own default is one).

    Raises:
        MissingDependencyError: If torchcodec or its FFmpeg libraries are missing.
        UsageError: If frames of such a file cannot be told by number, or are not shown as they are stored.
    """

    def __init__(self, path: Path, *, index: StreamIndex, num_threads: int) -> None:
        try:
            from torchcodec.decoders import VideoDecoder  # pyrefly: ignore[missing-import]
        except (ImportError, RuntimeError, OSError) as error:
            raise MissingDependencyError(
                "torchcodec or its FFmpeg is missing: pip install 'slowpaths[torchcodec]' and apt-get install ffmpeg, "
                "or use backend=pyav"
            ) from error
        if not index.is_plain:
            raise UsageError(f"torchcodec does not show the frames of {path.name} as players do: use backend=pyav")
        super().__init__(name=path.name, pts_s=index.pts_s, width=index.width, height=index.height)
        try:
            options = {"dimension_order": "NHWC", "seek_mode": "exact", "num_ffmpeg_threads": num_threads}
            self._decoder: Any = VideoDecoder(str(path), **options)
        except (RuntimeError, ValueError) as error:
            raise BrokenVideoError(f"torchcodec cannot read {path.name}: use backend=pyav or re-encode it") from error
        if len(self._decoder) != len(self):
            raise UsageError(f"torchcodec does not number the frames of {path.name} as shown: use backend=pyav")

    def close(self) -> None:
        """Free the decoder's memory."""
        self._decoder = None

    def _read(self, wanted: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
        try:
            return shrink_all(self._decoder.get_frames_at(wanted.tolist()).data.numpy(), size=size)
        except RuntimeError as error:
            raise BrokenVideoError(f"torchcodec cannot read {self.name}: use backend=pyav") from error
