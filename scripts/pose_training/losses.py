"""How far the maps of the network are from what they should be.

Legend: B pictures, P cells that answer for a person, J = 17 joints.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from scripts.pose_training.targets import Targets
from torch.nn import functional

from slowpaths.core.skeleton import JOINTS, NUM_JOINTS
from slowpaths.pose.compact.network import PEOPLE_STRIDE, Maps

# Arms say what stroke is played, and are the hardest to see.
_WEIGHTS = [2.0 if name.endswith(("wrist", "elbow")) else 1.0 for name in JOINTS]
_JOINTS, _PLACE, _SIZE = 6.0, 3.0, 0.5  # weights beside the two heat maps


class TargetBatch(NamedTuple):
    """Hold the targets of a batch: maps, and the cells that answer for somebody.

    Args:
        heads: (B, 1, h, w).
        heat: (B, 17, h, w).
        mask: (B, 1, h, w), of both.
        cells_P3: Picture, row and column of each answering cell.
        box_P4: Middle minus cell in cells, log of width and height in cells.
        joints_PJ2: Joints minus cell, in cells.
        weights_PJ: Weights of the joints.
        heights_P: Height of each person, cells.
        num_people: People asked for in the batch.
        num_joints: Their joints inside the pictures.
    """

    heads: torch.Tensor
    heat: torch.Tensor
    mask: torch.Tensor
    cells_P3: torch.Tensor
    box_P4: torch.Tensor
    joints_PJ2: torch.Tensor
    weights_PJ: torch.Tensor
    heights_P: torch.Tensor
    num_people: int
    num_joints: int


def collate(targets: list[Targets]) -> TargetBatch:
    """Put the targets of several pictures of one size together."""
    cells, boxes, joints, weights, heights = [], [], [], [], []
    for number, target in enumerate(targets):
        rows, columns = (target.owner_hw >= 0).nonzero()
        owner = target.owner_hw[rows, columns]
        at = torch.from_numpy(rows), torch.from_numpy(columns)
        cells.append(torch.stack([torch.full_like(at[0], number), *at], dim=1))
        place_P2 = torch.stack([at[1], at[0]], dim=1).float()
        box_P4 = torch.from_numpy(target.box_N4[owner]).float() / PEOPLE_STRIDE
        boxes.append(torch.cat([box_P4[:, :2] - place_P2, box_P4[:, 2:].clamp(min=0.1).log()], dim=1))
        joints.append(torch.from_numpy(target.joints_NJ2[owner]).float() / PEOPLE_STRIDE - place_P2[:, None])
        weights.append(torch.from_numpy(target.weights_NJ[owner]).float())
        heights.append(box_P4[:, 3])

    def stack(name: str) -> torch.Tensor:
        return torch.stack([torch.from_numpy(getattr(target, name)) for target in targets])

    return TargetBatch(
        heads=stack("heads_hw")[:, None],
        heat=stack("heat_Jhw"),
        mask=stack("mask_hw")[:, None],
        cells_P3=torch.cat(cells),
        box_P4=torch.cat(boxes),
        joints_PJ2=torch.cat(joints),
        weights_PJ=torch.cat(weights),
        heights_P=torch.cat(heights),
        num_people=sum(len(target.box_N4) for target in targets),
        num_joints=sum(int((target.weights_NJ == 1.0).sum()) for target in targets),
    )


class HeatBatch(NamedTuple):
    """Hold the targets of a batch of pictures of one person each.

    Args:
        heat: (B, 17, h, w).
        num_joints: Joints inside the pictures.
    """

    heat: torch.Tensor
    num_joints: int


def collate_heat(heats: list[np.ndarray]) -> HeatBatch:
    """Put the heat maps (17, h, w) of several pictures together."""
    heat = torch.from_numpy(np.stack(heats))
    return HeatBatch(heat=heat, num_joints=int((heat.amax(dim=(2, 3)) > 0).sum()))


def heat_loss(logits: torch.Tensor, batch: HeatBatch) -> dict[str, torch.Tensor]:
    """Return the loss of the joints of one person; arms count for more."""
    weight_1J11 = torch.tensor(_WEIGHTS)[None, :, None, None]
    return {"heat": soft_focal(logits, batch.heat, weight_1J11) / max(batch.num_joints, 1)}


def soft_focal(logits: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the quality focal loss (Li et al. 2020, beta 2) of soft targets, weighted and summed over all cells."""
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (entropy * (logits.sigmoid() - target).square() * mask).sum()


def losses(maps: Maps, batch: TargetBatch) -> dict[str, torch.Tensor]:
    """Return the parts of the loss; their sum is what is made small."""
    parts = {
        "heads": soft_focal(maps.heads, batch.heads, batch.mask) / max(batch.num_people, 1),
        "heat": soft_focal(maps.heat, batch.heat, batch.mask) / max(batch.num_joints, 1),
    }
    picture, row, column = batch.cells_P3.unbind(dim=1)
    box_P4 = maps.box[picture, :, row, column]
    joints_PJ2 = maps.joints[picture, :, row, column].reshape(-1, NUM_JOINTS, 2)
    cells = max(len(box_P4), 1)
    heights_P1 = batch.heights_P[:, None].clamp(min=2.0)
    place = ((box_P4 - batch.box_P4)[:, :2].abs() / heights_P1).sum() / cells
    size = functional.smooth_l1_loss(box_P4[:, 2:], batch.box_P4[:, 2:], beta=0.1, reduction="sum") / cells
    parts["box"] = _PLACE * place + _SIZE * size
    error_PJ = (joints_PJ2 - batch.joints_PJ2).abs().sum(dim=2) / heights_P1
    known = batch.weights_PJ.sum().clamp(min=1.0)
    parts["joints"] = _JOINTS * (error_PJ * batch.weights_PJ).sum() / known
    return parts
