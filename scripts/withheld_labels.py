"""Labels that one family of rules had no say in, for scripts that judge what is learnt from them by that family."""

from __future__ import annotations

import shutil
from pathlib import Path

from scripts.commands import slowpaths

from slowpaths.store.mined_folder import LabelSetFolder, MinedFolder
from slowpaths.store.schema import LABELS


def labels_without(family: str, mined: Path, out: Path, *words: str) -> Path:
    """Return a table of labels of a mined folder made without a family, by these words of `label`; in `out`, made once.

    The folder itself is labelled again by all its rules, for the votes that judge are among its own.
    """
    labels = LabelSetFolder(out).file(LABELS)
    if not labels.exists():
        slowpaths("label", f"mined={mined}", f"rules.exclude=[{family}]", *words)
        newest = max(MinedFolder(mined).label_sets(), key=lambda one: one.path.stat().st_mtime_ns)
        shutil.copytree(newest.path, out)
        slowpaths("label", f"mined={mined}", *words)
    return labels
