"""`slowpaths label`: apply the rules and the label model again, from the features of a mined folder."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._corrections import in_words
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.mined import relabel
from slowpaths.labelling.render import in_sentences
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import LABELS, VOTES


def run(cfg: DictConfig) -> Outcome:
    """Re-label `mined=` and keep the earlier label sets."""
    config = plain(cfg)
    folder = MinedFolder(Path(config.pop("mined")))
    labels = relabel(folder.path, config)
    summary = labels.summary
    num_kept = sum(summary.kept.values())
    rows = [(stroke, found, summary.kept[stroke]) for stroke, found in summary.labels.items() if found]
    if summary.num_unnamed:
        rows.append(("not named", summary.num_unnamed, 0))
    rows.append(("all", summary.num_deliveries, num_kept))
    own = folder.label_set(labels.fingerprint)
    wrote = [own.file(LABELS), own.file(VOTES), own.card_file, folder.report_file, folder.review_file]
    title = f"slowpaths label: label set {labels.fingerprint}"
    notes = [*in_words(folder, summary.gold_check), *in_sentences(summary)]
    show_table(title, ["stroke", "labels", "kept"], rows, notes=notes, wrote=wrote)
    return Outcome(metrics={"kept": float(num_kept)})
