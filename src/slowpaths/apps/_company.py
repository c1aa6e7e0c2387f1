"""Mined folders that one is labelled together with: their deliveries, and whether they are mined alike. No Hydra."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from slowpaths.core.errors import TableError, UsageError
from slowpaths.store.ledger import read_ledger
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES, FOOTAGE

_MEASURED = (
    "work_height", "work_fps", "detect_fps", "before_s", "after_s", "view_weights", "moment_weights", "timing_weights",
    "bat_weights", "sound", "phases", "stabilise", "bat",
)  # fmt: skip
"""Settings of mining on which the value of a feature depends; others decide which strokes are found, or about clips."""
_ELSEWHERE = ("_target_", "name", "device", "num_threads", "weights_dir")  # keys of pose= that say who, or where


def read_company(paths: Sequence[Path], *, of: MinedFolder) -> list[pa.Table]:
    """Read the deliveries of other mined folders that a folder is labelled together with.

    Raises:
        UsageError: If a folder is named twice, or is the one that is labelled.
        TableError: If one is no mined folder, or was mined with other features or strokes.
    """
    known, found = {of.path.resolve()}, []
    for path in paths:
        if path.resolve() in known:
            raise UsageError(f"company={path} is named twice or is the folder to label: name each other folder once")
        known.add(path.resolve())
        other = MinedFolder(path).check()
        cure = "mine its footage again with this slowpaths, or take it out of company="
        try:
            found.append(other.read(DELIVERIES))
        except TableError as error:
            raise TableError(f"company={path} was mined with other features ({error}): {cure}") from error
    return found


def unlike(paths: Sequence[Path], *, of: MinedFolder) -> list[str]:
    """Return a sentence for each folder of company that was mined otherwise, so that its features may differ."""
    own, warnings = how_mined(of), []
    for path in paths:
        other = how_mined(MinedFolder(path))
        differs = [f"{key}={other[key]} (here {own[key]})" for key in own if key in other and other[key] != own[key]]
        if differs:
            found = f"company={path} was mined with {', '.join(differs)}"
            warnings.append(f"{found}: its features may be other than those of this folder.")
    return warnings


def how_mined(folder: MinedFolder) -> dict[str, Any]:
    """Return what features of a mined folder depend on, by name; only what it says of itself."""
    found: dict[str, Any] = {}
    mined = [entry.version for entry in read_ledger(folder.path) if entry.stage == "mine"]
    if mined:
        found["slowpaths"] = mined[-1]
    if folder.has(FOOTAGE):
        codecs = folder.read(FOOTAGE)["codec"].unique().to_pylist()
        if set(codecs) == {"poses"}:  # an archive: neither pose nor mining settings were asked
            return found
    try:
        said = json.loads(folder.configuration_file.read_text())
        pose, mining = dict(said["pose"]), dict(said["mining"])
    except (OSError, ValueError, KeyError, TypeError):
        return found
    name = str(pose.get("_target_") or pose.get("name") or "").rsplit(".", maxsplit=1)[-1].lower().replace("_", "")
    found |= {"pose": name} | {f"pose.{key}": value for key, value in pose.items() if key not in _ELSEWHERE}
    return found | {f"mining.{key}": mining[key] for key in _MEASURED if key in mining}
