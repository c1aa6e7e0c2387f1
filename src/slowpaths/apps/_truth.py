"""What may stand where truth is asked for: a table, the folder of a synthetic world, an archive of poses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slowpaths.data.pose_archive import read_pose_archive, write_archive_truth
from slowpaths.evaluation.world_truth import world_truth
from slowpaths.store.world_folder import TruthFolder


def truth_tables(given: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Return the arguments of a verb that its `truth=` stands for; none where that is a table.

    Given are `truth` and, where the verb has them, `mined`, `shots_truth`, `poses_truth` and `is_complete`. The truth
    of an archive is written below `out`.

    Raises:
        UsageError: If a folder holds no truth.
        TableError: If an archive cannot be read.
    """
    truth = Path(given["truth"])
    if truth.suffix == ".npz":
        table = TruthFolder(out).strokes_file
        write_archive_truth(table, read_pose_archive(truth))
        return {"truth": table}
    return world_truth(given) if truth.is_dir() else {}
