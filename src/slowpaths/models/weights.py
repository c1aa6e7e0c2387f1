"""Published Kinetics weights: where they are, how they are loaded, and what was loaded."""

from __future__ import annotations

import logging
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from slowpaths.core.errors import MissingWeightsError, UsageError
from slowpaths.models.heads import HEAD_PREFIX
from slowpaths.store.weights import WeightSpec, find_weights

_log = logging.getLogger(__name__)
_ZOO = "https://dl.fbaipublicfiles.com/pytorchvideo/model_zoo/kinetics"

# The addresses are those of pytorchvideo's hub. Its authors publish no digests, so these files are never downloaded
# unseen: a person puts them into a weights folder.
WEIGHTS: dict[str, WeightSpec] = {
    name: WeightSpec(name=name, filename=file, url=f"{_ZOO}/{file}", sha256="", licence="Apache-2.0")
    for name, file in (
        ("slowfast_r50_k400", "SLOWFAST_8x8_R50.pyth"),
        ("slowfast_r101_k400", "SLOWFAST_8x8_R101.pyth"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """Say what a checkpoint gave to a network.

    Args:
        source: File it came from.
        loaded: Tensors that were copied.
        missing: Tensors of the network that the file does not have (left as they were).
        unexpected: Tensors of the file that the network does not have.
        mismatched: Tensors of another shape, with both shapes (left as they were).
    """

    source: str
    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[str, ...]

    def __str__(self) -> str:
        """Return the counts, and the names of what did not fit."""
        lines = [
            f"{self.source}: {len(self.loaded)} tensors loaded, {len(self.missing)} missing, "
            f"{len(self.unexpected)} unexpected, {len(self.mismatched)} of another shape"
        ]
        for title in ("missing", "unexpected", "mismatched"):
            lines += [f"  {title}: {name}" for name in getattr(self, title)]
        return "\n".join(lines)


def load_kinetics(
    network: nn.Module,
    *,
    name: str = "slowfast_r50_k400",
    weights_dir: str | Path | None = None,
    allow_download: bool = True,
) -> LoadReport:
    """Start a network from published Kinetics weights; its head stays fresh.

    Args:
        network: SlowFast network of the same architecture; changed in place.
        name: One of `WEIGHTS`.
        weights_dir: Folder to look in first.
        allow_download: Whether the network may be used.

    Raises:
        UsageError: If there are no such weights, or they are of another architecture.
        MissingWeightsError: If the file is nowhere, or is no checkpoint.
    """
    if name not in WEIGHTS:
        raise UsageError(f"unknown weights '{name}'; choose one of {', '.join(WEIGHTS)}")
    return load_backbone(network, find_weights(WEIGHTS[name], weights_dir=weights_dir, allow_download=allow_download))


def load_backbone(network: nn.Module, path: Path) -> LoadReport:
    """Copy every tensor of a checkpoint that fits by name and shape; a head for other classes is left out.

    Args:
        network: SlowFast network; changed in place.
        path: Checkpoint of pytorchvideo (`model_state`), of Lightning (`state_dict`), or a bare state dict.

    Returns:
        What was loaded and what was not.

    Raises:
        UsageError: If tensors below the head are missing or of another shape: it is another architecture.
        MissingWeightsError: If the file is missing or is no checkpoint.
    """
    state = _read_state(path)
    own = network.state_dict()
    shared = [name for name in own if name in state]
    mismatched = [name for name in shared if state[name].shape != own[name].shape]
    report = LoadReport(
        source=path.name,
        loaded=tuple(name for name in shared if name not in set(mismatched)),
        missing=tuple(name for name in own if name not in state),
        unexpected=tuple(name for name in state if name not in own),
        mismatched=tuple(f"{n}: {tuple(state[n].shape)} in the file, {tuple(own[n].shape)} here" for n in mismatched),
    )
    if misfits := [name for name in (*report.missing, *report.mismatched) if not name.startswith(HEAD_PREFIX)]:
        raise UsageError(
            f"{path} is of another architecture ({len(misfits)} of {len(own)} tensors do not fit, first {misfits[0]}): "
            "choose the model= it was made with, or other weights"
        )
    network.load_state_dict({name: state[name] for name in report.loaded}, strict=False)
    _log.info("%s", report)
    return report


def read_checkpoint(path: Path, *, device: str = "cpu") -> dict[str, Any]:
    """Read a checkpoint file without running any code that it may hold.

    Raises:
        MissingWeightsError: If the file is missing, truncated, or holds anything but tensors and plain values.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of strange pickles before it refuses them
            content = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError as error:
        raise MissingWeightsError(f"the checkpoint {path} does not exist: check ckpt=") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise MissingWeightsError(
            f"{path} is not a checkpoint that can be loaded safely: choose another file"
        ) from error
    if not isinstance(content, dict):
        raise MissingWeightsError(f"{path} is not a checkpoint (it holds a {type(content).__name__}): choose another")
    return content


def _read_state(path: Path) -> Mapping[str, Tensor]:
    content = read_checkpoint(path)
    for key in ("model_state", "state_dict"):
        content = content.get(key, content)
    # A Lightning checkpoint of ours names the network's tensors `network.<name>`.
    state = {str(name).removeprefix("network."): value for name, value in content.items()}
    if not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise MissingWeightsError(f"{path} holds no network (no model_state or state_dict): choose another file")
    return state
