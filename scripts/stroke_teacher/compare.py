"""Are simulated strokes like real ones? Quantiles of poses and of what the teacher reads, without labels.

usage: python -m scripts.stroke_teacher.compare MINED [--num 500] [--seed 7]

MINED is a mined folder, of an archive of sequences or of video. Lengths are in torso units about the hips, a
left-hander mirrored; a step is what a joint moves from one frame to the next, a jerk by how much two steps differ. How
well a linear classifier tells real from simulated strokes by what the teacher reads (area under the curve, 5-fold) says
how far the teacher is from home: .5 is at home.

Legend: N strokes, F features.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scripts.stroke_teacher.strokes import SIZE, film_stroke
from scripts.stroke_teacher.train import features_of, track_of
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from slowpaths.core.records import Delivery, PoseSequence
from slowpaths.core.stroke_sequence import sequence_of
from slowpaths.core.views import ASPECT
from slowpaths.labelling.teacher import FEATURES_READ, scaled
from slowpaths.mining.sequences import mine_sequence
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.world.presets import VIEW_OF

JOINTS = ("nose", *(f"{side}_{name}" for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
                    for side in ("left", "right")))  # fmt: skip
QUANTILES = (10, 25, 50, 75, 90)
FEWEST = 20  # strokes of a side, for telling apart


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


def measured(num: int, *, seed: int, is_archive: bool) -> dict[str, np.ndarray]:
    """Return what the teacher reads of simulated strokes (N, F), by the side they are seen from: E or S."""
    rows: dict[str, list[list[float]]] = {}
    for index in range(num):
        random = np.random.default_rng([seed, index])
        filmed = film_stroke(random, is_archive=is_archive)
        features = features_of(random, filmed, is_archive=is_archive) if np.isfinite(filmed.pixels_TJ2).all() else None
        if features is not None:
            rows.setdefault(ASPECT[VIEW_OF[filmed.camera]], []).append([features[name] for name in FEATURES_READ])
    return {side: np.array(found) for side, found in rows.items()}


def read_by_teacher(deliveries: Sequence[Delivery]) -> dict[str, np.ndarray]:
    """Return the same of deliveries."""
    rows: dict[str, list[list[float]]] = {}
    for one in deliveries:
        rows.setdefault(ASPECT[one.view], []).append([one.features[name] for name in FEATURES_READ])
    return {side: np.array(found) for side, found in rows.items()}


def told_apart(real_NF: np.ndarray, made_NF: np.ndarray) -> float:
    """Return how well real strokes are told from simulated ones by what is known of them: area under the curve."""
    both_NF = np.vstack([real_NF, made_NF])
    both_NF = both_NF[:, np.isfinite(made_NF).any(axis=0)]
    low_F, median_F, high_F = np.nanpercentile(both_NF[len(real_NF) :], [25, 50, 75], axis=0)
    values_NF = scaled(both_NF, median_F, high_F - low_F + 1e-6)[:, : both_NF.shape[1]]
    is_real_N = np.repeat([1, 0], [len(real_NF), len(made_NF)])
    judge = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
    return float(
        roc_auc_score(is_real_N, cross_val_predict(judge, values_NF, is_real_N, cv=5, method="decision_function"))
    )


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mined", type=Path, help="mined folder")
    parser.add_argument("--num", type=int, default=500, help="simulated strokes")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    folder = MinedFolder(asked.mined).check()
    tracks = folder.poses_by_shot()
    deliveries = folder.deliveries()
    found = [sequence_of(delivery, tracks.get(delivery.shot_id, ())) for delivery in deliveries]
    real, made = quantiles([one for one in found if one is not None]), quantiles(simulated(asked.num, seed=asked.seed))
    print(f"{'quantiles ' + ', '.join(map(str, QUANTILES)):28s} {'found in ' + asked.mined.name:40s} simulated")
    for name in real:
        print(f"{name:28s} {' '.join(f'{value:7.2f}' for value in real[name])} "
              f" {' '.join(f'{value:7.2f}' for value in made[name])}")  # fmt: skip
    is_archive = all(video.codec == "poses" for video in folder.footage())
    made_by, real_by = measured(asked.num, seed=asked.seed, is_archive=is_archive), read_by_teacher(deliveries)
    for side in sorted(set(made_by) & set(real_by)):
        real_NF, made_NF = real_by[side], made_by[side]
        apart = told_apart(real_NF, made_NF) if min(len(real_NF), len(made_NF)) >= FEWEST else float("nan")
        print(
            f"\n{'end-on' if side == 'E' else 'side-on'}: told apart {apart:.2f}; share unknown, quantiles 10, 50, 90"
        )
        for number, name in enumerate(FEATURES_READ):
            print(f"{name:20s} {_spread(real_NF[:, number]):30s} {_spread(made_NF[:, number])}")


def _spread(values_N: np.ndarray) -> str:
    is_known_N = np.isfinite(values_N)
    low, middle, high = np.percentile(values_N[is_known_N], [10, 50, 90]) if is_known_N.any() else [np.nan] * 3
    return f"{1 - is_known_N.mean():.2f} {low:8.2f} {middle:7.2f} {high:7.2f}"


if __name__ == "__main__":
    main()
