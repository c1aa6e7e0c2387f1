from __future__ import annotations

import math

import pytest
import torch
from tests.models.pretrain.parts import NOTHING, plain, seen

from slowpaths.models.pretrain.moco import Moco

EYE = torch.eye(2)
ROWS = torch.cat([EYE, EYE])  # two clips, both views alike


def test_the_queue_holds_other_balls_and_the_loss_is_worked_by_hand() -> None:
    part = plain(Moco, dim=2, num_keys=3, temperature=1.0)
    views = seen((ROWS, NOTHING))
    assert part(views).item() == 0  # the queue is empty
    part.remember(views)  # of four keys the last three stay: b, a, b
    assert part.queue_ball_K.tolist() == [1, 0, 1]
    assert torch.equal(part.queue_KD, EYE[[1, 0, 1]])
    # a (ball 0) meets the two b, at right angles; b meets one a.
    a, b = math.log(1 + 2 / math.e), math.log(1 + 1 / math.e)
    assert part(views).item() == pytest.approx((a + b) / 2)


def test_new_keys_take_the_place_of_the_oldest() -> None:
    part = plain(Moco, dim=2, num_keys=6)
    part.remember(seen((ROWS, NOTHING)))
    assert part.queue_ball_K.tolist() == [0, 1, 0, 1, -1, -1]
    views = seen((-ROWS, NOTHING))
    views.batch.ball_B.copy_(torch.tensor([7, 8, 7, 8]))
    part.remember(views)
    assert part.queue_ball_K.tolist() == [7, 8, 0, 1, 7, 8]
    assert int(part.next_key) == 2
    assert torch.equal(part.queue_KD[:2], -EYE)


def test_the_queue_is_in_the_checkpoint() -> None:
    assert {"queue_KD", "queue_ball_K", "next_key"} <= plain(Moco).state_dict().keys()
