from __future__ import annotations

import math

import pytest
import torch
from tests.models.training import SMALL, view_batch

from slowpaths.core.errors import UsageError
from slowpaths.core.parts import build
from slowpaths.models.pretrain.part import Views, sizes_of
from slowpaths.models.pretrain.temporal import TemporalContrast, window_loss

EYE = torch.eye(2)


def test_windows_of_a_clip_are_its_own_negatives_worked_by_hand() -> None:
    # Clip a tells its two windows apart; clip b sees the same in both; what b sees does not matter to a.
    found = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    a, b = math.log(1 + math.exp(-1)), math.log(2)
    both, only_a = (
        window_loss(found, found, torch.tensor(flags), temperature=1.0) for flags in ([True, True], [True, False])
    )
    assert both.item() == pytest.approx((a + b) / 2)
    assert only_a.item() == pytest.approx(a)
    assert window_loss(found, found, torch.tensor([False, False]), temperature=1.0).item() == 0


def test_clips_are_cut_into_windows_at_the_ratio_of_the_pathways() -> None:
    network = build(SMALL, key="model", num_classes=1)
    part = TemporalContrast(sizes=sizes_of(network), num_windows=2)
    views = Views(view_batch(3), network, network)
    slow, fast = part._windows(views, views.second_B)
    assert slow.shape == (6, 3, 1, 32, 32) and fast.shape == (6, 3, 4, 32, 32)
    assert torch.equal(fast[3], views.pathways[1][4, :, 4:])  # second window of the second clip
    with pytest.raises(UsageError, match=r"data\.num_frames=8 holds no 4 windows of 4 frames"):
        TemporalContrast(sizes=sizes_of(network)).eval()(views)
