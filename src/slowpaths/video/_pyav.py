"""Decode with PyAV and the FFmpeg it carries: any codec, exact by time stamp, forward from the nearest key frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from slowpaths.core.errors import BrokenVideoError
from slowpaths.video._index import StreamIndex, decode, open_container, set_threads
from slowpaths.video.decode import check_indices, resized, shown_size

# Decoding on is cheaper than seeking back to a key frame that lies this little ahead.
_SHORT_HOP = 16


class PyavDecoder:
    """Decode one file; the container is opened at the first request.

    Args:
        path: Video file.
        index: Its index.
        num_threads: Decoding threads.
    """

    def __init__(self, path: Path, *, index: StreamIndex, num_threads: int) -> None:
        self.pts_s = index.pts_s
        self.width, self.height = shown_size(width=index.width, height=index.height, rotation_deg=index.rotation_deg)
        self._path, self._index, self._num_threads = path, index, num_threads
        self._cursor: _Cursor | None = None
        self._reformatter = VideoReformatter()  # keeps the scaling tables from frame to frame

    def __len__(self) -> int:
        return len(self._index)

    def frames(self, indices: Sequence[int] | np.ndarray, *, height: int | None = None) -> np.ndarray:
        """Return frames (N, H, W, 3); see `Decoder.frames`."""
        numbers = check_indices(indices, num_frames=len(self), name=self._path.name)
        wanted, places = np.unique(numbers, return_inverse=True)
        width, to_height = resized(width=self.width, height=self.height, to_height=height)
        if self._cursor is None:
            self._cursor = _Cursor(self._path, index=self._index, num_threads=self._num_threads)
        found = np.empty((len(wanted), to_height, width, 3), dtype=np.uint8)
        for slot, number in enumerate(wanted.tolist()):
            found[slot] = self._picture(self._cursor.frame(number), width=width, height=to_height)
        return found if len(wanted) == len(numbers) and np.all(np.diff(numbers) > 0) else found[places]

    def iterate(
        self,
        *,
        start: int = 0,
        stop: int | None = None,
        step: int = 1,
        height: int | None = None,
        is_draft: bool = False,
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (frame number, picture) in one forward pass; see `Decoder.iterate`."""
        width, to_height = resized(width=self.width, height=self.height, to_height=height)
        stop = len(self) if stop is None else min(stop, len(self))
        cursor = _Cursor(self._path, index=self._index, num_threads=self._num_threads, is_draft=is_draft)
        try:
            for number in range(start, stop, step):
                yield number, self._picture(cursor.frame(number), width=width, height=to_height)
        finally:
            cursor.close()

    def close(self) -> None:
        """Free the file and the decoder's memory."""
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _picture(self, frame: Any, *, width: int, height: int) -> np.ndarray:
        rotation_deg = self._index.rotation_deg
        stored_width, stored_height = shown_size(width=width, height=height, rotation_deg=rotation_deg)
        is_smaller = stored_height < frame.height
        picture = self._reformatter.reformat(
            frame,
            width=stored_width,
            height=stored_height,
            format="rgb24",
            interpolation=Interpolation.AREA if is_smaller else Interpolation.BICUBIC,
        ).to_ndarray()
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
        key_places = np.searchsorted(self._index.key_frames, number, side="right") - 1
        key = int(self._index.key_frames[key_places])
        if not key - _SHORT_HOP <= self._next <= number:
            self._jump(int(key_places))
        while (found := self._step()) is not None and found[0] < number:
            pass
        if found is not None and found[0] > number and self._jump_earlier(int(key_places)):
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
            number = self._next if self._index.is_counted else self._number(frame.pts)
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
            stream = self._container.streams.video[0]
            set_threads(stream, num_threads=self._num_threads, is_draft=self._is_draft)
        stream = self._container.streams.video[0]
        if key:
            self._container.seek(int(self._index.ticks[key]), stream=stream)
        self._decoded = decode(self._container, stream)
        self._next = key

    def _jump_earlier(self, key_place: int) -> bool:
        """Go one key frame further back: containers that seek by decoding time may land too late."""
        if key_place == 0:
            return False
        self._jump(key_place - 1)
        return True
