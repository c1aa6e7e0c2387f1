"""Read a mined folder for the audit, and put the result into words."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.core.features import FEATURES
from slowpaths.core.strokes import INDEX
from slowpaths.core.text import markdown_table
from slowpaths.evaluation.audit.leakage import Labelled
from slowpaths.evaluation.classes import class_space
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.mining_check import check_mining, read_mined
from slowpaths.evaluation.table_columns import Sources
from slowpaths.evaluation.truth_table import read_truth
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import read_table

MIN_DELIVERIES = 20
STEADINESS = (
    "Share of clips that the network names as before where they are shown two frames earlier and later (jitter), or "
    "mirrored, as a wrong handedness shows them (mirror)."
)
HANDED = 0.5  # probability from which on a batter counts as right-handed


def read_labelled(mined: Path, truth: Sources | None = None) -> Labelled:
    """Read deliveries with their features, and their true strokes, or the folder's own labels where truth is not given.

    Raises:
        UsageError: If there are too few.
    """
    folder = read_mined(mined)
    match_of = {video.video_id: video.match_id for video in folder.videos}
    if truth is None:
        rows = read_table(folder.folder.file(LABELS), LABELS).to_pylist()
        labels = {row["delivery_id"]: row["label"] for row in rows}
        kept = [(item, labels[item.delivery_id], None) for item in folder.deliveries if item.delivery_id in labels]
    else:
        true, space = read_truth(truth), class_space("slowpaths")
        fates = check_mining(folder, true, is_complete=False).fates
        kept = [
            (fate.found, fate.truth.label, fate.truth)
            for fate in fates
            if fate.found and space.index(fate.truth.label, handedness=fate.truth.handedness) >= 0
        ]
    if len(kept) < MIN_DELIVERIES:
        raise UsageError(f"{len(kept)} deliveries with a stroke are too few to audit: {MIN_DELIVERIES} are needed")
    names = [feature.name for feature in FEATURES]
    found = [item for item, *_ in kept]
    groups = {
        "innings": [item.video_id for item in found],
        "match": [(own.match_id if own else "") or match_of[item.video_id] or item.video_id for item, _, own in kept],
        "batter": [own.batter_id if own else "" for *_, own in kept],
        "venue": [own.venue if own else "" for *_, own in kept],
    }
    return Labelled(
        name_N=np.array([item.delivery_id for item in found], dtype=object),
        features_NF=np.array([[item.features.get(name, np.nan) for name in names] for item in found], dtype=np.float64),
        label_N=np.array([INDEX[label] for _, label, _ in kept]),
        groups={name: np.array(values, dtype=object) for name, values in groups.items()},
        is_right_handed_N=np.array([item.handedness_p >= HANDED for item in found]),
    )


def to_markdown(table: Table, steady: Table, checks: Table, *, command: str, what: str) -> str:
    """Return the page; `what` says in a sentence what was trained and tested, and against which strokes."""
    keys = ("accuracy", "low", "high", "profile_error", "flattered")
    cells = [(row["split"], row["groups"], *(_cell(row[key]) for key in keys), row["reason"]) for row in table]
    heads = ["split by", "groups", "accuracy", "low", "high", "profile error", "clips flatter by", "why not"]
    lines = ["# What leakage is worth", "", what, "", markdown_table(heads, cells), ""]
    if steady:
        lines += ["## What changes a name", "", STEADINESS, ""]
        rows = [(row["changed"], *(_cell(row[key]) for key in ("keeps_its_name", "low", "high"))) for row in steady]
        lines += [markdown_table(["changed", "keeps its name", "low", "high"], rows), ""]
    lines += ["## Checks", "", *([f"- {row['code']}: {row['says']}" for row in checks] or ["No check fires."])]
    return "\n".join([*lines, "", "Made by", "", "```", command, "```"]) + "\n"


def _cell(value: float | int | str) -> str:
    return f"{value:.3f}" if isinstance(value, float) and np.isfinite(value) else ""
