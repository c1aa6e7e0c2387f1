"""Mine one video, whatever it does, and leave its tables in a folder of its own that appears whole or not at all."""

from __future__ import annotations

import errno
import logging
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from slowpaths.core.errors import BrokenVideoError, SlowpathsError
from slowpaths.core.records import VideoRef
from slowpaths.mining.context import Watch
from slowpaths.mining.oracle import OracleSource
from slowpaths.mining.pipeline import MinedVideo, mine_video
from slowpaths.mining.report import why
from slowpaths.mining.settings import MiningSettings
from slowpaths.pose.protocol import PoseEstimator
from slowpaths.store.mined_folder import MinedFolder, TableFolder
from slowpaths.store.schema import FOOTAGE
from slowpaths.store.tables import write_error
from slowpaths.video.probe import probe

_log = logging.getLogger(__name__)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
NOTE_EVERY_S = 1.0  # between two words on how far a video is
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
class Done:
    """Say what became of a task."""

    folder: Path  # the tables of the video
    text: str  # for whoever watches
    is_resumed: bool  # whether they were there already


def _watch(name: str, note: Callable[[str], None]) -> Watch:
    """Return what passes on how far a video is, now and then."""
    said_s = -math.inf

    def watch(stage: str, share: float) -> None:
        nonlocal said_s
        if (now_s := time.monotonic()) - said_s >= NOTE_EVERY_S:
            said_s = now_s
            note(f"{name}: {stage} {share:.0%}")

    return watch


def mine_task(task: Task, estimator: PoseEstimator, note: Callable[[str], None]) -> Done:
    """Mine one video, whatever it does: what goes wrong with it puts it into quarantine and nothing else.

    What would go wrong with the next one too (a full disk, a missing backend) is a `SlowpathsError` and stops the run.
    """
    video = probe(task.path, root=task.root)
    folder = task.shards / video.video_id
    if _is_whole(folder, video) and not (task.settings.write_clips and _lacks_clips(folder, task.out)):
        return Done(folder=folder, text=f"{video.path}: found mined", is_resumed=True)
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
    elif mined.unclaimed is not None:
        text = f"{video.path}: no delivery, {why(mined.unclaimed)}"
    else:
        text = f"{video.path}: {len(mined.deliveries)} deliveries"
    _write_shards(folder, mined)
    return Done(folder=folder, text=text, is_resumed=False)


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


def _lacks_clips(folder: Path, out: Path) -> bool:
    """Whether a clip of the deliveries of these shards is missing or empty: somebody deleted it."""
    clips = (MinedFolder(out).clip_file(delivery.delivery_id) for delivery in TableFolder(folder).deliveries())
    return not all(clip.is_file() and clip.stat().st_size for clip in clips)


def _write_shards(folder: Path, mined: MinedVideo) -> None:
    building = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
        building.chmod(0o755)
        write_mined(building, [mined])
        shutil.rmtree(folder, ignore_errors=True)
        building.replace(folder)
    except OSError as error:
        raise write_error(folder, error) from error
    finally:
        if building is not None:
            shutil.rmtree(building, ignore_errors=True)


def write_mined(folder: Path, mined: Sequence[MinedVideo]) -> None:
    """Write the tables of some videos to a folder."""
    TableFolder(folder).write_mined(
        footage=[one.video for one in mined],
        shots=[shot for one in mined for shot in one.shots],
        deliveries=[delivery for one in mined for delivery in one.deliveries],
        poses=[track for one in mined for track in one.tracks],
        unclaimed=[one.unclaimed for one in mined if one.unclaimed is not None],
    )
