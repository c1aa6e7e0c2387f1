"""`slowpaths label`: apply the rules and the label model again, from the features of a mined folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.mined import write_labels
from slowpaths.apps.review import review_mined
from slowpaths.core.errors import TableError
from slowpaths.core.ids import file_digest
from slowpaths.core.strokes import STROKES
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES, LABELS, VOTES


def run(cfg: DictConfig) -> Outcome:
    """Re-label `mined=` and keep the earlier label sets."""
    config = plain(cfg)
    folder = MinedFolder(Path(config.pop("mined"))).check()
    mined, features = folder.path, folder.file(DELIVERIES)
    inputs = {features.name: file_digest(features)}
    labels = write_labels(mined, stage="label", config=config, inputs=inputs, counts={})
    if labels is None:
        raise TableError(f"{mined} holds no delivery to label: mine footage in which strokes are found")
    names, is_kept = (labels.labels[column].to_pylist() for column in ("label", "is_kept"))
    found = Counter(names)
    kept = Counter(name for name, keep in zip(names, is_kept, strict=True) if keep)
    rows = [(stroke, found[stroke], kept[stroke]) for stroke in STROKES if found[stroke]]
    rows.append(("all", len(names), kept.total()))
    own = folder.label_set(labels.fingerprint)
    wrote = [own.file(LABELS), own.file(VOTES), own.card_file, folder.report_file, review_mined(mined)]
    show_table(f"slowpaths label: label set {labels.fingerprint}", ["stroke", "labels", "kept"], rows, wrote=wrote)
    return Outcome(metrics={"kept": float(kept.total())})
