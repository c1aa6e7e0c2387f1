"""Do simulated poses err as real ones do? Quantiles of both, side by side; no label is read.

usage: python -m scripts.stroke_teacher.compare MINED [--num 500] [--seed 7]

MINED is a mined folder, of an archive of sequences or of video. Lengths are in torso units about the hips, a
left-hander mirrored; a step is what a joint moves from one frame to the next, a jerk by how much two steps differ.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scripts.stroke_teacher.strokes import SIZE, film_stroke
from scripts.stroke_teacher.train import track_of

from slowpaths.core.records import PoseSequence
from slowpaths.core.stroke_sequence import sequence_of
from slowpaths.mining.sequences import mine_sequence
from slowpaths.store.mined_folder import MinedFolder

JOINTS = ("nose", *(f"{side}_{name}" for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
                    for side in ("left", "right")))  # fmt: skip
QUANTILES = (10, 25, 50, 75, 90)


def quantiles(sequences: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return quantiles of what errs, by name; sequences are those of `core.stroke_sequence.sequence_of`."""
    bodies = [sequence[:, :26].reshape(-1, 13, 2) for sequence in sequences]
    frames = np.concatenate(bodies)
    steps = np.concatenate([np.diff(body, axis=0) for body in bodies])
    jerks = np.concatenate([np.diff(body, n=2, axis=0) for body in bodies])

    def joint(values: np.ndarray, name: str) -> np.ndarray:
        return values[:, JOINTS.index(name)]

    def apart(name: str) -> np.ndarray:
        return joint(frames, f"left_{name}") - joint(frames, f"right_{name}")

    found = {"frames": np.array([len(sequence) for sequence in sequences])}
    found |= {f"{name} left of right": apart(name)[:, 0] for name in ("shoulder", "hip", "knee", "ankle")}
    found["wrists apart"] = np.linalg.norm(apart("wrist"), axis=1)
    found |= {
        f"{name} up": -joint(frames, name)[:, 1] for name in ("nose", "left_shoulder", "left_wrist", "left_ankle")
    }
    found |= {f"step of {name}": np.linalg.norm(joint(steps, name), axis=1) for name in ("left_wrist", "left_ankle")}
    found |= {f"jerk of {name}": np.linalg.norm(joint(jerks, name), axis=1) for name in ("left_wrist", "left_shoulder")}
    return {name: np.percentile(values, QUANTILES) for name, values in found.items()}


def simulated(num: int, *, seed: int) -> list[np.ndarray]:
    """Return strokes as an archive would hold them, found by simulated pose models."""
    sequences = []
    for index in range(num):
        random = np.random.default_rng([seed, index])
        track = track_of(random, film_stroke(random, is_archive=True), is_archive=True)
        sequence = PoseSequence(name="", label="", track=track, duplicate_of="", picture_size=SIZE, digest="")
        mined = mine_sequence(sequence)
        sequences += [sequence_of(delivery, mined.tracks) for delivery in mined.deliveries]
    return [sequence for sequence in sequences if sequence is not None]


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mined", type=Path, help="mined folder")
    parser.add_argument("--num", type=int, default=500, help="simulated strokes")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    folder = MinedFolder(asked.mined).check()
    tracks = folder.poses_by_shot()
    found = [sequence_of(delivery, tracks.get(delivery.shot_id, ())) for delivery in folder.deliveries()]
    real, made = quantiles([one for one in found if one is not None]), quantiles(simulated(asked.num, seed=asked.seed))
    print(f"{'quantiles ' + ', '.join(map(str, QUANTILES)):28s} {'found in ' + asked.mined.name:40s} simulated")
    for name in real:
        print(f"{name:28s} {' '.join(f'{value:7.2f}' for value in real[name])} "
              f" {' '.join(f'{value:7.2f}' for value in made[name])}")  # fmt: skip


if __name__ == "__main__":
    main()
