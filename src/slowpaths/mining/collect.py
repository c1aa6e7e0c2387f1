"""Mine a folder of footage one video at a time, so that a killed run goes on where it was.

Every finished video leaves one folder of shards, `shards/<settings>/<video_id>/`, that appears whole or not at all.
The tables of the mined set are the shards in the order of the footage; a resumed run writes the same bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from slowpaths import __version__
from slowpaths.core.errors import SlowpathsError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.records import VideoRef
from slowpaths.mining.calibrated import weights_fingerprint
from slowpaths.mining.engines import build_engine
from slowpaths.mining.impact.moment_network import load_moment_network
from slowpaths.mining.impact.timing_network import load_timing_network
from slowpaths.mining.one_video import Task
from slowpaths.mining.oracle import OracleSource
from slowpaths.mining.settings import EngineName, MiningSettings
from slowpaths.mining.shots.view_classifier import load_view_classifier
from slowpaths.mining.striker.bat_network import load_bat_network
from slowpaths.pose.estimate import build_pose
from slowpaths.store.mined_folder import MinedFolder, TableFolder
from slowpaths.store.schema import DELIVERIES, FOOTAGE, POSES, SHOTS, UNCLAIMED
from slowpaths.store.tables import join_tables, write_error, write_footage

_log = logging.getLogger(__name__)
_LOADERS = {
    "view_weights": load_view_classifier,
    "moment_weights": load_moment_network,
    "timing_weights": load_timing_network,
    "bat_weights": load_bat_network,
}
_ELSEWHERE = ("weights_dir", "device", "num_threads")  # where the weights lie does not change what is found


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Hold what a run over a folder found."""

    videos: Sequence[VideoRef]  # all footage, quarantined files too, in the order of the folder
    num_deliveries: int  # deliveries found
    num_resumed: int = 0  # videos whose shards were there already
    num_left: int = 0  # other videos that the tables of the folder held before

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
    engine: EngineName = "local",
    part: tuple[int, int] | None = None,
    step: Callable[[str], None] = lambda text: None,
    note: Callable[[str], None] = lambda text: None,
    oracle: OracleSource | None = None,
) -> Collected:
    """Mine videos and write their tables to `out`, in the order of the paths: `footage` and all that was found in it.

    Args:
        paths: The videos.
        root: Footage folder.
        out: Mined folder.
        pose: Arguments of `build_pose`.
        settings: How strokes are found.
        workers: Processes of a local engine.
        engine: Who mines.
        part: Number, from 1, and count of runs that share the videos; such a run writes no tables of its own.
        step: Called with a short text after each video.
        note: Called with another one every second or so in between.
        oracle: Which stages get true results.

    Raises:
        SlowpathsError: If weights or the pose backend cannot be used, a truth is missing, the disk cannot be written or
            a worker process dies. Videos finished before stay finished.
    """
    paths, oracle = list(dict.fromkeys(paths)), oracle or OracleSource()
    oracle.check(paths)
    # what cannot be used fails here, in one sentence, before any video is opened
    weights: dict[str, Any] = {}
    for name, load in _LOADERS.items():
        load.cache_clear()  # the file may have changed since an earlier run of this process
        weights[name] = weights_fingerprint(load(getattr(settings, name)))
    estimator = build_pose(**pose)
    decides = {
        "settings": asdict(settings) | weights,
        "pose": {name: _held(value) for name, value in pose.items() if name not in _ELSEWHERE},
        "resolved": estimator.name,
        "oracle": sorted(set(oracle.stages)),
        "truth": oracle.digests(paths),
        "version": __version__,
    }
    mined = MinedFolder(out)
    shards = take_folder(mined, decides)
    given = {"root": root, "out": out, "shards": shards, "pose": pose, "settings": settings, "oracle": oracle}
    tasks = [Task(path=path, **given) for path in paths]
    if part is not None:
        tasks = tasks[part[0] - 1 :: part[1]]
    held = _held_before(mined)
    folders: list[TableFolder] = []
    num_resumed = 0
    if tasks:
        run = build_engine(engine, estimator=estimator, workers=workers)
        for done in run(tasks, note=note):
            folders.append(TableFolder(done.folder))
            num_resumed += done.is_resumed
            step(done.text)
    if part is not None:
        videos = [video for folder in folders for video in folder.footage()]
        num_deliveries = sum(folder.read(DELIVERIES).num_rows for folder in folders)
    else:
        merge(folders, mined)
        videos = _name_duplicates(mined.footage())
        write_footage(mined.file(FOOTAGE), videos)
        num_deliveries = mined.read(DELIVERIES).num_rows
    digests, names = ({getattr(video, key) for video in videos} for key in ("digest", "path"))
    left = [video for video in held if part is None and video.digest not in digests and video.path not in names]
    return Collected(videos=videos, num_deliveries=num_deliveries, num_resumed=num_resumed, num_left=len(left))


def merge(folders: Sequence[TableFolder], mined: MinedFolder) -> None:
    """Write the tables of all videos as one of each kind, in the given order."""
    for spec in (SHOTS, DELIVERIES, POSES, UNCLAIMED, FOOTAGE):
        # shards that an earlier slowpaths left do not say why a video has no delivery
        whole = (folder for folder in folders if spec is not UNCLAIMED or folder.has(spec))
        join_tables(mined.file(spec), (folder.file(spec) for folder in whole), spec)


def _held_before(mined: MinedFolder) -> list[VideoRef]:
    """Return the videos that the tables of a folder hold; none where no table can be read."""
    try:
        return mined.footage()
    except SlowpathsError:
        return []


def _held(value: Any) -> Any:
    """Return what decides of an argument: what a file holds, not what it is called."""
    return file_digest(Path(value)) if isinstance(value, (str, Path)) and Path(value).is_file() else value


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


def take_folder(mined: MinedFolder, decides: Mapping[str, Any]) -> Path:
    """Return the folder of the shards of a configuration, made where it is not there, in a folder of no other one.

    The clips and tables of a mined folder belong together, so it keeps to what decided them.

    Raises:
        SlowpathsError: If the folder was mined otherwise, or the disk cannot be written.
    """
    shards = mined.shards / fingerprint(decides)
    if any(folder.is_dir() and folder.name != shards.name for folder in mined.shards.glob("*")):
        cure = "choose another out=, or delete it to mine again"
        raise SlowpathsError(f"{mined.path} was mined with other settings, or from something else: {cure}")
    try:
        shards.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(shards, error) from error
    return shards
