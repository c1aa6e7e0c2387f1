"""What finding strokes was calibrated to: small arrays that come with the package, or a file of one's own."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.errors import UsageError

Arrays = Mapping[str, np.ndarray]


def read_weights(
    path: str, *, shipped: str, kind: type, key: str, sizes: Callable[[Arrays], Mapping[str, int]]
) -> dict[str, np.ndarray]:
    """Return the arrays of a dataclass from an .npz file; from the shipped one of that name where `path` is empty.

    Args:
        path: The file.
        shipped: Name of the shipped one.
        kind: The dataclass; the names of its arrays end with their axes, one letter each.
        key: The setting, for errors.
        sizes: Returns from the arrays what length axes must have, by letter. Others must agree among the arrays.

    Raises:
        UsageError: If the file is missing, is none, lacks an array, or an array has another shape or is not finite.
    """
    names = [field.name for field in fields(kind)]
    file = Path(path) if path else files("slowpaths.mining") / "weights" / shipped
    cure = f"give a file that scripts/calibration wrote, with the arrays {', '.join(names)}, or leave it out"
    try:
        with file.open("rb") as stream, np.load(stream) as stored:
            arrays = {name: stored[name] for name in names}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(f"{key}={path} cannot be read ({error}): {cure}") from error
    known = dict(sizes(arrays))
    for name, array in arrays.items():
        if array.dtype.kind not in "bfiu" or not np.isfinite(array).all():
            raise UsageError(f"{key}={path} cannot be used ('{name}' holds what is no finite number): {cure}")
        axes = name.rpartition("_")[2]
        if array.ndim == len(axes):
            for axis, size in zip(axes, array.shape, strict=True):
                known.setdefault(axis, size)
        wanted = tuple(known.get(axis, 0) for axis in axes)
        if array.shape != wanted:
            raise UsageError(f"{key}={path} does not fit ('{name}' has the shape {array.shape}, not {wanted}): {cure}")
    return arrays


def weights_fingerprint(weights: Any) -> str:
    """Identify a dataclass of arrays by what they hold, whatever file it came from."""
    digest = hashlib.sha256()
    for field in fields(weights):
        array = np.ascontiguousarray(getattr(weights, field.name))
        digest.update(f"{field.name}{array.shape}{array.dtype}".encode() + array.tobytes())
    return digest.hexdigest()[:12]
