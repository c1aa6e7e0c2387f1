"""Checkpoint files: how they are read without running code, what their formats are, and that their numbers are finite.

Format 2 carries settings as nested plain values (`network`, `loss`, `optim`, `run`), parts by `_target_`; format 1 had
them in one flat list and knew our own parts only.
"""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from slowpaths.core.errors import MissingWeightsError, SlowpathsError, UsageError
from slowpaths.core.parts import locate
from slowpaths.store.tables import atomic_write

CHECKPOINT_KEY = "slowpaths"
CHECKPOINT_FORMAT = 2
# Where the networks live that a checkpoint may name unasked.
TRUSTED = ("slowpaths.models.", "torch.nn.", "torchvision.models.", "pytorchvideo.models.")


_KINDS: Mapping[str, type] = {
    CHECKPOINT_KEY: Mapping,
    "state_dict": Mapping,
    "hyper_parameters": Mapping,
    "callbacks": Mapping,
    "loops": Mapping,
    "optimizer_states": list,
    "lr_schedulers": list,
    "epoch": int,
    "global_step": int,
}
NETWORK_PARTS = (CHECKPOINT_KEY, "state_dict", "hyper_parameters")
"""What a checkpoint must carry to predict with."""
RUN_PARTS = tuple(_KINDS)
"""What a checkpoint must carry for a run to go on from it."""


def read_checkpoint(path: Path, *, device: str = "cpu", cure: str | None = None) -> dict[str, Any]:
    """Read a checkpoint file without running any code that it may hold.

    `cure` is what to do where that fails; without it, to name another file.

    Raises:
        MissingWeightsError: If the file is missing, truncated, or holds anything but tensors and plain values.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of strange pickles before it refuses them
            content = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError as error:
        raise MissingWeightsError(f"the checkpoint {path} does not exist: {cure or 'check ckpt='}") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise MissingWeightsError(
            f"{path} is not a checkpoint that can be loaded safely: {cure or 'choose another file'}"
        ) from error
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise MissingWeightsError(f"{path} is not a checkpoint (it holds a {kind}): {cure or 'choose another file'}")
    return content


def misfit(content: Mapping[str, Any], names: Collection[str]) -> str:
    """Return which of the parts of a checkpoint is missing or of another kind, in words; "" where all are there.

    Example:
        >>> misfit({"state_dict": [], "hyper_parameters": {}}, ["hyper_parameters", "state_dict"])
        'its state_dict is a list'
    """
    for name in names:
        part, kind = content.get(name), _KINDS[name]
        if part is None or (kind is list and part == []):
            return f"it holds no {name}"
        if not isinstance(part, kind):
            return f"its {name} is a {type(part).__name__}"
    strange = [name for name, value in content.get("state_dict", {}).items() if not isinstance(value, Tensor)]
    return f"{strange[0]} in its state_dict is no tensor" if strange else ""


def migrated(content: Mapping[str, Any], *, source: Path) -> dict[str, Any]:
    """Return one of our checkpoints in the newest format.

    Raises:
        UsageError: If its format is newer than this version of slowpaths, or its settings are not those of its format.
    """
    about = content[CHECKPOINT_KEY]
    number = about.get("format")
    if number not in (*_MIGRATIONS, CHECKPOINT_FORMAT):
        raise UsageError(
            f"{source} has checkpoint format {number}, this slowpaths reads up to {CHECKPOINT_FORMAT}: "
            f"load it with slowpaths {about.get('version')}, or train again"
        )
    content = dict(content)
    while number != CHECKPOINT_FORMAT:
        try:
            content |= _MIGRATIONS[number](content)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = f"{type(error).__name__}: {error}"
            raise UsageError(f"{source} does not fit the network it describes ({why}): train again") from error
        number += 1
    return {**content, CHECKPOINT_KEY: {**about, "format": CHECKPOINT_FORMAT}}


def require_finite(content: Mapping[str, Any], *, what: str, cure: str = "lower optim.lr and train again") -> None:
    """Refuse a checkpoint whose weights or optimiser states are not finite numbers; `what` it is, for the message.

    Raises:
        SlowpathsError: If a number is infinite or not a number.
    """
    for name, tensor in _tensors(content.get("state_dict", {}), content.get("optimizer_states", [])):
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise SlowpathsError(f"{what} holds numbers that are not finite (first in {name}): {cure}")


def require_trusted(target: str, *, source: Path, allowed: Collection[str]) -> None:
    """Refuse to import the network that a file names, unless it is known to be harmless or a person named it too.

    Raises:
        MissingWeightsError: If the target is neither.
    """
    # What a trusted module has imported is not its own: `torch.nn.functional.warnings` is no network.
    is_ours = target.startswith(TRUSTED) and f"{getattr(locate(target), '__module__', '')}.".startswith(TRUSTED)
    if target not in allowed and not is_ours:
        raise MissingWeightsError(
            f"{source} names the network {target}, and loading it would run code of that module: "
            f"give allow_target={target} if you trust it"
        )


def keep_temperature(path: Path, temperature: float) -> None:
    """Write into one of our checkpoints the temperature its logits are divided by in prediction."""
    content = read_checkpoint(path)
    content[CHECKPOINT_KEY]["temperature"] = temperature
    stream = io.BytesIO()
    torch.save(content, stream)
    with atomic_write(path) as file:
        file.write(stream.getbuffer())


def _tensors(*values: Any, prefix: str = "") -> list[tuple[str, Tensor]]:
    found = []
    for value in values:
        if isinstance(value, Tensor):
            found.append((prefix, value))
        elif isinstance(value, Mapping):
            for name, item in value.items():
                found += _tensors(item, prefix=f"{prefix}.{name}".lstrip("."))
        elif isinstance(value, (list, tuple)):
            found += _tensors(*value, prefix=prefix)
    return found


def _nest_settings(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what format 2 says differently of a checkpoint of format 1."""
    old = dict(content["hyper_parameters"])
    take = lambda *names: {name: old.pop(name) for name in names}  # noqa: E731
    loss = {"soft_ce": "soft_cross_entropy", "hard_ce": "hard_cross_entropy", "gce": "generalised_cross_entropy"}
    momentum = {"sgd": "momentum", "adamw": "beta1"}
    network = take("depth", "width", "channel_ratio", "fusion_kernel", "alpha", "dropout")
    function, optimiser = loss[old.pop("loss")], old.pop("optimiser")
    settings = {
        "network": {"_target_": "slowpaths.models.slowfast.build_slowfast", **network},
        "loss": {
            "function": {"_target_": f"slowpaths.models.losses.{function}"},
            **take("logit_adjustment", "factor_weight"),
        },
        "optim": {
            "optimiser": {"_target_": f"slowpaths.models.optim.{optimiser}", momentum[optimiser]: old.pop("momentum")},
            **take("lr", "head_lr_ratio", "weight_decay", "warmup_epochs", "ema_decay", "is_backbone_frozen"),
        },
        "run": {
            name: old.pop(name) or {} if name in ("clip", "lineage") else old.pop(name)
            for name in ("batch_size", "seed", "clip", "lineage", "configuration")
        },
        "class_prior": old.pop("class_prior"),
    }
    state = {
        f"ema.{name.removeprefix('average.')}" if name.startswith("average.") else name: tensor
        for name, tensor in content["state_dict"].items()
        if not name.startswith("test_")
    }
    return {"hyper_parameters": {**settings, **old}, "state_dict": state}


_MIGRATIONS: dict[int, Callable[[Mapping[str, Any]], dict[str, Any]]] = {1: _nest_settings}
