"""What may stand where truth is asked for: a table, the folder of a synthetic world, an archive of poses; or a list."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slowpaths.data.pose_archive import read_pose_archive, write_archive_truth
from slowpaths.evaluation.table_columns import listed
from slowpaths.evaluation.world_truth import world_truth
from slowpaths.store.world_folder import TruthFolder


def truth_tables(given: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Return the arguments of a verb that its `truth=` stands for; `truth` is the table, or the tables, of it.

    Given are `truth` and, where the verb has them, `mined`, `shots_truth`, `poses_truth` and `is_complete`. The truth
    of an archive is written below `out`. Of several, true shots of all worlds are taken, truth is complete where all of
    them are, and joints are compared where `poses_truth` names their folder.

    Raises:
        UsageError: If a folder holds no truth.
        TableError: If an archive cannot be read.
    """
    truths = [Path(str(one)) for one in listed(given["truth"])]
    if len(truths) == 1:
        return _stands_for(truths[0], given, out)
    parts = [
        _stands_for(truth, given, TruthFolder(out).path / f"truth_{number}")
        for number, truth in enumerate(truths, start=1)
    ]
    found: dict[str, Any] = {"truth": tuple(part["truth"] for part in parts)}
    if shots := tuple(part["shots_truth"] for part in parts if "shots_truth" in part):
        found["shots_truth"] = shots
    if all(part.get("is_complete") for part in parts):
        found["is_complete"] = True
    return found


def _stands_for(truth: Path, given: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Return the arguments that one truth stands for."""
    if truth.suffix == ".npz":
        table = TruthFolder(out).strokes_file
        write_archive_truth(table, read_pose_archive(truth))
        return {"truth": table}
    return world_truth({**given, "truth": truth}) if truth.is_dir() else {"truth": truth}
