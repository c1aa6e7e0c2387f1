"""The weights of the networks on disk: one safetensors file inside the package, pinned by its digest."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from slowpaths.core.errors import MissingWeightsError
from slowpaths.core.ids import file_digest
from slowpaths.pose.compact.network import CompactNet, JointNet

SHIPPED = Path(__file__).parent / "weights" / "compact.safetensors"
SHA256 = "b8513b0a5ddae7b5dea9be82fd00b890caa9a05b458aad9252b0653e6cdecfbe"


def load_nets(path: Path | None = None) -> tuple[CompactNet, JointNet]:
    """Return the two networks with the weights that ship with the package, or with others.

    Args:
        path: Weights of one's own; the shipped ones, checked by their digest, where not given.

    Raises:
        MissingWeightsError: If the file is missing, damaged or holds other networks.
    """
    cure = "name a file that scripts/pose_training/train_compact.py wrote" if path else "install slowpaths again"
    chosen = SHIPPED if path is None else path
    if not chosen.is_file():
        raise MissingWeightsError(f"the weights of pose=compact are not at {chosen}: {cure}")
    if path is None and file_digest(chosen) != SHA256:
        raise MissingWeightsError(f"{chosen} is damaged (its sha256 does not begin with {SHA256[:12]}): {cure}")
    people, joints = CompactNet(), JointNet()
    try:
        tensors: dict[str, torch.Tensor] = load_file(chosen)
        for part, net in (("people", people), ("joints", joints)):
            own = {name: value for name, value in tensors.items() if name.startswith(f"{part}.")}
            own = {name: value.float() if value.is_floating_point() else value for name, value in own.items()}
            net.load_state_dict({name.removeprefix(f"{part}."): value for name, value in own.items()})
    except (SafetensorError, RuntimeError) as error:
        raise MissingWeightsError(f"{chosen} does not hold the networks of pose=compact: {cure}") from error
    return people.eval(), joints.eval()
