from __future__ import annotations

import pytest
import torch
from tests.models.training import SMALL, view_batch

from slowpaths.core.errors import UsageError
from slowpaths.core.parts import build
from slowpaths.models.pretrain import pace
from slowpaths.models.pretrain.pace import Pace, paced
from slowpaths.models.pretrain.part import Views, sizes_of


def test_frames_are_shown_at_their_pace_and_stay_inside() -> None:
    clip = torch.arange(16.0).view(1, 1, 16, 1, 1).expand(3, -1, -1, -1, -1)
    paces = torch.tensor([0, 1, 2])
    shown = [paced(clip, paces, torch.full((3,), start)).flatten(1).tolist() for start in (0.0, 1.0)]
    assert shown[0] == [[0, 1, 2, 3], [0, 2, 4, 6], [0, 4, 8, 12]]
    assert shown[1] == [[12, 13, 14, 15], [9, 11, 13, 15], [3, 7, 11, 15]]


def test_an_undecided_head_loses_log_three_and_short_clips_are_refused() -> None:
    network = build(SMALL, key="model", num_classes=1).eval()
    part = Pace(sizes=sizes_of(network)).eval()
    for parameter in part.heads.parameters():
        parameter.data.zero_()
    assert part(Views(view_batch(3, num_frames=16), network, network)).item() == pytest.approx(1.0986, abs=1e-4)
    with pytest.raises(UsageError, match=r"data\.num_frames=8 is too short for three paces: give 16"):
        part(Views(view_batch(3), network, network))


def test_the_middle_of_clips_is_validated(monkeypatch) -> None:
    network = build(SMALL, key="model", num_classes=1).eval()
    seen = []
    monkeypatch.setattr(
        pace, "paced", lambda clip, paces, start_B: (seen.append(start_B), paced(clip, paces, start_B))[1]
    )
    part = Pace(sizes=sizes_of(network))
    part.eval()(Views(view_batch(3, num_frames=16), network, network))
    part.train()(Views(view_batch(3, num_frames=16), network, network))
    assert seen[0].tolist() == [0.5] * len(seen[0]) and len(set(seen[1].tolist())) == len(seen[1])
