from __future__ import annotations

import pytest
import torch
from tests.models.training import QUIET, classifier, loader, trainer
from torch import nn

from slowpaths.core.errors import UsageError
from slowpaths.models.lars import Lars
from slowpaths.models.optim import build_optimiser
from slowpaths.models.settings import OptimSettings

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def parameter(values: list, gradient: list) -> nn.Parameter:
    made = nn.Parameter(torch.tensor(values))
    made.grad = torch.tensor(gradient)
    return made


def test_two_steps_worked_by_hand() -> None:
    weight = parameter([[3.0, 4.0]], [[0.0, 2.0]])
    groups = [{"params": [weight], "lr": 0.5, "weight_decay": 0.2}]
    optimiser = Lars(groups, lr=9.0, momentum=0.5, trust=0.1)
    optimiser.step()
    # |w| = 5, |g| = 2: local rate .1 * 5 / (2 + .2 * 5) = 1/6; g + .2 w = (.6, 2.8); velocity .5 / 6 of it.
    assert weight[0].tolist() == pytest.approx([3 - 0.05, 4 - 0.7 / 3], rel=1e-6)
    weight.grad = torch.tensor([[1.0, 0.0]])
    length = (2.95**2 + (4 - 0.7 / 3) ** 2) ** 0.5
    rate = 0.1 * length / (1 + 0.2 * length)
    pull = [1 + 0.2 * 2.95, 0.2 * (4 - 0.7 / 3)]
    velocity = [0.5 * 0.05 + 0.5 * rate * pull[0], 0.5 * 0.7 / 3 + 0.5 * rate * pull[1]]
    optimiser.step()
    assert weight[0].tolist() == pytest.approx([2.95 - velocity[0], 4 - 0.7 / 3 - velocity[1]], rel=1e-6)


def test_a_first_step_has_the_length_of_the_weight_whatever_the_gradient() -> None:
    moves = []
    for scale in (1e-3, 1e3):
        weight = parameter([[3.0, 4.0]], [[scale, scale]])
        Lars([{"params": [weight]}], lr=2.0, trust=0.01).step()
        moves.append(float((weight.detach() - torch.tensor([[3.0, 4.0]])).norm()))
    assert moves == pytest.approx([2.0 * 0.01 * 5] * 2, rel=1e-4)


def test_vectors_move_as_in_sgd_without_decay_and_a_matrix_of_zeros_does_not_stay() -> None:
    vector, same = parameter([1.0, 2.0], [0.5, -1.0]), parameter([1.0, 2.0], [0.5, -1.0])
    lars = Lars([{"params": [vector], "weight_decay": 0.1}], lr=0.1)
    sgd = torch.optim.SGD([same], lr=0.1, momentum=0.9)
    for _ in range(3):
        lars.step()
        sgd.step()
    assert torch.allclose(vector, same)
    empty = parameter([[0.0, 0.0]], [[1.0, 2.0]])
    Lars([{"params": [empty]}], lr=0.1).step()
    assert empty[0].tolist() == pytest.approx([-0.1, -0.2])


def test_it_is_built_with_the_groups_of_the_others_and_trains() -> None:
    layer = nn.Linear(2, 3)
    lars = {"_target_": "slowpaths.models.lars.Lars", "trust": 0.02}
    settings = OptimSettings(optimiser=lars, lr=0.075, weight_decay=1e-6)
    optimiser = build_optimiser(settings, backbone=[], head=layer.parameters(), batch_size=32)
    assert isinstance(optimiser, Lars)
    assert [(g["lr"], g["weight_decay"], g["trust"]) for g in optimiser.param_groups] == [
        (pytest.approx(3.0), 1e-6, 0.02), (pytest.approx(3.0), 0.0, 0.02)
    ]  # fmt: skip
    model = classifier(dropout=0.0, optimiser=lars, lr=0.5, head_lr_ratio=1.0)
    run = trainer(max_epochs=12)
    before = trainer().validate(model, loader(8, is_shuffled=False), verbose=False)[0]["val/nll"]
    run.fit(model, loader(8))
    assert trainer().validate(model, loader(8, is_shuffled=False), verbose=False)[0]["val/nll"] < before


@pytest.mark.parametrize("options", [{"momentum": 1.0}, {"momentum": -0.1}, {"trust": 0.0}, {"trust": float("nan")}])
def test_values_out_of_range_are_one_sentence(options: dict) -> None:
    with pytest.raises(UsageError, match=rf"^optim\.optimiser\.{next(iter(options))}=.* is out of range: give "):
        Lars([{"params": [parameter([1.0], [1.0])]}], lr=0.1, **options)
