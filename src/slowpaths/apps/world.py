"""`slowpaths world`: synthetic footage with sound and exact truth. Run it again to resume."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import cores, progress, show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.store.schema import SHOTS
from slowpaths.store.tables import read_table
from slowpaths.store.world_folder import WorldFolder
from slowpaths.world.build import build_world
from slowpaths.world.truth_tables import BALLS
from slowpaths.world.world_settings import WorldSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldConfig:
    """Configure `slowpaths world`.

    Args:
        out: New, empty or holding the same world; run again to resume.
        seed: Seed of everything in the world.
        workers: Videos filmed at the same time; auto takes every core.
        world: What is filmed.
    """

    out: Path
    seed: int = 0
    workers: int | Literal["auto"] = "auto"
    world: WorldSettings


def run(cfg: DictConfig) -> Outcome:
    """Film `world=` into `out=`."""
    config = plain(cfg)
    out = Path(config["out"])
    build(config, out)
    folder = WorldFolder(out)
    truth = folder.truth
    balls = read_table(truth.balls_file, BALLS).to_pylist()
    shots = read_table(truth.shots_file, SHOTS)
    seconds = sum(shots["end_s"].to_numpy() - shots["start_s"].to_numpy())
    rows = [
        ("videos", len(folder.videos())),
        ("minutes of footage", float(seconds / 60)),
        ("shots", shots.num_rows),
        ("balls", sum(not ball["is_replay"] for ball in balls)),
        ("replays", sum(ball["is_replay"] for ball in balls)),
        ("batters", pq.read_metadata(truth.batters_file).num_rows),
    ]
    show_table(f"slowpaths world: {config['world']['name']}, seed {config['seed']}", ["what", "count"], rows,
               wrote=[out, truth.strokes_file])  # fmt: skip
    return Outcome(metrics={"balls": float(len(balls))})


def build(config: dict[str, Any], out: Path) -> None:
    """Film the world of a resolved configuration with `world`, `seed` and `workers` below `out`.

    Raises:
        UsageError: If a setting cannot be used or `out` holds something else.
    """
    settings = _values.build(WorldSettings, config["world"], key="world")
    with progress("filming", sum(part.num_matches for part in settings.parts.values())) as step:
        build_world(
            settings=settings,
            out=out,
            seed=config["seed"],
            workers=cores(config["workers"]),
            progress=lambda name, done, total: step(name),
        )
