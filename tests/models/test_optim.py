from __future__ import annotations

import pytest
import torch
from tests.models.training import QUIET, classifier, loader, trainer
from torch import nn

from slowpaths.core.errors import UsageError
from slowpaths.models.ema import update_ema
from slowpaths.models.optim import build_optimiser, cosine_with_warmup, rate_at
from slowpaths.models.settings import OptimSettings

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv3d(1, 2, 1), nn.BatchNorm3d(2), nn.Linear(2, 3))


def test_rates_scale_with_the_batch_and_vectors_do_not_decay() -> None:
    layers = network()
    optimiser = build_optimiser(
        OptimSettings(lr=0.01, head_lr_ratio=10, weight_decay=1e-4),
        backbone=[[*layers[0].parameters(), *layers[1].parameters()]],
        head=layers[2].parameters(),
        batch_size=16,
    )
    settings = {
        id(parameter): (group["lr"], group["weight_decay"])
        for group in optimiser.param_groups
        for parameter in group["params"]
    }
    assert settings[id(layers[0].weight)] == (0.02, 1e-4)
    assert settings[id(layers[0].bias)] == settings[id(layers[1].weight)] == (0.02, 0.0)
    assert settings[id(layers[2].weight)] == (pytest.approx(0.2), 1e-4)
    assert settings[id(layers[2].bias)] == (pytest.approx(0.2), 0.0)
    assert all(group["nesterov"] for group in optimiser.param_groups)


def test_adamw_has_the_same_groups() -> None:
    layers = network()
    adamw = {"_target_": "slowpaths.models.optim.adamw", "beta1": 0.8}
    settings = OptimSettings(optimiser=adamw, lr=0.001, weight_decay=0.05)
    parts = {"backbone": [layers[0].parameters()], "head": layers[2].parameters()}
    optimiser = build_optimiser(settings, batch_size=16, **parts)
    assert isinstance(optimiser, torch.optim.AdamW)
    assert [(group["lr"], group["weight_decay"]) for group in optimiser.param_groups] == [
        (0.002, 0.05), (0.002, 0.0), (pytest.approx(0.02), 0.05), (pytest.approx(0.02), 0.0)
    ]  # fmt: skip
    assert {group["betas"] for group in optimiser.param_groups} == {(0.8, 0.999)}


def test_rates_fall_from_stage_to_stage_and_scale_with_the_batch() -> None:
    layers = network()
    settings = OptimSettings(lr=0.01, head_lr_ratio=10, layer_decay=0.5)
    stages = [layers[0].parameters(), layers[1].parameters()]
    optimiser = build_optimiser(settings, backbone=stages, head=layers[2].parameters(), batch_size=16)
    rate_of = {id(p): group["lr"] for group in optimiser.param_groups for p in group["params"]}
    assert [rate_of[id(layer.bias)] for layer in layers] == pytest.approx([0.01, 0.02, 0.2])


def test_rates_of_the_stages_of_slowfast_scale_with_the_clips_of_a_step() -> None:
    def rates(batch_size: int) -> dict[str, float]:
        model = classifier(layer_decay=0.5, lr=0.01, batch_size=batch_size)
        run = trainer(max_epochs=1)
        run.fit(model, loader(8))
        named = {id(weight): name for name, weight in model.network.named_parameters()}
        groups = run.optimizers[0].param_groups
        return {named[id(p)]: group["initial_lr"] for group in groups for p in group["params"] if id(p) in named}

    at_8, at_32 = rates(8), rates(32)
    assert at_8.keys() == at_32.keys()
    assert [at_32[name] for name in at_8] == pytest.approx([4 * rate for rate in at_8.values()])
    assert at_8["blocks.6.proj.weight"] == pytest.approx(0.1)
    stem, res2 = (next(rate for name, rate in at_8.items() if name.startswith(f"blocks.{n}.")) for n in (0, 1))
    assert stem == pytest.approx(res2 / 2) and res2 < 0.01


@pytest.mark.parametrize("options", [{"layer_decay": 0.0}, {"frozen_stages": -1}, {"precise_bn_batches": -1}])
def test_settings_out_of_range_are_refused(options: dict) -> None:
    with pytest.raises(UsageError, match=rf"optim\.{next(iter(options))}="):
        OptimSettings(**options)


def test_any_optimiser_of_torch_will_do_and_wrong_arguments_are_said() -> None:
    layers = network()
    parts = {"backbone": [list(layers[0].parameters())], "head": list(layers[2].parameters())}
    wanted = {"_target_": "torch.optim.RMSprop", "alpha": 0.9}
    optimiser = build_optimiser(OptimSettings(optimiser=wanted, lr=0.5), batch_size=8, **parts)
    assert isinstance(optimiser, torch.optim.RMSprop)
    assert {group["alpha"] for group in optimiser.param_groups} == {0.9}
    assert optimiser.param_groups[0]["lr"] == 0.5
    for target, message in (("torch.optim.Lamb", "cannot be imported"), ("torch.optim.SGD", "cannot be called so")):
        with pytest.raises(UsageError, match=f"_target_={target} {message}"):
            build_optimiser(OptimSettings(optimiser={"_target_": target, "colour": 1}), batch_size=8, **parts)


def test_frozen_parameters_are_left_out() -> None:
    layers = network()
    layers[0].requires_grad_(False)
    optimiser = build_optimiser(
        OptimSettings(lr=0.1), backbone=[layers[0].parameters()], head=layers[2].parameters(), batch_size=8
    )
    assert {id(p) for group in optimiser.param_groups for p in group["params"]} == set(map(id, layers[2].parameters()))


def test_rate_rises_and_falls() -> None:
    layers = network()
    optimiser = torch.optim.SGD(layers.parameters(), lr=2.0)
    schedule = cosine_with_warmup(optimiser, num_steps=10, warmup_steps=4)
    rates = []
    for _ in range(10):
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    assert rates[:5] == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0])
    assert rates[7] == pytest.approx(1.0)  # half way down
    assert rates == sorted(rates[:4]) + sorted(rates[4:], reverse=True)
    assert schedule.get_last_lr()[0] == pytest.approx(0, abs=1e-12)
    assert rate_at(50, num_steps=10, warmup_steps=0) == pytest.approx(0)


@pytest.mark.parametrize("warmup_steps", [10, 34])
def test_warm_up_longer_than_the_run_is_refused(warmup_steps: int) -> None:
    optimiser = torch.optim.SGD(network().parameters(), lr=1.0)
    with pytest.raises(UsageError, match=r"lower optim.warmup_epochs or raise trainer.max_epochs"):
        cosine_with_warmup(optimiser, num_steps=10, warmup_steps=warmup_steps)


def test_the_ema_follows_weights_and_statistics() -> None:
    average, moving = network(), network()
    for module, value in ((average, 0.0), (moving, 1.0)):
        for tensor in (*module.parameters(), module[1].running_mean):
            tensor.data.fill_(value)
    moving[1].num_batches_tracked.fill_(7)
    update_ema(average, moving, decay=0.9, num_updates=1000)
    assert average[0].weight.flatten().tolist() == pytest.approx([0.1, 0.1])
    assert average[1].running_mean.tolist() == pytest.approx([0.1, 0.1])
    assert average[1].num_batches_tracked == 7
    update_ema(average, moving, decay=0.9, num_updates=0)  # early on: decay .1
    assert average[0].weight.flatten().tolist() == pytest.approx([0.91, 0.91])
