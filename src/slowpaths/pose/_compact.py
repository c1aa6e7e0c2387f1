"""Our own small one-shot pose network, trained on the rendered world; its weights ship with the package.

Legend: B pictures, N people, K = 17 joints. `detect` looks at whole frames; `keypoints` looks again at a square around
each box, at the size of person the network knows best, and takes the person who fits the box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional

from slowpaths.core.skeleton import SWAP
from slowpaths.pose._device import torch_device
from slowpaths.pose.boxes import box_iou
from slowpaths.pose.compact.decode import PictureMaps, boxes_at, joints_at, peaks, people
from slowpaths.pose.compact.network import HEAT_STRIDE, STRIDE, CompactNet, as_input, fused
from slowpaths.pose.compact.weights import load_net
from slowpaths.pose.estimate import FramesAt, People, no_keypoints

_CROP_PX, _PERSON_PX = 160, 96
_BATCH = 8
_IOU_MIN = 0.25  # a person in the crop who overlaps the box less is somebody else
_FAINT = 0.05  # a head less sure is nobody, even where a box says that somebody is there
_LEAST_CONFIDENCE = 0.03  # joints less sure are not found


class Compact:
    """Find people and their joints in one pass.

    Args:
        weights: Weights to use instead of those that ship with the package; not checked by digest.
        device: "cpu" or "cuda".
        num_threads: CPU threads of torch; as they are where 0.
        score_min: Least confidence of a person.
        mirrors: Whether `keypoints` looks at the mirror image too and takes the mean of both joint maps: half as
            much time again for one joint more in a hundred.

    Raises:
        MissingWeightsError: If the weights are missing or are others.
        UsageError: If CUDA is asked for and not there.
    """

    name = "compact"
    has_keypoints_in_detect = True

    def __init__(
        self,
        *,
        weights: Path | None = None,
        device: str = "cpu",
        num_threads: int = 0,
        score_min: float = 0.3,
        mirrors: bool = False,
    ) -> None:
        self.reason = ""
        self._device, self._score_min, self._mirrors = torch_device(device, num_threads=num_threads), score_min, mirrors
        net: CompactNet = fused(load_net(weights))
        self._net = net.to(self._device, memory_format=torch.channels_last)  # pyrefly: ignore[no-matching-overload]

    def detect(self, frames_THWC: np.ndarray, *, at: FramesAt) -> list[People]:
        """Return the people of each frame with their joints."""
        found = []
        for frame_HWC in frames_THWC:
            (maps,) = self._maps(frame_HWC[None])
            boxes_N4, scores_N, joints_NKC = people(maps, score_min=self._score_min)
            found.append(People(boxes_N4=boxes_N4, scores_N=scores_N, keypoints_NKC=_seen(joints_NKC)))
        return found

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
            if self._mirrors:
                maps = self._maps(np.concatenate([pictures_BHWC, mirrored(pictures_BHWC)]))
                maps = [with_mirror(*pair) for pair in zip(maps[: len(crops)], maps[len(crops) :], strict=True)]
            else:
                maps = self._maps(pictures_BHWC)
            for (frame, row), (_, scale, corner_2), seen in zip(chosen, crops, maps, strict=True):
                box_4 = (boxes[frame][row].reshape(2, 2) - corner_2).ravel() * scale
                joints_KC = person_in_box(seen, box_4)
                if joints_KC is not None:
                    joints_KC[:, :2] = joints_KC[:, :2] / scale + corner_2
                    poses[frame][row] = _seen(joints_KC)
        return poses

    @torch.inference_mode()
    def _maps(self, pictures_BHWC: np.ndarray) -> list[PictureMaps]:
        height, width = pictures_BHWC.shape[1:3]
        batch = as_input(torch.from_numpy(np.ascontiguousarray(pictures_BHWC)).to(self._device))
        batch = functional.pad(batch, (0, -width % STRIDE, 0, -height % STRIDE))
        maps = self._net(batch)
        heads, box, joints, heat = (
            part.cpu().numpy() for part in (maps.heads.sigmoid(), maps.box, maps.joints, maps.heat)
        )
        joints = joints.reshape(len(joints), -1, 2, *joints.shape[2:])
        return [
            PictureMaps(heads_hw=heads[b, 0], box_4hw=box[b], joints_K2hw=joints[b], heat_Khw=heat[b])
            for b in range(len(pictures_BHWC))
        ]


def mirrored(pictures_BHWC: np.ndarray) -> np.ndarray:
    """Return the mirror images of pictures, a few columns short so that cells come to lie on cells."""
    last = pictures_BHWC.shape[2] - HEAT_STRIDE  # the pixel that the last column of cells stands for
    turned = np.zeros_like(pictures_BHWC)
    turned[:, :, : last + 1] = pictures_BHWC[:, :, last::-1]
    return turned


def with_mirror(maps: PictureMaps, mirror: PictureMaps) -> PictureMaps:
    """Return the maps of a picture with the mean of its joint maps and those of its mirror image."""
    return replace(maps, heat_Khw=0.5 * (maps.heat_Khw + mirror.heat_Khw[SWAP, :, ::-1]))


def crop_person(frame_HWC: np.ndarray, box_4: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Cut the square around a box so that the person in it has the usual height; black outside the frame.

    Args:
        frame_HWC: RGB frame (H, W, 3), uint8.
        box_4: Box x1, y1, x2, y2, pixels.

    Returns:
        Crop (160, 160, 3), its scale over the frame, and where its corner lies in the frame (2,).
    """
    scale = _PERSON_PX / max(float(max(box_4[3] - box_4[1], box_4[2] - box_4[0])), 8.0)
    middle_2 = 0.5 * (box_4[:2] + box_4[2:])
    corner_2 = middle_2 - 0.5 * _CROP_PX / scale
    if scale < 0.8:
        # Shrink first: a warp alone would skip over pixels.
        frame_HWC = cv2.resize(frame_HWC, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        matrix = np.concatenate([np.eye(2), 0.5 - 0.5 * scale - (corner_2 * scale)[:, None]], axis=1)
    else:
        matrix = np.concatenate([scale * np.eye(2), -(corner_2 * scale)[:, None]], axis=1)
    return cv2.warpAffine(frame_HWC, matrix, (_CROP_PX, _CROP_PX), flags=cv2.INTER_LINEAR), scale, corner_2


def person_in_box(maps: PictureMaps, box_4: np.ndarray) -> np.ndarray | None:
    """Return the joints (17, 3) of the person who fits a box best; None where nobody does.

    Args:
        maps: What the network says of the crop.
        box_4: The box, pixels of the crop.
    """
    rows, columns = peaks(maps.heads_hw, score_min=_FAINT)
    if not len(rows):
        return None
    boxes_N4 = boxes_at(maps, rows, columns)
    fits_N = box_iou(box_4[None], boxes_N4)[0]
    # Overlap first: a surer head counts for little beside a box that fits.
    worth_N = fits_N * maps.heads_hw[rows, columns] ** 0.25
    best = int(worth_N.argmax())
    if fits_N[best] < _IOU_MIN:
        return None
    return joints_at(maps, rows[[best]], columns[[best]], boxes_N4[[best]])[0]


def _seen(joints_NKC: np.ndarray) -> np.ndarray:
    """Return joints with those that are hardly seen marked as not found."""
    is_lost = ~(joints_NKC[..., 2] >= _LEAST_CONFIDENCE)
    joints_NKC[is_lost] = [np.nan, np.nan, 0.0]
    return joints_NKC
