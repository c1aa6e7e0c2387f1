"""A trained network as a file that other runtimes load, with the proof that it says the same.

What is exported is the network of prediction, batch norm folded: normalised pathways in, logits over its temperature
out; a softmax over them is what `slowpaths predict` says of one view.
"""

from __future__ import annotations

import io
import statistics
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

import torch
from torch import Tensor, nn

from slowpaths.core.errors import MissingDependencyError, SlowpathsError, UsageError
from slowpaths.core.strokes import NUM_STROKES
from slowpaths.data.batch import ClipBatch, ClipItem, collate
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.ema import network_input
from slowpaths.models.fold import fold_for_cpu

Format = Literal["torch_export", "onnx"]
SUFFIX: Mapping[str, str] = {"torch_export": ".pt2", "onnx": ".onnx"}
LARGEST_DIFFERENCE = 1e-4  # of a logit, between the network and its export
INPUT_NAMES = ("slow", "fast")  # of a network that takes pathways
# what writes ONNX and what runs it for the comparison, and the extra that each comes with
_ONNX_PACKAGES = {"onnx": "export", "onnxscript": "export", "onnxruntime": "pose"}
Runner = Callable[[Sequence[Tensor]], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Hold an exported network and how it compares.

    Args:
        content: The file.
        difference: Largest absolute difference of a logit from the network in eager mode.
        latency_s: Median seconds of one clip: eager, folded, exported.
        shapes: Shape of each input, one clip, by name.
    """

    content: bytes
    difference: float
    latency_s: Mapping[str, float]
    shapes: Mapping[str, tuple[int, ...]]


def export(classifier: StrokeClassifier, *, to: Format, repeats: int = 10) -> Exported:
    """Export a classifier for one clip at a time and compare what it says on noise.

    Args:
        classifier: The classifier, on the CPU.
        to: Format: torch.export (`torch.export.load` reads it) or ONNX.
        repeats: Timed passes; the median counts.

    Raises:
        UsageError: If the network takes something else than clips.
        MissingDependencyError: If ONNX is asked for and not installed.
        SlowpathsError: If the network cannot be exported, or its export says something else.
    """
    shown = classifier.run.clip
    batches = [noise_batch(shown, seed=seed) for seed in range(3)]
    eager, folded = (_Network(network, classifier.temperature) for network in _networks(classifier))
    inputs = [_listed(network_input(batch)) for batch in batches]
    names = INPUT_NAMES if len(inputs[0]) == len(INPUT_NAMES) else [f"input{n}" for n in range(len(inputs[0]))]
    write = {"torch_export": _to_torch_export, "onnx": _to_onnx}[to]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of exporters about their own insides
        content, run = write(folded, inputs[0], names)
    with torch.inference_mode():
        difference = max(float((run(given) - eager(*given)).abs().max()) for given in inputs)
        if not difference <= LARGEST_DIFFERENCE:
            raise SlowpathsError(
                f"the exported network differs by {difference:.1e} from the original, and {LARGEST_DIFFERENCE:g} is "
                "the most: nothing was written; try the other to="
            )
        runs = {"eager": lambda given: eager(*given), "folded": lambda given: folded(*given), "exported": run}
        latency_s = _latency(runs, inputs[0], repeats=repeats)
    shapes = {name: tuple(tensor.shape) for name, tensor in zip(names, inputs[0], strict=True)}
    return Exported(content=content, difference=difference, latency_s=latency_s, shapes=shapes)


def noise_batch(shown: Mapping[str, Any], *, seed: int = 0) -> ClipBatch:
    """Return one clip of noise that looks as a checkpoint says its clips do.

    Raises:
        UsageError: If its network does not take clips.
    """
    if "num_frames" not in shown or shown.get("input_kind", "pathways") not in ("pathways", "clip"):
        kind = shown.get("input_kind", "something else")
        raise UsageError(f"the network of this checkpoint takes {kind}, not clips: give ckpt= of one that takes clips")
    size = (3, shown["num_frames"], shown["crop_px"], shown["crop_px"])
    frames = torch.randint(0, 256, size, dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))
    empty = {"probs_C": torch.full((NUM_STROKES,), 1 / NUM_STROKES), "features_F": torch.empty(0)}
    item = ClipItem(frames_CTHW=frames, **empty, weight=1.0, index=0, view=0)
    has_slow = shown.get("input_kind", "pathways") == "pathways"
    return collate([item], alpha=shown.get("alpha", 4), has_slow=has_slow)


class _Network(nn.Module):
    """Take tensors one by one, as exporters want them."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature

    def forward(self, *given: Tensor) -> Tensor:
        return self.network(list(given) if len(given) > 1 else given[0]) / self.temperature


def _networks(classifier: StrokeClassifier) -> tuple[nn.Module, nn.Module]:
    return classifier.evaluated.eval(), fold_for_cpu(classifier.evaluated)


def _listed(given: Any) -> list[Tensor]:
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _to_torch_export(network: nn.Module, given: Sequence[Tensor], names: Sequence[str]) -> tuple[bytes, Runner]:
    stream = io.BytesIO()
    torch.export.save(_program(network, given), stream)
    stream.seek(0)
    loaded = torch.export.load(stream).module()
    return stream.getvalue(), lambda tensors: loaded(*tensors)


def _to_onnx(network: nn.Module, given: Sequence[Tensor], names: Sequence[str]) -> tuple[bytes, Runner]:
    for package, extra in _ONNX_PACKAGES.items():
        if find_spec(package) is None:
            raise MissingDependencyError(
                f"to=onnx needs the package {package}: pip install 'slowpaths[{extra}]', or give to=torch_export"
            )
    import onnxruntime

    program = torch.onnx.export(
        _program(network, given), input_names=list(names), output_names=["logits"], dynamo=True, verbose=False
    )
    assert program is not None
    content = program.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(tensors: Sequence[Tensor]) -> Tensor:
        feeds = {name: tensor.contiguous().numpy() for name, tensor in zip(names, tensors, strict=True)}
        return torch.from_numpy(session.run(None, feeds)[0])

    return content, run


def _program(network: nn.Module, given: Sequence[Tensor]) -> torch.export.ExportedProgram:
    try:
        return torch.export.export(network.eval(), tuple(given))
    except Exception as error:  # a network of a user may do anything
        words = " ".join(str(error).split())[:200]
        raise SlowpathsError(f"torch.export cannot trace this network ({words}): export another checkpoint") from error


def _latency(runs: Mapping[str, Runner], given: Sequence[Tensor], *, repeats: int) -> dict[str, float]:
    """Return the median seconds of each; they take turns, so that all see the same machine."""
    times_s: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(repeats + 1):
        for name, run in runs.items():
            start_s = time.perf_counter()
            run(given)
            if number:  # the first pass plans
                times_s[name].append(time.perf_counter() - start_s)
    return {name: statistics.median(values) for name, values in times_s.items()}
