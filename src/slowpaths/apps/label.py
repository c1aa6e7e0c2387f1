"""`slowpaths label`: apply the rules and the label model again, from the features of a mined folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.mined import RuleChoice, relabel
from slowpaths.core.strokes import STROKES
from slowpaths.labelling.select import Selection
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import LABELS, VOTES


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelConfig:
    """Configure `slowpaths label`.

    Args:
        mined: Folder that `slowpaths mine` wrote.
        gold: Labels given by a person: Parquet or CSV with delivery_id,label. Where it is not given, the gold of the
            newest label set is kept; a file replaces it, and `gold=none` forgets it.
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
    folder = MinedFolder(Path(config.pop("mined")))
    labels = relabel(folder.path, config)
    names, is_kept = (labels.labels[column].to_pylist() for column in ("label", "is_kept"))
    found = Counter(names)
    kept = Counter(name for name, keep in zip(names, is_kept, strict=True) if keep)
    rows = [(stroke, found[stroke], kept[stroke]) for stroke in STROKES if found[stroke]]
    rows.append(("all", len(names), kept.total()))
    own = folder.label_set(labels.fingerprint)
    wrote = [own.file(LABELS), own.file(VOTES), own.card_file, folder.report_file, folder.review_file]
    show_table(f"slowpaths label: label set {labels.fingerprint}", ["stroke", "labels", "kept"], rows, wrote=wrote)
    return Outcome(metrics={"kept": float(kept.total())})
