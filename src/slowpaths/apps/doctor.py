"""`slowpaths doctor`: say whether this machine can do the work, and the cure where it cannot."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome
from slowpaths.core.errors import MissingWeightsError
from slowpaths.core.ids import file_digest
from slowpaths.core.threads import SHARE, VARIABLES, available_threads
from slowpaths.store.weights import WeightSpec, find_weights, weight_folders

_LOW_DISK_GIB = 5.0


class Check(NamedTuple):
    """Hold one line of the table: what was looked at, how it is, what it means, what to do."""

    name: str
    state: str  # "ok", "note" (optional, absent) or "missing" (needed, absent)
    finding: str
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorConfig:
    """Configure `slowpaths doctor`.

    Args:
        out: Folder whose disk is checked.
        weights_dir: Folder whose weights are looked at first.
    """

    out: Path = Path()
    weights_dir: Path | None = None


def run(cfg: DictConfig) -> Outcome:
    """Check the machine and print a table; exit code 1 where something needed is missing."""
    checks = [*_python(), *_decoders(), *_pose(cfg.weights_dir), *_training(), _threads(), *_disk(Path(cfg.out))]
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


def _python() -> list[Check]:
    is_right = (3, 11) <= sys.version_info[:2] < (3, 14)
    cure = "" if is_right else "install Python 3.11, 3.12 or 3.13"
    return [Check("python", "ok" if is_right else "missing", platform.python_version(), cure)]


def _decoders() -> list[Check]:
    reinstall = "run `make setup` (or pip install slowpaths) again"
    checks = [_package("av", is_needed=True, cure=reinstall)]
    is_x86_linux = sys.platform == "linux" and platform.machine() == "x86_64"
    checks.append(
        _package("decord", is_needed=is_x86_linux, cure=reinstall if is_x86_linux else "PyAV takes its place")
    )
    checks.append(
        _package("torchcodec", is_needed=False, cure="optional: pip install 'slowpaths[torchcodec]' and FFmpeg")
    )
    if _version("av"):
        import av

        for name, mode, text in (
            ("libx264", "w", "writes H.264 clips"),
            ("av1", "r", "reads AV1"),
            ("hevc", "r", "reads HEVC"),
        ):
            try:
                av.codec.Codec(name, mode)
                checks.append(Check(f"codec {name}", "ok", text))
            except ValueError:
                state = "missing" if mode == "w" else "note"
                checks.append(Check(f"codec {name}", state, f"this PyAV build lacks it ({text})", reinstall))
    return checks


def _pose(weights_dir: str | None) -> list[Check]:
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


def _under_another_name(spec: WeightSpec, weights_dir: str | None) -> Path | None:
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
    reinstall = "run `make setup` (or pip install slowpaths) again"
    checks = [
        _package(name, is_needed=True, cure=reinstall) for name in ("torch", "torchvision", "pytorchvideo", "lightning")
    ]
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


def _disk(folder: Path) -> list[Check]:
    existing = next(parent for parent in [folder.resolve(), *folder.resolve().parents] if parent.exists())
    free_gib = shutil.disk_usage(existing).free / 2**30
    can_write = os.access(existing, os.W_OK)
    if not can_write:
        return [Check("disk", "missing", f"{existing} cannot be written", "choose another out=")]
    state = "ok" if free_gib >= _LOW_DISK_GIB else "missing"
    cure = "" if state == "ok" else f"free at least {_LOW_DISK_GIB:.0f} GiB"
    return [Check("disk", state, f"{free_gib:.0f} GiB free at {existing}", cure)]
