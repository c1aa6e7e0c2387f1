"""Time mining against looking at every frame, all in one run on synthetic footage that this script makes itself.

Two matches are filmed, 640x360 unless told otherwise: a dense one, where balls follow each other as in the demo, and
one of a real over rate, where what is shown between two balls goes on for half a minute. Seconds are those of the
processor, so that other work on the machine counts for less. Every ratio is to the same footage, backend and threads.

python scripts/bench/mining.py --weights-dir models --out mining.json
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.threads import available_threads
from slowpaths.mining.pipeline import MinedVideo, mine_video
from slowpaths.mining.settings import MiningSettings
from slowpaths.pose.estimate import build_pose
from slowpaths.pose.pose_weights import WEIGHTS
from slowpaths.pose.protocol import FramesAt, PoseEstimator
from slowpaths.store.tables import write_text
from slowpaths.store.weights import local_weights
from slowpaths.store.world_folder import WorldFolder
from slowpaths.video.open import open_video
from slowpaths.video.probe import probe
from slowpaths.video.shots import ShotFinder
from slowpaths.world.build import build_world
from slowpaths.world.world_settings import PartSettings, WorldSettings

LEISURE = {"dense": 1.0, "real": 9.0}  # 9 gives a ball about every 35 s
QUICK = PartSettings(mode="clip", balls_per_match=1, width=192, height=108, num_batters=2)
NEAR_S = 0.2  # a delivery is found where an impact is claimed so near (five frames of 25 a second)
_BATCH = 16
_WORK_HEIGHT = MiningSettings().work_height
_EVERY_FRAME = MiningSettings(detect_fps=60.0, work_fps=60.0, max_candidates=20, survey_looks=1000, write_clips=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Hold what was measured on one match, seconds of the processor."""

    seconds: float  # length of the match
    num_balls: int  # balls shown live
    num_frames: int
    decoding_s: float  # every frame, once, at full size
    shots_s: float  # decoding at the working height and finding the shot boundaries: no pose, no picture features
    scenedetect_s: float  # the same with PySceneDetect's adaptive detector; NaN where it is not installed
    mining_s: float
    mining_wall_s: float  # the same by the clock on the wall
    posing_s: float  # people and joints of everybody in every frame; from an even sample of frames
    found: float  # share of the balls that mining finds
    found_densely: float  # share found where people and joints are looked for in every frame of a shot of play

    def ratios(self) -> dict[str, float]:
        """Return the numbers of the table, by what they say."""
        return {
            "length [s]": self.seconds,
            "seconds a ball": self.seconds / max(self.num_balls, 1),
            "pose on every frame / mining": self.posing_s / self.mining_s,
            "mining / decoding once": self.mining_s / self.decoding_s,
            "without pose / decoding once": self.shots_s / self.decoding_s,
            "scenedetect / our boundaries": self.scenedetect_s / self.shots_s,
            "times real time": self.seconds / self.mining_wall_s,
            "balls found": self.found,
            "balls found, pose on every frame": self.found_densely,
        }


def main() -> int:
    """Make the matches, measure, and print the table; return 1 with one sentence where that cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--balls", type=int, default=4, help="balls of each match (default 4)")
    parser.add_argument("--height", type=int, default=360, help="lines of the picture, 16:9 (default 360)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the matches (default 0)")
    parser.add_argument("--weights-dir", type=Path, help="folder with the weights of MoveNet and YOLOX")
    parser.add_argument("--threads", type=int, default=available_threads(), help="threads of the pose backend")
    parser.add_argument("--sample", type=int, default=200, help="frames that pose is timed on (default 200)")
    parser.add_argument("--world", type=Path, help="folder to keep the matches in, or that holds them already")
    parser.add_argument("--quick", action="store_true", help="one ball, small picture, few frames: does it run at all")
    parser.add_argument("--out", type=Path, help="JSON to write")
    args = parser.parse_args()
    logging.getLogger("slowpaths").addHandler(logging.NullHandler())  # what is passed over is not printed
    try:
        pose = best_pose(args.weights_dir, num_threads=args.threads)
        with tempfile.TemporaryDirectory() as name:
            kept = args.world or Path(name)
            kinds = ["dense"] if args.quick else list(LEISURE)
            timings = {}
            for kind in kinds:
                part = QUICK if args.quick else match_of(kind, balls=args.balls, height=args.height)
                world = make_match(kept / kind, kind=kind, part=part, seed=args.seed)
                sample = 8 if args.quick else args.sample
                timings[kind] = measure(world, pose=pose, sample=sample, out=Path(name) / f"{kind}_mined")
    except SlowpathsError as error:
        print(f"mining: {error}", file=sys.stderr)
        return 1
    table = {kind: timing.ratios() for kind, timing in timings.items()}
    print(f"pose={pose.name}, {args.threads} threads; PySceneDetect: {_scenedetect_at_hand()}")
    print(f"{'':<34}" + "".join(f"{kind:>10}" for kind in table))
    for row in next(iter(table.values())):
        print(f"{row:<34}" + "".join(f"{ratios[row]:>10.2f}" for ratios in table.values()))
    if args.out:
        write_text(args.out, json.dumps({"pose": pose.name, **table}, indent=1) + "\n")
    return 0


def match_of(kind: str, *, balls: int, height: int) -> PartSettings:
    """Return a match of a kind; widths are even, as H.264 wants them."""
    width = 2 * round(height * 8 / 9)
    return PartSettings(balls_per_match=balls, num_batters=4, leisure=LEISURE[kind], width=width, height=height)


def make_match(out: Path, *, kind: str, part: PartSettings, seed: int) -> WorldFolder:
    """Film a match of a kind unless it is there already."""
    build_world(settings=WorldSettings(name=kind, parts={kind: part}), out=out, seed=seed)
    return WorldFolder(out)


def measure(world: WorldFolder, *, pose: PoseEstimator, sample: int, out: Path) -> Timing:
    """Time everything on the match of a world."""
    (path,) = world.videos()
    video = probe(path, root=world.path)
    _warm_up(pose, path)
    num_frames, decoding_s = _timed(lambda: sum(1 for _ in _frames(path)))
    _, shots_s = _timed(lambda: _our_shots(path))
    begun_s = time.perf_counter()
    mined, mining_s = _timed(lambda: mine_video(video, root=world.path, out=out, pose=pose))
    mining_wall_s = time.perf_counter() - begun_s
    densely = mine_video(video, root=world.path, out=out, pose=pose, settings=_EVERY_FRAME)
    replays = {shot.shot_id for shot in world.truth.shots(path.stem) if shot.is_replay}
    balls_s = [ball.impact_s for ball in world.truth.balls(path.stem) if ball.shot_id not in replays]
    return Timing(
        seconds=video.duration_s,
        num_balls=len(balls_s),
        num_frames=num_frames,
        decoding_s=decoding_s,
        shots_s=shots_s,
        scenedetect_s=_scenedetect_s(path),
        mining_s=mining_s,
        mining_wall_s=mining_wall_s,
        posing_s=decoding_s + num_frames * _pose_s(pose, path, num_frames=num_frames, sample=sample),
        found=_share_found(balls_s, mined),
        found_densely=_share_found(balls_s, densely),
    )


def _share_found(balls_s: Sequence[float], mined: MinedVideo) -> float:
    claims_s = np.array([delivery.impact_s for delivery in mined.deliveries])
    return float(np.mean([bool((np.abs(claims_s - ball_s) <= NEAR_S).any()) for ball_s in balls_s]))


def best_pose(weights_dir: Path | None, *, num_threads: int) -> PoseEstimator:
    """Return MoveNet where its weights are at hand, else the networks that ship with the package."""
    needed = [WEIGHTS[name] for name in ("movenet_lightning", "yolox_nano")]
    if all(local_weights(spec, weights_dir=weights_dir) for spec in needed):
        return build_pose("movenet", weights_dir=weights_dir, num_threads=num_threads)
    return build_pose("compact", num_threads=num_threads)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun_s = time.process_time()
    result = work()
    return result, time.process_time() - begun_s


def _frames(path: Path, *, height: int | None = None) -> Iterator[tuple[int, np.ndarray]]:
    with open_video(path) as decoder:
        yield from decoder.iterate(height=height)


def _our_shots(path: Path) -> int:
    """Find the shots of a video and return how many it has."""
    finder = ShotFinder()
    with open_video(path) as decoder:
        for index, frame_HWC in decoder.iterate(height=min(_WORK_HEIGHT, decoder.height)):
            finder.add(frame_HWC, pts_s=float(decoder.pts_s[index]))
    return len(finder.shots())


def _pose_s(pose: PoseEstimator, path: Path, *, num_frames: int, sample: int) -> float:
    """Return the seconds a frame that finding everybody and their joints takes."""
    indices_T = np.unique(np.linspace(0, num_frames - 1, min(sample, num_frames)).round().astype(int))
    total_s = 0.0
    with open_video(path) as decoder:
        for start in range(0, len(indices_T), _BATCH):
            some_T = indices_T[start : start + _BATCH]
            frames_THWC = decoder.frames(some_T, height=min(_WORK_HEIGHT, decoder.height))
            at = FramesAt(path=path, indices_T=some_T, scale=frames_THWC.shape[1] / decoder.height)
            begun_s = time.process_time()
            people = pose.detect(frames_THWC, at=at)
            if not pose.has_keypoints_in_detect:
                pose.keypoints(frames_THWC, [found.boxes_N4 for found in people], at=at)
            total_s += time.process_time() - begun_s
    return total_s / len(indices_T)


def _warm_up(pose: PoseEstimator, path: Path) -> None:
    """Load what is loaded once, so that no measurement pays for it."""
    from slowpaths.video.picture_features import picture_features

    with open_video(path) as decoder:
        frames_THWC = decoder.frames([0])
        pose.detect(frames_THWC, at=FramesAt(path=path, indices_T=np.array([0])))
        picture_features(list(frames_THWC))


def _scenedetect_at_hand() -> str:
    return "measured" if find_spec("scenedetect") else "left out, it is not installed (uv sync --group bench)"


def _scenedetect_s(path: Path) -> float:
    """Return the seconds of PySceneDetect's adaptive detector on a video; NaN where it is not installed."""
    if not find_spec("scenedetect"):
        return float("nan")
    import scenedetect  # pyrefly: ignore[missing-import]

    return _timed(lambda: scenedetect.detect(str(path), scenedetect.AdaptiveDetector()))[1]


if __name__ == "__main__":
    sys.exit(main())
