"""Measure pose backends on the striker of a synthetic world that no training has seen: PCK, share found, time a frame.

From the root of the repository: python -m scripts.pose_training.pose_accuracy compact movenet

The world is built below --world the first time: seed 90210, the held-out ground, broadcaster and batters.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from scripts.pose_training.accuracy import Judged, by_joint, judge, shares, strikers

from slowpaths.core.errors import SlowpathsError
from slowpaths.pose.estimate import build_pose
from slowpaths.pose.protocol import FramesAt, PoseEstimator
from slowpaths.store.tables import read_shots, write_text
from slowpaths.world.build import build_world
from slowpaths.world.camera.match import plan_match
from slowpaths.world.world_settings import PartSettings, WorldSettings

SEED = 90_210
_AWAY: dict[str, Any] = {
    "is_held_out": True, "venues": ("westdown",), "broadcasters": ("Fox Overseas",), "num_batters": 6,
    "cameras": ("bowler_end", "bowler_end", "keeper_end", "side_on"),
}  # fmt: skip
_NETS = ("nets_static", "nets_handheld", "nets_side")
WORLD = WorldSettings(name="pose_accuracy", parts={
    "b": PartSettings(balls_per_match=10, **_AWAY),
    "c": PartSettings(mode="clip", balls_per_match=24, width=128, height=128, **_AWAY),
    "n": PartSettings(mode="nets", balls_per_match=6, is_held_out=True, venues=("academy_nets",), cameras=_NETS),
})  # fmt: skip


def measure(pose: PoseEstimator, folder: Path, every: int, *, looks_again: bool) -> dict[str, list[Judged]]:
    """Return what became of the striker, by camera and mode."""
    judged: dict[str, list[Judged]] = defaultdict(list)
    for name, part in WORLD.parts.items():
        match = plan_match(WORLD, seed=SEED, part=name, number=0)
        rows = read_shots(folder / "truth" / f"{match.match_id}.shots.parquet")
        shots = [shot for shot in rows if shot.transition != "wipe"]  # wipes lie between the shots of the edit
        names = {
            shot.shot_id: f"{planned.camera} {'replay' if planned.is_replay else part.mode}"
            for shot, planned in zip(shots, match.shots, strict=True)
        }
        for true in strikers(folder / f"{match.match_id}.mp4", every=every):
            one = judge(pose, true, looks_again=looks_again)
            if one.is_seen_J.sum() >= 12:
                judged[names[true.shot_id]].append(one)
    return dict(sorted(judged.items())) | {"all": [one for group in judged.values() for one in group]}


def times_ms(pose: PoseEstimator, *, repeats: int = 60) -> dict[str, float]:
    """Return the shortest time of `detect` on a 640x360 frame and of `keypoints` in one box of it."""
    frame = np.random.default_rng(0).integers(0, 256, size=(1, 360, 640, 3), dtype=np.uint8)
    at, boxes = FramesAt(path=Path(), indices_T=np.zeros(1, dtype=int)), [np.array([[300.0, 100, 340, 175]])]
    took: list[tuple[float, float]] = []
    for _ in range(repeats):
        start = time.perf_counter()
        pose.detect(frame, at=at)
        between = time.perf_counter()
        pose.keypoints(frame, boxes, at=at)
        took.append((between - start, time.perf_counter() - between))
    return dict(zip(("detect_ms", "keypoints_ms"), (1000 * np.array(took).min(axis=0)).tolist(), strict=True))


def main() -> None:
    """Read the command line, build the world where it is not there, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    help_poses = "backends; compact-once: joints of detect, compact-mirrors: mirror images too"
    parser.add_argument("poses", nargs="*", default=["compact"], help=help_poses)
    parser.add_argument("--world", type=Path, default=Path("runs/pose_accuracy"))
    parser.add_argument("--out", type=Path, default=Path("experiments/pose_on_world/results"))
    parser.add_argument("--weights-dir", type=Path, help="folder with the weights of other backends")
    parser.add_argument("--every", type=int, default=8, help="take every n-th frame")
    arguments = parser.parse_args()
    tables: dict[str, list[dict[str, Any]]] = {"views": [], "joints": [], "speed": []}
    try:
        build_world(settings=WORLD, out=arguments.world, seed=SEED, workers=2)
        for name in arguments.poses:
            backend, _, way = name.partition("-")
            more = {"mirrors": True} if way == "mirrors" else {}
            pose = build_pose(backend, weights_dir=arguments.weights_dir, **more)
            judged = measure(pose, arguments.world, arguments.every, looks_again=way != "once")
            tables["views"] += [{"pose": name, "view": view} | shares(group) for view, group in judged.items()]
            tables["joints"] += [{"pose": name} | by_joint(judged["all"])]
            tables["speed"] += [{"pose": name} | times_ms(pose)]
    except SlowpathsError as error:
        parser.exit(error.exit_code, f"{error}\n")
    for stem, rows in tables.items():
        cells = [[f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()] for row in rows]
        text = "\n".join(",".join(line) for line in ([*rows[0]], *cells)) + "\n"
        write_text(arguments.out / f"{stem}.csv", text)
        print(f"{stem}\n{text}")


if __name__ == "__main__":
    main()
