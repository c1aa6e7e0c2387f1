"""`slowpaths label`: apply the rules and the label model again, from the features of a mined folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from omegaconf import DictConfig

from slowpaths.apps.console import show_table
from slowpaths.apps.launch import Outcome, plain, require
from slowpaths.apps.mined import write_labels
from slowpaths.core.errors import TableError
from slowpaths.core.ids import file_digest
from slowpaths.core.strokes import STROKES


def run(cfg: DictConfig) -> Outcome:
    """Re-label `mined=` and keep the earlier label sets."""
    require(cfg, "label", "mined")
    config = plain(cfg)
    mined = Path(config.pop("mined"))
    features = mined / "deliveries.parquet"
    if not features.exists():
        raise TableError(
            f"{mined} is no mined folder (no deliveries.parquet): give the out= folder of `slowpaths mine`"
        )
    inputs = {"deliveries.parquet": file_digest(features)}
    labels = write_labels(mined, stage="label", config=config, inputs=inputs, counts={})
    kept = labels.labels["is_kept"].to_pylist()
    found = Counter(labels.labels["label"].to_pylist())
    kept_by_stroke = Counter(
        name for name, is_kept in zip(labels.labels["label"].to_pylist(), kept, strict=True) if is_kept
    )
    rows = [(stroke, found[stroke], kept_by_stroke[stroke]) for stroke in STROKES if found[stroke]]
    rows.append(("all", len(kept), sum(kept)))
    wrote = [mined / "labels.parquet", mined / "votes.parquet", mined / "report.md"]
    show_table(f"slowpaths label: label set {labels.fingerprint}", ["stroke", "labels", "kept"], rows, wrote=wrote)
    return Outcome(metric=float(sum(kept)))
