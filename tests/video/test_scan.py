from __future__ import annotations

from pathlib import Path

import numpy as np

from slowpaths.video.decode import open_video
from slowpaths.video.scan import key_frame_times, thumbnails
from tests import factories


def test_thumbnails_show_every_frame(footage: dict[str, Path]) -> None:
    for name in ("h264", "vfr", "gif", "frames"):
        with open_video(footage[name]) as decoder:
            small = thumbnails(decoder)
            assert small.images_THWC.shape == (len(decoder), 36, 64, 3)
            np.testing.assert_array_equal(small.pts_s, decoder.pts_s)
            assert [factories.read_bars(image) for image in small.images_THWC] == list(range(len(decoder)))


def test_thumbnails_of_every_fifth_frame(footage: dict[str, Path]) -> None:
    with open_video(footage["vfr"]) as decoder:
        small = thumbnails(decoder, step=5, width=80, height=48)
        assert small.frames.tolist() == list(range(0, 100, 5))
        np.testing.assert_array_equal(small.pts_s, decoder.pts_s[::5])
        assert [factories.read_bars(image) for image in small.images_THWC] == small.frames.tolist()


def test_key_frame_times(footage: dict[str, Path]) -> None:
    np.testing.assert_allclose(key_frame_times(footage["h264"]), [0.0, 2.0])
