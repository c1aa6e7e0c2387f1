"""What every decoder offers: exact frames by number, in any order, as they are shown; and what decoders share.

Legend: N frames asked for, T frames of the video, H, W, C = red, green, blue.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np

from slowpaths.core.errors import UsageError

CHUNK = 16  # frames that are read at once where a decoder cannot walk on by itself


class Decoder(ABC):
    """Give exact frames of one video, upright, as uint8 red-green-blue; a context manager.

    It checks, orders and counts frames, so that each decoder only has to read them.

    Args:
        name: Name of the video in messages.
        pts_s: Presentation time of every frame (T,), seconds, strictly increasing; 0 is where a player begins.
        width: Width as shown, in square pixels.
        height: Height as shown, pixels.
    """

    def __init__(self, *, name: str, pts_s: np.ndarray, width: int, height: int) -> None:
        self.name, self.pts_s, self.width, self.height = name, pts_s, width, height

    def __len__(self) -> int:
        return len(self.pts_s)

    def frames(self, indices: Sequence[int] | np.ndarray, *, height: int | None = None) -> np.ndarray:
        """Return frames (N, H, W, 3) in the order asked for, repeats allowed; no frame is decoded twice.

        Args:
            indices: Frame numbers (N,) from 0; negative numbers are not allowed.
            height: Height to shrink or grow to, keeping the aspect; None for the full size.

        Raises:
            UsageError: If a frame number is outside the video.
            BrokenVideoError: If a frame does not decode.
        """
        numbers = np.asarray(indices, dtype=np.int64).reshape(-1)
        outside = numbers[(numbers < 0) | (numbers >= len(self))]
        if len(outside):
            last = len(self) - 1
            raise UsageError(f"{self.name} has frames 0 to {last}, there is no frame {outside[0]}: check the times")
        wanted, places = np.unique(numbers, return_inverse=True)
        size = resized(width=self.width, height=self.height, to_height=height)
        found = self._read(wanted, size=size) if len(wanted) else np.empty((0, size[1], size[0], 3), dtype=np.uint8)
        return found if len(wanted) == len(numbers) and np.all(np.diff(numbers) > 0) else found[places]

    def iterate(
        self, *, start: int = 0, stop: int | None = None, step: int = 1, height: int | None = None,
        is_draft: bool = False,
    ) -> Iterator[tuple[int, np.ndarray]]:  # fmt: skip
        """Yield (frame number, picture (H, W, 3)) in one forward pass.

        Args:
            start: First frame.
            stop: One after the last frame; None for the end.
            step: Take every `step`-th frame.
            height: Height to resize to.
            is_draft: Whether small errors are welcome for speed (deblocking left out); for scans only.
        """
        numbers = range(start, len(self) if stop is None else min(stop, len(self)), step)
        size = resized(width=self.width, height=self.height, to_height=height)
        yield from zip(numbers, self._walk(numbers, size=size, is_draft=is_draft), strict=True)

    def close(self) -> None:  # noqa: B027 - a decoder that keeps nothing open has nothing to do
        """Free the file and the decoder's memory."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @abstractmethod
    def _read(self, wanted: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
        """Return frames (N, H, W, 3) of a width and height; numbers ascend, and there is at least one."""

    def _walk(self, numbers: range, *, size: tuple[int, int], is_draft: bool) -> Iterator[np.ndarray]:
        """Yield the frames of a range one by one."""
        for first in range(0, len(numbers), CHUNK):
            yield from self._read(np.array(numbers[first : first + CHUNK]), size=size)


def shrink(frame_HWC: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
    """Return a frame at a width and height."""
    import cv2

    if frame_HWC.shape[1::-1] == size:
        return frame_HWC
    way = cv2.INTER_AREA if size[1] < frame_HWC.shape[0] else cv2.INTER_CUBIC
    return cv2.resize(frame_HWC, size, interpolation=way)


def shrink_all(frames_NHWC: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
    """Return frames at a width and height."""
    is_right = frames_NHWC.shape[2:0:-1] == size
    return frames_NHWC if is_right else np.stack([shrink(frame_HWC, size=size) for frame_HWC in frames_NHWC])


def resized(*, width: int, height: int, to_height: int | None) -> tuple[int, int]:
    """Return (width, height) that keep the aspect at a new height.

    Example:
        >>> resized(width=1280, height=720, to_height=36)
        (64, 36)
    """
    if to_height is None or to_height == height:
        return width, height
    return max(1, round(width * to_height / height)), to_height
