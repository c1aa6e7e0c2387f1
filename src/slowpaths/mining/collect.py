"""Mine a folder of footage one video at a time, so that a killed run goes on where it was.

Every finished video leaves one folder of shards, `shards/<settings>/<video_id>/`, that appears whole or not at all.
The tables of the mined set are the shards in the order of the footage; a resumed run writes the same bytes.
"""

from __future__ import annotations

import errno
import logging
import math
import multiprocessing
import queue
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from slowpaths import __version__
from slowpaths.core.errors import BrokenVideoError, SlowpathsError
from slowpaths.core.ids import fingerprint
from slowpaths.core.records import VideoRef
from slowpaths.core.threads import limit_threads, share_threads
from slowpaths.mining.context import Watch
from slowpaths.mining.oracle import OracleSource
from slowpaths.mining.pipeline import MinedVideo, mine_video
from slowpaths.mining.settings import MiningSettings
from slowpaths.pose.estimate import build_pose
from slowpaths.pose.protocol import PoseEstimator
from slowpaths.store.mined_folder import MinedFolder, TableFolder
from slowpaths.store.schema import DELIVERIES, FOOTAGE, POSES, SHOTS
from slowpaths.store.tables import concat_tables, write_error, write_footage
from slowpaths.video.probe import probe

_log = logging.getLogger(__name__)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_ELSEWHERE = ("weights_dir", "device", "num_threads")  # where the weights lie does not change what is found
NOTE_EVERY_S = 1.0  # between two words on how far a video is
_POLL_S = 0.5
_LONGEST_WORDS = 200  # of what another library says of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Hold what mining one video needs; plain values only, so that it travels to another process."""

    path: Path  # the video
    root: Path  # footage folder; paths in tables are relative to it
    out: Path  # mined folder
    shards: Path  # folder of the shards of this configuration
    pose: Mapping[str, Any] = field(default_factory=dict)  # arguments of `build_pose`
    settings: MiningSettings = field(default_factory=MiningSettings)  # how strokes are found
    oracle: OracleSource = field(default_factory=OracleSource)  # which stages get true results, and from where


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Hold what a run over a folder found."""

    videos: Sequence[VideoRef]  # all footage, quarantined files too, in the order of the folder
    num_deliveries: int  # deliveries found
    num_resumed: int = 0  # videos whose shards were there already

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
    note: Callable[[str], None] = lambda text: None,
    oracle: OracleSource | None = None,
) -> Collected:
    """Mine videos and write `footage`, `shots`, `deliveries` and `poses` tables, in the order of the paths, to `out`.

    `root` is the footage folder, `pose` holds the arguments of `build_pose`, and `step` is called with a short text
    after each video, `note` with another one every second or so in between.

    Raises:
        SlowpathsError: If the pose backend cannot be built, a truth is missing, the disk cannot be written or a worker
            process dies. Videos finished before stay finished.
    """
    paths, oracle = list(dict.fromkeys(paths)), oracle or OracleSource()
    oracle.check(paths)
    estimator = build_pose(**pose)  # fails here, in one sentence, before any work is done
    key = {
        "settings": asdict(settings),
        "pose": {**{key: pose[key] for key in pose if key not in _ELSEWHERE}, "resolved": estimator.name},
        "oracle": sorted(set(oracle.stages)),
        "version": __version__,
    }
    mined = MinedFolder(out)
    shards = mined.shards / fingerprint(key)
    _refuse_other_settings(mined, shards)
    given = {"root": root, "out": out, "shards": shards, "pose": pose, "settings": settings, "oracle": oracle}
    tasks = [Task(path=path, **given) for path in paths]
    folders: list[TableFolder] = []
    num_resumed = 0
    for done in _run(tasks, estimator=estimator, workers=workers, note=note):
        folders.append(TableFolder(done.folder))
        num_resumed += done.is_resumed
        step(done.text)
    for spec in (SHOTS, DELIVERIES, POSES, FOOTAGE):
        mined.write(spec, concat_tables([folder.file(spec) for folder in folders], spec))
    videos = _name_duplicates(mined.footage())
    write_footage(mined.file(FOOTAGE), videos)
    num_deliveries = mined.read(DELIVERIES).num_rows
    return Collected(videos=videos, num_deliveries=num_deliveries, num_resumed=num_resumed)


def _name_duplicates(videos: Sequence[VideoRef]) -> list[VideoRef]:
    """Say of a video that holds the same bytes as one before it which that is."""
    first: dict[str, str] = {}
    named = []
    for video in videos:
        twin = first.setdefault(video.digest, video.path) if video.digest and video.status == "ok" else video.path
        if twin != video.path:
            video = replace(video, reason=f"holds the same bytes as {twin}: one of the two may be left out")
            _log.warning("%s %s", video.path, video.reason)
        named.append(video)
    return named


def _refuse_other_settings(mined: MinedFolder, shards: Path) -> None:
    """Keep one mined folder to one configuration: its clips and tables belong together."""
    if any(folder.is_dir() and folder.name != shards.name for folder in mined.shards.glob("*")):
        cure = "choose another out=, or delete it to mine again"
        raise SlowpathsError(f"{mined.path} was mined with other settings: {cure}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    folder: Path
    text: str
    is_resumed: bool


def _run(
    tasks: Sequence[Task], *, estimator: PoseEstimator, workers: int, note: Callable[[str], None]
) -> Iterable[_Done]:
    if workers <= 1:
        for task in tasks:
            yield _mine_task(task, estimator, note)
        return
    context = multiprocessing.get_context("spawn")  # decoders and inference sessions do not survive a fork
    notes = context.Queue()
    start = (dict(tasks[0].pose), share_threads(workers), notes)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=start) as pool:
        futures = [pool.submit(_mine_in_worker, task) for task in tasks]
        try:
            for future in futures:
                is_done = False
                while not is_done:
                    is_done = bool(wait([future], timeout=_POLL_S).done)
                    with suppress(queue.Empty):
                        while True:
                            note(notes.get_nowait())
                yield future.result()
        except BrokenProcessPool as error:
            raise SlowpathsError(
                "a process that mined a video was killed, most likely for want of memory: run the same command again "
                "with workers=1, it goes on with the videos that are not finished"
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_estimator: PoseEstimator | None = None
_note: Callable[[str], None] | None = None


def _start(pose: dict[str, Any], num_threads: int, notes: Any = None) -> None:
    global _estimator, _note
    limit_threads(num_threads)
    _estimator = build_pose(**pose)
    if notes is not None:
        notes.cancel_join_thread()  # what nobody has read need not be when this process ends
        _note = notes.put


def _mine_in_worker(task: Task) -> _Done:
    assert _estimator is not None
    return _mine_task(task, _estimator, _note or (lambda text: None))


def _watch(name: str, note: Callable[[str], None]) -> Watch:
    """Return what passes on how far a video is, now and then."""
    said_s = -math.inf

    def watch(stage: str, share: float) -> None:
        nonlocal said_s
        if (now_s := time.monotonic()) - said_s >= NOTE_EVERY_S:
            said_s = now_s
            note(f"{name}: {stage} {share:.0%}")

    return watch


def _mine_task(task: Task, estimator: PoseEstimator, note: Callable[[str], None]) -> _Done:
    """Mine one video, whatever it does: what goes wrong with it puts it into quarantine and nothing else.

    What would go wrong with the next one too (a full disk, a missing backend) is a `SlowpathsError` and stops the run.
    """
    video = probe(task.path, root=task.root)
    folder = task.shards / video.video_id
    if _is_whole(folder, video):
        return _Done(folder=folder, text=f"{video.path}: found mined", is_resumed=True)
    mined, reason = None, video.reason
    try:
        if video.status == "ok":
            oracle = task.oracle.read(task.path)
            given = {"root": task.root, "out": task.out, "settings": task.settings}
            mined = mine_video(video, pose=estimator, oracle=oracle, watch=_watch(video.path, note), **given)
    except BrokenVideoError as error:
        reason = str(error)
    except SlowpathsError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise write_error(task.out, error) from error
        _log.warning("%s: %s", video.path, error, exc_info=_log.isEnabledFor(logging.DEBUG))
        reason = _reason(video.path, error)
    if mined is None:
        mined = MinedVideo(video=replace(video, status="quarantined", reason=reason))
        text = f"{video.path}: quarantined, {reason}"
    else:
        text = f"{video.path}: {len(mined.deliveries)} deliveries"
    _write_shards(folder, mined)
    return _Done(folder=folder, text=text, is_resumed=False)


def _reason(name: str, error: Exception) -> str:
    """Return one sentence for an exception that nobody foresaw, with its cure."""
    words = " ".join(str(error).encode("utf-8", errors="replace").decode().split())[:_LONGEST_WORDS]
    kind = type(error).__name__
    return f"{name} cannot be mined ({kind}{': ' if words else ''}{words}): re-encode it with ffmpeg, or leave it out"


def _is_whole(folder: Path, video: VideoRef) -> bool:
    """Whether the shards of this very file are there and the file is still called the same."""
    if not TableFolder(folder).has(FOOTAGE):
        return False
    (known,) = TableFolder(folder).footage()
    # a file that could not be read may have been mended or be readable now: look again
    return known.status == "ok" and (known.path, known.digest) == (video.path, video.digest)


def _write_shards(folder: Path, mined: MinedVideo) -> None:
    building = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(building, ignore_errors=True)
        write_mined(building, [mined])
        shutil.rmtree(folder, ignore_errors=True)
        building.replace(folder)
    except OSError as error:
        raise write_error(folder, error) from error


def write_mined(folder: Path, mined: Sequence[MinedVideo]) -> None:
    """Write the tables of some videos to a folder."""
    TableFolder(folder).write_mined(
        footage=[one.video for one in mined],
        shots=[shot for one in mined for shot in one.shots],
        deliveries=[delivery for one in mined for delivery in one.deliveries],
        poses=[track for one in mined for track in one.tracks],
    )
