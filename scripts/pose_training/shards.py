"""Training pictures on disk: a few hundred JPEGs and the joints of everybody in them, in one file.

Legend: F pictures of a shard, N people in all of them, J = 17 joints, H, W.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.store.tables import atomic_write

_JPEG_QUALITY = 92
_KEYS = ("bytes", "ends_F", "counts_F", "joints_NJ2", "boxes_N4", "is_striker_N", "cameras_F")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """Hold one picture and the people in it.

    Args:
        frame_HWC: RGB (H, W, 3), uint8.
        joints_NJ2: Joints (N, 17, 2), pixels; NaN where unknown.
        boxes_N4: Boxes x1, y1, x2, y2 (N, 4), pixels.
        is_striker_N: Who is the striker (N,).
        camera: Where it was filmed from.
    """

    frame_HWC: np.ndarray
    joints_NJ2: np.ndarray
    boxes_N4: np.ndarray
    is_striker_N: np.ndarray
    camera: str = ""


def write_shard(path: Path, pictures: Iterable[Picture]) -> None:
    """Write pictures into one file that appears when it is whole."""
    kept = list(pictures)
    flags = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    codes = [cv2.imencode(".jpg", picture.frame_HWC[..., ::-1], flags)[1].ravel() for picture in kept]
    with atomic_write(path) as stream:
        np.savez(
            stream,
            bytes=np.concatenate(codes),
            ends_F=np.cumsum([len(code) for code in codes]),
            counts_F=np.array([len(picture.boxes_N4) for picture in kept]),
            joints_NJ2=np.concatenate([picture.joints_NJ2 for picture in kept]).astype(np.float32),
            boxes_N4=np.concatenate([picture.boxes_N4 for picture in kept]).astype(np.float32),
            is_striker_N=np.concatenate([picture.is_striker_N for picture in kept]).astype(bool),
            cameras_F=np.array([picture.camera for picture in kept]),
        )


class Shards:
    """Read pictures by number; the compressed bytes of all shards stay in memory.

    Args:
        paths: Shards, at least one.

    Raises:
        UsageError: If there is none, or one is no shard.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._codes: list[np.ndarray] = []
        self._people: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.cameras: list[str] = []
        for path in paths:
            self._read(path)
        if not self._codes:
            raise UsageError("there are no training pictures: run the render step first")

    def _read(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as shard:
                content = {key: shard[key] for key in _KEYS}
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"{path} is no shard of training pictures: delete it and render again") from error
        self._codes += np.split(content["bytes"], content["ends_F"][:-1])
        cuts = np.cumsum(content["counts_F"])[:-1]
        columns = [np.split(content[key], cuts) for key in ("joints_NJ2", "boxes_N4", "is_striker_N")]
        self._people += list(zip(*columns, strict=True))
        self.cameras += content["cameras_F"].tolist()

    def __len__(self) -> int:
        return len(self._codes)

    def __getitem__(self, index: int) -> Picture:
        joints_NJ2, boxes_N4, is_striker_N = self._people[index]
        decoded = cv2.imdecode(self._codes[index], cv2.IMREAD_COLOR)
        assert decoded is not None
        return Picture(
            frame_HWC=cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB),
            joints_NJ2=joints_NJ2,
            boxes_N4=boxes_N4,
            is_striker_N=is_striker_N,
            camera=self.cameras[index],
        )
