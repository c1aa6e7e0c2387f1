"""Compare ways of reading frames, all in one run on one file: every figure is a ratio to decoding the file once.

python scripts/bench/decode.py match.mp4 --clips 8 --out decode.json
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from slowpaths.core.errors import SlowpathsError
from slowpaths.store.tables import write_text
from slowpaths.video.open import can_use_decord, open_video
from slowpaths.video.write import write_clip

_CLIP_FRAMES = 32


def main() -> int:
    """Run the comparison and print a table; return 1 with one sentence where the video cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path, help="video of at least a few seconds, long groups of pictures are typical")
    parser.add_argument("--clips", type=int, default=8, help="clips of 32 frames read at random (default 8)")
    parser.add_argument("--threads", type=int, default=2, help="decoding threads (default 2)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each; the fastest counts (default 3)")
    parser.add_argument("--seed", type=int, default=0, help="which clips (default 0)")
    parser.add_argument("--out", type=Path, help="JSON to write")
    args = parser.parse_args()
    try:
        result = compare(args.video, clips=args.clips, threads=args.threads, repeats=args.repeats, seed=args.seed)
    except SlowpathsError as error:
        print(f"decode: {error}", file=sys.stderr)
        return 1
    for name, value in result.items():
        print(f"{name:42s} {value:10.3f}")
    if args.out:
        write_text(args.out, json.dumps(result, indent=1) + "\n")
    return 0


def compare(video: Path, *, clips: int, threads: int, repeats: int, seed: int) -> dict[str, float]:
    """Return seconds of one full decode, and everything else relative to it or to a named other."""
    backends = ["pyav", "decord"]
    with open_video(video, backend="pyav") as probe:
        num_frames = len(probe)
    starts = np.random.default_rng(seed).integers(0, max(1, num_frames - _CLIP_FRAMES), clips)
    wanted = [np.arange(start, min(start + _CLIP_FRAMES, num_frames)) for start in starts]
    try:
        open_video(video, backend="decord").close()
    except SlowpathsError:
        backends.remove("decord")

    def best(work: Callable[[], object]) -> float:
        times = []
        for _ in range(repeats):
            begun = time.perf_counter()
            work()
            times.append(time.perf_counter() - begun)
        return min(times)

    def whole(backend: str) -> None:
        with open_video(video, backend=backend, num_threads=threads) as decoder:
            for _ in decoder.iterate():
                pass

    def scan() -> None:
        with open_video(video, backend="pyav", num_threads=threads) as decoder:
            for _ in decoder.iterate(height=36, is_draft=True):
                pass

    def seek(backend: str) -> None:
        with open_video(video, backend=backend, num_threads=threads) as decoder:
            for numbers in wanted:
                decoder.frames(numbers)

    def stored(folder: Path, backend: str) -> None:
        for path in sorted(folder.iterdir()):
            with open_video(path, backend=backend, num_threads=threads) as decoder:
                decoder.frames(range(len(decoder)))

    full_s = best(lambda: whole("pyav"))
    result = {"frames": float(num_frames), "full decode, pyav [s]": full_s, "thumbnails / full": best(scan) / full_s}
    seek_s = {backend: best(lambda name=backend: seek(name)) for backend in backends}
    for backend in backends:
        result[f"{clips} clips by seeking, {backend} / full"] = seek_s[backend] / full_s
    with tempfile.TemporaryDirectory() as name:
        with open_video(video, backend="pyav") as decoder:
            for number, numbers in enumerate(wanted):
                write_clip(Path(name) / f"{number}.mp4", decoder.frames(numbers, height=256), fps=25)
        for backend in ["pyav", *(["decord"] if can_use_decord("h264", "mov,mp4,m4a,3gp,3g2,mj2") else [])]:
            store_s = best(lambda name_=backend: stored(Path(name), name_))
            result[f"seeking, {backends[-1]} / clip store, {backend}"] = seek_s[backends[-1]] / store_s
    return result


if __name__ == "__main__":
    sys.exit(main())
