"""What may be chosen about the trainer."""

from __future__ import annotations

from typing import get_args

import pytest
from tests.models.training import classifier, loader, trainer

from slowpaths.apps import _launch, _values
from slowpaths.apps._trainer import Precision, TrainerSettings
from slowpaths.core.errors import UsageError


def chosen(precision: str) -> TrainerSettings:
    cfg = _launch.compose("train", ["mined=m", "out=o", f"trainer.precision={precision}"])
    return _values.build(TrainerSettings, _launch.plain(cfg)["trainer"])


@pytest.mark.filterwarnings("ignore")  # of Lightning
@pytest.mark.parametrize("precision", get_args(Precision))
def test_a_network_trains_in_every_precision_on_offer(precision: str) -> None:
    model = classifier()
    run = trainer(max_steps=1, precision=chosen(precision).precision)
    run.fit(model, loader(4))
    assert run.global_step == 1 and all(weight.isfinite().all() for weight in model.parameters())


@pytest.mark.parametrize("precision", ["16-true", "bf16-true", "64-true", "16", "bf16", "64"])
def test_a_precision_that_networks_do_not_train_in_is_refused(precision: str) -> None:
    sentence = f"trainer.precision={precision} is unknown: choose one of 32-true, 16-mixed, bf16-mixed, 32$"
    with pytest.raises(UsageError, match=sentence):
        chosen(precision)


@pytest.mark.parametrize(
    ("given", "is_one"),
    [
        ({}, True),
        ({"devices": (0,)}, True),
        ({"devices": (0, 1)}, False),
        ({"devices": -1}, False),
        ({"num_nodes": 2}, False),
    ],
)
def test_one_device_is_one_however_it_is_named(given, is_one):
    assert TrainerSettings(**given).is_one_device == is_one
