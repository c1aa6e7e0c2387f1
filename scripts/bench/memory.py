"""Mine thousands of short clips in one process and say whether its memory stays flat.

The clips are a few frames each, hard links of some that differ; nobody plays in them, and they are mined with
`pose=simulated`. Memory is the resident set (Linux) after each hundredth of them; what caches and libraries take at the
beginning is over by the first tenth, so growth is counted from there.

python scripts/bench/memory.py --num 10000
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slowpaths.mining.collect import collect
from slowpaths.mining.settings import MiningSettings
from slowpaths.store.tables import write_poses
from slowpaths.store.world_folder import TruthFolder
from slowpaths.video.write import write_clip

DIFFERENT = 20  # clips that are really made
FRAMES = 8
ALLOWED = 1.05  # memory at the end over that after a tenth
_MIB = 2**20


def main() -> int:
    """Print the memory on the way; return 1 where it grew by more than is allowed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num", type=int, default=10_000, help="clips (default 10000)")
    num = parser.parse_args().num
    told: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory() as name:
        footage, out, done = Path(name) / "footage", Path(name) / "mined", 0
        paths = make_clips(footage, num)

        def step(_text: str) -> None:
            nonlocal done
            done += 1
            if done % max(1, num // 100) == 0:
                told.append((done, resident_mib()))

        found = collect(paths, root=footage, out=out, pose={"name": "simulated"}, settings=MiningSettings(), step=step)
    if found.num_quarantined:
        print(f"memory: {found.num_quarantined} clips were quarantined", file=sys.stderr)
        return 1
    tenth = next(mib for at, mib in told if at >= num / 10)
    slope = np.polyfit(*zip(*[item for item in told if item[0] >= num / 10], strict=True), 1)[0] * 1000
    for at, mib in told[:: max(1, len(told) // 10)]:
        print(f"{at:>7} clips {mib:>8.1f} MiB")
    share = told[-1][1] / tenth
    print(f"{num} clips: x{share:.3f} from the first tenth to the end, {slope:+.2f} MiB a thousand clips")
    return int(share > ALLOWED)


def make_clips(folder: Path, num: int) -> Sequence[Path]:
    """Write clips of noise with nobody in them, and return them."""
    rng, truth = np.random.default_rng(0), TruthFolder(folder / "truth")
    paths = [folder / f"{number:06d}.mp4" for number in range(num)]
    for number, path in enumerate(paths):
        files = (path, truth.file(path.stem, "poses"))
        if number < DIFFERENT:
            write_clip(path, rng.integers(0, 255, (FRAMES, 72, 128, 3)).astype(np.uint8), fps=25)
            write_poses(files[1], [])
            continue
        original = paths[number % DIFFERENT]
        for source, target in zip((original, truth.file(original.stem, "poses")), files, strict=True):
            os.link(source, target)
    return paths


def resident_mib() -> float:
    """Return the memory of this process that is resident."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MIB


if __name__ == "__main__":
    sys.exit(main())
