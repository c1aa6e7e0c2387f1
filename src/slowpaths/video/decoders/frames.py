"""Read a folder of pictures as a video: natural order of names, 25 frames a second unless `fps.txt` says otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from slowpaths.core.errors import BrokenVideoError
from slowpaths.video.probe import PICTURE_SUFFIXES
from slowpaths.video.protocol import Decoder, shrink

DEFAULT_FPS = Fraction(25)


def list_frames(folder: Path) -> list[Path]:
    """Return the pictures of a folder in natural order (`frame_2` before `frame_10`)."""
    shown = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return sorted((path for path in shown if path.suffix.lower() in PICTURE_SUFFIXES), key=_natural)


def _natural(path: Path) -> list[int | str]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name.lower())]


def read_fps(folder: Path) -> Fraction:
    """Return the frame rate written in `fps.txt` ("25", "29.97" or "30000/1001"), else 25.

    Raises:
        BrokenVideoError: If the file holds no positive number.
    """
    path = folder / "fps.txt"
    if not path.exists():
        return DEFAULT_FPS
    try:
        fps = Fraction(path.read_text().strip())
    except (ValueError, ZeroDivisionError, OSError):
        fps = Fraction(0)
    if fps <= 0:
        raise BrokenVideoError(f"{folder.name}/fps.txt holds no frame rate: write one number such as 25 or 30000/1001")
    return fps


class FolderDecoder(Decoder):
    """Decode a folder of pictures of one size.

    Args:
        path: Folder.

    Raises:
        BrokenVideoError: If there is no picture, the first is unreadable, or `fps.txt` is wrong.
    """

    def __init__(self, path: Path) -> None:
        self._paths = list_frames(path)
        if not self._paths:
            raise BrokenVideoError(f"{path.name} is a folder without pictures: put .jpg or .png frames into it")
        self.fps = read_fps(path)
        height, width = _read(self._paths[0]).shape[:2]
        pts_s = np.arange(len(self._paths)) / float(self.fps)
        super().__init__(name=path.name, pts_s=pts_s, width=width, height=height)

    def _read(self, wanted: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
        return np.stack([self._picture(number, size=size) for number in wanted.tolist()])

    def _walk(self, numbers: range, *, size: tuple[int, int], is_draft: bool) -> Iterator[np.ndarray]:
        for number in numbers:
            yield self._picture(number, size=size)

    def _picture(self, number: int, *, size: tuple[int, int]) -> np.ndarray:
        path = self._paths[number]
        picture = _read(path)
        if picture.shape[:2] != (self.height, self.width):
            size_px = f"{self.width}x{self.height}"
            raise BrokenVideoError(
                f"{self.name}/{path.name} is not {size_px} like the first picture: give all frames one size"
            )
        return shrink(picture, size=size)


def _read(path: Path) -> np.ndarray:
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise BrokenVideoError(f"{path.parent.name}/{path.name} cannot be read: check its permissions") from error
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if picture is None:
        raise BrokenVideoError(f"{path.parent.name}/{path.name} is no readable picture: export that frame again")
    return np.ascontiguousarray(picture[:, :, ::-1])
