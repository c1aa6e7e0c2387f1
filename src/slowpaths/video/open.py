"""Choose the decoder that gives exact frames of a video, or of a folder of pictures."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from slowpaths.core.errors import MissingDependencyError, UsageError
from slowpaths.core.threads import available_threads
from slowpaths.video.protocol import Decoder

BACKENDS: tuple[str, ...] = ("auto", "decord", "pyav", "torchcodec", "frames")
# What decord 0.6.0 reads frame for frame. It has neither AV1 nor GIF, and returns wrong frames of HEVC with
# bidirectional pictures.
_DECORD_CODECS = frozenset({"h264", "mpeg4", "mjpeg"})
_SHORT_GOP = 16  # frames from key frame to key frame, on average
_DECORD_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi"})


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
        from slowpaths.video.decoders.frames import FolderDecoder

        return FolderDecoder(path)
    if backend == "frames":
        raise UsageError(f"{path.name} is a file: the backend 'frames' reads folders of pictures, use 'auto'")

    from slowpaths.video.index import read_index

    index = read_index(path)
    num_threads = num_threads or min(4, available_threads())
    if backend == "auto":
        is_clip = len(index) <= _SHORT_GOP * len(index.key_frames)
        is_sure = index.is_plain and can_use_decord(index.codec, index.container)
        backend = "decord" if is_clip and is_sure else "pyav"
    if backend == "pyav":
        from slowpaths.video.decoders.pyav import PyavDecoder

        return PyavDecoder(path, index=index, num_threads=num_threads)
    if backend == "decord":
        if not _has_decord():
            cure = "use backend=pyav, or pip install decord"
            raise MissingDependencyError(f"decord is not installed (it exists for Linux on x86-64 only): {cure}")
        if not (index.is_plain and can_use_decord(index.codec, index.container)):
            why, cure = "its codec, a varying rate, a rotation or hidden frames", "use backend=pyav or backend=auto"
            raise UsageError(f"decord does not read {path.name} frame for frame ({why}): {cure}")
        from slowpaths.video.decoders.decord import DecordDecoder

        return DecordDecoder(path, index=index, num_threads=num_threads)
    from slowpaths.video.decoders.torchcodec import TorchcodecDecoder

    return TorchcodecDecoder(path, index=index, num_threads=num_threads)


def can_use_decord(codec: str, container: str) -> bool:
    """Return whether decord is installed and reads this codec in this container frame for frame."""
    return codec in _DECORD_CODECS and container in _DECORD_CONTAINERS and _has_decord()


def _has_decord() -> bool:
    return "decord" in sys.modules or find_spec("decord") is not None
