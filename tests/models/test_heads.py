from __future__ import annotations

import pytest
import torch

from slowpaths.core.strokes import FACTORS, INDEX, STROKES
from slowpaths.models.heads import (
    FACTOR_NAMES,
    FactorHeads,
    classify,
    factor_members,
    pooled_features,
    projection,
    swap_head,
)
from slowpaths.models.slowfast import TINY, build_slowfast


def test_features_and_head_compose_to_the_network() -> None:
    network = build_slowfast(**TINY).eval()
    pathways = [torch.randn(2, 3, 4, 48, 48), torch.randn(2, 3, 16, 48, 48)]
    with torch.inference_mode():
        features = pooled_features(network, pathways)
        assert features.shape == (2, 640)  # 32 x 16 slow, a quarter of that fast
        assert torch.allclose(classify(network, features), network([clip.clone() for clip in pathways]), atol=1e-6)
    assert pathways[0].shape == (2, 3, 4, 48, 48)


def test_swapping_the_head_leaves_the_backbone() -> None:
    network = build_slowfast(num_classes=400, **TINY)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    swap_head(network, num_classes=5)
    assert projection(network).out_features == 5
    for name, tensor in network.state_dict().items():
        assert tensor.shape != before[name].shape if "proj" in name else torch.equal(tensor, before[name])


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
