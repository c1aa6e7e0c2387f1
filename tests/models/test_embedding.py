"""Embeddings, and names under change, of networks whose answers can be worked out by hand."""

from __future__ import annotations

from typing import Any

import torch
from tests.models.training import classifier
from torch import nn

from slowpaths.core.stroke_sequence import CHANNELS, STEPS
from slowpaths.core.strokes import NUM_STROKES
from slowpaths.data.batch import ClipBatch, pack_pathways, takes
from slowpaths.models.embedding import embed, mirror_image, moved


def pixels(fast_BCTHW: torch.Tensor) -> ClipBatch:
    slow_BCTHW, _ = pack_pathways(fast_BCTHW, alpha=4)
    num = len(fast_BCTHW)
    zeros = torch.zeros(num, dtype=torch.int64)
    return ClipBatch(
        slow_BCTHW=slow_BCTHW, fast_BCTHW=fast_BCTHW, probs_BC=torch.zeros(num, NUM_STROKES),
        features_BF=torch.zeros(num, 0), weights_B=torch.ones(num), index_B=torch.arange(num), view_B=zeros,
        scene_B=zeros, ball_B=zeros,
    )  # fmt: skip


class LeftOrRight(nn.Module):
    """Name stroke 0 where the left half is brighter, else stroke 1."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.head = nn.Linear(2, num_classes)
        with torch.no_grad():
            self.head.weight.zero_()[0, 0] = 1
            self.head.weight[1, 1] = 1
            self.head.bias.fill_(-9)[:2] = 0

    def forward(self, pathways: Any) -> torch.Tensor:
        clip_BCTHW = pathways[1]
        half = clip_BCTHW.shape[-1] // 2
        sides = [clip_BCTHW[..., :half].mean(dim=(1, 2, 3, 4)), clip_BCTHW[..., half:].mean(dim=(1, 2, 3, 4))]
        return self.head(torch.stack(sides, dim=1))


@takes("skeleton")
class FirstStep(LeftOrRight):
    """Name stroke 0 where the first step is higher than the last."""

    def forward(self, sequences_BSD: torch.Tensor) -> torch.Tensor:
        return self.head(sequences_BSD[:, [0, -1], 1])


def test_a_mirrored_clip_changes_the_name_of_what_looks_at_sides_and_a_moment_does_not():
    fast_BCTHW = torch.zeros(2, 3, 8, 4, 4, dtype=torch.uint8)
    fast_BCTHW[0, ..., :2] = 200
    fast_BCTHW[1] = 50  # neither side: alike, mirrored or not
    model = classifier(network={"_target_": f"{__name__}.LeftOrRight"}, clip={"frame_stride": 1})
    found = embed(model, [pixels(fast_BCTHW)])
    assert found.kept["mirror"].tolist() == [0, 1] and found.kept["jitter"].tolist() == [1, 1]
    assert found.embedding_ND.shape == (2, 2) and found.embedding_ND[0, 0] > found.embedding_ND[0, 1]
    assert found.is_shown_N.all()


def test_a_skeleton_moved_by_a_step_changes_the_name_of_what_looks_at_one_step_and_nobody_is_not_shown():
    sequences_BTD = torch.zeros(2, STEPS, CHANNELS)
    sequences_BTD[0, 0, 1], sequences_BTD[0, 1, 1] = 1, -1
    batch = pixels(torch.zeros(2, 3, 0, 0, 0, dtype=torch.uint8))
    batch = ClipBatch(**{**{name: getattr(batch, name) for name in batch.__slots__}, "sequences_BTD": sequences_BTD})
    model = classifier(network={"_target_": f"{__name__}.FirstStep"}, clip={"input_kind": "skeleton"})
    found = embed(model, [batch])
    assert found.kept["jitter"][0] == 0.5  # later, the first step is low; earlier, it stands still
    assert found.is_shown_N.tolist() == [True, False]


def test_a_moved_clip_stands_still_at_its_end_in_both_pathways_and_a_mirror_image_of_a_mirror_image_is_the_clip():
    fast_BCTHW = torch.arange(8, dtype=torch.uint8)[None, None, :, None, None].repeat(1, 3, 1, 2, 2)
    later = moved(pixels(fast_BCTHW), 2)
    assert later.fast_BCTHW[0, 0, :, 0, 0].tolist() == [2, 3, 4, 5, 6, 7, 7, 7]
    assert later.slow_BCTHW[0, 0, :, 0, 0].tolist() == [2, 7]
    wide = pixels(torch.arange(4, dtype=torch.uint8).expand(1, 3, 8, 4, 4).contiguous())
    assert mirror_image(wide).slow_BCTHW[0, 0, 0, 0].tolist() == [3, 2, 1, 0]
    assert torch.equal(mirror_image(mirror_image(wide)).fast_BCTHW, wide.fast_BCTHW)
