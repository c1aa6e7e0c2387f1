"""Time training reads: clips from the mined store against decord seeking in the source video, in one run.

The source is made here: one long H.264 broadcast-like video with a key frame every two seconds; the store holds the
clips that mining would cut from it. With --memory the resident memory of reading many clips is watched instead.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from slowpaths.video.open import open_video
from slowpaths.video.write import write_clip

_FPS = 25


def pictures(num_frames: int, *, height: int, width: int) -> Iterator[np.ndarray]:
    """Yield a textured scene that pans, with a moving block: codecs find it neither trivial nor random."""
    rng = np.random.default_rng(0)
    texture = np.kron(rng.integers(0, 255, (height // 8 + 64, width // 8 + 64, 3), dtype=np.uint8), np.ones((8, 8, 1)))
    for t in range(num_frames):
        frame = texture[t % 256 : t % 256 + height, (2 * t) % 256 : (2 * t) % 256 + width].astype(np.uint8)
        frame[height // 3 : height // 3 + 80, (5 * t) % (width - 80) : (5 * t) % (width - 80) + 80] = 220
        yield frame


def median_ms(read: Callable[[int], object], *, repeats: int) -> float:
    """Return the median processor time of a read in milliseconds (other work on the machine does not count)."""
    times = []
    for number in range(repeats):
        start_s = time.process_time()
        read(number)
        times.append(time.process_time() - start_s)
    return statistics.median(times) * 1e3


def main() -> None:
    """Read the command line and print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="length of the source")
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--backend", default="auto", help="decoder of the clips")
    parser.add_argument("--memory", type=int, default=0, help="read this many clips and print resident memory")
    arguments = parser.parse_args()
    num_frames, width = arguments.seconds * _FPS, arguments.height * 16 // 9 // 2 * 2
    starts = np.random.default_rng(1).integers(0, num_frames - 52, arguments.clips)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index in range(arguments.clips):
            write_clip(folder / f"{index}.mp4", np.stack(list(pictures(52, height=256, width=256))), fps=_FPS)
        read_store = lambda number: _read(folder / f"{number % arguments.clips}.mp4", 10, arguments.backend)  # noqa: E731
        if arguments.memory:
            for number in range(arguments.memory + 1):
                read_store(number)
                if number % (arguments.memory // 4) == 0:
                    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                    print(f"{number:6d} clips  peak {peak_mib:7.1f} MiB")
            return
        source = folder / "source.mp4"
        write_clip(source, pictures(num_frames, height=arguments.height, width=width), fps=_FPS, gop=2 * _FPS)
        reader = open_video(source, backend="decord", num_threads=1)  # kept open: its best case
        read_source = lambda number: reader.frames(np.arange(32) + int(starts[number % len(starts)]))  # noqa: E731
        read_source(0), read_store(0)
        source_ms = median_ms(read_source, repeats=arguments.clips)
        store_ms = median_ms(read_store, repeats=2 * arguments.clips)
    print(f"source, decord, {width} x {arguments.height}: {source_ms:8.1f} ms a clip of 32 frames")
    print(f"store, {arguments.backend}, 256 x 256:        {store_ms:8.1f} ms")
    print(f"ratio {source_ms / store_ms:.1f}   (target 5)")


def _read(path: Path, start: int, backend: str) -> np.ndarray:
    with open_video(path, backend=backend, num_threads=1) as decoder:
        return decoder.frames(np.arange(start, start + 32))


if __name__ == "__main__":
    main()
