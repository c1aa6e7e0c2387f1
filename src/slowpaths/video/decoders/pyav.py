"""Decode with PyAV and the FFmpeg it carries: any codec, exact by time stamp, forward from the nearest key frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from slowpaths.core.errors import BrokenVideoError
from slowpaths.video.container import decode, open_container, seek, set_threads
from slowpaths.video.index import StreamIndex
from slowpaths.video.protocol import Decoder

# Decoding on is cheaper than seeking back to a key frame that lies this little ahead.
_SHORT_HOP = 16


class PyavDecoder(Decoder):
    """Decode one file; the container is opened at the first request.

    Args:
        path: Video file.
        index: Its index.
        num_threads: Decoding threads.
    """

    def __init__(self, path: Path, *, index: StreamIndex, num_threads: int) -> None:
        super().__init__(name=path.name, pts_s=index.pts_s, width=index.width, height=index.height)
        self._path, self._index, self._num_threads = path, index, num_threads
        self._cursor: _Cursor | None = None
        self._reformatter = VideoReformatter()  # keeps the scaling tables from frame to frame

    def close(self) -> None:
        """Free the file and the decoder's memory."""
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None

    def _read(self, wanted: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
        if self._cursor is None:
            self._cursor = _Cursor(self._path, index=self._index, num_threads=self._num_threads)
        found = np.empty((len(wanted), size[1], size[0], 3), dtype=np.uint8)
        for slot, number in enumerate(wanted.tolist()):
            found[slot] = self._picture(self._cursor.frame(number), size=size)
        return found

    def _walk(self, numbers: range, *, size: tuple[int, int], is_draft: bool) -> Iterator[np.ndarray]:
        cursor = _Cursor(self._path, index=self._index, num_threads=self._num_threads, is_draft=is_draft)
        try:
            for number in numbers:
                yield self._picture(cursor.frame(number), size=size)
        finally:
            cursor.close()

    def _picture(self, frame: Any, *, size: tuple[int, int]) -> np.ndarray:
        rotation_deg = self._index.rotation_deg
        width, height = size[::-1] if rotation_deg % 180 else size  # before it is turned
        way = Interpolation.AREA if height < frame.height else Interpolation.BICUBIC
        scaled = self._reformatter.reformat(frame, width=width, height=height, format="rgb24", interpolation=way)
        picture = scaled.to_ndarray()
        if self._index.is_mirrored:
            picture = picture[:, ::-1]
        return np.rot90(picture, k=-rotation_deg // 90) if rotation_deg else picture


class _Cursor:
    """Walk forward through one open container and jump back to key frames."""

    def __init__(self, path: Path, *, index: StreamIndex, num_threads: int, is_draft: bool = False) -> None:
        self._path, self._index, self._num_threads, self._is_draft = path, index, num_threads, is_draft
        self._container: Any = None
        self._decoded: Iterator[Any] = iter(())
        self._next = len(index)  # number of the frame that comes out next
        self._last: tuple[int, Any] | None = None

    def frame(self, number: int) -> Any:
        """Return the decoded frame.

        Raises:
            BrokenVideoError: If it does not decode.
        """
        if self._last is not None and self._last[0] == number:
            return self._last[1]
        key_place = int(np.searchsorted(self._index.key_frames, number, side="right")) - 1
        key = int(self._index.key_frames[key_place])
        if not key - _SHORT_HOP <= self._next <= number:
            self._jump(key_place)
        while (found := self._step()) is not None and found[0] < number:
            pass
        if found is not None and found[0] > number and key_place:
            self._jump(key_place - 1)  # containers that seek by decoding time may land too late
            while (found := self._step()) is not None and found[0] < number:
                pass
        if found is None or found[0] != number:
            raise BrokenVideoError(
                f"frame {number} of {self._path.name} does not decode: the file is damaged there, re-encode it "
                "(ffmpeg -i old.mp4 new.mp4) or cut that part out"
            )
        self._last = found
        return found[1]

    def close(self) -> None:
        self._decoded, self._last = iter(()), None
        if self._container is not None:
            self._container.close()
            self._container = None

    def _step(self) -> tuple[int, Any] | None:
        for frame in self._decoded:
            number = self._number(frame.pts) if self._index.is_told_by_time else self._next
            if number is None:
                continue
            self._next = number + 1
            return number, frame
        self._next = len(self._index)
        return None

    def _number(self, tick: int | None) -> int | None:
        place = int(np.searchsorted(self._index.ticks, tick)) if tick is not None else len(self._index)
        return place if place < len(self._index) and self._index.ticks[place] == tick else None

    def _jump(self, key_place: int) -> None:
        """Go to a key frame; the start of the file is reached by opening it anew, which every container allows."""
        key = int(self._index.key_frames[key_place])
        if self._container is None or key == 0:
            self.close()
            self._container = open_container(self._path)
            stream = self._container.streams[self._index.stream]
            set_threads(stream, num_threads=self._num_threads, is_draft=self._is_draft)
        stream = self._container.streams[self._index.stream]
        if key:
            bytes_ = self._index.key_bytes
            byte = None if bytes_ is None else int(bytes_[key_place])
            seek(self._container, stream, tick=int(self._index.ticks[key]), byte=byte)
        self._decoded = decode(self._container, stream, corrections=self._index.corrections)
        self._next = key
