"""`slowpaths doctor`: say whether this machine can do the work, and the cure where it cannot."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.verbs import DoctorConfig
from slowpaths.core.errors import MissingWeightsError
from slowpaths.core.ids import file_digest
from slowpaths.core.threads import SHARE, VARIABLES, available_threads
from slowpaths.store.weights import WeightSpec, find_weights, weight_folders

_LOW_DISK_GIB = 5.0
_REINSTALL = "run `make setup` (or pip install slowpaths) again"


class Check(NamedTuple):
    """Hold one line of the table: what was looked at, how it is, what it means, what to do."""

    name: str
    state: str  # "ok", "note" (optional, absent) or "missing" (needed, absent)
    finding: str
    cure: str = ""


def run(cfg: DictConfig) -> Outcome:
    """Check the machine and print a table; exit code 1 where something needed is missing."""
    config = _values.build(DoctorConfig, plain(cfg))
    checks = [_python(), *_decoders(), *_pose(config.weights_dir), *_training(), _threads(), _disk(config.out)]
    show_table("slowpaths doctor", ["what", "state", "finding", "cure"], checks)
    return Outcome(exit_code=int(any(check.state == "missing" for check in checks)))


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _package(package: str, *, is_needed: bool, cure: str) -> Check:
    version = _version(package)
    if version:
        return Check(package, "ok", version)
    return Check(package, "missing" if is_needed else "note", "not installed", cure)


def _python() -> Check:
    is_right = (3, 11) <= sys.version_info[:2] < (3, 14)
    cure = "" if is_right else "install Python 3.11, 3.12 or 3.13"
    return Check("python", "ok" if is_right else "missing", platform.python_version(), cure)


def _decoders() -> list[Check]:
    is_needed = sys.platform == "linux" and platform.machine() == "x86_64"
    checks = [
        _package("av", is_needed=True, cure=_REINSTALL),
        _package("decord", is_needed=is_needed, cure=_REINSTALL if is_needed else "PyAV takes its place"),
        _package("torchcodec", is_needed=False, cure="optional: pip install 'slowpaths[torchcodec]' and FFmpeg"),
    ]
    if not _version("av"):
        return checks
    import av

    codecs = (("libx264", "w", "writes H.264 clips"), ("av1", "r", "reads AV1"), ("hevc", "r", "reads HEVC"))
    for name, mode, text in codecs:
        try:
            av.codec.Codec(name, mode)
            checks.append(Check(f"codec {name}", "ok", text))
        except ValueError:
            state = "missing" if mode == "w" else "note"
            checks.append(Check(f"codec {name}", state, f"this PyAV build lacks it ({text})", _REINSTALL))
    return checks


def _pose(weights_dir: Path | None) -> list[Check]:
    cure = "optional: pip install 'slowpaths[pose]'"
    checks = [_compact()]
    checks += [_package(name, is_needed=False, cure=cure) for name in ("onnxruntime", "ai-edge-litert", "rtmlib")]
    from slowpaths.models.initialisation import WEIGHTS as KINETICS
    from slowpaths.pose.pose_weights import WEIGHTS as POSE

    for spec in [*POSE.values(), *KINETICS.values()]:
        try:
            path = find_weights(spec, weights_dir=weights_dir, allow_download=False)
            checks.append(Check(f"weights {spec.name}", "ok", str(path)))
        except MissingWeightsError as error:
            misnamed = _under_another_name(spec, weights_dir)
            cure = f"rename {misnamed} to {spec.filename}" if misnamed else str(error)
            checks.append(Check(f"weights {spec.name}", "note", f"not at hand ({spec.licence})", cure))
    return checks


def _under_another_name(spec: WeightSpec, weights_dir: Path | None) -> Path | None:
    """Return a file in the weights folders that has the content of these weights, but another name."""
    folders = [folder for folder in weight_folders(weights_dir) if spec.sha256 and folder.is_dir()]
    files = (path for folder in folders for path in sorted(folder.iterdir()) if path.is_file())
    alike = (path for path in files if path.name != spec.filename and spec.size_bytes in (0, path.stat().st_size))
    return next((path for path in alike if spec.accepts(file_digest(path))), None)


def _compact() -> Check:
    if not _version("torch"):
        return Check("weights compact", "missing", "not looked at: torch is missing")
    from slowpaths.pose.compact.shipped import SHIPPED, load_nets

    try:
        load_nets()
    except MissingWeightsError as error:
        return Check("weights compact", "missing", "the weights that ship with slowpaths", str(error))
    return Check("weights compact", "ok", str(SHIPPED))


def _training() -> list[Check]:
    needed = ("torch", "torchvision", "pytorchvideo", "lightning")
    checks = [_package(name, is_needed=True, cure=_REINSTALL) for name in needed]
    if _version("torch"):
        import torch

        found = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none: training runs on the CPU"
        checks.append(Check("GPU", "ok" if torch.cuda.is_available() else "note", found))
    mode = os.environ.get("WANDB_MODE", "offline")
    checks.append(Check("W&B", "ok" if _version("wandb") else "missing", f"{_version('wandb')}, mode {mode}",
                        "" if mode != "offline" else "upload later with `wandb sync`"))  # fmt: skip
    return checks


def _threads() -> Check:
    """Say how many threads a verb uses, and what bounds them."""
    bounds = [f"{name}={os.environ[name]}" for name in (SHARE, *VARIABLES) if os.environ.get(name)]
    used, cores = available_threads(), os.cpu_count() or 1
    found = f"{used} of {cores} cores, shared by workers and cells" + "".join(f"; {bound}" for bound in bounds)
    return Check("threads", "ok", found)


def _disk(folder: Path) -> Check:
    existing = next(parent for parent in [folder.resolve(), *folder.resolve().parents] if parent.exists())
    if not os.access(existing, os.W_OK):
        return Check("disk", "missing", f"{existing} cannot be written", "choose another out=")
    free_gib = shutil.disk_usage(existing).free / 2**30
    is_enough = free_gib >= _LOW_DISK_GIB
    cure = "" if is_enough else f"free at least {_LOW_DISK_GIB:.0f} GiB"
    return Check("disk", "ok" if is_enough else "missing", f"{free_gib:.0f} GiB free at {existing}", cure)
