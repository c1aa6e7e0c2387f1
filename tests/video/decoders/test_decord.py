from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from slowpaths.video.open import open_video


def test_loading_decord_leaves_other_libraries_alone(tmp_path: Path) -> None:
    """decord's own zlib, seen by OpenCV, makes every PNG unreadable."""
    code = """
import numpy as np
from slowpaths.video.decoders.decord import load_decord
load_decord()
import cv2
picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
read = cv2.imdecode(cv2.imencode(".png", picture)[1], cv2.IMREAD_COLOR)
assert read is not None and (read == picture).all()
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_memory_stays_flat_over_many_reads(footage: dict[str, Path]) -> None:
    def resident_kib() -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    with open_video(footage["h264"], backend="decord") as decoder:
        for _ in range(20):
            decoder.frames([3, 60, 97])
        before = resident_kib()
        for _ in range(100):
            decoder.frames([3, 60, 97])
        assert resident_kib() - before < 5_000
