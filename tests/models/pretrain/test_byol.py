from __future__ import annotations

import pytest
import torch
from tests.models.pretrain.parts import NOTHING, plain, seen

from slowpaths.core.errors import UsageError
from slowpaths.models.pretrain.byol import Byol
from slowpaths.models.pretrain.part import Sizes


def test_the_loss_is_that_of_the_paper_worked_by_hand() -> None:
    # Two clips, rows v1a v1b v2a v2b: a's prediction agrees with the other view one way, and is across the other way.
    query = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 5.0], [0.0, 1.0]])
    key = torch.tensor([[1.0, 0.0], [0.0, 1.0], [3.0, 0.0], [0.0, -1.0]])
    # a: <q1,k2> = 1, <q2,k1> = 0; b: <q1,k2> = -1, <q2,k1> = 1; so 2 - mean(1 + 0, -1 + 1) = 2 - .5
    loss = plain(Byol)(seen((query, NOTHING), (key, NOTHING)))
    assert loss.item() == pytest.approx(1.5)


def test_no_gradient_reaches_the_average() -> None:
    query, key = torch.rand(4, 2, requires_grad=True), torch.rand(4, 2)
    part = Byol(sizes=Sizes(2, 0), hidden=4, dim=3)
    part.average_heads()
    part(seen((query, NOTHING), (key, NOTHING))).backward()
    assert query.grad is not None and query.grad.abs().sum() > 0
    assert all(p.grad is None for p in part.averages.parameters())
    assert all(p.grad is not None for p in part.heads.parameters())


def test_a_setting_out_of_range_is_named() -> None:
    with pytest.raises(UsageError, match=r"objective\.parts\.byol\.hidden=0 is out of range: give 1 or more"):
        Byol(sizes=Sizes(2, 2), hidden=0)
    with pytest.raises(UsageError, match=r"objective\.parts\.byol\.weight=nan is out of range"):
        Byol(sizes=Sizes(2, 2), weight=float("nan"))
