"""From a checkpoint and clips to predictions."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.core.parts import target_of
from slowpaths.core.records import LabelledClip, Prediction
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.core.tempering import temper
from slowpaths.data.batch import ClipBatch
from slowpaths.models.calibration import disagreement, fit_temperature
from slowpaths.models.checkpoint import (
    CHECKPOINT_KEY,
    NETWORK_PARTS,
    migrated,
    misfit,
    read_checkpoint,
    require_finite,
    require_trusted,
)
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.compiled import Compile, begin_step, compile_network, require_compiler
from slowpaths.models.ema import network_input
from slowpaths.models.fold import fold_for_cpu

AVERAGE_VIEW = -1
Split = Literal["train", "val", "test", "none"]


def load_classifier(path: str | Path, *, device: str = "cpu", allowed: Collection[str] = ()) -> StrokeClassifier:
    """Load a trained classifier, of this or an older version of slowpaths, ready to predict.

    `allowed` are import paths of networks outside known packages that may be imported, where the checkpoint names one.

    Raises:
        MissingWeightsError: If the file is missing or cannot be loaded safely.
        UsageError: If it is another model's, lacks a part, or names other strokes.
        SlowpathsError: If its weights are not finite.
    """
    path = Path(path)
    content = read_checkpoint(path, device=device)
    wrong, about = misfit(content, NETWORK_PARTS), content.get(CHECKPOINT_KEY)
    if wrong or not isinstance(about, Mapping) or not isinstance(about.get("strokes"), list):
        why = wrong or "it names no strokes"
        cure = "give ckpt= a checkpoint written by `slowpaths train`"
        raise UsageError(f"{path} is not a stroke classifier ({why}): {cure}")
    content = migrated(content, source=path)
    if about["strokes"] != list(STROKES):
        raise UsageError(f"{path} was trained on other strokes than the 14 of this slowpaths: train again")
    require_finite(content, what=str(path))
    settings = content["hyper_parameters"]
    require_trusted(target_of(settings.get("network", {}), key=f"{path}: network"), source=path, allowed=allowed)
    try:
        classifier = StrokeClassifier(**settings)
        classifier.load_state_dict(content["state_dict"])
        if not isinstance(classifier.run.clip, Mapping):
            raise TypeError("it does not say what a clip looks like")
    except (TypeError, RuntimeError, ValueError, AttributeError, LookupError, SlowpathsError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
        raise UsageError(f"{path} does not fit the network it describes ({why}): train again") from error
    temperature = about.get("temperature", 1.0)
    if not isinstance(temperature, (int, float)) or not 0 < temperature < math.inf:
        raise UsageError(f"{path} has the temperature {temperature!r}, no number above 0: train again")
    classifier.temperature = float(temperature)
    return classifier.to(device).eval()


def model_id(classifier: StrokeClassifier) -> str:
    """Return 12 hex digits over all that decides a prediction: weights, their names, clip settings, temperature."""
    tempered = [] if classifier.temperature == 1 else [("temperature", classifier.temperature)]
    digest = hashlib.sha256(repr(sorted(classifier.run.clip.items()) + tempered).encode())
    for name, tensor in sorted(classifier.evaluated.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def ready_network(classifier: StrokeClassifier, *, compile: Compile = "eager") -> nn.Module:
    """Return the network of a classifier as it predicts fastest: folded on a CPU, and compiled where asked for.

    Raises:
        UsageError: If it is to be compiled and this machine cannot.
    """
    network = fold_for_cpu(classifier.evaluated) if classifier.device.type == "cpu" else classifier.evaluated
    if compile != "eager":
        require_compiler(classifier.device)
        compile_network(network, compile)
    return network


@torch.inference_mode()
def predict(
    classifier: StrokeClassifier,
    batches: Iterable[ClipBatch],
    *,
    clips: Sequence[LabelledClip],
    parts: Mapping[str, Split] | None = None,
    network: nn.Module | None = None,
) -> list[Prediction]:
    """Predict every view of every clip, and the average over its views.

    The `index_B` of the batches are rows of `clips`; a DataLoader keeps memory bounded. The predictions come row by
    row: the average (view -1), then each view. Clips that no batch shows are left out; a delivery that is in no part of
    the split gets "none". A caller that predicts again and again gives the `ready_network` of the classifier.
    """
    classifier.eval()
    identity = model_id(classifier)
    network = network or ready_network(classifier)
    views: dict[int, dict[int, np.ndarray]] = {}
    for batch in batches:
        begin_step()
        logits_BC = network(network_input(batch.to(classifier.device)))
        probs_BC = (logits_BC.float() / classifier.temperature).softmax(dim=1).double().cpu().numpy()
        if not np.isfinite(probs_BC).all():
            raise SlowpathsError("the network answers with numbers that are not finite: lower optim.lr and train again")
        for row, view, probs_C in zip(batch.index_B.tolist(), batch.view_B.tolist(), probs_BC, strict=True):
            views.setdefault(row, {})[view] = probs_C
    predictions = []
    for row in sorted(views):
        clip = clips[row]
        part = (parts or {}).get(clip.delivery_id, "none")
        mean_C = np.mean([views[row][view] for view in sorted(views[row])], axis=0)
        said = {field.name: getattr(clip, field.name) for field in fields(LabelledClip)}
        said |= {"source": "model", "is_kept": True, "votes_fingerprint": ""}
        for view, probs_C in [(AVERAGE_VIEW, mean_C), *sorted(views[row].items())]:
            said |= _named(probs_C)
            predictions.append(Prediction(**said, model_id=identity, view_index=view, split=part))
    return predictions


def calibrate(
    classifier: StrokeClassifier, predictions: Sequence[Prediction], *, gold: Mapping[str, str]
) -> list[Prediction]:
    """Fit the temperature of a classifier that has none to what persons said, and return its predictions with it.

    Args:
        classifier: The classifier; it keeps the temperature.
        predictions: What it predicts at temperature 1, view by view.
        gold: Delivery -> true stroke, of deliveries that training has not seen.
    """
    assert classifier.temperature == 1
    views = views_of(predictions)
    known = [name for name in sorted(gold) if name in views]
    classifier.temperature = fit_temperature([views[name] for name in known], [INDEX[gold[name]] for name in known])
    identity, means = model_id(classifier), {}
    for name, views_VC in views.items():
        means[name] = temper(views_VC, classifier.temperature).mean(axis=0)
    found = []
    for item in predictions:
        is_mean = item.view_index == AVERAGE_VIEW
        probs_C = means[item.delivery_id] if is_mean else temper(item.probs, classifier.temperature)
        found.append(replace(item, model_id=identity, **_named(probs_C)))
    return found


def views_of(predictions: Iterable[Prediction]) -> dict[str, np.ndarray]:
    """Return what the views of each delivery say, (V, 14), view by view."""
    views: dict[str, list[np.ndarray]] = {}
    for item in predictions:
        if item.view_index != AVERAGE_VIEW:
            views.setdefault(item.delivery_id, []).append(item.probs)
    return {name: np.array(rows) for name, rows in views.items()}


def view_disagreement(predictions: Iterable[Prediction]) -> dict[str, float]:
    """Return how far the views of each delivery disagree, bits; nothing of deliveries with a single view."""
    views = views_of(predictions).items()
    return {name: disagreement(views_VC) for name, views_VC in views if len(views_VC) > 1}


def _named(probs_C: np.ndarray) -> dict[str, Any]:
    probs_C = probs_C / probs_C.sum()
    return {"probs": probs_C, "label": STROKES[int(probs_C.argmax())], "confidence": float(probs_C.max())}
