"""`slowpaths label`: apply the rules and the label model again, from the features of a mined folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.mined import RuleChoice, write_labels
from slowpaths.apps.review import review_mined
from slowpaths.core.errors import TableError
from slowpaths.core.ids import file_digest
from slowpaths.core.strokes import STROKES
from slowpaths.labelling.select import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelConfig:
    """Configure `slowpaths label`.

    Args:
        mined: Folder that `slowpaths mine` wrote.
        gold: Labels given by a person: Parquet or CSV with delivery_id,label.
        seed: Seed of the label set.
        label_model: How votes become labels.
        rules: Which rules vote.
        selection: Which labels are kept for training.
    """

    mined: Path
    gold: Path | None = None
    seed: int = 0
    label_model: Any
    rules: RuleChoice = RuleChoice()
    selection: Selection = Selection()


def run(cfg: DictConfig) -> Outcome:
    """Re-label `mined=` and keep the earlier label sets."""
    config = plain(cfg)
    mined = Path(config.pop("mined"))
    features = mined / "deliveries.parquet"
    if not features.exists():
        raise TableError(
            f"{mined} is no mined folder (no deliveries.parquet): give the out= folder of `slowpaths mine`"
        )
    inputs = {"deliveries.parquet": file_digest(features)}
    labels = write_labels(mined, stage="label", config=config, inputs=inputs, counts={})
    if labels is None:
        raise TableError(f"{mined} holds no delivery to label: mine footage in which strokes are found")
    names, is_kept = (labels.labels[column].to_pylist() for column in ("label", "is_kept"))
    found = Counter(names)
    kept = Counter(name for name, keep in zip(names, is_kept, strict=True) if keep)
    rows = [(stroke, found[stroke], kept[stroke]) for stroke in STROKES if found[stroke]]
    rows.append(("all", len(names), kept.total()))
    wrote = [mined / "labels.parquet", mined / "votes.parquet", mined / "report.md", review_mined(mined)]
    show_table(f"slowpaths label: label set {labels.fingerprint}", ["stroke", "labels", "kept"], rows, wrote=wrote)
    return Outcome(metric=float(kept.total()))
