"""Footage that several tests of the room read; made once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import factories


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("footage")
    tone = np.sin(np.arange(4 * 16_000) * 0.2).astype(np.float32) * 0.3
    make = factories.bar_video
    return {
        "h264": make(folder / "h264.mp4"),
        "sound": make(folder / "sound.mp4", sound=(tone, 16_000)),
        "mkv_ntsc": make(folder / "ntsc.mkv", fps=factories.Fraction(30_000, 1001)),
        "vfr": make(folder / "vfr.mp4", ticks=factories.variable_ticks(100)),
        "odd": make(folder / "odd.mp4", width=161, height=97, pix_fmt="yuv444p"),
        "rot90": make(folder / "rot90.mp4", rotation_deg=90),
        "rot180": make(folder / "rot180.mp4", rotation_deg=180),
        "rot270": make(folder / "rot270.mp4", rotation_deg=270),
        "tenbit": make(folder / "tenbit.mp4", pix_fmt="yuv420p10le"),
        "hevc": make(folder / "hevc.mp4", codec="libx265"),
        "mpeg4_avi": make(folder / "mpeg4.avi", codec="mpeg4", bframes=0),
        "mpeg4_b_avi": make(folder / "mpeg4_b.avi", codec="mpeg4", bframes=2),
        "mjpeg_avi": make(folder / "mjpeg.avi", codec="mjpeg", pix_fmt="yuvj420p"),
        "interlaced": make(folder / "interlaced.mp4", is_interlaced=True),
        "av1": make(folder / "av1.mp4", codec="libsvtav1", num_frames=20, width=64, height=64),
        "vp8": make(folder / "vp8.webm", codec="libvpx"),
        "ts": make(folder / "stream.ts"),
        "bt709": make(folder / "bt709.mp4", colour="bt709"),
        "gif": factories.gif(folder / "bars.gif"),
        "frames": factories.frame_folder(folder / "frames", num_frames=12, fps="30000/1001"),
    }
