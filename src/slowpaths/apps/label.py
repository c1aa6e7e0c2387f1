"""`slowpaths label`: apply the rules and the label model again, from the features of a mined folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._corrections import in_words
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.mined import relabel
from slowpaths.core.strokes import STROKES
from slowpaths.labelling.render import sureness
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import LABELS, VOTES


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
    title = f"slowpaths label: label set {labels.fingerprint}"
    told = [sureness(labels.summary)] if labels.summary.own_confidence is not None else []
    notes = [*in_words(folder, labels.summary.gold_check), *told, *labels.summary.warnings]
    show_table(title, ["stroke", "labels", "kept"], rows, notes=notes, wrote=wrote)
    return Outcome(metrics={"kept": float(kept.total())})
