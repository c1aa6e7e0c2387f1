"""Time the pose backends on one video: milliseconds a frame for people, milliseconds a person for joints.

The ratio column compares each backend with the first one; both are measured in one run, so the machine cancels out.
Backends whose weights or packages are not at hand are named and left out.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.threads import available_threads
from slowpaths.pose.estimate import BACKENDS, build_pose
from slowpaths.pose.pose_weights import WEIGHTS
from slowpaths.pose.protocol import FramesAt, PoseEstimator
from slowpaths.store.weights import local_weights
from slowpaths.video.open import open_video

_NEEDS = {
    "movenet": ("yolox_nano", "movenet_lightning"),
    "rtmpose": ("yolox_nano", "rtmpose_m"),
    "keypoint_rcnn": ("keypoint_rcnn",),
}


def measure(pose: PoseEstimator, frames_THWC: np.ndarray, at: FramesAt, *, repeats: int) -> tuple[float, float, float]:
    """Return ms a frame for people, ms a person for joints (0 where both come at once), and people a frame."""
    people = pose.detect(frames_THWC[:1], at=at)
    start_s = time.perf_counter()
    for _ in range(repeats):
        people = pose.detect(frames_THWC, at=at)
    detect_s = (time.perf_counter() - start_s) / (repeats * len(frames_THWC))
    num_people = sum(len(found) for found in people)
    if pose.has_keypoints_in_detect or not num_people:
        return detect_s * 1e3, 0.0, num_people / len(frames_THWC)
    start_s = time.perf_counter()
    for _ in range(repeats):
        pose.keypoints(frames_THWC, [found.boxes_N4 for found in people], at=at)
    return detect_s * 1e3, (time.perf_counter() - start_s) / (repeats * num_people) * 1e3, num_people / len(frames_THWC)


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--backends", nargs="+", default=["movenet", "rtmpose", "keypoint_rcnn"], choices=BACKENDS)
    parser.add_argument("--weights-dir", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=available_threads())
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--height", type=int, help="shrink the picture to this height first")
    arguments = parser.parse_args()
    with open_video(arguments.video) as decoder:
        indices_T = np.linspace(0, len(decoder) - 1, min(arguments.frames, len(decoder))).round().astype(int)
        frames_THWC = decoder.frames(indices_T, height=arguments.height)
        at = FramesAt(path=arguments.video, indices_T=indices_T, scale=frames_THWC.shape[1] / decoder.height)
    height, width = frames_THWC.shape[1:3]
    print(f"{width}x{height}, {len(indices_T)} frames, {arguments.threads} threads, {arguments.device}")
    print(f"{'backend':<14}{'ms/frame':>10}{'ms/person':>11}{'people':>8}{'one person':>12}{'ratio':>8}")
    base = None
    for name in arguments.backends:
        needed = [WEIGHTS[key] for key in _NEEDS.get(name, ())]
        missing = [spec.name for spec in needed if not local_weights(spec, weights_dir=arguments.weights_dir)]
        if missing:
            print(f"{name:<14}weights not at hand: {', '.join(missing)}")
            continue
        try:
            options = {} if name == "simulated" else {"num_threads": arguments.threads}
            pose = build_pose(name, weights_dir=arguments.weights_dir, device=arguments.device, **options)
            frame_ms, person_ms, people = measure(pose, frames_THWC, at, repeats=arguments.repeats)
        except SlowpathsError as error:
            print(f"{name:<14}{error}")
            continue
        whole = frame_ms + person_ms
        base = base or whole
        print(f"{name:<14}{frame_ms:>10.1f}{person_ms:>11.1f}{people:>8.1f}{whole:>12.1f}{whole / base:>8.2f}")


if __name__ == "__main__":
    main()
