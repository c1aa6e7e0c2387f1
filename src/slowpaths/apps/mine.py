"""`slowpaths mine`: footage -> deliveries with features, clips, votes and labels. Run it again to resume."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.footage import label_collected, mine_footage
from slowpaths.apps.verbs import FootageConfig, MineConfig
from slowpaths.labelling.render import in_sentences
from slowpaths.mining.collect import Collected
from slowpaths.mining.oracle import OracleSource
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES

_SHOWN = 10


def run(cfg: DictConfig) -> Outcome:
    """Mine `footage=` into `out=`."""
    config = _values.build(MineConfig, plain(cfg))
    folder = MinedFolder(config.out)
    part = config.numbers()
    collected = mine(config, config.out, part=part, oracle=OracleSource(stages=config.oracle, truth=config.truth))
    labels = label_collected(config.out, collected, plain(cfg)) if part is None else None
    broken = [(video.path, video.reason) for video in collected.videos if video.status == "quarantined"]
    if broken:
        rest = [(f"... and {len(broken) - _SHOWN} more", f"see {folder.report_file}")] if len(broken) > _SHOWN else []
        show_table("quarantined", ["video", "reason"], broken[:_SHOWN] + rest)
    rows = [
        ("videos", len(collected.videos)),
        ("  found mined already", collected.num_resumed),
        ("  quarantined", collected.num_quarantined),
        ("deliveries", collected.num_deliveries),
    ]
    if part is None:
        rows.append(("votes", labels.votes.num_rows if labels else 0))
        rows.append(("labels kept for training", sum(labels.labels["is_kept"].to_pylist()) if labels else 0))
        wrote = [folder.report_file, folder.file(DELIVERIES), folder.review_file]
        notes = in_sentences(labels.summary) if labels and labels.summary.num_deliveries else []
    else:
        wrote, notes = [folder.shards], ["the same command without part= writes the tables once all parts are done"]
    if collected.num_left:
        notes = [
            f"the tables of {folder.path} held {collected.num_left} more videos before, which footage= does not name: "
            "name all of it in one footage=[...] to have it together (nothing is mined twice)",
            *notes,
        ]
    show_table("slowpaths mine", ["what", "count"], rows, notes=notes, wrote=wrote)
    exit_code = 3 if collected.num_quarantined else 0
    return Outcome(metrics={"deliveries": float(collected.num_deliveries)}, exit_code=exit_code)


def mine(
    config: FootageConfig, out: Path, *, part: tuple[int, int] | None = None, oracle: OracleSource | None = None
) -> Collected:
    """Find the deliveries of `footage=`; see `mine_footage`."""
    return mine_footage(
        config.footage,
        out,
        pose=config.pose,
        settings=config.mining,
        weights_dir=config.weights_dir,
        workers=config.workers,
        engine=config.engine,
        part=part,
        oracle=oracle,
    )
