"""`slowpaths mine`: footage -> deliveries with features, clips, votes and labels. Run it again to resume."""

from __future__ import annotations

import os
from pathlib import Path

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import cores, progress, show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.mined import write_labels
from slowpaths.apps.review import review_mined
from slowpaths.apps.verbs import FootageConfig, MineConfig
from slowpaths.data.pose_archive import read_pose_archive
from slowpaths.mining.collect import Collected, collect
from slowpaths.mining.oracle import OracleSource
from slowpaths.mining.sequences import collect_sequences
from slowpaths.pose.pose_weights import WEIGHTS
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES
from slowpaths.store.weights import VARIABLE
from slowpaths.video.probe import find_footage

_SHOWN = 10


def run(cfg: DictConfig) -> Outcome:
    """Mine `footage=` into `out=`."""
    config = _values.build(MineConfig, plain(cfg))
    folder = MinedFolder(config.out)
    collected = mine(config, config.out, oracle=OracleSource(stages=config.oracle, truth=config.truth))
    inputs = {video.path: video.digest for video in collected.videos}
    counts = {"videos": len(collected.videos), "quarantined": collected.num_quarantined}
    labels = write_labels(config.out, stage="mine", config=plain(cfg), inputs=inputs, counts=counts)
    page = review_mined(config.out)
    broken = [(video.path, video.reason) for video in collected.videos if video.status == "quarantined"]
    if broken:
        rest = [(f"... and {len(broken) - _SHOWN} more", f"see {folder.report_file}")] if len(broken) > _SHOWN else []
        show_table("quarantined", ["video", "reason"], broken[:_SHOWN] + rest)
    rows = [
        ("videos", len(collected.videos)),
        ("  found mined already", collected.num_resumed),
        ("  quarantined", collected.num_quarantined),
        ("deliveries", collected.num_deliveries),
        ("votes", labels.votes.num_rows if labels else 0),
        ("labels kept for training", sum(labels.labels["is_kept"].to_pylist()) if labels else 0),
    ]
    wrote = [folder.report_file, folder.file(DELIVERIES), page]
    show_table("slowpaths mine", ["what", "count"], rows, wrote=wrote)
    exit_code = 3 if collected.num_quarantined else 0
    return Outcome(metrics={"deliveries": float(collected.num_deliveries)}, exit_code=exit_code)


def mine(config: FootageConfig, out: Path, *, oracle: OracleSource | None = None) -> Collected:
    """Find the deliveries of `footage=`, an archive of poses or footage.

    Args:
        config: What is mined and how.
        out: Mined folder.
        oracle: Which stages get true results instead of finding them.

    Raises:
        UsageError: If a setting is impossible.
    """
    if isinstance(config.footage, Path) and config.footage.suffix == ".npz":
        return collect_sequences(read_pose_archive(config.footage), out=out)
    root, paths = find_footage(config.footage)
    pose = {**config.pose, "weights_dir": config.weights_dir or _weights_beside(root)}
    with progress("mining", len(paths)) as step:
        collected = collect(
            paths,
            root=root,
            out=out,
            pose=pose,
            settings=config.mining,
            workers=cores(config.workers),
            step=step,
            oracle=oracle,
        )
    MinedFolder(out).describe(clip=config.mining.clip_spec)
    return collected


def _weights_beside(root: Path) -> Path | None:
    """Return a folder `models` beside the footage or up to two folders above it that holds weights we know."""
    if os.environ.get(VARIABLE):
        return None
    names = {spec.filename for spec in WEIGHTS.values()}
    folders = [folder / "models" for folder in (root.resolve(), *root.resolve().parents[:2])]
    return next((folder for folder in folders if any((folder / name).is_file() for name in names)), None)
