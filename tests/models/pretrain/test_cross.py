from __future__ import annotations

import math

import pytest
import torch
from tests.models.pretrain.parts import plain, seen

from slowpaths.models.pretrain.cross import CrossPathway
from slowpaths.models.pretrain.part import unit

EYE = torch.eye(2)


def test_negatives_are_other_balls_of_the_same_scene_worked_by_hand() -> None:
    rows = torch.cat([EYE, EYE])
    part, views = plain(CrossPathway, temperature=1.0), seen((rows, rows))
    assert part(views).item() == 0  # two clips of two scenes
    views.batch.scene_B.zero_()
    # Each clip meets the other twice, in both views, at right angles, from slow to fast and from fast to slow.
    assert part(views).item() == pytest.approx(math.log(1 + 2 / math.e))
    views.batch.ball_B.zero_()
    assert part(views).item() == 0  # a replay is no negative


def test_a_key_is_of_the_scene_of_its_own_view() -> None:
    part = plain(CrossPathway, temperature=1.0)
    slow = unit(torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.8, -0.6], [0.0, 1.0]]))
    views = seen((slow, slow))
    views.batch.scene_B.copy_(torch.tensor([0, 0, 0, 5]))  # the second view of the second clip is a replay elsewhere
    views.batch.ball_B.copy_(torch.tensor([0, 1, 0, 1]))
    # Rows: both views of a ball. The replay meets nobody; of the second ball the first ball meets the first view alone.
    negatives, other = {0: [1], 1: [0, 2], 2: [1], 3: []}, {0: 2, 1: 3, 2: 0, 3: 1}
    expected = 0.0
    for row, against in negatives.items():
        positive = float(slow[row] @ slow[other[row]])
        total = math.exp(positive) + sum(math.exp(float(slow[row] @ slow[key])) for key in against)
        expected += (math.log(total) - positive) / 4
    assert part(views).item() == pytest.approx(expected)


def test_slow_is_compared_with_the_fast_of_the_other_view() -> None:
    part = plain(CrossPathway, temperature=1.0)
    slow, fast = torch.cat([EYE, EYE]), torch.cat([EYE.flip(0), EYE])  # fast is wrong in the first view
    views = seen((slow, slow), (slow, fast))
    views.batch.scene_B.zero_()
    right, wrong = math.log(1 + 2 / math.e), math.log(1 + 2 * math.e)
    # From slow, a negative lies in either view: one at right angles, one alike, whichever the positive.
    keys = torch.cat([fast[2:], fast[:2]])
    expected = []
    for row in range(4):
        positive = float(slow[row] @ keys[row])
        negatives = [float(slow[row] @ keys[k]) for k in range(4) if k % 2 != row % 2]
        expected.append(math.log(math.exp(positive) + sum(map(math.exp, negatives))) - positive)
    assert part(views).item() == pytest.approx((sum(expected) / 4 + right) / 2)
    assert max(expected) < wrong
