from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slowpaths.core.errors import MissingWeightsError
from slowpaths.pose.protocol import FramesAt

AT = FramesAt(path=Path("video.mp4"), indices_T=np.arange(2))


@pytest.mark.slow
def test_boxes_and_joints_agree_between_both_calls(tmp_path: Path) -> None:
    import torch
    from torchvision.models.detection import KeypointRCNN as Model
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    from slowpaths.pose.backends.keypoint_rcnn import KeypointRCNN

    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(backbone_name="resnet50", weights=None)
    torch.save(Model(backbone, num_classes=2, num_keypoints=17).state_dict(), tmp_path / "random.pth")
    net = KeypointRCNN(weights=tmp_path / "random.pth", score_min=0.0, min_size_px=96, max_people=3, batch_size=2)
    frames = np.random.default_rng(0).integers(0, 255, size=(2, 90, 160, 3)).astype(np.uint8)
    people = net.detect(frames, at=AT)
    assert len(people) == 2
    boxes = [found.boxes_N4 for found in people]
    again = net.keypoints(frames, [boxes[0], np.vstack([np.full((1, 4), np.nan), boxes[1]])], at=AT)
    for found, boxes_N4, pose_NJC in zip(people, boxes, (again[0], again[1][1:]), strict=True):
        assert len(boxes_N4) == 3
        assert (boxes_N4[:, 2] <= 160).all()
        assert pose_NJC == pytest.approx(found.keypoints_NJC, abs=0.05)
        assert ((pose_NJC[..., 2] >= 0) & (pose_NJC[..., 2] <= 1)).all()
    assert np.isnan(again[1][0, :, :2]).all()
    assert [len(pose) for pose in net.keypoints(frames, [np.zeros((0, 4))] * 2, at=AT)] == [0, 0]


def test_a_file_with_something_else_is_named(tmp_path: Path) -> None:
    import torch

    from slowpaths.pose.backends.keypoint_rcnn import KeypointRCNN

    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(MissingWeightsError, match=r"other.pth does not hold a Keypoint R-CNN"):
        KeypointRCNN(weights=tmp_path / "other.pth")
