from __future__ import annotations

import pytest
import torch
from tests.models.training import QUIET, batch, classifier, loader, trainer

from slowpaths.core.errors import UsageError
from slowpaths.models.compiled import CompiledSteps, compile_network, require_compiler
from slowpaths.models.prediction import ready_network

pytestmark = [pytest.mark.filterwarnings(line) for line in [*QUIET, "ignore"]]
CPU = torch.device("cpu")


@pytest.fixture
def _graphs_without_a_compiler(monkeypatch):
    """Trace into graphs as `torch.compile` does, and run them as they are: compiling takes minutes."""
    real = torch.compile
    traced = []

    def backend(graph, inputs):
        traced.append(graph)
        return graph.forward

    monkeypatch.setattr(torch, "compile", lambda function, **_: real(function, backend=backend))
    yield traced
    torch._dynamo.reset()


@pytest.mark.slow
def test_a_compiled_network_trains_alike_and_keeps_its_names(_graphs_without_a_compiler):
    plain, fast = classifier(seed=1, ema_decay=0.9), classifier(seed=1, ema_decay=0.9)
    names = list(fast.state_dict())
    for network in (fast.network, fast.ema):
        compile_network(network, "default")
    assert list(fast.state_dict()) == names
    for model in (plain, fast):
        trainer(max_epochs=1, callbacks=[CompiledSteps()]).fit(model, loader(4), loader(4, is_shuffled=False))
    assert _graphs_without_a_compiler
    for (name, one), other in zip(plain.state_dict().items(), fast.state_dict().values(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3, msg=name)


def test_stages_are_compiled_and_heads_and_fusions_are_not(monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "compile", lambda function, mode=None: asked.append(mode) or function)
    model, shown = classifier(), batch(2)
    names, expected = list(model.state_dict()), ready_network(model)(shown.shown())
    fast = ready_network(model, compile="reduce-overhead")
    compiled = [name for name, module in fast.named_modules() if module._compiled_call_impl is not None]
    assert compiled == [f"blocks.{stage}.multipathway_blocks.{pathway}" for stage in range(5) for pathway in range(2)]
    assert asked == [None, *["reduce-overhead"] * 10]  # the first one tries the compiler
    torch.testing.assert_close(fast(shown.shown()), expected)
    assert list(model.state_dict()) == names


@pytest.mark.slow
def test_a_compiled_network_predicts_alike_and_hears_hooks_that_come_later(_graphs_without_a_compiler):
    model, shown = classifier(), batch(2)
    names, expected = list(model.state_dict()), ready_network(model)(shown.shown())
    fast, heard = ready_network(model, compile="default"), []
    handle = fast.blocks[0].multipathway_fusion.register_forward_hook(lambda *_: heard.append(1))
    torch.testing.assert_close(fast(shown.shown()), expected, atol=1e-5, rtol=1e-4)
    handle.remove()
    assert len(_graphs_without_a_compiler) > 1 and heard == [1] and list(model.state_dict()) == names


def test_a_machine_without_a_compiler_is_one_sentence(monkeypatch):
    def fails(function, **_):
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", fails)
    with pytest.raises(UsageError, match=r"works for cpu \(RuntimeError: no C\+\+ compiler\): install g\+\+"):
        require_compiler(CPU)
    with pytest.raises(UsageError, match="leave compile= out"):
        ready_network(classifier(), compile="default")
