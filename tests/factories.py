"""Make footage for tests: frame i shows i as eight bars, black for 0 and white for 1, so that it can be read back.

Legend: T frames, H, W, C = red, green, blue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pyarrow as pa

from slowpaths.core.records import Vote
from slowpaths.store.schema import VOTES
from slowpaths.store.tables import write_table

NUM_BARS = 8
PROBES = [0, 1, 49, 50, 51, 77, 99, 3]  # around a key frame at 50, then back
TICKS = 12_800  # clock of the made files, ticks a second
_GREYS = (16, 235)  # inside the range every pixel format keeps


def bars(number: int, *, width: int = 160, height: int = 96) -> np.ndarray:
    """Return a picture (H, W, 3) that shows a number below 256, lowest bit at the left.

    The top row of the picture is brighter than the bottom, so that a turned picture does not read back.
    """
    columns = np.arange(width) * NUM_BARS // width
    row_W = np.where((number >> columns) & 1, _GREYS[1], _GREYS[0]).astype(np.uint8)
    frame_HW = np.repeat(row_W[None], height, axis=0)
    frame_HW[: height // 4] = 180
    return np.repeat(frame_HW[:, :, None], 3, axis=2)


def read_bars(frame_HWC: np.ndarray) -> int:
    """Return the number that a picture shows."""
    height, width = frame_HWC.shape[:2]
    assert frame_HWC[: height // 6].mean() > 140, "the picture does not stand upright"
    centres = (np.arange(NUM_BARS) + 0.5) * width / NUM_BARS
    bits = frame_HWC[height // 2 :, centres.astype(int)].mean(axis=(0, 2)) > 127
    return int((bits * (1 << np.arange(NUM_BARS))).sum())


def bar_video(
    path: Path,
    *,
    num_frames: int = 100,
    fps: Fraction | int = 25,
    width: int = 160,
    height: int = 96,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    gop: int = 50,
    bframes: int = 2,
    ticks: Sequence[int] | None = None,
    rotation_deg: int = 0,
    is_interlaced: bool = False,
    sound: tuple[np.ndarray, int] | None = None,
    colour: str = "",
) -> Path:
    """Write a video of bars; its container is told by the file's ending.

    Args:
        path: File to write.
        num_frames: Number of frames.
        fps: Frame rate.
        width: Width as stored.
        height: Height as stored.
        codec: PyAV's name of the encoder.
        pix_fmt: Pixel format.
        gop: Frames from key frame to key frame.
        bframes: Bidirectional frames in a row.
        ticks: Presentation time of each frame (T,) in ticks of 1/12800 s; None for an even rate.
        rotation_deg: Clockwise turn that players must apply; the stored picture is turned the other way.
        is_interlaced: Whether to code fields.
        sound: Mono samples (N,) and their rate.
        colour: Transfer of colours to declare, such as "bt709"; "" for none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(fps))
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        time_base = Fraction(1, TICKS) if ticks is not None else 1 / Fraction(fps)
        stream.codec_context.time_base = time_base
        stream.codec_context.thread_count = 1
        if codec not in ("gif", "mjpeg"):
            stream.codec_context.gop_size = gop
        if codec in ("libx264", "libx265"):
            x264 = {"bf": str(bframes), "sc_threshold": "0", "crf": "12", "preset": "veryfast"}
            x265 = {"x265-params": f"bframes={bframes}:keyint={gop}:scenecut=0:log-level=none", "crf": "12"}
            stream.options = x264 if codec == "libx264" else x265
            if is_interlaced:
                stream.options = {**stream.options, "x264-params": "tff=1"}
            if colour:
                stream.options = {**stream.options, "colorprim": colour, "colormatrix": colour}
        elif codec == "mpeg4":
            stream.codec_context.max_b_frames = bframes
            stream.bit_rate = 4_000_000
        if rotation_deg:
            stream.set_display_rotation(-rotation_deg)
        track = _add_sound(container, sound) if sound is not None else None
        stored = (height, width) if rotation_deg % 180 else (width, height)
        for number in range(num_frames):
            picture = np.rot90(bars(number, width=stored[0], height=stored[1]), k=rotation_deg // 90)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = frame.reformat(format=pix_fmt) if pix_fmt != "rgb8" else frame
            frame.pts, frame.time_base = number if ticks is None else ticks[number], time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if track is not None and sound is not None:
            _encode_sound(container, track, sound)
    return path


def _add_sound(container: av.container.OutputContainer, sound: tuple[np.ndarray, int]) -> av.AudioStream:
    return container.add_stream("aac", rate=sound[1], layout="mono")


def _encode_sound(
    container: av.container.OutputContainer, stream: av.AudioStream, sound: tuple[np.ndarray, int]
) -> None:
    samples, rate = sound
    for start in range(0, len(samples), 1024):
        part = np.ascontiguousarray(samples[start : start + 1024], dtype=np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def gif(path: Path, *, num_frames: int = 60, fps: int = 10) -> Path:
    """Write an animated GIF of bars."""
    return bar_video(path, num_frames=num_frames, fps=fps, codec="gif", pix_fmt="rgb8")


def frame_folder(folder: Path, *, num_frames: int = 12, suffix: str = ".png", fps: str | None = None) -> Path:
    """Write a folder of pictures frame_1, frame_2 ... frame_10, and `fps.txt` where a rate is given."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(num_frames):
        image = av.VideoFrame.from_ndarray(bars(number), format="rgb24").to_image()
        image.save(folder / f"frame_{number + 1}{suffix}", **({"quality": 95} if suffix != ".png" else {}))
    if fps is not None:
        (folder / "fps.txt").write_text(fps)
    return folder


def variable_ticks(num_frames: int) -> list[int]:
    """Return presentation times in ticks: frames of 40 ms, every seventh lasts 120 ms."""
    steps = [3 * 512 if number % 7 == 6 else 512 for number in range(num_frames)]
    return [0, *np.cumsum(steps)[:-1].tolist()]


def broken_files(folder: Path) -> dict[str, Path]:
    """Write files that cannot be used, by what is wrong with them."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = bar_video(folder / "whole.mkv", num_frames=40).read_bytes()
    index_last = bar_video(folder / "whole.mp4", num_frames=40, gop=10)
    index_first = folder / "index_first.mp4"
    _faststart(index_last, index_first)
    made = {
        "empty": b"",
        "text": b"a scorecard, not a video\n" * 40,
        "noise": np.random.default_rng(0).integers(0, 256, 20_000, dtype=np.uint8).tobytes(),
        "truncated": index_last.read_bytes()[: index_last.stat().st_size // 2],
        "truncated_after_index": index_first.read_bytes()[: -index_first.stat().st_size // 4],
        "no_frames": whole[: whole.find(b"\x1fC\xb6u")],
    }
    for name in ("whole.mkv", "whole.mp4", "index_first.mp4"):
        (folder / name).unlink()
    paths = {name: folder / f"{name}.mp4" for name in made}
    for name, data in made.items():
        paths[name].write_bytes(data)
    paths["sound_only"] = folder / "sound_only.mp4"
    with av.open(str(paths["sound_only"]), "w") as container:
        sound = (np.zeros(8000, dtype=np.float32), 16_000)
        _encode_sound(container, _add_sound(container, sound), sound)
    paths["empty_folder"] = folder / "empty_folder"
    paths["empty_folder"].mkdir()
    paths["missing"] = folder / "missing.mp4"
    return paths


def _faststart(source: Path, target: Path) -> None:
    with (
        av.open(str(source)) as given,
        av.open(str(target), "w", options={"movflags": "faststart"}) as container,
    ):
        stream = container.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)


def moving_scene(
    *, num_frames: int, seed: int, pan_px: float = 0.0, width: int = 192, height: int = 108, zoom: float = 0.0
) -> np.ndarray:
    """Return a textured scene under a moving camera (T, H, W, 3), uint8.

    Args:
        num_frames: Number of frames.
        seed: Which scene.
        pan_px: Movement of the camera to the right, pixels a frame.
        width: Width.
        height: Height.
        zoom: Log zoom a frame, positive in.
    """
    import cv2

    rng = np.random.default_rng(seed)
    reach = round(abs(pan_px) * num_frames) + width
    world = sum(
        cv2.resize(rng.normal(size=(max(2, height // cell), max(2, reach // cell), 3)) * cell**0.5, (reach, height))
        for cell in (4, 12, 40)
    )
    world = (128 + 22 * world / world.std() + rng.normal(0, 30, size=3)).clip(0, 255).astype(np.uint8)
    frames = []
    for number in range(num_frames):
        scale = np.exp(zoom * number)
        left = pan_px * number if pan_px >= 0 else reach - width + pan_px * number
        middle = np.array([left + width / 2, height / 2])
        shift = np.array([width / 2, height / 2]) - scale * middle
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        frames.append(cv2.warpAffine(world, matrix, (width, height), borderMode=cv2.BORDER_REFLECT))
    return np.stack(frames)


def write_votes(path: Path, votes: Iterable[Vote]) -> None:
    """Write a votes table, as labelling does from its own arrays."""
    rows = [asdict(vote) for vote in votes]
    write_table(path, pa.Table.from_pylist(rows, schema=VOTES.schema.remove_metadata()), VOTES)
