"""Model weights: where they are, where they come from, and the digests they must have.

A file is looked for in `weights_dir`, then in the folder named by SLOWPATHS_WEIGHTS, then in the user's cache; only
then is it downloaded into the cache. Whatever is found must have a pinned sha256: a cut-off or swapped file is an
error with its cure, never a model that silently answers otherwise. Constructors of adapters take paths and download
nothing.
"""

from __future__ import annotations

import functools
import hashlib
import http.client
import io
import logging
import os
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slowpaths.core.errors import MissingWeightsError, UsageError
from slowpaths.core.ids import file_digest
from slowpaths.store.tables import atomic_write

log = logging.getLogger(__name__)

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightSpec:
    """Describe one file of weights.

    Args:
        name: Name by which adapters ask for it.
        filename: Name of the file in any of the folders.
        url: Where it is published; a `.zip` holds it as its only `.onnx` member.
        sha256: Accepted digests of the file; the same network is around in more than one export.
        licence: SPDX id.
        size_bytes: Size of the file, bytes.
    """

    name: str
    filename: str
    url: str
    sha256: tuple[str, ...]
    licence: str
    size_bytes: int


# Digests: the two small files were hashed as published; the release asset of YOLOX-Nano and the ONNX files inside the
# OpenMMLab archives are pinned to the digests several public projects record for them, and the first eight digits of
# Keypoint R-CNN's stand in its file name.
_SPECS = (
    WeightSpec(
        name="yolox_nano",
        filename="yolox_nano.onnx",
        url="https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
        sha256=(
            "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
            "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
        ),
        licence="Apache-2.0",
        size_bytes=3_659_407,
    ),
    WeightSpec(
        name="movenet_lightning",
        filename="movenet_singlepose_lightning_int8_4.tflite",
        url="https://storage.googleapis.com/tfhub-lite-models/google/lite-model/movenet/singlepose/lightning/"
        "tflite/int8/4.tflite",
        sha256=("cd7cc22fa946e5d146a7b98d496853e1923e22828d3972d579973f27f91bb105",),
        licence="Apache-2.0",
        size_bytes=2_894_840,
    ),
    WeightSpec(
        name="keypoint_rcnn",
        filename="keypointrcnn_resnet50_fpn_coco-fc266e95.pth",
        url="https://download.pytorch.org/models/keypointrcnn_resnet50_fpn_coco-fc266e95.pth",
        sha256=("fc266e953d2b302cdcbb9ae66f71f6b0d4649928bf02dc573961e361e4918926",),
        licence="BSD-3-Clause",
        size_bytes=237_034_793,
    ),
    WeightSpec(
        name="yolox_m_humanart",
        filename="yolox_m_8xb8-300e_humanart-c2c7a14a.onnx",
        url="https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/"
        "yolox_m_8xb8-300e_humanart-c2c7a14a.zip",
        sha256=("3dea6513388889f0fff4b77bf7a26013600321b9eb9ceb0e9a400a82572f5f23",),
        licence="Apache-2.0",
        size_bytes=101_000_000,
    ),
    WeightSpec(
        name="rtmpose_m",
        filename="rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.onnx",
        url="https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/"
        "rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.zip",
        sha256=("5c0a4bf67953e6d2ac43ce15e77dc9d5d354ae18430a47d2c5963a7bc5683e3c",),
        licence="Apache-2.0",
        size_bytes=54_330_655,
    ),
)
WEIGHTS: dict[str, WeightSpec] = {spec.name: spec for spec in _SPECS}


def cache_folder() -> Path:
    """Return the folder downloads go to: `$XDG_CACHE_HOME/slowpaths`, by default `~/.cache/slowpaths`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").expanduser() / "slowpaths"


def find_weights(name: str, *, weights_dir: str | Path | None = None, allow_download: bool = True) -> Path:
    """Return the path of checked weights, downloading them where they are not at hand.

    Args:
        name: One of `WEIGHTS`.
        weights_dir: Folder to look in first.
        allow_download: Whether the network may be used.

    Raises:
        UsageError: If the name is unknown.
        MissingWeightsError: If the file is nowhere and cannot be downloaded, or is not the file it should be.
    """
    if name not in WEIGHTS:
        raise UsageError(f"unknown weights '{name}'; choose one of {', '.join(WEIGHTS)}")
    spec = WEIGHTS[name]
    for folder in _folders(weights_dir):
        path = folder / spec.filename
        if path.is_file():
            _check(path, spec)
            return path
    if not allow_download:
        raise _missing(spec, weights_dir, "are not in the weights folders")
    return _download(spec, weights_dir)


def _folders(weights_dir: str | Path | None) -> Iterator[Path]:
    for folder in (weights_dir, os.environ.get("SLOWPATHS_WEIGHTS"), cache_folder()):
        if folder:
            yield Path(folder).expanduser()


def _missing(spec: WeightSpec, weights_dir: str | Path | None, why: str) -> MissingWeightsError:
    return MissingWeightsError(
        f"the weights {spec.filename} {why}: put the file into {next(_folders(weights_dir))} "
        f"(it is published at {spec.url})"
    )


def _check(path: Path, spec: WeightSpec) -> None:
    stat = path.stat()
    if _digest(path, stat.st_size, stat.st_mtime_ns) not in spec.sha256:
        raise MissingWeightsError(
            f"{path} is not the file it should be (its sha256 does not match): delete it and put the one published at "
            f"{spec.url} in its place"
        )


@functools.lru_cache(maxsize=32)
def _digest(path: Path, size_bytes: int, modified_ns: int) -> str:
    """Hash a file once a process; size and time of change are part of the key."""
    return file_digest(path)


def _download(spec: WeightSpec, weights_dir: str | Path | None) -> Path:
    log.info("downloading %s (%.0f MB, %s) from %s", spec.filename, spec.size_bytes / 1e6, spec.licence, spec.url)
    try:
        content = _fetch(spec.url)
    except (OSError, http.client.HTTPException) as error:
        raise _missing(spec, weights_dir, f"are not at hand and cannot be downloaded ({error})") from error
    if spec.url.endswith(".zip"):
        content = _only_onnx(content, spec)
    if hashlib.sha256(content).hexdigest() not in spec.sha256:
        raise _missing(spec, weights_dir, "were downloaded but have another sha256 than the pinned one")
    path = cache_folder() / spec.filename
    with atomic_write(path) as stream:
        stream.write(content)
    return path


def _fetch(url: str) -> bytes:
    blocks: list[bytes] = []
    done, told = 0, 0
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        while block := answer.read(_CHUNK_BYTES):
            blocks.append(block)
            done += len(block)
            if total and 10 * done // total > told:
                told = 10 * done // total
                log.info("downloaded %d of %d MB", done // 1_000_000, total // 1_000_000)
    return b"".join(blocks)


def _only_onnx(content: bytes, spec: WeightSpec) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.namelist() if member.endswith(".onnx")]
            return archive.read(members[0]) if len(members) == 1 else b""
    except zipfile.BadZipFile:
        return b""
