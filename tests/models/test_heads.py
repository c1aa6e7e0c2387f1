from __future__ import annotations

import pytest
import torch
from torch import nn

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import FACTORS, INDEX, STROKES
from slowpaths.models.baselines.x3d_s import build_x3d
from slowpaths.models.heads import (
    FACTOR_NAMES,
    FactorHeads,
    factor_members,
    head_prefix,
    logits_and_features,
    projection,
    stages,
)
from slowpaths.models.slowfast import TINY, build_slowfast


def test_stages_are_the_backbone_from_the_input_on() -> None:
    slowfast = build_slowfast(num_classes=14, **TINY)
    assert stages(slowfast) == list(slowfast.blocks[:5])  # the sixth pools, and has no weights
    x3d = build_x3d(num_classes=14, width_factor=1.0, depth_factor=0.5)
    assert stages(x3d) == list(x3d.blocks[:5])  # the sixth holds the head, and convolutions before it
    plain = Plain(num_classes=14)
    assert stages(plain) == [plain.conv]
    assert stages(nn.Sequential(nn.Dropout(0.1), plain)) == [plain.conv]
    assert stages(plain.head) == stages(plain.head[1]) == []


def test_features_and_head_compose_to_the_network() -> None:
    network = build_slowfast(num_classes=14, **TINY).eval()
    pathways = [torch.randn(2, 3, 4, 48, 48), torch.randn(2, 3, 16, 48, 48)]
    with torch.inference_mode():
        logits, features = logits_and_features(network, pathways)
        assert features.shape == (2, 640)  # 32 x 16 slow, a quarter of that fast
        assert torch.allclose(logits, network([clip.clone() for clip in pathways]), atol=1e-6)
    assert pathways[0].shape == (2, 3, 4, 48, 48)


class Plain(nn.Module):
    """A network of somebody else: two pathways in, one linear layer at the end."""

    def __init__(self, num_classes: int, num_features: int = 6) -> None:
        super().__init__()
        self.conv = nn.Conv3d(3, num_features, 1)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(num_features, num_classes))

    def forward(self, pathways: list[torch.Tensor]) -> torch.Tensor:
        return self.head(self.conv(pathways[0]).mean(dim=(2, 3, 4)))


def test_any_network_that_ends_in_a_linear_layer_has_features_and_a_head() -> None:
    network = Plain(num_classes=14).eval()
    pathways = [torch.randn(2, 3, 2, 8, 8), torch.randn(2, 3, 8, 8, 8)]
    logits, features = logits_and_features(network, pathways)
    assert torch.equal(logits, network(pathways))
    assert torch.equal(network.head[1](features), logits)
    assert projection(network) is network.head[1]
    assert (head_prefix(network), head_prefix(build_slowfast(num_classes=14, **TINY))) == ("head.1.", "blocks.6.")
    assert not network.head[1]._forward_pre_hooks
    with pytest.raises(UsageError, match=r"Conv3d has no torch\.nn\.Linear to name the classes: end it with one"):
        projection(nn.Conv3d(1, 1, 1))


def test_factor_targets_are_marginals() -> None:
    heads = FactorHeads(8)
    probs = torch.zeros(1, 14)
    probs[0, INDEX["pull_hook"]], probs[0, INDEX["cut"]], probs[0, INDEX["leave"]] = 0.5, 0.3, 0.2
    targets = heads.targets(probs)
    side = dict(zip(factor_members("side")[0], targets["side"][0].tolist(), strict=True))
    assert side == pytest.approx({"leg": 0.5, "off": 0.3, "-": 0.2, "straight": 0.0})
    foot = dict(zip(factor_members("foot")[0], targets["foot"][0].tolist(), strict=True))
    assert foot == pytest.approx({"B": 0.8, "F": 0.0, "-": 0.2})
    assert {name: logits.shape for name, logits in heads(torch.zeros(3, 8)).items()} == {
        name: (3, len(factor_members(name)[0])) for name in FACTOR_NAMES
    }


@pytest.mark.parametrize("name", FACTOR_NAMES)
def test_every_stroke_has_one_value_of_each_factor(name: str) -> None:
    values, members = factor_members(name)
    assert members.sum(dim=1).tolist() == [1] * 14
    for row, stroke in enumerate(STROKES):
        assert values[int(members[row].argmax())] == getattr(FACTORS[stroke], name)
