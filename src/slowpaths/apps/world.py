"""`slowpaths world`: synthetic footage with sound and exact truth. Run it again to resume."""

from __future__ import annotations

import pyarrow.parquet as pq
from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import cores, progress, show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.verbs import WorldConfig
from slowpaths.store.schema import SHOTS
from slowpaths.store.tables import read_table
from slowpaths.store.world_folder import WorldFolder
from slowpaths.world.build import build_world
from slowpaths.world.truth_tables import BALLS


def run(cfg: DictConfig) -> Outcome:
    """Film `world=` into `out=`."""
    config = _values.build(WorldConfig, plain(cfg))
    with progress("filming", sum(part.num_matches for part in config.world.parts.values())) as step:
        build_world(
            settings=config.world,
            out=config.out,
            seed=config.seed,
            workers=cores(config.workers),
            progress=lambda name, done, total: step(name),
        )
    folder = WorldFolder(config.out)
    truth = folder.truth
    balls = read_table(truth.balls_file, BALLS).to_pylist()
    shots = read_table(truth.shots_file, SHOTS)
    seconds = sum(shots["end_s"].to_numpy() - shots["start_s"].to_numpy())
    rows = [
        ("videos", len(folder.videos())),
        ("minutes of footage", float(seconds / 60)),
        ("shots", sum(name != "wipe" for name in shots["transition"].to_pylist())),
        ("balls", sum(not ball["is_replay"] for ball in balls)),
        ("replays", sum(ball["is_replay"] for ball in balls)),
        ("batters", pq.read_metadata(truth.batters_file).num_rows),
    ]
    title = f"slowpaths world: {config.world.name}, seed {config.seed}"
    show_table(title, ["what", "count"], rows, wrote=[config.out, truth.strokes_file])
    return Outcome(metrics={"balls": float(len(balls))})
