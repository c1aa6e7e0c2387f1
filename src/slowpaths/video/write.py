"""Write H.264 clips that browsers play, contact sheets, and pictures of people with their joints.

Legend: T frames, N people, K joints, H, W, C = red, green, blue.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np

from slowpaths.core.skeleton import INDEX, LIMBS
from slowpaths.store.tables import atomic_write

_CONFIDENT = 0.3  # joints below are not drawn (the visibility threshold of COCO tools' keypoint drawings)
_LEAST_TREE = 128  # in smaller pictures the macroblock tree of x264 gives other bytes from one run to the next
_COLOURS = ((255, 176, 0), (100, 143, 255), (220, 38, 127), (120, 94, 240), (254, 97, 0), (0, 158, 115))


def write_clip(
    path: Path,
    frames_THWC: Iterable[np.ndarray],
    *,
    fps: Fraction | float,
    crf: int = 20,
    gop: int = 8,
    audio: tuple[np.ndarray, int] | None = None,
    preset: str = "veryfast",
    bframes: int = 0,
) -> None:
    """Write an MP4 with H.264 (yuv420p, index at the front, short groups of pictures) and optional AAC sound.

    The same frames give the same bytes. Odd sizes lose their last row or column, since 4:2:0 needs even ones.

    Args:
        path: Final file, written atomically.
        frames_THWC: Frames (T, H, W, 3), uint8; an array, or an iterable that is consumed one by one.
        fps: Frame rate; kept exact where it is a Fraction.
        crf: Quality of x264, 0 (lossless) to 51; 20 is visually clean.
        gop: Frames from key frame to key frame.
        audio: Mono samples (N,) in -1..1 beginning at the first frame, and their rate in Hz.
        preset: Speed of x264.
        bframes: Bidirectional frames in a row; 0 makes decode order equal presentation order.

    Raises:
        ValueError: If there is no frame.
        SlowpathsError: If the disk is full or the folder cannot be written.
    """
    import av

    frames = iter(frames_THWC)
    first = next(frames, None)
    if first is None:
        raise ValueError(f"no frame to write to {path}")
    height, width = first.shape[0] // 2 * 2, first.shape[1] // 2 * 2
    rate = Fraction(fps).limit_denominator(100_000)
    with atomic_write(path) as file:
        sink = _Sink(file)
        try:
            with av.open(
                sink,
                "w",
                format="mp4",
                # The muxer reads back what it wrote to move the index to the front.
                io_open=lambda _url, _flags, _options: _reread(file),
                container_options={"movflags": "+faststart", "fflags": "+bitexact"},
            ) as container:
                stream = container.add_stream("libx264", rate=rate)
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                stream.codec_context.time_base = 1 / rate
                stream.codec_context.thread_count = 1
                stream.options = {
                    "crf": str(crf),
                    "preset": preset,
                    "g": str(gop),
                    "bf": str(bframes),
                    "sc_threshold": "0",
                    "mbtree": str(int(min(width, height) >= _LEAST_TREE)),
                }
                sound = _add_sound(container, audio) if audio is not None else None
                for number, picture in enumerate(_chain(first, frames)):
                    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
                    frame.pts, frame.time_base = number, 1 / rate
                    container.mux(stream.encode(frame))
                    if sink.error is not None:
                        break
                container.mux(stream.encode(None))
                if sound is not None and audio is not None:
                    _encode_sound(container, sound, audio)
        except av.FFmpegError as error:
            raise OSError(error.errno or errno.EIO, error.strerror or "the encoder failed") from error
        if sink.error is not None:
            raise sink.error


class _Sink:
    """Pass writes on until one fails and keep that error: PyAV prints what is raised inside its callbacks."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.name = file.name
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        if self.error is None:
            try:
                return self._file.write(data)
            except OSError as error:
                self.error = error
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        if self.error is None:
            try:
                return self._file.seek(offset, whence)
            except OSError as error:
                self.error = error
        return max(offset, 0)

    def tell(self) -> int:
        return self._file.tell() if self.error is None else 0

    def seekable(self) -> bool:
        return True


def _reread(file: IO[bytes]) -> IO[bytes]:
    file.flush()
    return Path(file.name).open("rb")


def _chain(first: np.ndarray, rest: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from rest


def _add_sound(container: Any, audio: tuple[np.ndarray, int]) -> Any:
    stream = container.add_stream("aac", rate=audio[1], layout="mono")
    stream.bit_rate = 96_000
    return stream


def _encode_sound(container: Any, stream: Any, audio: tuple[np.ndarray, int]) -> None:
    import av

    samples, rate = audio
    block = 1024
    for start in range(0, len(samples), block):
        part = np.ascontiguousarray(samples[start : start + block], dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(part.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def contact_sheet(
    path: Path, images: Sequence[np.ndarray], *, columns: int = 8, height: int = 120, captions: Sequence[str] = ()
) -> None:
    """Write pictures side by side as one PNG.

    Args:
        path: PNG file, written atomically.
        images: Pictures (H, W, 3), uint8, of any sizes.
        columns: Pictures in a row.
        height: Height of each, pixels.
        captions: Short text below each picture; none where it is empty.

    Raises:
        ValueError: If there is no picture.
        SlowpathsError: If the file cannot be written.
    """
    import cv2

    if not len(images):
        raise ValueError(f"no picture to write to {path}")
    width = max(round(image.shape[1] * height / image.shape[0]) for image in images)
    strip = 16 if len(captions) else 0
    num_rows = -(-len(images) // columns)
    sheet = np.full((num_rows * (height + strip), min(columns, len(images)) * width, 3), 24, dtype=np.uint8)
    for number, image in enumerate(images):
        top, left = number // columns * (height + strip), number % columns * width
        small = cv2.resize(
            image, (round(image.shape[1] * height / image.shape[0]), height), interpolation=cv2.INTER_AREA
        )
        sheet[top : top + height, left : left + small.shape[1]] = small
        if number < len(captions):
            corner = (left + 2, top + height + strip - 4)
            cv2.putText(
                sheet, captions[number], corner, cv2.FONT_HERSHEY_SIMPLEX, 0.36, (230, 230, 230), 1, cv2.LINE_AA
            )
    ok, data = cv2.imencode(".png", sheet[:, :, ::-1])
    assert ok, "a uint8 picture always encodes"
    with atomic_write(path) as file:
        file.write(data.tobytes())


def draw_people(
    frame_HWC: np.ndarray,
    keypoints_NKC: np.ndarray,
    boxes_N4: np.ndarray | None = None,
    *,
    captions: Sequence[str] = (),
    min_confidence: float = _CONFIDENT,
) -> np.ndarray:
    """Return a copy of the frame with limbs, joints and boxes drawn, one colour a person.

    Args:
        frame_HWC: Picture (H, W, 3), uint8.
        keypoints_NKC: COCO-17 keypoints (N, 17, 3) in pixels with confidence; NaN is left out.
        boxes_N4: Boxes x1, y1, x2, y2 (N, 4), pixels; None or NaN for none.
        captions: Text above each box.
        min_confidence: Joints below are not drawn.
    """
    import cv2

    canvas = np.ascontiguousarray(frame_HWC).copy()
    thickness = max(1, round(canvas.shape[0] / 240))
    for person, keypoints_KC in enumerate(np.asarray(keypoints_NKC, dtype=np.float64)):
        colour = _COLOURS[person % len(_COLOURS)]
        is_seen = np.isfinite(keypoints_KC).all(axis=1) & (keypoints_KC[:, 2] >= min_confidence)
        points = np.nan_to_num(keypoints_KC[:, :2]).round().astype(int).tolist()
        for a, b in ((INDEX[start], INDEX[end]) for start, end in LIMBS):
            if is_seen[a] and is_seen[b]:
                cv2.line(canvas, points[a], points[b], colour, thickness, cv2.LINE_AA)
        for joint in np.flatnonzero(is_seen):
            cv2.circle(canvas, points[joint], thickness + 1, colour, -1, cv2.LINE_AA)
        if boxes_N4 is not None and np.isfinite(boxes_N4[person]).all():
            x1, y1, x2, y2 = np.round(boxes_N4[person]).astype(int).tolist()
            cv2.rectangle(canvas, (x1, y1), (x2, y2), colour, thickness)
            if person < len(captions):
                cv2.putText(canvas, captions[person], (x1, max(y1 - 4, 10)), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1)
    return canvas
