"""What the folder of a synthetic world stands for where truth is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slowpaths.core.errors import UsageError
from slowpaths.store.world_folder import TruthFolder, WorldFolder


def world_truth(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `evaluate` that a synthetic world, or its folder `truth`, stands for.

    Given are `truth` (the folder) and perhaps `mined`, `shots_truth`, `poses_truth` and `is_complete`; what was given
    besides `truth` stays.

    Raises:
        UsageError: If the folder holds no truth.
    """
    truth = WorldFolder(Path(given["truth"])).truth
    truth = truth if truth.path.is_dir() else TruthFolder(Path(given["truth"]))
    if not truth.strokes_file.exists():
        raise UsageError(
            f"{truth.path} holds no {truth.strokes_file.name}: "
            "give a CSV or Parquet table, or the folder of a synthetic world"
        )
    found: dict[str, Any] = {"truth": truth.strokes_file}
    if given.get("is_complete") is None:
        found["is_complete"] = True  # a world knows every ball in it
    if given.get("shots_truth") is None and truth.shots_file.exists():
        found["shots_truth"] = truth.shots_file  # also says how long each video is
    if given.get("mined") is not None:
        found["poses_truth"] = given.get("poses_truth") or truth.path
    return found
