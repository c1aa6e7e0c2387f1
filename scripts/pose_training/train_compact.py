"""Train the networks of pose=compact: render pictures, train on them, export the weights, measure on a held-out ground.

The steps in order: render, people, joints, export, measure. Each goes on where it was stopped. From the root of the
repository: python -m scripts.pose_training.train_compact render
"""

from __future__ import annotations

import argparse
import logging
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from scripts.pose_training.accuracy import Judged, TrueFrame, judge, shares
from scripts.pose_training.portraits import portraits
from scripts.pose_training.shards import Picture, Shards, write_shard
from scripts.pose_training.train import JOINTS, PEOPLE, Batches, OneBatches, average_of, new_net, save_weights, train

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.ids import file_digest
from slowpaths.pose.backends.compact import Compact
from slowpaths.pose.compact.network import CompactNet, JointNet
from slowpaths.pose.compact.shipped import SHIPPED
from slowpaths.pose.protocol import FramesAt

SEED, HELD_OUT_SEED = 50_000, 70_000
A_SHARD, HELD_OUT = 500, 400
AT = FramesAt(path=Path(), indices_T=np.zeros(1, dtype=int))


def pictures(seed: int, count: int, *, is_held_out: bool = False) -> Iterator[Picture]:
    """Yield rendered pictures of random worlds, or of the ground and the people kept out of training."""
    for portrait in portraits(seed=seed, num_frames=count, is_held_out=is_held_out):
        is_striker_N = np.array([role == "striker" for role in portrait.roles_P], dtype=bool)
        yield Picture(frame_HWC=portrait.frame_HWC, joints_NJ2=portrait.joints_PJ2, boxes_N4=portrait.boxes_P4,
                      is_striker_N=is_striker_N, camera=portrait.camera)  # fmt: skip


def render(folder: Path, num_shards: int, workers: int) -> None:
    """Render the shards that are not there yet, several at once."""
    jobs = [(folder / "held_out.npz", HELD_OUT_SEED, HELD_OUT, True)]
    jobs += [(folder / f"train{number:03d}.npz", SEED + number, A_SHARD, False) for number in range(num_shards)]
    with ProcessPoolExecutor(workers) as pool:
        for line in pool.map(_render, *zip(*(job for job in jobs if not job[0].exists()), strict=True)):
            print(line, flush=True)


def _render(path: Path, seed: int, count: int, is_held_out: bool) -> str:
    cv2.setNumThreads(1)
    write_shard(path, pictures(seed, count, is_held_out=is_held_out))
    return f"{path}: {count} pictures"


def measure(weights: Path, shard: Path, *, looks_again: bool) -> None:
    """Print how well the striker's joints are found, by camera."""
    pose, held_out = Compact(weights=weights), Shards([shard])
    judged: dict[str, list[Judged]] = defaultdict(list)
    for index in range(len(held_out)):
        picture = held_out[index]
        for row in np.flatnonzero(picture.is_striker_N):
            joints_J2, box_4 = picture.joints_NJ2[row].astype(float), picture.boxes_N4[row].astype(float)
            true = TrueFrame(frame_HWC=picture.frame_HWC, joints_J2=joints_J2, box_4=box_4, at=AT)
            one = judge(pose, true, looks_again=looks_again)
            if one.is_seen_J.sum() >= 12:
                judged[picture.camera].append(one)
    everyone = [one for group in judged.values() for one in group]
    for camera, group in [*sorted(judged.items()), ("all", everyone)]:
        print(camera.ljust(14), " ".join(f"{name} {value:.3f}" for name, value in shares(group).items()))


def main() -> None:
    """Read the command line and take one step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("step", choices=("render", "people", "joints", "export", "measure"))
    parser.add_argument("--folder", type=Path, default=Path("runs/compact"), help="shards and checkpoint")
    parser.add_argument("--shards", type=int, default=36, help=f"training shards of {A_SHARD} pictures")
    parser.add_argument("--workers", type=int, default=2, help="processes that render")
    parser.add_argument("--steps", type=int, help="training steps; those of the recipe where not given")
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="weights to write or to measure")
    parser.add_argument("--once", action="store_true", help="measure the joints of `detect` instead of `keypoints`")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cv2.setNumThreads(1)
    checkpoint_of = {name: arguments.folder / f"{name}.pt" for name in ("people", "joints")}
    shards = [arguments.folder / f"train{number:03d}.npz" for number in range(arguments.shards)]
    try:
        if arguments.step == "render":
            render(arguments.folder, arguments.shards, arguments.workers)
        elif arguments.step == "people":
            recipe = replace(PEOPLE, steps=arguments.steps or PEOPLE.steps)
            train(new_net(recipe), Batches(Shards(shards), recipe), checkpoint_of["people"], recipe)
        elif arguments.step == "joints":
            recipe = replace(JOINTS, steps=arguments.steps or JOINTS.steps)
            start = JointNet.like(average_of(checkpoint_of["people"], CompactNet()))
            train(start, OneBatches(Shards(shards), recipe), checkpoint_of["joints"], recipe)
        elif arguments.step == "export":
            people = average_of(checkpoint_of["people"], CompactNet())
            save_weights(arguments.weights, people, average_of(checkpoint_of["joints"], JointNet()))
            size = arguments.weights.stat().st_size
            print(f"{arguments.weights}: {size} bytes, sha256 {file_digest(arguments.weights)}")
        else:
            measure(arguments.weights, arguments.folder / "held_out.npz", looks_again=not arguments.once)
    except SlowpathsError as error:
        parser.exit(error.exit_code, f"{error}\n")


if __name__ == "__main__":
    main()
