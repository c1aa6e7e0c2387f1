"""Pretrained weights: where they are, how they are loaded, and what was loaded."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from slowpaths.core.errors import MissingWeightsError, UsageError
from slowpaths.core.ids import file_digest
from slowpaths.models.checkpoint import read_checkpoint, require_finite
from slowpaths.models.heads import head_prefix
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import atomic_write
from slowpaths.store.weights import WeightSpec, find_weights

_log = logging.getLogger(__name__)
_OTHER = "choose another file"
_ZOO = "https://dl.fbaipublicfiles.com/pytorchvideo/model_zoo/kinetics"

# The addresses are those of pytorchvideo's hub. Its authors publish no digests, so these files are never downloaded
# unseen: a person puts them into a weights folder, and confirms the digest they have.
WEIGHTS: dict[str, WeightSpec] = {
    name: WeightSpec(name=name, filename=file, url=f"{_ZOO}/{file}", sha256="", licence="Apache-2.0")
    for name, file in (("slowfast_r50_k400", "SLOWFAST_8x8_R50.pyth"), ("slowfast_r101_k400", "SLOWFAST_8x8_R101.pyth"))
}

# What comes with the package: its files, beside their card, and their sha256.
_FOLDER = Path(__file__).parent / "shipped"
_FEATURES = (
    _FOLDER / "slowfast_tiny_features.safetensors",
    "50bae44ed688c8a8c8fc5cc197fa5ea3cbb030b918dcf7dbf3db692fb6ac67ab",
)
_HEAD = (_FOLDER / "slowfast_tiny_head.safetensors", "9fac82df4977ff3bdf36feeca64a0f348d1ddd5ae6ed32a21d14686108278209")
SHIPPED: dict[str, tuple[tuple[Path, str], ...]] = {
    "slowfast_tiny_features": (_FEATURES,),
    "slowfast_tiny_strokes": (_FEATURES, _HEAD),  # the same backbone, and a head that names strokes
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """Say what a checkpoint gave to a network."""

    source: str  # file it came from
    loaded: tuple[str, ...]  # tensors that were copied
    missing: tuple[str, ...]  # tensors of the network that the file does not have (left as they were)
    unexpected: tuple[str, ...]  # tensors of the file that the network does not have
    mismatched: tuple[str, ...]  # tensors of another shape, with both shapes (left as they were)

    def __str__(self) -> str:
        lines = [
            f"{self.source}: {len(self.loaded)} tensors loaded, {len(self.missing)} missing, "
            f"{len(self.unexpected)} unexpected, {len(self.mismatched)} of another shape"
        ]
        for title in ("missing", "unexpected", "mismatched"):
            lines += [f"  {title}: {name}" for name in getattr(self, title)]
        return "\n".join(lines)


def load_initialisation(
    network: nn.Module,
    name: str,
    *,
    weights_dir: str | Path | None = None,
    sha256: str | None = None,
) -> LoadReport:
    """Start a network from pretrained weights, in place; its head stays fresh unless they hold one of its size.

    They are one of `WEIGHTS` (published; `weights_dir` is searched first) or `SHIPPED` (in the package), or a file or
    folder as for `weights_file`, read by `load_backbone`. `sha256`, or its first digits, is what a person expects of
    the file; published weights without a published digest are loaded with it only.

    Raises:
        UsageError: If they are of another architecture.
        MissingWeightsError: If the file is nowhere, is no checkpoint, or has another digest.
    """
    others: list[Path] = []
    if name in WEIGHTS:
        path = find_weights(WEIGHTS[name], weights_dir=weights_dir)
        if not WEIGHTS[name].sha256 and not sha256:
            raise MissingWeightsError(
                f"{path} has the sha256 {(digest := file_digest(path))}, and its authors publish none to compare with: "
                f"if you trust where you have it from, confirm it with init_sha256={digest[:16]}"
            )
    elif name in SHIPPED:
        for path, digest in SHIPPED[name]:
            if not path.is_file() or file_digest(path) != digest:
                raise MissingWeightsError(f"{path} is missing or damaged: install slowpaths again")
        path, *others = (each for each, _ in SHIPPED[name])
    else:
        require_known(name)
        path = weights_file(name)
    if sha256 and not (digest := file_digest(path)).startswith(sha256.lower()):
        raise MissingWeightsError(
            f"{path} has the sha256 {digest}, not init_sha256={sha256}: it is another file, or damaged; get it anew"
        )
    return load_backbone(network, path, *others)


def weights_file(name: str) -> Path:
    """Return the file of pretrained weights that a path names: of the folder of a pretraining, its backbone."""
    return RunFolder(Path(name)).backbone if Path(name).is_dir() else Path(name)


def require_known(name: str) -> None:
    """Refuse pretrained weights that are neither published, nor shipped, nor a file or the folder of a pretraining.

    Raises:
        UsageError: If there are none of that name.
    """
    if name not in WEIGHTS and name not in SHIPPED and not weights_file(name).is_file():
        known = ", ".join([*SHIPPED, *WEIGHTS])
        raise UsageError(
            f"there are no weights '{name}': init= takes a checkpoint file, the out= folder of `slowpaths pretrain`, "
            f"or one of {known}"
        )


def save_backbone(path: Path, checkpoint: Path, *, head: str = "blocks.6.") -> None:
    """Write the network of a checkpoint (its EMA where it has one) without its head, in half precision, as safetensors.

    `head` is what the names of the head's tensors begin with (`head_prefix`).
    """
    tensors = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in _read_state(checkpoint).items()
        if not name.startswith(head)
    }
    with atomic_write(path) as stream:
        stream.write(save(tensors))


def load_backbone(network: nn.Module, path: Path, *others: Path) -> LoadReport:
    """Copy every tensor of a checkpoint that fits by name and shape; a head for other classes is left out.

    `others` are files with more tensors of the same network.

    The file is a checkpoint of pytorchvideo or PySlowFast (`model_state`), of Lightning (`state_dict`; its EMA where it
    has one), a bare state dict, or a safetensors file of `save_backbone`.

    Raises:
        UsageError: If tensors below the head are missing or of another shape: it is another architecture.
        MissingWeightsError: If the file is missing or is no checkpoint.
        SlowpathsError: If a number in it is not finite.
    """
    state = {name: tensor for each in (path, *others) for name, tensor in _read_state(each).items()}
    own = network.state_dict()
    shared = [name for name in own if name in state]
    mismatched = [name for name in shared if state[name].shape != own[name].shape]
    head = head_prefix(network)
    report = LoadReport(
        source=" and ".join(each.name for each in (path, *others)),
        loaded=tuple(name for name in shared if name not in set(mismatched)),
        missing=tuple(name for name in own if name not in state),
        unexpected=tuple(name for name in state if name not in own),
        mismatched=tuple(f"{n}: {tuple(state[n].shape)} in the file, {tuple(own[n].shape)} here" for n in mismatched),
    )
    if misfits := [name for name in (*report.missing, *report.mismatched) if not name.startswith(head)]:
        is_part = not report.unexpected and set(misfits) <= set(report.missing)  # all that is there fits
        what = "lacks tensors of the network" if is_part else "is of another architecture"
        how = "are missing" if is_part else "do not fit"
        raise UsageError(
            f"{path} {what} ({len(misfits)} of {len(own)} {how}, first {misfits[0]}): choose the model= it was made "
            "with, or other weights"
        )
    require_finite({"state_dict": {name: state[name] for name in report.loaded}}, what=str(path), cure=_OTHER)
    network.load_state_dict({name: state[name] for name in report.loaded}, strict=False)
    _log.info("%s", report)
    return report


def _read_state(path: Path) -> Mapping[str, Tensor]:
    content = _read_safetensors(path) if path.suffix == ".safetensors" else read_checkpoint(path)
    for key in ("model_state", "state_dict"):
        content = content.get(key, content)
        content = content if isinstance(content, Mapping) else {}
    # A Lightning checkpoint of ours names the network's tensors `network.<name>` and its EMA's `ema.<name>`, until
    # format 1 `average.<name>`.
    for prefix in ("ema.", "average.", "network."):
        if own := {name.removeprefix(prefix): value for name, value in content.items() if str(name).startswith(prefix)}:
            break
    state = own or {str(name): value for name, value in content.items()}
    if not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise MissingWeightsError(f"{path} holds no network (no model_state or state_dict): {_OTHER}")
    return {_PYSLOWFAST.sub(_our_name, name): value for name, value in state.items()}


# Names of PySlowFast's SlowFast, `slowfast/models/{stem_helper,resnet_helper,video_model_builder,head_helper}.py`.
_PYSLOWFAST = re.compile(
    r"^(?:module\.)?(?:s(?P<stem>1)\.pathway(?P<stem_path>\d)_stem\.(?P<stem_part>conv|bn)"
    r"|s(?P<fuse>\d)_fuse\.(?P<fuse_part>conv_f2s|bn)"
    r"|s(?P<res>\d)\.pathway(?P<path>\d)_res(?P<block>\d+)\.(?P<branch>branch1|branch2\.[abc])(?P<norm>_bn)?"
    r"|head\.(?P<head>projection))(?=\.)"
)


def _our_name(found: re.Match[str]) -> str:
    """Return pytorchvideo's name of a layer of PySlowFast.

    Example:
        >>> _PYSLOWFAST.sub(_our_name, "s3.pathway1_res0.branch2.c_bn.running_mean")
        'blocks.2.multipathway_blocks.1.res_blocks.0.branch2.norm_c.running_mean'
    """
    part = found.groupdict()
    if part["head"]:
        return "blocks.6.proj"
    if part["stem"]:
        layer = "conv" if part["stem_part"] == "conv" else "norm"
        return f"blocks.0.multipathway_blocks.{part['stem_path']}.{layer}"
    if part["fuse"]:
        layer = "norm" if part["fuse_part"] == "bn" else "conv_fast_to_slow"
        return f"blocks.{int(part['fuse']) - 1}.multipathway_fusion.{layer}"
    kind = "norm" if part["norm"] else "conv"
    branch, _, letter = part["branch"].partition(".")
    layer = f"branch2.{kind}_{letter}" if letter else f"{branch}_{kind}"
    return f"blocks.{int(part['res']) - 1}.multipathway_blocks.{part['path']}.res_blocks.{part['block']}.{layer}"


def _read_safetensors(path: Path) -> dict[str, Any]:
    try:
        return {name: value.float() if value.is_floating_point() else value for name, value in load_file(path).items()}
    except (SafetensorError, OSError) as error:
        raise MissingWeightsError(f"{path} is not a safetensors file ({error}): {_OTHER}") from error
