"""Measure what mining and labelling cost at several sizes, and what that comes to for more hours of footage.

Videos are mined in this process and in two; everything after mining is measured on made tables, since it reads no
picture. Seconds are those of the processor, of all processes, so that a busy machine changes them little. A step that
takes more than in proportion is found by its growth: the power of the size by which its seconds grow between the two
largest sizes (1 is linear).

python scripts/scaling.py --out experiments/scaling/results
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import resource
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scripts.bench.relabel import deliveries as made_deliveries
from scripts.bench.relabel import footage as made_footage

from slowpaths.apps._compose import compose, plain
from slowpaths.apps.mined import review_mined, write_labels
from slowpaths.core.ids import file_digest
from slowpaths.core.records import PoseTrack, VideoRef
from slowpaths.core.skeleton import NUM_JOINTS
from slowpaths.mining.collect import collect, merge
from slowpaths.mining.settings import MiningSettings
from slowpaths.store.mined_folder import MinedFolder, TableFolder
from slowpaths.store.schema import DELIVERIES, FOOTAGE, POSES, SHOTS
from slowpaths.video.write import write_clip

HOURS = 1000
DELIVERIES_AN_HOUR = 90  # a ball every 40 s, as broadcasts of a match have it
MINING_X = 8.4  # times real time on one core at that rate (experiments/mining_speed)
FRAMES_A_TRACK = 52
MIB = 2**20
Row = dict[str, Any]


def main() -> None:
    """Measure, and write both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the tables")
    parser.add_argument("--videos", type=int, nargs="+", default=[2, 4, 8], help="videos that are really mined")
    parser.add_argument("--merged", type=int, nargs="+", default=[100, 400, 1600], help="videos whose tables it joins")
    parser.add_argument("--labelled", type=int, nargs="+", default=[1000, 8000, 64000], help="deliveries labelled")
    args = parser.parse_args()
    rows: list[Row] = []
    for measured, sizes in ((merging, args.merged), (labelling, args.labelled), (mining, args.videos)):
        with tempfile.TemporaryDirectory() as folder:
            for row in measured(Path(folder), sizes):
                rows.append({**row, "growth": growth(row, rows)})
                write(args.out / "stages.csv", rows)
    write(args.out / "thousand_hours.csv", projected(rows))


def mining(folder: Path, sizes: Sequence[int]) -> Iterator[Row]:
    """Mine videos of two seconds without people, in one process and in two: what distributing them costs."""
    rng = np.random.default_rng(0)
    for number in range(max(sizes)):
        write_clip(folder / "footage" / f"{number:04d}.mp4", rng.integers(0, 255, (50, 90, 160, 3), np.uint8), fps=25)
    paths = sorted((folder / "footage").glob("*.mp4"))
    given: dict[str, Any] = {"root": folder / "footage", "pose": {"name": "compact"}, "settings": MiningSettings()}
    collect(paths[:1], out=folder / "first", **given)  # loads weights
    for workers in (1, 2):
        for size in sizes:
            with timed(f"mine, {workers} processes" if workers > 1 else "mine", "videos", size) as row:
                collect(paths[:size], out=folder / f"{workers}-{size}", workers=workers, **given)
            yield row
    with timed("find mined already", "videos", max(sizes)) as row:
        collect(paths, out=folder / f"1-{max(sizes)}", **given)
    yield row


def merging(folder: Path, sizes: Sequence[int]) -> Iterator[Row]:
    """Join the tables of videos of ten deliveries each; all are the same one, linked."""
    own = TableFolder(folder / "video")
    tracks = [made_track(number) for number in range(10)]
    video = VideoRef(video_id="v", path="v.mp4", fps=Fraction(25), num_frames=10_000, width=640, height=360)
    own.write_mined(footage=[video], shots=[], deliveries=[], poses=tracks)
    own.write(DELIVERIES, made_deliveries(10))
    for size in sizes:
        folders = [TableFolder(folder / f"{size}" / f"{number:06d}") for number in range(size)]
        for other in folders:
            other.path.mkdir(parents=True)
            for spec in (FOOTAGE, SHOTS, DELIVERIES, POSES):
                os.link(own.file(spec), other.file(spec))
        mined = MinedFolder(folder / f"mined{size}")
        with timed("join tables", "videos", size) as row:
            merge(folders, mined)
        yield row | {"disk_mib": _size(mined.path)}


def made_track(number: int) -> PoseTrack:
    """Return a track of noise: what it holds does not matter, how much it is does."""
    rng = np.random.default_rng(number)
    return PoseTrack(
        video_id="v", shot_id=f"s{number}", track_id=0, frames_T=np.arange(FRAMES_A_TRACK),
        pts_s=np.arange(FRAMES_A_TRACK) / 25, keypoints_TJC=rng.uniform(0, 640, (FRAMES_A_TRACK, NUM_JOINTS, 3)),
        boxes_T4=rng.uniform(0, 640, (FRAMES_A_TRACK, 4)), camera_T3=rng.uniform(0, 1, (FRAMES_A_TRACK, 3)),
    )  # fmt: skip


def labelling(folder: Path, sizes: Sequence[int]) -> Iterator[Row]:
    """Label made deliveries without poses, write what depends on labels, and the review page."""
    config = plain(compose("label", ["mined=.", "teacher=none", "student.use=false"]))
    for size in sizes:
        mined = MinedFolder(folder / f"{size}")
        for spec, table in ((FOOTAGE, made_footage()), (SHOTS, SHOTS.schema.empty_table())):
            mined.write(spec, pa.table(table))
        mined.write(DELIVERIES, made_deliveries(size))
        with timed("label", "deliveries", size) as row:
            write_labels(mined.path, stage="label", config=config, inputs={}, counts={})
        yield row | {"disk_mib": _size(mined.path)}
        with timed("review page", "deliveries", size) as row:
            review_mined(mined.path)
        yield row
        with timed("digests of its files", "deliveries", size) as row:
            for path in sorted(mined.path.rglob("*.parquet")):
                file_digest(path)
        yield row


@contextmanager
def timed(stage: str, unit: str, size: int) -> Iterator[Row]:
    """Fill in a row with the seconds of the processor, children included, and the peak memory so far."""
    row: Row = {"stage": stage, "unit": unit, "size": size}
    before = _seconds()
    yield row
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row |= {"cpu_s": round(_seconds() - before, 3), "peak_mib": round(peak), "disk_mib": ""}
    print(row, flush=True)


def growth(row: Row, rows: Sequence[Row]) -> str:
    """Return the power by which the seconds grow from the next smaller size to this one."""
    smaller = [other for other in rows if other["stage"] == row["stage"] and other["size"] < row["size"]]
    if not smaller:
        return ""
    last = max(smaller, key=lambda other: other["size"])
    if not row["cpu_s"] or not last["cpu_s"]:
        return ""  # too short to be measured
    return f"{math.log(row['cpu_s'] / last['cpu_s']) / math.log(row['size'] / last['size']):.2f}"


def projected(rows: Sequence[Row]) -> list[Row]:
    """Return what each step comes to for the hours, if it goes on growing as between its two largest sizes."""
    largest: Mapping[str, Row] = {row["stage"]: row for row in sorted(rows, key=lambda row: row["size"])}
    found = [{"step": "mine", "hours": HOURS, "unit": "hours of footage", "count": HOURS,
              "core_hours": f"{HOURS / MINING_X:.1f}", "runs_on": "many machines", "growth": "1.00"}]  # fmt: skip
    for stage, count in (
        ("join tables", HOURS * DELIVERIES_AN_HOUR // 10), ("label", HOURS * DELIVERIES_AN_HOUR),
        ("review page", HOURS * DELIVERIES_AN_HOUR), ("digests of its files", HOURS * DELIVERIES_AN_HOUR),
    ):  # fmt: skip
        row = largest[stage]
        power = float(row["growth"] or 1)
        hours = row["cpu_s"] * (count / row["size"]) ** power / 3600
        found.append({"step": stage, "hours": HOURS, "unit": row["unit"], "count": count,
                      "core_hours": f"{hours:.4f}", "runs_on": "one core", "growth": row["growth"]})  # fmt: skip
    return found


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _size(folder: Path) -> int:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MIB)


if __name__ == "__main__":
    main()
