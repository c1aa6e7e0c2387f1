"""Mine a broadcast of an hour and say what memory it takes, how progress is told, and how fast it is.

The broadcast is joined from synthetic matches, filmed here unless --world holds them, and from clips of --clips, each
shown again and again until it is long enough. A broadcast of one round of them is mined first: what the long one takes
more is what grows with its length.

python -m scripts.bench.long_footage --minutes 60 --weights-dir models --out long_footage.json
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from scripts.bench.mining import NEAR_S, best_pose, make_match, match_of

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.threads import available_threads
from slowpaths.mining.pipeline import mine_video
from slowpaths.pose.protocol import PoseEstimator
from slowpaths.store.tables import write_text
from slowpaths.store.world_folder import WorldFolder
from slowpaths.video.open import open_video
from slowpaths.video.probe import probe
from slowpaths.video.write import write_clip
from slowpaths.world.world_settings import PartSettings

FPS = 25
QUICK = PartSettings(mode="clip", balls_per_match=1, width=192, height=108, num_batters=2)
_CRF = 24  # of synthetic matches: files that are joined share one header
_MIB = 2**20


def main() -> int:
    """Join the broadcast, mine one round of it and all of it, and print the table; return 1 where that cannot be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the broadcast (default 60)")
    parser.add_argument("--world", type=Path, help="folder to keep the match in, or of a world that is there already")
    parser.add_argument("--clips", type=Path, nargs="*", default=[], help="clips that are shown between the matches")
    parser.add_argument("--weights-dir", type=Path, help="folder with the weights of MoveNet and YOLOX")
    parser.add_argument("--threads", type=int, default=available_threads(), help="threads of the pose backend")
    parser.add_argument("--quick", action="store_true", help="a match of one ball, a small picture: does it run at all")
    parser.add_argument("--out", type=Path, help="JSON to write")
    args = parser.parse_args()
    logging.getLogger("slowpaths").addHandler(logging.NullHandler())  # what is passed over is not printed
    try:
        pose = best_pose(args.weights_dir, num_threads=args.threads)
        with tempfile.TemporaryDirectory() as name:
            folder, world = Path(name), WorldFolder(args.world or Path(name) / "world")
            if not list(world.path.glob("*.mp4")):
                part = QUICK if args.quick else match_of("dense", balls=8, height=360)
                world = make_match(world.path, kind="dense", part=part, seed=0)
            first = probe(world.videos()[0], root=world.path)
            size = (first.width, first.height)
            clips = [alike(path, folder / f"{number}.mp4", size=size) for number, path in enumerate(args.clips)]
            sources = [*world.videos(), *clips]
            balls = {path: [ball.impact_s for ball in world.truth.balls(path.stem)] for path in world.videos()}
            table = {}
            for kind, least_s in (("one round", 0.0), ("broadcast", 60 * args.minutes)):
                path = folder / f"{kind.replace(' ', '_')}.mp4"
                starts = join(sources, path, least_s=least_s)
                impacts_s = [start_s + ball_s for source, start_s in starts for ball_s in balls.get(source, ())]
                table[kind] = measure(path, pose=pose, impacts_s=impacts_s)
    except SlowpathsError as error:
        print(f"long_footage: {error}", file=sys.stderr)
        return 1
    print(f"pose={pose.name}, {args.threads} threads")
    for row in table["broadcast"]:
        print(f"{row:<34}" + "".join(f"{numbers.get(row, np.nan):>12.2f}" for numbers in table.values()))
    if args.out:
        write_text(args.out, json.dumps({"pose": pose.name, **table}, indent=1) + "\n")
    return 0


def alike(path: Path, out: Path, *, size: tuple[int, int]) -> Path:
    """Code a clip as synthetic matches are coded, at their size, to be joined to them; without its sound."""
    with open_video(path) as decoder:
        pictures = (cv2.resize(frame_HWC, size) for _, frame_HWC in decoder.iterate())
        write_clip(out, pictures, fps=FPS, crf=_CRF, gop=2 * FPS)
    return out


def join(sources: Sequence[Path], out: Path, *, least_s: float) -> list[tuple[Path, float]]:
    """Join files of one size, all of them once and on until it is so long; return each file with when it begins."""
    starts: list[tuple[Path, float]] = []
    end_s, last_s = 0.0, {}
    with av.open(str(out), "w") as target:
        streams: dict[str, av.stream.Stream] = {}
        for number, path in enumerate(itertools.cycle(sources)):
            if number >= len(sources) and end_s >= least_s:
                break
            starts.append((path, end_s))
            with av.open(str(path)) as source:
                if not streams:
                    streams = {stream.type: target.add_stream_from_template(stream) for stream in source.streams}
                for packet in source.demux():
                    if packet.dts is None or packet.stream.type not in streams:
                        continue
                    shift = round(starts[-1][1] / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream.type]
                    time_s = float(packet.dts * packet.time_base)
                    if time_s > last_s.get(packet.stream.type, -1.0):  # sound may last longer than the pictures
                        last_s[packet.stream.type] = time_s
                        target.mux(packet)
            end_s += probe(path, root=path.parent).duration_s
    return starts


def measure(path: Path, *, pose: PoseEstimator, impacts_s: Sequence[float]) -> dict[str, float]:
    """Mine a video and return the numbers of the table, by what they say."""
    told: list[float] = []
    most: dict[str, int] = {}
    last_s = begun_s = time.perf_counter()

    def watch(stage: str, share: float) -> None:
        nonlocal last_s
        told.append((now_s := time.perf_counter()) - last_s)
        last_s, most[stage] = now_s, max(most.get(stage, 0), _resident())

    with tempfile.TemporaryDirectory() as out:
        begun_cpu_s = time.process_time()
        mined = mine_video(probe(path, root=path.parent), root=path.parent, out=Path(out), pose=pose, watch=watch)
        cpu_s, wall_s = time.process_time() - begun_cpu_s, time.perf_counter() - begun_s
    claims_s = np.array([delivery.impact_s for delivery in mined.deliveries])
    found = [bool((np.abs(claims_s - impact_s) <= NEAR_S).any()) for impact_s in impacts_s]
    length_s = mined.video.duration_s
    return {
        "length [min]": length_s / 60,
        "shots": len(mined.shots),
        "deliveries": len(mined.deliveries),
        "balls and replays found": float(np.mean(found)),
        "times real time": length_s / wall_s,
        "times real time, by the processor": length_s / cpu_s,
        "longest time without a word [s]": max([*told, time.perf_counter() - last_s]),
        "peak memory [MiB]": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MIB,
        **{f"memory while {stage} [MiB]": size / _MIB for stage, size in most.items()},
    }


def _resident() -> int:
    """Return the bytes of this process that lie in memory; Linux only."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main())
