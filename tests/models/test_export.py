from __future__ import annotations

import io
import pkgutil
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from tests.models.training import QUIET, classifier
from torch import nn

from slowpaths.core.errors import MissingDependencyError, SlowpathsError, UsageError
from slowpaths.models import export as module
from slowpaths.models.ema import network_input
from slowpaths.models.export import export, noise_batch
from slowpaths.models.heads import projection

pytestmark = [pytest.mark.filterwarnings(line) for line in (*QUIET, "ignore::DeprecationWarning")]
SHOWN = {"fps": 25.0, "num_frames": 8, "frame_stride": 1, "alpha": 4, "crop_px": 32, "read_px": None}


class Means(nn.Module):
    """Name strokes from the mean of each pathway."""

    def __init__(self, *, num_classes: int, is_random: bool = False) -> None:
        super().__init__()
        self.head = nn.Linear(6, num_classes)
        self.is_random = is_random

    def forward(self, pathways: list[torch.Tensor]) -> torch.Tensor:
        pooled = torch.cat([pathway.mean(dim=(2, 3, 4)) for pathway in pathways], dim=1)
        return self.head(pooled + torch.rand(6) if self.is_random else pooled)


def means(**options: Any):
    network = {"_target_": f"{__name__}.Means", **options}
    return classifier(network=network, clip=SHOWN)


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pkgutil.resolve_name
    own = {f"{__name__}.Means": Means}
    monkeypatch.setattr("slowpaths.core.parts.pkgutil.resolve_name", lambda target: own.get(target) or found(target))


def test_what_is_loaded_again_says_the_same_at_the_temperature() -> None:
    model = means()
    nn.init.normal_(projection(model.evaluated).weight)
    model.temperature = 2.0
    found = export(model, to="torch_export", repeats=1)
    assert found.difference <= 1e-4
    assert found.shapes == {"slow": (1, 3, 2, 32, 32), "fast": (1, 3, 8, 32, 32)}
    assert found.latency_s.keys() == {"eager", "folded", "exported"}
    loaded = torch.export.load(io.BytesIO(found.content)).module()
    given = network_input(noise_batch(SHOWN, seed=7))
    expected = model.evaluated(given) / 2
    assert expected.abs().max() > 0.1
    assert torch.allclose(loaded(*given), expected, atol=1e-5)


def test_an_export_that_says_something_else_is_refused() -> None:
    with pytest.raises(SlowpathsError, match=r"differs by \d.* and 0\.0001 is the most: nothing was written"):
        export(means(is_random=True), to="torch_export", repeats=1)


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == package else find_spec("torch"))
    extra = "pose" if package == "onnxruntime" else "export"
    with pytest.raises(MissingDependencyError, match=rf"^to=onnx .*slowpaths\[{extra}\]"):
        export(means(), to="onnx", repeats=1)


@pytest.mark.skipif(find_spec("onnxscript") is None, reason="needs the extra export")
@pytest.mark.filterwarnings("ignore")
def test_onnx_runtime_says_the_same() -> None:
    import onnxruntime

    model = classifier(clip=SHOWN)
    found = export(model, to="onnx", repeats=1)
    given = network_input(noise_batch(SHOWN, seed=7))
    session = onnxruntime.InferenceSession(found.content)
    feeds = {name: tensor.contiguous().numpy() for name, tensor in zip(module.INPUT_NAMES, given, strict=True)}
    with torch.inference_mode():
        expected = model.evaluated(given).numpy()
    assert session.run(["logits"], feeds)[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("shown", [{}, {**SHOWN, "input_kind": "skeleton"}, {"input_kind": "skeleton"}])
def test_a_network_that_takes_no_clips_is_one_sentence(shown: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"takes .*, not clips: give ckpt= of one that takes clips"):
        noise_batch(shown)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_slowfast_is_exported_folded() -> None:
    model = classifier(clip=SHOWN)
    nn.init.normal_(projection(model.evaluated).weight)
    assert export(model, to="torch_export", repeats=1).difference <= 1e-4
