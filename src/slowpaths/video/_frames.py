"""Read a folder of pictures as a video: natural order of names, 25 frames a second unless `fps.txt` says otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from slowpaths.core.errors import BrokenVideoError
from slowpaths.video.decode import check_indices, resized

PICTURES = frozenset({".jpg", ".jpeg", ".png"})
DEFAULT_FPS = Fraction(25)


def list_frames(folder: Path) -> list[Path]:
    """Return the pictures of a folder in natural order (`frame_2` before `frame_10`)."""
    found = [path for path in folder.iterdir() if path.suffix.lower() in PICTURES and not path.name.startswith(".")]
    return sorted(found, key=lambda path: [int(part) if part.isdigit() else part for part in _parts(path.name)])


def _parts(name: str) -> list[str]:
    return re.split(r"(\d+)", name.lower())


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


class FolderDecoder:
    """Decode a folder of pictures of one size.

    Args:
        path: Folder.

    Raises:
        BrokenVideoError: If there is no picture, the first is unreadable, or `fps.txt` is wrong.
    """

    def __init__(self, path: Path) -> None:
        self._folder, self._paths = path, list_frames(path)
        if not self._paths:
            raise BrokenVideoError(f"{path.name} is a folder without pictures: put .jpg or .png frames into it")
        self.fps = read_fps(path)
        self.pts_s = np.arange(len(self._paths)) / float(self.fps)
        self.height, self.width = _read(self._paths[0]).shape[:2]

    def __len__(self) -> int:
        return len(self._paths)

    def frames(self, indices: Sequence[int] | np.ndarray, *, height: int | None = None) -> np.ndarray:
        """Return frames (N, H, W, 3); see `Decoder.frames`."""
        numbers = check_indices(indices, num_frames=len(self), name=self._folder.name)
        wanted, places = np.unique(numbers, return_inverse=True)
        width, to_height = resized(width=self.width, height=self.height, to_height=height)
        found = np.empty((len(wanted), to_height, width, 3), dtype=np.uint8)
        for slot, number in enumerate(wanted.tolist()):
            found[slot] = self._picture(number, size=(width, to_height))
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
        """Yield (frame number, picture) in order; `is_draft` changes nothing here."""
        size = resized(width=self.width, height=self.height, to_height=height)
        for number in range(start, len(self) if stop is None else min(stop, len(self)), step):
            yield number, self._picture(number, size=size)

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _picture(self, number: int, *, size: tuple[int, int]) -> np.ndarray:
        path = self._paths[number]
        picture = _read(path)
        if picture.shape[:2] != (self.height, self.width):
            raise BrokenVideoError(
                f"{self._folder.name}/{path.name} is not {self.width}x{self.height} like the first picture: give all "
                "frames one size"
            )
        if size == (self.width, self.height):
            return picture
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if size[1] < self.height else cv2.INTER_CUBIC)


def _read(path: Path) -> np.ndarray:
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise BrokenVideoError(f"{path.parent.name}/{path.name} cannot be read: check its permissions") from error
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if picture is None:
        raise BrokenVideoError(f"{path.parent.name}/{path.name} is no readable picture: export that frame again")
    return np.ascontiguousarray(picture[:, :, ::-1])
