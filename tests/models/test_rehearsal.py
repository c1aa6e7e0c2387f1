"""One clip goes through a copy of the module; the module, the generator and the loggers stay as they are."""

from __future__ import annotations

import copy

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from tests.models.training import QUIET, classifier, loader, trainer

from slowpaths.core.errors import UsageError
from slowpaths.models.rehearsal import Begin, rehearse

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]
CPU = torch.device("cpu")


def test_nothing_is_moved_by_a_rehearsal():
    module = classifier()
    before, modes = copy.deepcopy(module.state_dict()), [part.training for part in module.modules()]
    state = torch.random.get_rng_state()
    rehearse(module, loader(4), device=CPU)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert [part.training for part in module.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_what_does_not_go_through_is_said_with_the_words_of_the_network(monkeypatch):
    module = classifier()

    for error, sentence in (
        (
            RuntimeError("sizes 4\nand 2 differ"),
            r"does not go through .* \(RuntimeError: sizes 4 and 2 differ\): choose",
        ),
        (UsageError("loss.function.q=5 is out of range"), "^loss.function.q=5 is out of range$"),
    ):
        monkeypatch.setattr(type(module), "training_step", lambda self, batch, index, error=error: _raise(error))
        with pytest.raises(UsageError, match=sentence):
            rehearse(module, loader(4), device=CPU)


def test_an_error_that_says_what_to_do_is_left_as_it_is(monkeypatch):
    module = classifier()
    monkeypatch.setattr(type(module), "training_step", lambda self, batch, index: _raise(RuntimeError("memory")))
    with pytest.raises(RuntimeError, match=r"^memory$"):
        rehearse(module, loader(4), device=CPU, has_sentence=lambda error: "memory" in str(error))


def _raise(error: Exception) -> None:
    raise error


def test_a_step_that_needs_the_trainer_is_left_to_it(monkeypatch):
    module = classifier()
    monkeypatch.setattr(type(module), "training_step", lambda self, batch, index: self.trainer.max_epochs)
    rehearse(module, loader(4), device=CPU)


def test_on_a_gpu_only_the_clip_is_read(monkeypatch):
    module = classifier()
    monkeypatch.setattr(type(module), "training_step", lambda self, batch, index: _raise(AssertionError()))
    rehearse(module, loader(4), device=torch.device("cuda"))


def test_loggers_are_built_when_the_optimiser_is_there(tmp_path):
    module, seen = classifier(), []

    def build() -> list[CSVLogger]:
        seen.append(len(module.trainer.optimizers))
        return [CSVLogger(tmp_path, name="csv")]

    trainer(max_epochs=1, callbacks=[Begin(build)]).fit(module, loader(4))
    assert seen == [1]
    (metrics,) = tmp_path.glob("csv/*/metrics.csv")
    assert "train/loss" in metrics.read_text()
