"""Frames that stay in memory once they are decoded, for videos that are short enough and read more than once.

Legend: N frames asked for, H, W, C = red, green, blue.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from slowpaths.video.protocol import Decoder, resized


class KeptFrames(Decoder):
    """Give the frames of another decoder, and keep those of one height: a walk over them is made once.

    Args:
        decoder: Where the frames come from; it stays somebody else's to close.
        height: Height of the frames that are kept, pixels.
    """

    def __init__(self, decoder: Decoder, *, height: int) -> None:
        super().__init__(name=decoder.name, pts_s=decoder.pts_s, width=decoder.width, height=decoder.height)
        self._decoder = decoder
        self._size = resized(width=decoder.width, height=decoder.height, to_height=height)
        self._kept: dict[int, np.ndarray] = {}

    def _read(self, wanted: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
        if self._has(wanted.tolist(), size=size):
            return np.stack([self._kept[number] for number in wanted.tolist()])
        return self._decoder.frames(wanted, height=size[1])

    def _walk(self, numbers: range, *, size: tuple[int, int], is_draft: bool) -> Iterator[np.ndarray]:
        if self._has(numbers, size=size):
            yield from (self._kept[number] for number in numbers)
            return
        is_kept = size == self._size and not is_draft
        given = {"start": numbers.start, "stop": numbers.stop, "step": numbers.step}
        for number, frame_HWC in self._decoder.iterate(**given, height=size[1], is_draft=is_draft):
            if is_kept:
                self._kept[number] = frame_HWC
            yield frame_HWC

    def _has(self, numbers: range | list[int], *, size: tuple[int, int]) -> bool:
        return size == self._size and all(number in self._kept for number in numbers)
