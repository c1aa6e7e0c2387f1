from __future__ import annotations

import math

import pytest
import torch

from slowpaths.core.errors import UsageError
from slowpaths.models.losses import (
    adjust_logits,
    generalised_cross_entropy,
    hard_cross_entropy,
    soft_cross_entropy,
    symmetric_cross_entropy,
    weighted_mean,
)

# Two classes at odds 3 : 1, so p = (.75, .25).
LOGITS = torch.tensor([[math.log(3.0), 0.0]])


@pytest.mark.parametrize(
    ("loss", "target", "value"),
    [
        (soft_cross_entropy, [1.0, 0.0], -math.log(0.75)),
        (soft_cross_entropy, [0.5, 0.5], -0.5 * math.log(0.75) - 0.5 * math.log(0.25)),
        (hard_cross_entropy, [0.4, 0.6], -math.log(0.25)),
        # Forward .1 x CE; backward, the class that the target rules out costs 4 times its probability.
        (symmetric_cross_entropy, [1.0, 0.0], -0.1 * math.log(0.75) + 0.25 * 4),
        (symmetric_cross_entropy, [0.0, 1.0], -0.1 * math.log(0.25) + 0.75 * 4),
        (symmetric_cross_entropy, [0.5, 0.5], -0.05 * math.log(0.75 * 0.25) + math.log(2)),
        (generalised_cross_entropy, [1.0, 0.0], (1 - 0.75**0.7) / 0.7),
        (generalised_cross_entropy, [0.5, 0.5], 0.5 * (1 - 0.75**0.7) / 0.7 + 0.5 * (1 - 0.25**0.7) / 0.7),
    ],
)
def test_known_answers(loss, target: list[float], value: float) -> None:
    assert loss(LOGITS, torch.tensor([target])).item() == pytest.approx(value, abs=1e-6)


def test_generalised_cross_entropy_lies_between_its_limits() -> None:
    target = torch.tensor([[1.0, 0.0]])
    for q in (0, -1, 1.5, float("nan")):
        with pytest.raises(UsageError, match=r"loss\.function\.q=.* give a number above 0"):
            generalised_cross_entropy(LOGITS, target, q=q)
    assert generalised_cross_entropy(LOGITS, target, q=1).item() == pytest.approx(0.25)
    assert generalised_cross_entropy(LOGITS, target, q=1e-4).item() == pytest.approx(-math.log(0.75), abs=1e-3)


@pytest.mark.parametrize("options", [{"alpha": -1.0}, {"beta": float("nan")}, {"log_zero": 0.0}])
def test_symmetric_cross_entropy_refuses_what_is_out_of_range(options: dict) -> None:
    with pytest.raises(UsageError, match=r"loss\.function: give alpha and beta"):
        symmetric_cross_entropy(LOGITS, torch.tensor([[1.0, 0.0]]), **options)


@pytest.mark.parametrize(
    "loss", [soft_cross_entropy, hard_cross_entropy, generalised_cross_entropy, symmetric_cross_entropy]
)
def test_one_value_a_clip_and_a_gradient_towards_the_target(loss) -> None:
    logits = torch.zeros(3, 14, requires_grad=True)
    losses = loss(logits, torch.eye(14)[:3])
    assert losses.shape == (3,)
    losses.sum().backward()
    assert logits.grad is not None
    assert logits.grad.argmin(dim=1).tolist() == [0, 1, 2]


def test_soft_loss_of_a_sure_target_is_the_hard_loss() -> None:
    logits, targets = torch.randn(5, 14, generator=torch.Generator().manual_seed(0)), torch.eye(14)[:5]
    assert torch.allclose(soft_cross_entropy(logits, targets), hard_cross_entropy(logits, targets), atol=1e-6)


def test_adjusted_logits_carry_the_prior() -> None:
    # A network that knows nothing must, adjusted, predict the prior: then the bare logits are those of balanced data.
    prior = torch.tensor([0.7, 0.2, 0.1])
    adjusted = adjust_logits(torch.zeros(1, 3), prior.log(), tau=1.0)
    assert torch.allclose(adjusted.softmax(dim=1), prior[None], atol=1e-6)
    assert torch.equal(adjust_logits(LOGITS, torch.tensor([3.0, 4.0]), tau=0.0), LOGITS)


def test_weighted_mean_counts_weights() -> None:
    losses = torch.tensor([1.0, 4.0])
    assert weighted_mean(losses, torch.tensor([3.0, 1.0])).item() == pytest.approx(1.75)
    assert weighted_mean(losses, torch.tensor([0.0, 0.0])).item() == 0
