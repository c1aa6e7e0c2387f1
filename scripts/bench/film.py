"""Time the filming of synthetic footage: frames a second of one core, pictures, sound and H.264 together.

The ratio column is the processor time of filming a match over that of decoding it once, both in one run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from slowpaths.core.errors import SlowpathsError
from slowpaths.video.open import open_video
from slowpaths.world.build import build_world
from slowpaths.world.world_settings import PartSettings, WorldSettings

WORLD = WorldSettings(name="bench", parts={
    "broadcast": PartSettings(balls_per_match=4),
    "clip": PartSettings(mode="clip", balls_per_match=24, width=128, height=128),
})  # fmt: skip


def main() -> int:
    """Make a match of each kind and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="seed of the matches (default 0)")
    args = parser.parse_args()
    print(f"{'mode':<12}{'size':>10}{'frames':>8}{'frames/s':>10}{'making / decoding':>19}")
    for name, part in WORLD.parts.items():
        try:
            num_frames, made_s, decoded_s = measure(name, seed=args.seed)
        except SlowpathsError as error:
            print(f"film: {error}", file=sys.stderr)
            return 1
        size = "{}x{}".format(*WORLD.size(part))
        print(f"{name:<12}{size:>10}{num_frames:>8}{num_frames / made_s:>10.1f}{made_s / decoded_s:>19.1f}")
    return 0


def measure(part: str, *, seed: int) -> tuple[int, float, float]:
    """Return the frames of a match and the processor seconds of making and of decoding it."""
    world = replace(WORLD, parts={part: WORLD.parts[part]})
    with tempfile.TemporaryDirectory() as name:
        start_s = time.process_time()
        build_world(settings=world, out=Path(name), seed=seed)
        made_s = time.process_time() - start_s
        (video,) = Path(name).glob("*.mp4")
        start_s = time.process_time()
        with open_video(video) as decoder:
            num_frames = sum(1 for _ in decoder.iterate())
        return num_frames, made_s, time.process_time() - start_s


if __name__ == "__main__":
    sys.exit(main())
