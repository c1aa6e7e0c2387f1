"""Where a network looks: Grad-CAM on both pathways of SlowFast.

Legend: B clips, C channels of a feature map, T frames, H, W pixels; t, h, w places of a feature map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.data.batch import ClipBatch
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.ema import network_input
from slowpaths.models.heads import is_slowfast

PATHWAYS = ("slow", "fast")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """Hold what a network says of a clip, and where it looks for it."""

    probs_C: np.ndarray  # probabilities of the strokes (14,)
    stroke: int  # the stroke that is explained
    heat: dict[str, np.ndarray]  # pathway -> heat (T, H, W) of the fast frames, 0 to 1, its largest value 1
    share: dict[str, float]  # pathway -> its share of all heat; 0 of both where nothing speaks for the stroke


def grad_cam(
    head: Callable[[list[Tensor]], Tensor], features: Sequence[Tensor], *, strokes_B: Sequence[int]
) -> list[Tensor]:
    """Return the class activation maps (B, t, h, w) of feature maps (B, C, t, h, w), 0 or more.

    Channels are summed, weighted by the mean of the gradient of a logit over their places, and what speaks against the
    stroke is dropped (Selvaraju et al. 2017, arXiv 1610.02391, equations 1 and 2).

    Args:
        head: From feature maps, one a pathway, to logits.
        features: The maps.
        strokes_B: The stroke that is explained, for each clip.
    """
    with torch.enable_grad():
        leaves = [tensor.detach().requires_grad_() for tensor in features]
        logits_BC = head(list(leaves))
        logit = logits_BC[torch.arange(len(logits_BC)), torch.as_tensor(strokes_B)].sum()
        gradients = torch.autograd.grad(logit, leaves)
    return [
        (gradient.mean(dim=(2, 3, 4), keepdim=True) * leaf).sum(dim=1).relu().detach()
        for leaf, gradient in zip(leaves, gradients, strict=True)
    ]


def explain(classifier: StrokeClassifier, batch: ClipBatch, *, stroke: int | None = None) -> Explanation:
    """Explain what a classifier says of a batch of one clip, or another stroke.

    Raises:
        UsageError: If the network has no two pathways.
        SlowpathsError: If what it says is no number.
    """
    network = classifier.evaluated.eval()
    require_pathways(network)
    *backbone, pool, head = cast(nn.ModuleList, network.get_submodule("blocks"))
    with torch.no_grad():
        state: Any = list(network_input(batch))
        for block in backbone:
            state = block(state)
        tail = nn.Sequential(pool, head)
        probs_C = (tail(list(state))[0].float() / classifier.temperature).softmax(dim=0).double().numpy()
    if not np.isfinite(probs_C).all():
        raise SlowpathsError("the network answers with numbers that are not finite: choose another ckpt=")
    stroke = int(probs_C.argmax()) if stroke is None else stroke
    maps = dict(zip(PATHWAYS, grad_cam(tail, state, strokes_B=[stroke]), strict=True))
    # The head takes the mean of each pathway, so gradients, and with them maps, are over its number of places already.
    sums = {name: float(found.sum()) for name, found in maps.items()}
    total = sum(sums.values())
    size = batch.fast_BCTHW.shape[2:]
    return Explanation(
        probs_C=probs_C,
        stroke=stroke,
        heat={name: _enlarged(found, size) for name, found in maps.items()},
        share={name: found / total if total > 0 else 0.0 for name, found in sums.items()},
    )


def require_pathways(network: nn.Module) -> None:
    """Refuse a network whose last feature maps are not those of two pathways.

    Raises:
        UsageError: If it is none of SlowFast's.
    """
    blocks = list(cast(nn.ModuleList, network.get_submodule("blocks"))) if is_slowfast(network) else []
    if len(blocks) < 3 or type(blocks[-2]).__name__ != "PoolConcatPathway":
        raise UsageError(
            f"the network {type(network).__name__} of this checkpoint has no slow and fast pathway to look into: "
            "give ckpt= of a SlowFast network"
        )


def _enlarged(map_Bthw: Tensor, size: Sequence[int]) -> np.ndarray:
    """Return a map as large as the clip (T, H, W), its largest value 1."""
    num_frames, *picture = size
    planes = F.interpolate(map_Bthw.transpose(0, 1).float(), size=picture, mode="bilinear", align_corners=False)
    # slow frames lie from the first fast frame to the last
    lines = planes.flatten(1).T[None]  # (1, H W, t)
    frames = F.interpolate(lines, size=num_frames, mode="linear", align_corners=True)
    heat_THW = frames[0].T.reshape(num_frames, *picture).numpy()
    return heat_THW / max(float(heat_THW.max()), 1e-12)
