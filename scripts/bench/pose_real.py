"""Compare pose backends on real strikers: the boxes of gold contacts are given, so that finding people plays no part.

Writes one row a contact and backend, and prints the means for small, middling and large batters. See
experiments/pose_on_real/README.md for the columns.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from slowpaths.core.skeleton import INDEX
from slowpaths.core.text import csv_table
from slowpaths.pose.boxes import box_iou
from slowpaths.pose.estimate import build_pose
from slowpaths.pose.protocol import FramesAt, PoseEstimator
from slowpaths.store.tables import write_text
from slowpaths.video.open import open_video

VARIANTS: Mapping[str, tuple[str, dict[str, object]]] = {
    "movenet": ("movenet", {}),
    "movenet mirrored": ("movenet", {"mirrored": True}),
    "movenet follows": ("movenet", {"follows": True}),
    **{f"blazepose {model}": ("blazepose", {"model": model}) for model in ("lite", "full", "heavy")},
    "blazepose full mirrored": ("blazepose", {"model": "full", "mirrored": True}),
    "compact": ("compact", {}),
}
HEIGHTS_PX = (0, 80, 200, 10_000)  # small, middling and large batters, pixels of their box
MARGIN = 0.05  # of the height of the box: gold boxes are this exact
SURE = 0.2  # joints as sure as this count for the fit
NEAR = 0.1  # of the longer side of the box: a hand, a head or a foot is found
TORSO = [INDEX[name] for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")]
WRISTS = [INDEX["left_wrist"], INDEX["right_wrist"]]
ANKLES = [INDEX["left_ankle"], INDEX["right_ankle"]]
HEAD = slice(0, 5)


def fit(joints_JC: np.ndarray, box_4: np.ndarray) -> dict[str, float]:
    """Return how a skeleton fits the box of its body: torso inside, height over height, overlap, wrists' confidence."""
    margin = MARGIN * (box_4[3] - box_4[1])
    inside_J = ((joints_JC[:, :2] >= box_4[:2] - margin) & (joints_JC[:, :2] <= box_4[2:] + margin)).all(axis=1)
    sure = [joint for joint in TORSO if joints_JC[joint, 2] >= SURE]
    extent_4 = np.concatenate([np.nanmin(joints_JC[:, :2], axis=0), np.nanmax(joints_JC[:, :2], axis=0)])
    return {
        "torso_inside": float(bool(sure) and inside_J[sure].all()),
        "height_ratio": float((extent_4[3] - extent_4[1]) / (box_4[3] - box_4[1])),
        "iou": float(box_iou(extent_4[None], box_4[None])[0, 0]),
        "wrist_confidence": float(joints_JC[WRISTS, 2].mean()),
    }


def jitter(joints_TJC: np.ndarray, box_4: np.ndarray) -> float:
    """Return the median second difference of the torso's joints over the height of the box: steady motion has none."""
    torso_TJ2 = joints_TJC[:, TORSO, :2]
    bends_TJ = np.linalg.norm(torso_TJ2[2:] - 2 * torso_TJ2[1:-1] + torso_TJ2[:-2], axis=-1)
    return float(np.nanmedian(bends_TJ) / (box_4[3] - box_4[1])) if bends_TJ.size else np.nan


def front_foot_agrees(joints_JC: np.ndarray, row: Mapping[str, str]) -> float:
    """Return whether the foot of the end-on batter's front side is the lower one; NaN where that cannot be said."""
    if not row["view"].endswith("endon") or row["handedness"] not in ("L", "R"):
        return np.nan
    left_y, right_y = joints_JC[ANKLES, 1]
    return float((left_y > right_y) == (row["handedness"] == "R"))


def errors(joints_JC: np.ndarray, points: Mapping[str, str], box_4: np.ndarray) -> dict[str, float]:
    """Return how far hands (the mean of both wrists), head and lower foot lie from the points set by eye."""
    found = {
        "hands": joints_JC[WRISTS, :2].mean(axis=0)[None],
        "head": joints_JC[HEAD, :2].mean(axis=0)[None],
        "foot": joints_JC[ANKLES, :2],
    }
    longer = max(box_4[2] - box_4[0], box_4[3] - box_4[1])
    result = {}
    for name, places_N2 in found.items():
        truth_2 = np.array([float(points[f"{name}_{axis}"] or "nan") for axis in "xy"])
        result[f"{name}_error"] = float(np.linalg.norm(places_N2 - truth_2, axis=1).min() / longer)
    return result


def frames_around(
    row: Mapping[str, str], shot: tuple[int, int], *, path: Path, around: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the frames (T, H, W, 3) around a contact that are in its shot, and their indices (T,)."""
    contact = int(row["contact_frame"])
    with open_video(path) as decoder:
        last = min(shot[1], len(decoder) - 1, contact + around)
        indices_T = np.arange(max(shot[0], contact - around), last + 1)
        return decoder.frames(indices_T), indices_T


def measure(
    pose: PoseEstimator,
    frames_THWC: np.ndarray,
    at: FramesAt,
    *,
    row: Mapping[str, str],
    point: Mapping[str, str] | None,
) -> dict[str, object]:
    """Return what one backend makes of the frames around one contact."""
    box_4 = box_of(row)
    start_s = time.perf_counter()
    joints_TJC = np.concatenate(pose.keypoints(frames_THWC, [box_4[None]] * len(frames_THWC), at=at))
    crop_ms = (time.perf_counter() - start_s) / len(frames_THWC) * 1e3
    joints_JC = joints_TJC[at.indices_T == int(row["contact_frame"])][0]
    unknown = {"hands_error": np.nan, "head_error": np.nan, "foot_error": np.nan}
    return {
        "view": row["view"],
        "box_height": float(box_4[3] - box_4[1]),
        **fit(joints_JC, box_4),
        "jitter": jitter(joints_TJC, box_4),
        "front_foot": front_foot_agrees(joints_JC, row),
        "crop_ms": crop_ms,
        **(errors(joints_JC, point, box_4) if point else unknown),
    }


def box_of(row: Mapping[str, str]) -> np.ndarray:
    """Return the striker's box (4,)."""
    return np.array([float(row[f"striker_{corner}"]) for corner in ("x1", "y1", "x2", "y2")])


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV table."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def contacts(folder: Path) -> list[tuple[dict[str, str], tuple[int, int]]]:
    """Return the gold rows with a contact and a box, each with the first and last frame of its shot."""
    shots = read(folder / "gold_shots.csv")
    found = []
    for row in read(folder / "gold.csv"):
        if row["contact_frame"] and row["striker_y2"]:
            spans = [
                (int(shot["first_frame"]), int(shot["last_frame"])) for shot in shots if shot["file"] == row["file"]
            ]
            holds = [span for span in spans if span[0] <= int(row["contact_frame"]) <= span[1]]
            found.append((row, holds[0] if holds else (0, 10**9)))
    return found


def summary(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> list[dict[str, object]]:
    """Return one row a backend and size: means, and for errors the share that is near."""
    table = []
    for name in names:
        for low, high in [*pairwise(HEIGHTS_PX), (0, HEIGHTS_PX[-1])]:
            mine = [row for row in rows if row["backend"] == name and low < float(str(row["box_height"])) <= high]
            if not mine:
                continue
            entry: dict[str, object] = {"backend": name, "box_height": f"{low} to {high}", "contacts": len(mine)}
            for key in mine[0]:
                values = np.array([row[key] for row in mine if isinstance(row[key], float)], dtype=float)
                values = values[np.isfinite(values)]
                if key.endswith("_error"):
                    entry |= {
                        key.replace("error", "found"): round(float((values < NEAR).mean()), 3) if len(values) else ""
                    }
                elif len(values) and key != "box_height":
                    middle = np.median if key in ("crop_ms", "jitter") else np.mean
                    entry |= {key: round(float(middle(values)), 4)}
            table.append(entry)
    return table


def main() -> None:
    """Read the command line, look at every contact, write and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("footage", nargs="+", type=Path, help="folders with clips/, gold.csv and gold_shots.csv")
    parser.add_argument("--out", type=Path, required=True, help="folder for contacts.csv and summary.csv")
    parser.add_argument("--weights-dir", type=Path)
    parser.add_argument("--points", type=Path, help="table of hands, heads and feet set by eye")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--around", type=int, default=3, help="frames before and after the contact, for the jitter")
    parser.add_argument("--every", type=int, default=1, help="take every n-th contact")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    points = {
        (point["set"], point["file"], point["frame"]): point
        for point in (read(arguments.points) if arguments.points else [])
    }
    options = {"weights_dir": arguments.weights_dir, "num_threads": arguments.threads}
    poses = {name: build_pose(VARIANTS[name][0], **options, **VARIANTS[name][1]) for name in arguments.variants}
    rows: list[dict[str, object]] = []
    for folder in arguments.footage:
        for row, shot in contacts(folder)[:: arguments.every]:
            path = folder / "clips" / row["file"]
            frames_THWC, indices_T = frames_around(row, shot, path=path, around=arguments.around)
            at = FramesAt(path=path, indices_T=indices_T)
            point = points.get((folder.name, row["file"], row["contact_frame"]))
            for name, pose in poses.items():
                known = {"backend": name, "set": folder.name, "file": row["file"], "frame": row["contact_frame"]}
                rows.append(known | measure(pose, frames_THWC, at, row=row, point=point))
    table = summary(rows, arguments.variants)
    write_text(arguments.out / "contacts.csv", csv_table(rows))
    write_text(arguments.out / "summary.csv", csv_table(table))
    print(csv_table(table))


if __name__ == "__main__":
    main()
