"""Calibrate something on all videos with gold, and measure it in halves by group: set on one, read on the other."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from scripts.calibration.gold import GoldVideo, real_videos, world_videos

from slowpaths.evaluation.halves import half_of
from slowpaths.pose.estimate import build_pose


def calibrate(
    description: str | None,
    *,
    name: str,
    seen: str,
    look: Callable[..., list[Any]],
    fit: Callable[[Sequence[Any]], Any],
    measure: Callable[[Any, Sequence[Any]], list[Any]],
    report: Callable[[list[Any]], None],
) -> None:
    """Read the command line, look at every video, print the table of the halves, and write what was set.

    Args:
        description: What `--help` says.
        name: Folder under runs/calibration where nothing else is asked for.
        seen: First word of the folder beside it that keeps what was seen of each video.
        look: Gives the examples of a video, each with it as `video`; keeps what it saw in a file called `kept`.
        fit: Sets a dataclass of arrays on some examples; FOLDER/for-half-N.npz is set on all but half N.
        measure: Gives the rows of a table for other examples.
        report: Prints the rows of both halves.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="footage, footage_b and models")
    parser.add_argument("--pose", default="movenet", help="who finds the people of real clips")
    parser.add_argument("--worlds", type=Path, nargs="*", default=[], help="folders of synthetic worlds")
    parser.add_argument("--out", type=Path, default=Path("runs/calibration") / name)
    parser.add_argument("--write", type=Path, help="file for what is set on all examples")
    asked = parser.parse_args()
    sources: list[tuple[str, GoldVideo]] = [(asked.pose, video) for video in real_videos(asked.shared)]
    sources += [("compact", video) for world in asked.worlds for video in world_videos(world)]
    poses = {pose: build_pose(pose, weights_dir=asked.shared / "models") for pose in {pose for pose, _ in sources}}
    kept = asked.out.parent / f"{seen}_{asked.pose}"  # other eyes see other things
    for folder in (asked.out, kept):
        folder.mkdir(parents=True, exist_ok=True)
    examples: list[Any] = []
    for pose, video in sources:
        examples += look(video, pose=poses[pose], kept=kept / video.key)
        print(video.key, len(examples), file=sys.stderr, flush=True)
    rows: list[Any] = []
    for half in (0, 1):
        found = fit([example for example in examples if half_of(example.video.group) != half])
        np.savez_compressed(asked.out / f"for-half-{half}.npz", **asdict(found))
        rows += measure(found, [example for example in examples if half_of(example.video.group) == half])
    print("set on one half of the clips, read on the other, both ways")
    report(rows)
    if asked.write:
        np.savez_compressed(asked.write, **asdict(fit(examples)))
        print(f"wrote {asked.write}")
