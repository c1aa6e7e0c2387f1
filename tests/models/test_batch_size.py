from __future__ import annotations

import logging

import pytest
import torch
from tests.models.training import QUIET, classifier, loader

from slowpaths.models import batch_size
from slowpaths.models.batch_size import find_batch_size

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]
GPU = torch.device("meta")  # any device that is no CPU


@pytest.mark.parametrize(("fitting", "found", "said"), [(4, 4, "8 do not fit"), (2, 2, "4 do not fit")])
def test_the_batch_is_doubled_until_it_does_not_fit(monkeypatch, caplog, fitting, found, said) -> None:
    tried: list[int] = []

    def fits(*parts, device) -> bool:
        tried.append(parts[-1])
        return parts[-1] <= fitting

    monkeypatch.setattr(batch_size, "_fits", fits)
    caplog.set_level(logging.INFO)
    assert find_batch_size(classifier(), loader(64), device=GPU) == found
    assert tried == [2**power for power in range(2, len(tried) + 2)] and tried[-1] == 2 * found
    assert f"data.batch_size=auto: {found} clips" in caplog.text and said in caplog.text


def test_an_epoch_keeps_its_steps_and_a_cpu_its_batch(monkeypatch) -> None:
    monkeypatch.setattr(batch_size, "_fits", lambda *_, **__: True)
    assert find_batch_size(classifier(), loader(40), device=GPU) == 4
    cpu = torch.device("cpu")
    assert [find_batch_size(classifier(), loader(count), device=cpu) for count in (8, 40, 200)] == [2, 5, 8]


def test_a_trial_is_a_whole_step_that_leaves_no_trace(monkeypatch) -> None:
    module, cpu, before = classifier(), torch.device("cpu"), torch.get_rng_state()
    weights = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    steps: list[int] = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda self: (steps.append(1), step(self)))
    assert batch_size._fits(module, loader(4), 6, device=cpu) and steps == [1]
    assert all(torch.equal(tensor, weights[name]) for name, tensor in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), before)

    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(type(module), "training_step", full)
    assert not batch_size._fits(module, loader(4), 2, device=cpu)
