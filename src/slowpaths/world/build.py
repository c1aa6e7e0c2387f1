"""Build a world: plan every match, film it, write videos and truth; in parallel, and again to the byte."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
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
from slowpaths.store.ledger import Entry, append_entry
from slowpaths.store.schema import SHOTS
from slowpaths.store.tables import concat_tables, write_table, write_text
from slowpaths.video.write import write_clip
from slowpaths.world.batters import Batter, make_batters
from slowpaths.world.edit import Match, plan_match
from slowpaths.world.graphics import BROADCASTERS
from slowpaths.world.scene import Chances
from slowpaths.world.scenery import VENUES
from slowpaths.world.settings import WorldSettings, check
from slowpaths.world.sound import RATE_HZ, mix
from slowpaths.world.studio import Studio
from slowpaths.world.truth import BALLS, ball_rows, strikes_of, write_batters, write_csv, write_truth

WORLD_NAME = "world.json"
_TABLES = ("poses", "joints", "frames", "shots", "balls")
_LOG = logging.getLogger(__name__)


def build_world(
    *,
    settings: WorldSettings,
    out: Path,
    seed: int,
    workers: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Build a world below `out`: one video a match, `truth/` beside them, and `world.json`.

    A run that was killed goes on where it was; the same settings and seed give the same bytes.

    Args:
        settings: What is wanted.
        out: Folder; new, empty, or holding the same world.
        seed: Seed of everything.
        workers: Processes, one video each at a time.
        progress: Called with the match, how many are done and how many there are.

    Raises:
        UsageError: If a setting or the seed cannot be used, or `out` holds something else.
    """
    check(settings)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise UsageError(f"the seed must be a whole number from 0 on, not {seed!r}")
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise UsageError(f"workers must be a whole number from 1 on, not {workers!r}")
    _claim(out, settings, seed)
    todo = [
        (settings, out, seed, part, number)
        for part, item in enumerate(settings.parts)
        for number in range(item.num_matches)
    ]
    names = []
    if workers == 1 or len(todo) == 1:
        finished = map(_make_match, todo)
        names = [_report(name, done, len(todo), progress) for done, name in enumerate(finished, start=1)]
    else:
        # Fresh interpreters: OpenCV and the encoders keep threads that do not survive a fork.
        with ProcessPoolExecutor(min(workers, len(todo)), mp_context=get_context("spawn")) as pool:
            futures = [pool.submit(_make_match, item) for item in todo]
            for done, future in enumerate(as_completed(futures), start=1):
                names.append(_report(future.result(), done, len(todo), progress))
    _finish(out, settings, seed, sorted(names))


def _report(name: str, done: int, total: int, progress: Callable[[str, int, int], None] | None) -> str:
    _LOG.info("made match %s (%d of %d)", name, done, total)
    if progress is not None:
        progress(name, done, total)
    return name


def _claim(out: Path, settings: WorldSettings, seed: int) -> None:
    """Mark the folder as this world's, or refuse it."""
    card = {"world": settings.name, "seed": seed, "version": __version__, "settings": asdict(settings)}
    card["fingerprint"] = fingerprint({"seed": seed, "settings": asdict(settings), "version": __version__})
    path = out / WORLD_NAME
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file: choose another out= folder")
    if path.exists():
        try:
            known = json.loads(path.read_text()).get("fingerprint")
        except (json.JSONDecodeError, AttributeError, UnicodeDecodeError):
            known = None
        if known != card["fingerprint"]:
            raise UsageError(f"{out} holds another world: choose another out= folder or remove it first")
    elif out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty and holds no world: choose another out= folder")
    else:
        write_text(path, json.dumps(card, indent=1, sort_keys=True) + "\n")


def plan(settings: WorldSettings, *, seed: int, part: int, number: int) -> Match:
    """Return the plan of one match of a world."""
    item = settings.parts[part]
    return plan_match(
        match_id=f"{item.name}{number + 1:02d}",
        part=item,
        venue=VENUES[item.venues[number % len(item.venues)]],
        # Another step than the venues': the two must not always come together.
        broadcaster=BROADCASTERS[item.broadcasters[(number + number // len(item.venues)) % len(item.broadcasters)]],
        batters=_batters(settings, seed, part),
        chances=Chances(
            ambiguous=settings.ambiguous, miss=settings.miss, edge=settings.edge, jitter=settings.difficulty
        ),
        venue_bias=0.0 if item.is_held_out else settings.venue_bias,
        seed=(seed, part, number),
        fps=settings.fps,
    )


def _batters(settings: WorldSettings, seed: int, part: int) -> list[Batter]:
    item = settings.parts[part]
    return make_batters(item.num_batters, seed=seed, is_shifted=item.is_held_out, spread=settings.difficulty)


def _make_match(job: tuple[WorldSettings, Path, int, int, int]) -> str:
    settings, out, seed, part, number = job
    match = plan(settings, seed=seed, part=part, number=number)
    stem, folder = match.match_id, out / "truth"
    if all((folder / f"{stem}.{name}.parquet").exists() for name in _TABLES):
        return stem
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        _film_match(match, settings, out)
    finally:
        cv2.setNumThreads(threads)
    return stem


def _film_match(match: Match, settings: WorldSettings, out: Path) -> None:
    studio, stem = Studio(match), match.match_id
    random = np.random.default_rng([*match.seed, 6])
    offset_s = float(random.uniform(-settings.av_offset_s, settings.av_offset_s)) if settings.has_sound else 0.0
    audio = None
    if settings.has_sound:
        samples = mix(
            match.num_frames / match.fps,
            strikes_of(match),
            offset_s=offset_s,
            random=random,
            is_quiet=match.venue.is_nets,
        )
        audio = (samples, RATE_HZ)
    path = out / f"{stem}.mp4"
    write_clip(path, studio.film(), fps=match.fps, crf=settings.crf, gop=2 * match.fps, audio=audio)
    video_id = make_video_id(path.name, file_digest(path))
    rows = ball_rows(match, studio.truths, video=path.name, video_id=video_id, offset_s=offset_s)
    write_truth(out / "truth", stem, match, studio.truths, video_id=video_id, rows=rows)


def _finish(out: Path, settings: WorldSettings, seed: int, names: list[str]) -> None:
    """Write the tables that span all matches, and the ledger."""
    folder = out / "truth"
    balls = concat_tables([folder / f"{name}.balls.parquet" for name in names], BALLS)
    write_table(folder / "balls.parquet", balls, BALLS)
    write_table(
        folder / "shots.parquet", concat_tables([folder / f"{name}.shots.parquet" for name in names], SHOTS), SHOTS
    )
    rows: list[dict[str, Any]] = balls.to_pylist()
    write_csv(folder / "truth.csv", rows)
    everyone = {
        batter.batter_id: batter for part in range(len(settings.parts)) for batter in _batters(settings, seed, part)
    }
    write_batters(folder / "batters.parquet", [everyone[key] for key in sorted(everyone)])
    frames = sum(pq.read_metadata(folder / f"{name}.frames.parquet").num_rows for name in names)
    append_entry(
        out,
        Entry(
            stage="world",
            outputs={f"{name}.mp4": file_digest(out / f"{name}.mp4") for name in names},
            configuration=fingerprint(asdict(settings)),
            seed=seed,
            counts={"videos": len(names), "impacts": len(rows), "frames": frames},
        ),
    )
