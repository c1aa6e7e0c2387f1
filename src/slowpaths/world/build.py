"""Build a world: plan every match, film it, write videos and truth; in parallel, and again to the byte."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq

from slowpaths import __version__
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.ids import video_id as make_video_id
from slowpaths.core.threads import share_threads, start_worker
from slowpaths.store.ledger import Entry, append_entry
from slowpaths.store.schema import SHOTS
from slowpaths.store.tables import concat_tables, write_table, write_text
from slowpaths.store.world_folder import WorldFolder
from slowpaths.video.write import write_clip
from slowpaths.world.camera.match import Match, batters_of, plan_match
from slowpaths.world.picture.studio import Studio
from slowpaths.world.simulate import MatchTruth
from slowpaths.world.soundtrack import RATE_HZ, mix, strikes_of
from slowpaths.world.truth_tables import BALLS, ball_rows, write_batters, write_csv, write_truth
from slowpaths.world.world_settings import WorldSettings

_TABLES = ("poses", "joints", "frames", "shots", "balls")
_Job = tuple[WorldSettings, WorldFolder, int, str, int]
_LOG = logging.getLogger(__name__)


def build_world(
    *, settings: WorldSettings, out: Path, seed: int, workers: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:  # fmt: skip
    """Build a world below `out`: one video a match, `truth/` beside them, and `world.json`.

    A run that was killed goes on where it was; the same settings and seed give the same bytes. `progress` is called
    with the match, how many are done and how many there are.

    Raises:
        UsageError: If the seed or workers cannot be used, or `out` holds something else.
    """
    for key, number, least in (("the seed", seed, 0), ("workers", workers, 1)):
        if isinstance(number, bool) or not isinstance(number, int) or number < least:
            raise UsageError(f"{key} must be a whole number from {least} on, not {number!r}")
    folder = WorldFolder(out)
    _claim(folder, settings, seed)
    parts = settings.parts.items()
    todo = [(settings, folder, seed, part, number) for part, item in parts for number in range(item.num_matches)]
    names = []
    for name in _filmed(todo, workers):
        names.append(name)
        _LOG.info("filmed match %s (%d of %d)", name, len(names), len(todo))
        if progress is not None:
            progress(name, len(names), len(todo))
    _finish(folder, settings, seed, sorted(names))


def _filmed(todo: list[_Job], workers: int) -> Iterator[str]:
    """Yield the names of the matches as they are done."""
    if workers == 1 or len(todo) == 1:
        yield from map(_make_match, todo)
        return
    # Fresh interpreters: OpenCV and the encoders keep threads that do not survive a fork.
    workers = min(workers, len(todo))
    share = (share_threads(workers),)
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=start_worker, initargs=share) as pool:
        for future in as_completed([pool.submit(_make_match, job) for job in todo]):
            yield future.result()


def _claim(folder: WorldFolder, settings: WorldSettings, seed: int) -> None:
    """Mark the folder as this world's, or refuse it."""
    card = {"seed": seed, "version": __version__, "settings": settings.plain()}
    card = {"world": settings.name, **card, "fingerprint": fingerprint(card)}
    out, path = folder.path, folder.description_file
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file: choose another out= folder")
    if path.exists():
        try:
            known = json.loads(path.read_text()).get("fingerprint")
        except (json.JSONDecodeError, AttributeError, UnicodeDecodeError):
            known = None
        if known != card["fingerprint"]:
            raise UsageError(f"{out} holds another world: choose another out= folder or remove it first")
    elif out.exists() and any(not path.name.startswith(".") for path in out.iterdir()):
        raise UsageError(f"{out} is not empty and holds no world: choose another out= folder")
    else:
        write_text(path, json.dumps(card, indent=1, sort_keys=True) + "\n")


def _make_match(job: _Job) -> str:
    settings, folder, seed, part, number = job
    match = plan_match(settings, seed=seed, part=part, number=number)
    needed = [folder.video_file(match.match_id), *(folder.truth.file(match.match_id, name) for name in _TABLES)]
    if all(path.is_file() for path in needed):
        return match.match_id
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        _film_match(match, settings, folder)
    finally:
        cv2.setNumThreads(threads)
    return match.match_id


def _film_match(match: Match, settings: WorldSettings, folder: WorldFolder) -> None:
    studio, path = Studio(match), folder.video_file(match.match_id)
    offset_s, audio = 0.0, None
    if settings.has_sound:
        random = np.random.default_rng([*match.seed, 6])
        offset_s = float(random.uniform(-settings.av_offset_s, settings.av_offset_s))
        seconds, is_nets = match.first_frames[-1] / match.fps, match.venue.is_nets
        samples = mix(seconds, strikes_of(match), offset_s=offset_s, random=random, is_quiet=is_nets)
        audio = (samples, RATE_HZ)
    write_clip(path, studio.film(), fps=match.fps, crf=settings.crf, gop=2 * match.fps, audio=audio)
    video_id, truth = make_video_id(path.name, file_digest(path)), MatchTruth(match=match, shots=studio.truths)
    rows = ball_rows(truth, video=path.name, video_id=video_id, offset_s=offset_s)
    write_truth(folder.truth, truth, video_id=video_id, rows=rows)


def _finish(folder: WorldFolder, settings: WorldSettings, seed: int, names: list[str]) -> None:
    """Join the truth of all videos and enter the build in the ledger."""
    truth = folder.truth
    balls = concat_tables([truth.file(name, "balls") for name in names], BALLS)
    write_table(truth.balls_file, balls, BALLS)
    write_table(truth.shots_file, concat_tables([truth.file(name, "shots") for name in names], SHOTS), SHOTS)
    rows: list[dict[str, Any]] = balls.to_pylist()
    write_csv(truth.strokes_file, rows)
    everyone = {batter.batter_id: batter for part in settings.parts for batter in batters_of(settings, part, seed=seed)}
    write_batters(truth.batters_file, [everyone[key] for key in sorted(everyone)])
    frames = sum(pq.read_metadata(truth.file(name, "frames")).num_rows for name in names)
    entry = Entry(
        stage="world",
        outputs={path.name: file_digest(path) for path in map(folder.video_file, names)},
        configuration=fingerprint(settings.plain()),
        seed=seed,
        counts={"videos": len(names), "impacts": len(rows), "frames": frames},
    )
    append_entry(folder.path, entry)
