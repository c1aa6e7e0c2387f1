"""One protocol over the decoders: exact frames by number, in any order, as they are shown.

Legend: N frames asked for, T frames of the video, H, W, C = red, green, blue.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from slowpaths.core.errors import MissingDependencyError, UsageError
from slowpaths.core.threads import available_threads

BACKENDS: tuple[str, ...] = ("auto", "decord", "pyav", "torchcodec", "frames")
# What decord 0.6.0 reads frame for frame. It has neither AV1 nor GIF, and returns wrong frames of HEVC with
# bidirectional pictures.
_DECORD_CODECS = frozenset({"h264", "mpeg4", "mjpeg"})
_SHORT_GOP = 16  # frames from key frame to key frame, on average
_DECORD_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi"})


class Decoder(Protocol):
    """Give exact frames of one video, upright, as uint8 red-green-blue; a context manager."""

    pts_s: np.ndarray
    """Presentation time of every frame (T,), seconds, strictly increasing, on the container's clock."""
    height: int
    """Height as shown, pixels."""
    width: int
    """Width as shown, pixels (the pixel aspect ratio stays as stored)."""

    def __len__(self) -> int: ...

    def frames(self, indices: Sequence[int] | np.ndarray, *, height: int | None = None) -> np.ndarray:
        """Return frames (N, H, W, 3) in the order asked for, repeats allowed; no frame is decoded twice.

        Args:
            indices: Frame numbers (N,) from 0; negative numbers are not allowed.
            height: Height to shrink or grow to, keeping the aspect; None for the full size.

        Raises:
            UsageError: If a frame number is outside the video.
            BrokenVideoError: If a frame does not decode.
        """
        ...

    def iterate(
        self,
        *,
        start: int = 0,
        stop: int | None = None,
        step: int = 1,
        height: int | None = None,
        is_draft: bool = False,
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (frame number, picture (H, W, 3)) in one forward pass.

        Args:
            start: First frame.
            stop: One after the last frame; None for the end.
            step: Take every `step`-th frame.
            height: Height to resize to.
            is_draft: Whether small errors are welcome for speed (deblocking left out); for scans only.
        """
        ...

    def close(self) -> None:
        """Free the file and the decoder's memory."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


def open_video(path: Path, *, backend: str = "auto", num_threads: int | None = None) -> Decoder:
    """Open a video or a folder of frames.

    `auto` takes decord for clips with key frames close together, as the clip store has them, where it is installed and
    reads the file frame for frame (even rate, upright, no hidden frames, a codec it knows). It takes PyAV for the rest:
    seeking in footage costs decord half as much again (scripts/bench/decode.py).

    Args:
        path: Video file, or a folder of .jpg or .png frames.
        backend: One of `BACKENDS`.
        num_threads: Decoding threads; None for the cores at hand, at most 4. Use 1 in loader workers.

    Raises:
        UsageError: If there is no such backend, or it cannot read this kind of file.
        BrokenVideoError: If the video cannot be read.
        MissingDependencyError: If the backend's package is not installed.
    """
    if backend not in BACKENDS:
        raise UsageError(f"unknown video backend '{backend}'; choose one of {', '.join(BACKENDS)}")
    path = Path(path)
    if path.is_dir():
        if backend not in ("auto", "frames"):
            raise UsageError(f"{path.name} is a folder: read it with the backend 'frames', not '{backend}'")
        from slowpaths.video._frames import FolderDecoder

        return FolderDecoder(path)
    if backend == "frames":
        raise UsageError(f"{path.name} is a file: the backend 'frames' reads folders of pictures, use 'auto'")

    from slowpaths.video._index import read_index

    index = read_index(path)
    num_threads = num_threads or min(4, available_threads())
    if backend == "auto":
        is_clip = len(index) <= _SHORT_GOP * len(index.key_frames)
        is_sure = index.is_plain and can_use_decord(index.codec, index.container)
        backend = "decord" if is_clip and is_sure else "pyav"
    if backend == "pyav":
        from slowpaths.video._pyav import PyavDecoder

        return PyavDecoder(path, index=index, num_threads=num_threads)
    if backend == "decord":
        if not _has_decord():
            raise MissingDependencyError(
                "decord is not installed (it exists for Linux on x86-64 only): use backend=pyav, or pip install decord"
            )
        if not (index.is_plain and can_use_decord(index.codec, index.container)):
            raise UsageError(
                f"decord does not read {path.name} frame for frame (its codec, a varying rate, a rotation or "
                "hidden frames): use backend=pyav or backend=auto"
            )
        from slowpaths.video._decord import DecordDecoder

        return DecordDecoder(path, index=index, num_threads=num_threads)
    from slowpaths.video._torchcodec import TorchcodecDecoder

    return TorchcodecDecoder(path, index=index, num_threads=num_threads)


def can_use_decord(codec: str, container: str) -> bool:
    """Return whether decord is installed and reads this codec in this container frame for frame."""
    return codec in _DECORD_CODECS and container in _DECORD_CONTAINERS and _has_decord()


def _has_decord() -> bool:
    if "decord" in sys.modules:
        return True
    from importlib.util import find_spec

    return find_spec("decord") is not None


def check_indices(indices: Sequence[int] | np.ndarray, *, num_frames: int, name: str) -> np.ndarray:
    """Return frame numbers as int64 (N,).

    Raises:
        UsageError: If one lies outside the video.
    """
    numbers = np.asarray(indices, dtype=np.int64).reshape(-1)
    outside = numbers[(numbers < 0) | (numbers >= num_frames)]
    if len(outside):
        raise UsageError(f"{name} has frames 0 to {num_frames - 1}, there is no frame {outside[0]}: check the times")
    return numbers


def shown_size(*, width: int, height: int, rotation_deg: int) -> tuple[int, int]:
    """Return (width, height) after rotation."""
    return (height, width) if rotation_deg % 180 else (width, height)


def resized(*, width: int, height: int, to_height: int | None) -> tuple[int, int]:
    """Return (width, height) that keep the aspect at a new height.

    Example:
        >>> resized(width=1280, height=720, to_height=36)
        (64, 36)
    """
    if to_height is None or to_height == height:
        return width, height
    return max(1, round(width * to_height / height)), to_height
