"""Find model weights: local folders first, then one checked download.

The tables of names live beside the code that uses them (`pose.pose_weights`, `models.initialisation`); this file only
knows how to look a specification up.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import logging
import os
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slowpaths.core.errors import MissingWeightsError
from slowpaths.core.ids import file_digest
from slowpaths.store.tables import atomic_write

VARIABLE = "SLOWPATHS_WEIGHTS"
_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightSpec:
    """Describe one file of weights."""

    name: str  # name by which code asks for it
    filename: str  # file name in the weights folder
    url: str  # where it is published; out of a `.zip` the one member with the suffix of `filename` is taken
    # digest, or the leading digits its publisher gives (at least 8); "" where none is published: such a file is used
    # where a person has put it, but never downloaded
    sha256: str
    licence: str  # SPDX name of its licence
    size_bytes: int = 0  # size; 0 where unknown
    other_sha256: tuple[str, ...] = ()  # digests of further exports of the same network, accepted as well

    def accepts(self, digest: str) -> bool:
        """Return whether a file with this sha256 is the one described."""
        return digest.startswith((self.sha256, *self.other_sha256))


def weight_folders(weights_dir: str | Path | None = None) -> list[Path]:
    """Return the folders that are searched: the one a user names, that of the variable SLOWPATHS_WEIGHTS, the cache."""
    named = [weights_dir, os.environ.get(VARIABLE)]
    return [Path(folder).expanduser() for folder in named if folder] + [_cache_folder()]


def local_weights(spec: WeightSpec, *, weights_dir: str | Path | None = None) -> Path | None:
    """Return the file where one of the folders holds it, without reading it; None otherwise."""
    paths = (folder / spec.filename for folder in weight_folders(weights_dir))
    return next((path for path in paths if path.is_file()), None)


def find_weights(spec: WeightSpec, *, weights_dir: str | Path | None = None, allow_download: bool = True) -> Path:
    """Return a checked local file of weights, downloading it into the cache where it is nowhere.

    Raises:
        MissingWeightsError: If it is nowhere and cannot be downloaded, or if its content is another.
    """
    path = local_weights(spec, weights_dir=weights_dir)
    if path is None:
        unpacked = f" and unpack {spec.filename} from it" if spec.url.endswith(".zip") else ""
        cure = f"download {spec.url}{unpacked} into a folder and name that with weights_dir= or the variable {VARIABLE}"
        if not allow_download:
            raise MissingWeightsError(f"the weights '{spec.filename}' are in none of the weights folders: {cure}")
        if not spec.sha256:
            raise MissingWeightsError(
                f"the weights '{spec.filename}' are in none of the weights folders, and no digest is known by which "
                f"a download could be checked: {cure}"
            )
        path = _cache_folder() / spec.filename
        _download(spec, path, cure=cure)
    else:
        _check(spec, path)
    return path


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "slowpaths" / "weights"


def _check(spec: WeightSpec, path: Path) -> None:
    if not spec.accepts(file_digest(path)):
        raise MissingWeightsError(
            f"{path} is not the published '{spec.name}' (its sha256 does not begin with {spec.sha256[:12]}): "
            f"delete it and run again, or download {spec.url} anew"
        )


def _download(spec: WeightSpec, path: Path, *, cure: str) -> None:
    """Write the published file to `path`; nothing appears there unless the digest agrees."""
    _log.info("downloading %s (%s, %.1f MB) to %s", spec.url, spec.licence, spec.size_bytes / 1e6, path)
    digest = hashlib.sha256()
    with atomic_write(path) as stream:
        for block in _content(spec, cure=cure):
            digest.update(block)
            stream.write(block)
        if not spec.accepts(digest.hexdigest()):
            raise MissingWeightsError(
                f"{spec.url} no longer holds the file that was published as '{spec.name}': {cure}"
            )


def _content(spec: WeightSpec, *, cure: str) -> Iterator[bytes]:
    blocks = _blocks(spec, cure=cure)
    if not spec.url.endswith(".zip"):
        yield from blocks
        return
    try:
        with zipfile.ZipFile(io.BytesIO(b"".join(blocks))) as archive:
            wanted = [name for name in archive.namelist() if Path(name).suffix == Path(spec.filename).suffix]
            if len(wanted) == 1:
                yield archive.read(wanted[0])
    except (zipfile.BadZipFile, zlib.error) as error:
        raise MissingWeightsError(f"{spec.url} does not hold a readable archive ({error}): {cure}") from error


def _blocks(spec: WeightSpec, *, cure: str) -> Iterator[bytes]:
    # Network errors are OSErrors too: named here, or they would be taken for a disk that cannot be written.
    try:
        with urllib.request.urlopen(spec.url, timeout=_TIMEOUT_S) as response:
            while block := response.read(_CHUNK_BYTES):
                yield block
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise MissingWeightsError(f"the weights '{spec.filename}' cannot be downloaded ({error}): {cure}") from error
