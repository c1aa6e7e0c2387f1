"""Content-derived ids: the same bytes and the same configuration always give the same id."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from slowpaths.core.errors import TableError

_CHUNK_BYTES = 1 << 20


def slug(text: str, *, max_length: int = 40) -> str:
    """Return `text` in lower-case letters, digits and underscores.

    Example:
        >>> slug("AUS v IND, 2nd Test.mp4")
        'aus_v_ind_2nd_test_mp4'
    """
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:max_length] or "x"


def match_id(name: str) -> str:
    """Return the id of the match that a folder or a file is named after; names that differ have ids that differ.

    Where letters other than ASCII, other marks or the end of a long name are left out of what is readable, a digest of
    the name stands behind it.

    Example:
        >>> match_id("Day 2"), match_id("2023 final: IND v AUS"), match_id("日本")
        ('day_2', '2023_final_ind_v_aus-98e25e0a', 'x-cf2abf0c')
    """
    readable = slug(name)
    if re.fullmatch(r"[A-Za-z0-9 _./-]+", name) and readable == slug(name, max_length=len(name)):
        return readable
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes, 64 hex digits, read in one pass."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def folder_digest(paths: Iterable[Path]) -> str:
    """Return one sha256 over the names and bytes of several files in sorted order (a frame folder)."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + file_digest(path).encode())
    return digest.hexdigest()


def code_digest(module: str) -> str:
    """Return one sha256 over the source of a module, or of all modules of a package; "" where no source is at hand."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):  # a script, or a notebook
        spec = None
    if spec is None:
        return ""
    folders = spec.submodule_search_locations or ()
    files = [file for folder in folders for file in Path(folder).rglob("*.py")] or [Path(spec.origin or "")]
    return folder_digest(files) if all(file.is_file() for file in files) else ""


def video_id(path: str | Path, digest: str) -> str:
    """Return a readable id made of the file's stem and a digest of its content and (relative) path.

    Two files of one footage folder never share an id, even where they hold the same bytes. What the readable part says
    of the path stays out of the digest: the id of `n01.mp4` in the folder itself ends in the digest of its content.

    Example:
        >>> video_id("n01.mp4", "aa11bb22cc33dd"), video_id("day 2/n01.mp4", "aa11bb22cc33dd")
        ('n01-aa11bb22cc', 'n01-39cb8922d5')
    """
    name = Path(path).as_posix()
    readable = slug(Path(path).stem, max_length=32)
    if name != f"{readable}.mp4":
        digest = hashlib.sha256(f"{name}\0{digest}".encode()).hexdigest()
    return f"{readable}-{digest[:10]}"


def shot_id(video: str, index: int) -> str:
    """Return the id of the `index`-th shot of a video."""
    return f"{video}-s{index:04d}"


def delivery_id(video: str, impact_s: float) -> str:
    """Return the id of a delivery: its video and the impact time in milliseconds."""
    return f"{video}-d{round(impact_s * 1000):08d}"


def plain_name(name: str) -> str:
    """Return an id that may name a file: it leads out of no folder and holds nothing that does not print.

    Raises:
        TableError: If it does not.

    Example:
        >>> plain_name("n01-aa11bb22cc-d00012345")
        'n01-aa11bb22cc-d00012345'
    """
    if name in ("", ".", "..") or set(name) & {"/", "\\", ":"} or not name.isprintable():
        raise TableError(f"the id {name!r} is no name of a file: mine the footage again, or rename it in every table")
    return name


def fingerprint(value: Any) -> str:
    """Return 12 hex digits that identify a configuration of plain values, nested.

    Raises:
        TypeError: If the value holds anything else.

    Example:
        >>> fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
        True
    """
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(item) for item in value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError(f"cannot fingerprint a {type(value).__name__}")
