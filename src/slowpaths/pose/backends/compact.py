"""Our own small pose networks, trained on the rendered world; their weights ship with the package.

Legend: B pictures, N people, J = 17 joints. `detect` finds people and joints in whole frames in one pass; `keypoints`
looks again at a square around each box with a network that knows only the person in its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional

from slowpaths.core.skeleton import SWAP
from slowpaths.pose.backends.device import torch_device
from slowpaths.pose.compact import network
from slowpaths.pose.compact.decode import PictureMaps, joints_of_one, people
from slowpaths.pose.compact.network import JOINTS_PX, JOINTS_SIDE, CompactNet, JointNet, as_input, fused
from slowpaths.pose.compact.shipped import load_nets
from slowpaths.pose.protocol import FramesAt, People, no_keypoints

_BATCH = 8
_LARGE_PX = 180.0  # whoever is taller is looked at once more in a picture of half the size
_LEAST_CONFIDENCE = 0.03  # joints less sure are not found
_LEAST_OF_ONE = 0.11  # nor those of the one person looked for: in an empty picture the network is sure to .105


class Compact:
    """Find people and their joints in one pass.

    Args:
        weights: Weights to use instead of those that ship with the package; not checked by digest.
        device: "cpu" or "cuda".
        num_threads: CPU threads of torch; those this process may use where 0.
        score_min: Least confidence of a person.
        mirrors: Whether `keypoints` looks at the mirror image too and takes the mean of both: half as much
            time again in mining, for one joint more in a hundred.

    Raises:
        MissingWeightsError: If the weights are missing or are others.
        UsageError: If CUDA is asked for and not there.
    """

    name = "compact"
    has_keypoints_in_detect = True

    def __init__(
        self,
        *,
        weights: str | None = None,
        device: str = "cpu",
        num_threads: int = 0,
        score_min: float = 0.3,
        mirrors: bool = False,
    ) -> None:
        self.reason = ""
        self._device, self._score_min, self._mirrors = torch_device(device, num_threads=num_threads), score_min, mirrors
        finds, looks = (
            fused(net).to(self._device, memory_format=torch.channels_last)  # pyrefly: ignore[no-matching-overload]
            for net in load_nets(None if weights is None else Path(weights))
        )
        self._people: CompactNet = finds
        self._joints: JointNet = looks

    def detect(self, frames_THWC: np.ndarray, *, at: FramesAt) -> list[People]:
        """Return the people of each frame with their joints, the surest first."""
        found = []
        for frame_HWC in frames_THWC:
            seen = self._look(frame_HWC)
            if (_heights(seen) > _LARGE_PX).any():
                half_HWC = cv2.resize(frame_HWC, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
                seen = _joined(seen, self._look(half_HWC, scale=0.5))
            found.append(seen)
        return found

    def _look(self, frame_HWC: np.ndarray, *, scale: float = 1.0) -> People:
        """Return the people of a frame that is shown at a scale, in pixels of the whole frame."""
        (maps,) = self._maps(frame_HWC[None])
        boxes_N4, scores_N, joints_NJC = people(maps, score_min=self._score_min)
        joints_NJC[..., :2] /= scale
        return People(boxes_N4=boxes_N4 / scale, scores_N=scores_N, keypoints_NJC=_seen(joints_NJC))

    def keypoints(self, frames_THWC: np.ndarray, boxes: Sequence[np.ndarray], *, at: FramesAt) -> list[np.ndarray]:
        """Return the joints (N, 17, 3) of the people in the given boxes of each frame."""
        poses = [no_keypoints(len(boxes_N4)) for boxes_N4 in boxes]
        todo = [
            (frame, row)
            for frame, boxes_N4 in enumerate(boxes)
            for row in np.flatnonzero(np.isfinite(boxes_N4).all(axis=1))
        ]
        for start in range(0, len(todo), _BATCH):
            chosen = todo[start : start + _BATCH]
            crops = [crop_person(frames_THWC[frame], boxes[frame][row]) for frame, row in chosen]
            pictures_BHWC = np.stack([picture for picture, _, _ in crops])
            heat_BJhw = self._heat(pictures_BHWC)
            if self._mirrors:
                heat_BJhw = 0.5 * (heat_BJhw + self._heat(mirrored(pictures_BHWC))[:, SWAP, :, ::-1])
            for (frame, row), (_, scale, corner_2), heat_Jhw in zip(chosen, crops, heat_BJhw, strict=True):
                joints_JC = joints_of_one(heat_Jhw)
                joints_JC[:, :2] = joints_JC[:, :2] / scale + corner_2
                poses[frame][row] = _seen(joints_JC, least=_LEAST_OF_ONE)
        return poses

    @torch.inference_mode()
    def _heat(self, pictures_BHWC: np.ndarray) -> np.ndarray:
        """Return logits of the joints (B, 17, h, w) of the people in the middle of pictures."""
        batch = as_input(torch.from_numpy(np.ascontiguousarray(pictures_BHWC)).to(self._device))
        return self._joints(batch).cpu().numpy()

    @torch.inference_mode()
    def _maps(self, pictures_BHWC: np.ndarray) -> list[PictureMaps]:
        height, width = pictures_BHWC.shape[1:3]
        batch = as_input(torch.from_numpy(np.ascontiguousarray(pictures_BHWC)).to(self._device))
        batch = functional.pad(batch, (0, -width % network.STRIDE, 0, -height % network.STRIDE))
        maps = self._people(batch)
        heads, box, joints, heat = (
            part.cpu().numpy() for part in (maps.heads.sigmoid(), maps.box, maps.joints, maps.heat)
        )
        joints = joints.reshape(len(joints), -1, 2, *joints.shape[2:])
        return [
            PictureMaps(heads_hw=heads[b, 0], box_4hw=box[b], joints_J2hw=joints[b], heat_Jhw=heat[b])
            for b in range(len(pictures_BHWC))
        ]


def _heights(seen: People) -> np.ndarray:
    return seen.boxes_N4[:, 3] - seen.boxes_N4[:, 1]


def _joined(whole: People, half: People) -> People:
    """Return large people as seen at half size, where the network sees them from head to foot, others as they are."""
    small, large = (np.flatnonzero(rows) for rows in (_heights(whole) <= _LARGE_PX, _heights(half) > _LARGE_PX))
    if not len(large):
        return whole
    parts = [(whole, small), (half, large)]
    boxes_N4, scores_N, joints_NJC = (
        np.concatenate([getattr(part, name)[rows] for part, rows in parts])
        for name in ("boxes_N4", "scores_N", "keypoints_NJC")
    )
    order = np.argsort(-scores_N, kind="stable")
    return People(boxes_N4=boxes_N4[order], scores_N=scores_N[order], keypoints_NJC=joints_NJC[order])


def mirrored(pictures_BHWC: np.ndarray) -> np.ndarray:
    """Return the mirror images of pictures, a few columns short so that cells come to lie on cells."""
    last = pictures_BHWC.shape[2] - network.HEAT_STRIDE  # the pixel that the last column of cells stands for
    turned = np.zeros_like(pictures_BHWC)
    turned[:, :, : last + 1] = pictures_BHWC[:, :, last::-1]
    return turned


def crop_person(frame_HWC: np.ndarray, box_4: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Cut the square around a box so that the person in it has the usual height; black outside the frame.

    Args:
        frame_HWC: RGB frame (H, W, 3), uint8.
        box_4: Box x1, y1, x2, y2, pixels.

    Returns:
        Crop (192, 192, 3), its scale over the frame, and where its corner lies in the frame (2,).
    """
    scale = JOINTS_PX / max(float(max(box_4[3] - box_4[1], box_4[2] - box_4[0])), 8.0)
    middle_2 = 0.5 * (box_4[:2] + box_4[2:])
    corner_2 = middle_2 - 0.5 * JOINTS_SIDE / scale
    if scale < 0.8:
        # Shrink first: a warp alone would skip over pixels.
        frame_HWC = cv2.resize(frame_HWC, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        matrix = np.concatenate([np.eye(2), 0.5 - 0.5 * scale - (corner_2 * scale)[:, None]], axis=1)
    else:
        matrix = np.concatenate([scale * np.eye(2), -(corner_2 * scale)[:, None]], axis=1)
    return cv2.warpAffine(frame_HWC, matrix, (JOINTS_SIDE, JOINTS_SIDE), flags=cv2.INTER_LINEAR), scale, corner_2


def _seen(joints_NJC: np.ndarray, *, least: float = _LEAST_CONFIDENCE) -> np.ndarray:
    """Return joints with those that are hardly seen marked as not found."""
    is_lost = ~(joints_NJC[..., 2] >= least)
    joints_NJC[is_lost] = [np.nan, np.nan, 0.0]
    return joints_NJC
