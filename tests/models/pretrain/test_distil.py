from __future__ import annotations

import math

import pytest
import torch
from tests.models.pretrain.parts import NOTHING, seen

from slowpaths.core.errors import UsageError
from slowpaths.models.pretrain.distil import Distil
from slowpaths.models.pretrain.part import Sizes


def blank(**options: object) -> Distil:
    part = Distil(sizes=Sizes(2, 0, ("up", "right")), **options)  # type: ignore[arg-type]
    for parameter in part.heads.parameters():
        parameter.data.zero_()
    return part


def test_a_posterior_counts_where_it_is_confident() -> None:
    views = seen((torch.zeros(4, 2), NOTHING))  # labels of the factory are sure by .9
    assert blank()(views).item() == pytest.approx(math.log(14), abs=1e-5)
    assert blank(min_confidence=0.95)(views).item() == 0
    assert blank(teacher="student")(views).item() == pytest.approx(math.log(14), abs=1e-5)  # batches carry its opinion


def test_features_are_learnt_where_they_are_known() -> None:
    views = seen((torch.zeros(4, 2), NOTHING))
    # Two clips, features (-1, -1) and (-1, unknown): a Huber loss of .5 each.
    assert blank(teacher="features")(views).item() == pytest.approx(0.5)


def test_a_teacher_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(UsageError, match=r"objective\.parts\.distil\.teacher=pose is unknown"):
        blank(teacher="pose")
    with pytest.raises(UsageError, match="carry no features to distil"):
        Distil(sizes=Sizes(2, 2), teacher="features")
