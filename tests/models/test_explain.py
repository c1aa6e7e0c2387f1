from __future__ import annotations

import pytest
import torch
from tests.models.training import QUIET, batch, classifier
from torch import nn

from slowpaths.core.errors import UsageError
from slowpaths.models.explain import explain, grad_cam, require_pathways

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def test_maps_are_those_worked_by_hand() -> None:
    # Two pathways, the head takes means and weighs channels: slow by (2, -1), fast by (4).
    slow = torch.tensor([[[1.0, 0.0], [0.0, 2.0]], [[1.0, 4.0], [0.0, 0.0]]])[None, :, None]  # (1, 2, 1, 2, 2)
    fast = torch.tensor([1.0, -3.0])[None, None, :, None, None]  # (1, 1, 2, 1, 1)
    weights = torch.tensor([[0.0, 0.0, 0.0], [2.0, -1.0, 4.0]])

    def head(features: list[torch.Tensor]) -> torch.Tensor:
        return torch.cat([each.mean(dim=(2, 3, 4)) for each in features], dim=1) @ weights.T

    found_slow, found_fast = grad_cam(head, [slow, fast], strokes_B=[1])
    # gradients are the weights over the number of places, 4 and 2: alpha (.5, -.25) and (2)
    assert found_slow.tolist() == [[[[0.25, 0.0], [0.0, 1.0]]]]  # .5 x (1, 0, 0, 2) - .25 x (1, 4, 0, 0), not below 0
    assert found_fast.tolist() == [[[[2.0]], [[0.0]]]]
    assert all(each.abs().max() == 0 for each in grad_cam(head, [slow, fast], strokes_B=[0]))


def test_weights_are_mean_gradients_not_gradients_of_each_place() -> None:
    features = torch.rand(2, 3, 2, 2, 2) + 0.1
    head = lambda maps: torch.stack([maps[0].square().sum(dim=(1, 2, 3, 4)), -maps[0].sum(dim=(1, 2, 3, 4))], 1)  # noqa: E731
    (found,) = grad_cam(head, [features], strokes_B=[0, 1])
    expected = ((2 * features).mean(dim=(2, 3, 4), keepdim=True) * features).sum(dim=1)
    assert torch.allclose(found[0], expected[0])
    assert found[1].abs().max() == 0  # all speaks against the second stroke


def test_both_pathways_of_slowfast_are_explained_at_the_size_of_the_clip() -> None:
    model = classifier()
    one = batch(1)
    found = explain(model, one)
    assert found.probs_C == pytest.approx(model.eval()(one)[0].softmax(dim=0).detach().numpy(), abs=1e-5)
    assert found.stroke == found.probs_C.argmax()
    assert {name: heat.shape for name, heat in found.heat.items()} == {"slow": (8, 32, 32), "fast": (8, 32, 32)}
    for heat in found.heat.values():
        assert heat.min() >= 0 and heat.max() <= 1 + 1e-6
    assert sum(found.share.values()) == pytest.approx(1, abs=1e-6) or sum(found.share.values()) == 0
    assert explain(model, one, stroke=3).stroke == 3


def test_a_pathway_that_the_head_ignores_has_no_heat() -> None:
    model = classifier()
    blocks = model.evaluated.get_submodule("blocks")
    with torch.no_grad():
        weight = blocks[6].proj.weight
        num_slow = weight.shape[1] * 4 // 5  # channel_ratio 4
        weight.abs_()
        weight[:, num_slow:] = 0
    found = explain(model, batch(1))
    assert found.share == {"slow": 1.0, "fast": 0.0}
    assert found.heat["slow"].max() == pytest.approx(1, abs=1e-6) and found.heat["fast"].max() == 0


class Seen(nn.Module):
    """See two features of 1 everywhere in both pathways, four times as many frames in the fast one."""

    multipathway_blocks = ()

    def forward(self, _: list[torch.Tensor]) -> list[torch.Tensor]:
        return [torch.ones(1, 2, 2, 3, 3), torch.ones(1, 2, 8, 3, 3)]


def test_pathways_that_weigh_alike_have_equal_shares() -> None:
    model = classifier()
    network = model.evaluated
    pool, head = network.blocks[5:]
    head.proj = nn.Linear(4, 14)
    nn.init.ones_(head.proj.weight)
    network.blocks = nn.ModuleList([Seen(), pool, head])
    assert explain(model, batch(1)).share == pytest.approx({"slow": 0.5, "fast": 0.5})


def test_a_network_without_pathways_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="Linear of this checkpoint has no slow and fast pathway"):
        require_pathways(nn.Linear(2, 2))
