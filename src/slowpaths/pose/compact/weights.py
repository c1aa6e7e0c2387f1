"""The weights of the network on disk: one safetensors file inside the package, pinned by its digest."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from slowpaths.core.errors import MissingWeightsError
from slowpaths.core.ids import file_digest
from slowpaths.pose.compact.network import CompactNet
from slowpaths.store.tables import atomic_write

SHIPPED = Path(__file__).parent / "weights" / "compact.safetensors"
SHA256 = "7664a8788ec4b43afd94f66501150ca457e53d81feac589aaa9acf10e2c8b6f3"


def save_weights(path: Path, net: CompactNet) -> None:
    """Write weights in half precision; they are trained and used in single precision."""
    tensors = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in net.state_dict().items()
    }
    with atomic_write(path) as stream:
        stream.write(save(tensors))


def load_net(path: Path | None = None) -> CompactNet:
    """Return the network with the weights that ship with the package, or with others.

    Args:
        path: Weights of one's own; the shipped ones, checked by their digest, where not given.

    Raises:
        MissingWeightsError: If the file is missing, damaged or holds another network.
    """
    cure = "install slowpaths again" if path is None else "name a file that scripts/train_compact.py wrote"
    chosen = SHIPPED if path is None else path
    if not chosen.is_file():
        raise MissingWeightsError(f"the weights of pose=compact are not at {chosen}: {cure}")
    if path is None and file_digest(chosen) != SHA256:
        raise MissingWeightsError(f"{chosen} is damaged (its sha256 does not begin with {SHA256[:12]}): {cure}")
    net = CompactNet()
    try:
        tensors: dict[str, torch.Tensor] = load_file(chosen)
        net.load_state_dict(
            {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
        )
    except (SafetensorError, RuntimeError) as error:
        raise MissingWeightsError(f"{chosen} does not hold the network of pose=compact: {cure}") from error
    return net.eval()
