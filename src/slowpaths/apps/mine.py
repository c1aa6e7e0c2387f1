"""`slowpaths mine`: footage -> deliveries with features, clips, votes and labels. Run it again to resume."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.footage import label_collected, mine_footage
from slowpaths.apps.mined import RuleChoice
from slowpaths.labelling.select import Selection
from slowpaths.mining.collect import Collected
from slowpaths.mining.oracle import OracleSource
from slowpaths.mining.settings import MiningSettings
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES

_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class MineConfig:
    """Configure `slowpaths mine`.

    Args:
        footage: A folder, a file, a list of them, or an archive of poses (.npz).
        out: Written here; run again to resume.
        weights_dir: Looked at before the user's cache and the network.
        workers: Videos mined at the same time; auto takes every core.
        oracle: Measuring mining: stages that get true results instead of finding them.
        truth: Measuring mining: the folder `truth` of a synthetic world, for oracle=.
        gold: Labels given by a person: Parquet or CSV with delivery_id,label.
        seed: Seed of the label set.
        pose: Who finds people.
        mining: How strokes are found.
        label_model: How votes become labels.
        rules: Which rules vote.
        selection: Which labels are kept for training.
    """

    footage: Path | tuple[Path, ...]
    out: Path = Path("runs/mined")
    weights_dir: Path | None = None
    workers: int | Literal["auto"] = 1
    oracle: tuple[Literal["boundaries", "views", "replays", "striker", "impact", "handedness"], ...] = ()
    truth: Path | None = None
    gold: Path | None = None
    seed: int = 0
    pose: Any
    mining: MiningSettings = MiningSettings()
    label_model: Any
    rules: RuleChoice = RuleChoice()
    selection: Selection = Selection()


def run(cfg: DictConfig) -> Outcome:
    """Mine `footage=` into `out=`."""
    config = plain(cfg)
    out = Path(config["out"])
    collected = mine(config, out)
    labels = label_collected(out, collected, config)
    folder = MinedFolder(out)
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
    wrote = [folder.report_file, folder.file(DELIVERIES), folder.review_file]
    show_table("slowpaths mine", ["what", "count"], rows, wrote=wrote)
    exit_code = 3 if collected.num_quarantined else 0
    return Outcome(metrics={"deliveries": float(collected.num_deliveries)}, exit_code=exit_code)


def mine(config: dict[str, Any], out: Path) -> Collected:
    """Find the deliveries of `config["footage"]`, an archive of poses or footage.

    Args:
        config: Resolved configuration with `footage`, `pose`, `mining`, `weights_dir`, `workers`, and perhaps `oracle`
            and `truth`.
        out: Mined folder.

    Raises:
        UsageError: If a setting is impossible.
    """
    truth = Path(config["truth"]) if config.get("truth") else None
    return mine_footage(
        config["footage"],
        out,
        pose=config["pose"],
        settings=_values.build(MiningSettings, config["mining"], key="mining"),
        weights_dir=config["weights_dir"],
        workers=config["workers"],
        oracle=OracleSource(stages=tuple(config.get("oracle") or ()), truth=truth),
    )
