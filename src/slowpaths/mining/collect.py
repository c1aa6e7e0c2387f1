"""Mine a folder of footage one video at a time, so that a killed run goes on where it was.

Every finished video leaves one folder of shards, `shards/<settings>/<video_id>/`, that appears whole or not at all.
The tables of the mined set are the shards in the order of the footage; a resumed run writes the same bytes.
"""

from __future__ import annotations

import logging
import multiprocessing
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2

from slowpaths import __version__
from slowpaths.core.errors import BrokenVideoError, SlowpathsError
from slowpaths.core.ids import fingerprint
from slowpaths.core.records import VideoRef
from slowpaths.core.threads import available_threads, limit_threads
from slowpaths.mining.oracle import check_given, read_given
from slowpaths.mining.pipeline import MinedVideo, MiningSettings, mine_video
from slowpaths.pose.estimate import PoseEstimator, build_pose
from slowpaths.store import tables
from slowpaths.store.schema import DELIVERIES, FOOTAGE, POSES, SHOTS
from slowpaths.video.probe import probe

_log = logging.getLogger(__name__)
_SPECS = {"shots": SHOTS, "deliveries": DELIVERIES, "poses": POSES, "footage": FOOTAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Hold what mining one video needs; plain values only, so that it travels to another process.

    Args:
        path: The video.
        root: Footage folder; paths in tables are relative to it.
        out: Mined folder.
        shards: Folder of the shards of this configuration.
        pose: Arguments of `build_pose`.
        settings: How strokes are found.
        given: Stages that get true results instead of finding them.
        truth: Folder those come from.
    """

    path: Path
    root: Path
    out: Path
    shards: Path
    pose: Mapping[str, Any] = field(default_factory=dict)
    settings: MiningSettings = field(default_factory=MiningSettings)
    given: tuple[str, ...] = ()
    truth: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Hold what a run over a folder found.

    Args:
        videos: All footage, quarantined files too, in the order of the folder.
        num_deliveries: Deliveries found.
        num_resumed: Videos whose shards were there already.
    """

    videos: list[VideoRef]
    num_deliveries: int
    num_resumed: int

    @property
    def num_quarantined(self) -> int:
        """Return the number of files that could not be used."""
        return sum(video.status == "quarantined" for video in self.videos)


def collect(
    paths: Iterable[Path],
    *,
    root: Path,
    out: Path,
    pose: Mapping[str, Any],
    settings: MiningSettings,
    workers: int = 1,
    step: Callable[[str], None] = lambda text: None,
    given: Sequence[str] = (),
    truth: Path | None = None,
) -> Collected:
    """Mine videos and write `footage`, `shots`, `deliveries` and `poses` tables to `out`.

    Args:
        paths: Video files and frame folders, in the order the tables will have.
        root: Footage folder.
        out: Mined folder.
        pose: Arguments of `build_pose`.
        settings: How strokes are found.
        workers: Processes.
        step: Called with a short text after each video.
        given: Stages that get true results instead of finding them; see `given.STAGES`.
        truth: Truth folder of the made world that those come from.

    Returns:
        What was found.

    Raises:
        SlowpathsError: If the pose backend cannot be built, a truth is missing or the disk cannot be written.
    """
    paths = list(dict.fromkeys(paths))
    check_given(given, truth=truth, videos=paths)
    estimator = build_pose(**pose)  # fails here, in one sentence, before any work is done
    key = {
        "settings": asdict(settings),
        "pose": {**_plain(pose), "resolved": estimator.name},
        "given": sorted(set(given)),
        "version": __version__,
    }
    shards = out / "shards" / fingerprint(key)
    _refuse_other_settings(shards)
    tasks = [
        Task(
            path=path, root=root, out=out, shards=shards, pose=pose, settings=settings, given=tuple(given), truth=truth
        )
        for path in paths
    ]
    folders: list[Path] = []
    num_resumed = 0
    for done in _run(tasks, estimator=estimator, workers=workers):
        folders.append(done.folder)
        num_resumed += done.is_resumed
        step(done.text)
    for name, spec in _SPECS.items():
        shard_files = [folder / f"{name}.parquet" for folder in folders]
        tables.write_table(out / f"{name}.parquet", tables.concat_tables(shard_files, spec), spec)
    videos = tables.read_footage(out / "footage.parquet")
    num_deliveries = tables.read_table(out / "deliveries.parquet", DELIVERIES).num_rows
    return Collected(videos=videos, num_deliveries=num_deliveries, num_resumed=num_resumed)


def _refuse_other_settings(shards: Path) -> None:
    """Keep one mined folder to one configuration: its clips and tables belong together."""
    others = [folder for folder in shards.parent.glob("*") if folder.is_dir() and folder.name != shards.name]
    if others:
        raise SlowpathsError(
            f"{shards.parents[1]} was mined with other settings: choose another out=, or delete it to mine again"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    folder: Path
    text: str
    is_resumed: bool


def _run(tasks: list[Task], *, estimator: PoseEstimator, workers: int) -> Iterable[_Done]:
    if workers <= 1:
        for task in tasks:
            yield _mine_task(task, estimator)
        return
    context = multiprocessing.get_context("spawn")  # decoders and inference sessions do not survive a fork
    # Libraries that each take all cores for themselves would only get in each other's way.
    start = (dict(tasks[0].pose), max(1, available_threads() // workers))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=start) as pool:
        futures: list[Future[_Done]] = [pool.submit(_mine_in_worker, task) for task in tasks]
        try:
            for future in futures:
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_estimator: PoseEstimator | None = None


def _start(pose: dict[str, Any], num_threads: int) -> None:
    global _estimator
    limit_threads(num_threads)
    cv2.setNumThreads(num_threads)
    _estimator = build_pose(**pose)
    if "torch" in sys.modules:  # the estimator came with it
        sys.modules["torch"].set_num_threads(num_threads)


def _mine_in_worker(task: Task) -> _Done:
    assert _estimator is not None
    return _mine_task(task, _estimator)


def _mine_task(task: Task, estimator: PoseEstimator) -> _Done:
    video = probe(task.path, root=task.root)
    folder = task.shards / video.video_id
    if _is_whole(folder, video):
        return _Done(folder=folder, text=f"{video.path}: found mined", is_resumed=True)
    try:
        if video.status == "quarantined":
            raise BrokenVideoError(video.reason)
        given = read_given(task.given, truth=task.truth, video=task.path)
        mined = mine_video(video, root=task.root, out=task.out, pose=estimator, settings=task.settings, given=given)
        text = f"{video.path}: {len(mined.deliveries)} deliveries"
    except BrokenVideoError as error:
        mined = MinedVideo(
            video=replace(video, status="quarantined", reason=str(error)), shots=[], deliveries=[], tracks=[]
        )
        text = f"{video.path}: quarantined, {error}"
    _write_shards(folder, mined)
    return _Done(folder=folder, text=text, is_resumed=False)


def _is_whole(folder: Path, video: VideoRef) -> bool:
    """Whether the shards of this very file are there and the file is still called the same."""
    if not (folder / "footage.parquet").exists():
        return False
    known = tables.read_footage(folder / "footage.parquet")[0]
    # a file that could not be read may have been mended or be readable now: look again
    return known.status == "ok" and (known.path, known.digest) == (video.path, video.digest)


def _write_shards(folder: Path, mined: MinedVideo) -> None:
    building = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(building, ignore_errors=True)
    tables.write_shots(building / "shots.parquet", mined.shots)
    tables.write_deliveries(building / "deliveries.parquet", mined.deliveries)
    tables.write_poses(building / "poses.parquet", mined.tracks)
    tables.write_footage(building / "footage.parquet", [mined.video])
    shutil.rmtree(folder, ignore_errors=True)
    building.replace(folder)


def counts(videos: Iterable[VideoRef]) -> dict[str, int]:
    """Return how many videos have each status."""
    return dict(sorted(Counter(video.status for video in videos).items()))


def _plain(pose: Mapping[str, Any]) -> dict[str, Any]:
    # where the weights lie does not change what is found
    return {key: value for key, value in pose.items() if key not in ("weights_dir", "device", "num_threads")}
