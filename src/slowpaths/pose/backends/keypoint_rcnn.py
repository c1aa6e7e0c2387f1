"""One-stage pose of good quality: torchvision's Keypoint R-CNN with a ResNet-50 FPN (He et al. 2017).

Legend: B frames, N people, J = 17 joints.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torchvision.models.detection import KeypointRCNN as KeypointRCNNModel
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.roi_heads import keypointrcnn_inference
from torchvision.ops import FrozenBatchNorm2d

from slowpaths.core.errors import MissingWeightsError
from slowpaths.core.skeleton import NUM_JOINTS
from slowpaths.pose.backends.device import torch_device
from slowpaths.pose.pose_weights import weights_file
from slowpaths.pose.protocol import FramesAt, People, no_keypoints


class KeypointRCNN:
    """Find people and their joints in one pass.

    Args:
        weights: State dict, loaded with `weights_only=True`; the published one where not given.
        weights_dir: Folder looked into first for published weights.
        device: "cpu" or "cuda".
        num_threads: CPU threads of torch; those this process may use where 0.
        score_min: Least confidence of a person.
        min_size_px: Shorter side the picture is resized to.
        max_people: People kept in a frame, the most confident ones.
        batch_size: Frames that go through at once.

    Raises:
        MissingWeightsError: If the file holds something else.
        UsageError: If CUDA is asked for and not there.
    """

    name = "keypoint_rcnn"
    has_keypoints_in_detect = True

    def __init__(
        self,
        *,
        weights: str | None = None,
        weights_dir: str | None = None,
        device: str = "cpu",
        num_threads: int = 0,
        score_min: float = 0.5,
        min_size_px: int = 800,
        max_people: int = 25,
        batch_size: int = 4,
    ) -> None:
        path = weights_file(weights, name="keypoint_rcnn", weights_dir=weights_dir)
        self.reason = ""
        self._device, self._batch_size = torch_device(device, num_threads=num_threads), batch_size
        backbone = resnet_fpn_backbone(backbone_name="resnet50", weights=None, norm_layer=FrozenBatchNorm2d)
        model = KeypointRCNNModel(
            backbone,
            num_classes=2,
            num_keypoints=NUM_JOINTS,
            min_size=min_size_px,
            box_score_thresh=score_min,
            box_detections_per_img=max_people,
        )
        for module in model.modules():
            if isinstance(module, FrozenBatchNorm2d):
                module.eps = 0.0  # the published weights were trained so
        try:
            model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        except (RuntimeError, KeyError, AttributeError, pickle.UnpicklingError) as error:
            raise MissingWeightsError(
                f"{path} does not hold a Keypoint R-CNN with a ResNet-50 FPN: delete it and run again"
            ) from error
        self._model: Any = model.eval().to(self._device)

    @torch.inference_mode()
    def detect(self, frames_THWC: np.ndarray, *, at: FramesAt) -> list[People]:
        """Return the people of each frame with their joints."""
        people = []
        for start in range(0, len(frames_THWC), self._batch_size):
            for found in self._model(self._images(frames_THWC[start : start + self._batch_size])):
                people.append(
                    People(
                        boxes_N4=_numpy(found["boxes"]),
                        scores_N=_numpy(found["scores"]),
                        keypoints_NJC=_joints(found["keypoints"], found["keypoints_scores"]),
                    )
                )
        return people

    @torch.inference_mode()
    def keypoints(self, frames_THWC: np.ndarray, boxes: Sequence[np.ndarray], *, at: FramesAt) -> list[np.ndarray]:
        """Return the joints (N, 17, 3) of the people in the given boxes of each frame, by the keypoint head alone."""
        poses: list[np.ndarray] = []
        for start in range(0, len(frames_THWC), self._batch_size):
            stop = start + self._batch_size
            poses += self._heads(self._images(frames_THWC[start:stop]), boxes[start:stop])
        return poses

    def _heads(self, images: list[torch.Tensor], boxes: Sequence[np.ndarray]) -> list[np.ndarray]:
        seen = [np.flatnonzero(np.isfinite(boxes_N4).all(axis=1)) for boxes_N4 in boxes]
        poses = [no_keypoints(len(boxes_N4)) for boxes_N4 in boxes]
        if not sum(len(rows) for rows in seen):
            return poses
        targets = [
            {"boxes": torch.as_tensor(boxes_N4[rows], dtype=torch.float32, device=self._device).reshape(-1, 4)}
            for boxes_N4, rows in zip(boxes, seen, strict=True)
        ]
        sizes = [(image.shape[-2], image.shape[-1]) for image in images]
        batch, scaled = self._model.transform(images, [dict(target) for target in targets])
        places = [target["boxes"] for target in scaled]
        heads = self._model.roi_heads
        pooled = heads.keypoint_roi_pool(self._model.backbone(batch.tensors), places, batch.image_sizes)
        logits = heads.keypoint_predictor(heads.keypoint_head(pooled))
        joints, scores = keypointrcnn_inference(logits, places)
        results = [
            {"boxes": place, "keypoints": joint, "keypoints_scores": score}
            for place, joint, score in zip(places, joints, scores, strict=True)
        ]
        found = self._model.transform.postprocess(results, batch.image_sizes, sizes)
        for keypoints_NJC, rows, joints in zip(poses, seen, found, strict=True):
            keypoints_NJC[rows] = _joints(joints["keypoints"], joints["keypoints_scores"])
        return poses

    def _images(self, frames_BHWC: np.ndarray) -> list[torch.Tensor]:
        batch = torch.from_numpy(np.ascontiguousarray(frames_BHWC)).to(self._device)
        return list(batch.permute(0, 3, 1, 2).float().div(255.0))


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.cpu().numpy().astype(np.float64)


def _joints(keypoints_NJC: torch.Tensor, scores_NJ: torch.Tensor) -> np.ndarray:
    """Return joints with a confidence: heat map peaks are logits, negative for hidden joints."""
    joints_NJC = _numpy(keypoints_NJC).reshape(-1, NUM_JOINTS, 3)
    joints_NJC[..., 2] = _numpy(scores_NJ.sigmoid()).reshape(-1, NUM_JOINTS)
    return joints_NJC
