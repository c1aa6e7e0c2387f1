from __future__ import annotations

import numpy as np
import pytest

from slowpaths.video.kept import KeptFrames
from slowpaths.video.protocol import Decoder, shrink_all


class Counting(Decoder):
    """Five frames of 8 x 4 pixels that know their numbers, and a list of those that were decoded."""

    def __init__(self) -> None:
        super().__init__(name="five", pts_s=np.arange(5) / 25, width=8, height=4)
        self.decoded: list[int] = []

    def _read(self, wanted: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
        self.decoded += wanted.tolist()
        frames_NHWC = np.broadcast_to(wanted[:, None, None, None], (len(wanted), 4, 8, 3)).astype(np.uint8)
        return shrink_all(frames_NHWC, size=size)


@pytest.fixture
def counting() -> Counting:
    return Counting()


def test_frames_of_the_kept_height_are_decoded_once(counting: Counting) -> None:
    kept = KeptFrames(counting, height=2)
    first = {number: frame_HWC.copy() for number, frame_HWC in kept.iterate(height=2)}
    assert counting.decoded == [0, 1, 2, 3, 4]
    again = dict(kept.iterate(start=1, stop=4, step=2, height=2))
    assert sorted(again) == [1, 3]
    for number, frame_HWC in again.items():
        np.testing.assert_array_equal(frame_HWC, first[number])
    np.testing.assert_array_equal(kept.frames([4, 0, 4], height=2), np.stack([first[4], first[0], first[4]]))
    assert counting.decoded == [0, 1, 2, 3, 4]


def test_what_was_not_kept_comes_from_the_decoder(counting: Counting) -> None:
    kept = KeptFrames(counting, height=2)
    list(kept.iterate(height=2, is_draft=True))  # drafts are not exact, and so not kept
    assert kept.frames([1], height=2).shape == (1, 2, 4, 3)
    walk = kept.iterate(height=2)
    assert [next(walk)[0] for _ in range(2)] == [0, 1]  # a walk that is broken off
    counting.decoded.clear()
    assert kept.frames([0, 2], height=2)[:, 0, 0, 0].tolist() == [0, 2]
    assert kept.frames([1]).shape == (1, 4, 8, 3)  # another height
    assert counting.decoded == [0, 2, 1]
    assert (len(kept), kept.name, kept.width, kept.height) == (5, "five", 8, 4)
