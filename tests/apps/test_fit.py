"""What a fit says of its run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from lightning.pytorch.accelerators import CPUAccelerator

from slowpaths.apps import _launch, _values
from slowpaths.apps._fit import Job, num_devices
from slowpaths.apps._trainer import TrainerSettings
from slowpaths.apps.verbs import TrainConfig
from slowpaths.core.errors import UsageError


@pytest.mark.filterwarnings("ignore")  # of Lightning
def test_devices_are_those_that_are_counted_listed_or_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def count(devices: Any, accelerator: Any = "cpu") -> int:
        return num_devices(TrainerSettings(devices=devices, accelerator=accelerator))

    assert (count(2, "gpu"), count((0, 1), "gpu"), count((3,), "gpu"), count("auto")) == (2, 2, 1, 1)
    with pytest.raises(UsageError, match="the trainer cannot start"):
        count(-1)
    monkeypatch.setattr(CPUAccelerator, "auto_device_count", staticmethod(lambda: 3))
    assert count("auto") == 3


def test_the_batch_of_a_run_counts_all_devices() -> None:
    words = ["mined=m", "out=o", "data.batch_size=4", "trainer.accelerator=gpu", "trainer.devices=[0,1]"]
    words += ["trainer.accumulate_grad_batches=3", "trainer.num_nodes=2"]
    plain = _launch.plain(_launch.compose("train", words))
    job = Job(verb="train", config=_values.build(TrainConfig, plain), plain=plain)
    data: Any = SimpleNamespace(shown=dict, lineage=dict)
    assert job.run_settings(data).batch_size == 4 * 2 * 3 * 2
