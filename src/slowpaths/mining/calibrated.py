"""What finding strokes was calibrated to: small arrays that come with the package, or a file of one's own."""

from __future__ import annotations

import zipfile
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import numpy as np

from slowpaths.core.errors import UsageError


def read_weights(path: str, *, shipped: str, kind: type, key: str) -> dict[str, np.ndarray]:
    """Return the arrays of a dataclass from an .npz file; from the shipped one of that name where `path` is empty.

    `key` names the setting in errors.

    Raises:
        UsageError: If the file is missing, is none, or lacks an array.
    """
    names = [field.name for field in fields(kind)]
    file = Path(path) if path else files("slowpaths.mining") / "weights" / shipped
    try:
        with file.open("rb") as stream, np.load(stream) as arrays:
            return {name: arrays[name] for name in names}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        cure = f"give a file that scripts/calibration wrote, with the arrays {', '.join(names)}, or leave it out"
        raise UsageError(f"{key}={path} cannot be read ({error}): {cure}") from error
