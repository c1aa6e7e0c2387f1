"""From a checkpoint and clips to predictions."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.core.parts import target_of
from slowpaths.core.records import LabelledClip, Prediction
from slowpaths.core.strokes import STROKES
from slowpaths.data.batch import ClipBatch
from slowpaths.models.checkpoint import CHECKPOINT_KEY, migrated, read_checkpoint, require_finite, require_trusted
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.ema import network_input
from slowpaths.models.export import fold_for_cpu

AVERAGE_VIEW = -1
Split = Literal["train", "val", "test", "none"]


def load_classifier(path: str | Path, *, device: str = "cpu", allowed: Collection[str] = ()) -> StrokeClassifier:
    """Load a trained classifier, of this or an older version of slowpaths, ready to predict.

    `allowed` are import paths of networks outside known packages that may be imported, where the checkpoint names one.

    Raises:
        MissingWeightsError: If the file is missing or cannot be loaded safely.
        UsageError: If it is another model's, or names other strokes.
        SlowpathsError: If its weights are not finite.
    """
    path = Path(path)
    content = read_checkpoint(path, device=device)
    about = content.get(CHECKPOINT_KEY)
    if (
        not isinstance(about, dict)
        or "strokes" not in about
        or not {"state_dict", "hyper_parameters"} <= content.keys()
    ):
        raise UsageError(f"{path} is not a stroke classifier: give ckpt= a checkpoint written by `slowpaths train`")
    content = migrated(content, source=path)
    if list(about["strokes"]) != list(STROKES):
        raise UsageError(f"{path} was trained on other strokes than the 14 of this slowpaths: train again")
    require_finite(content, what=str(path))
    settings = content["hyper_parameters"]
    require_trusted(target_of(settings.get("network", {}), key=f"{path}: network"), source=path, allowed=allowed)
    try:
        classifier = StrokeClassifier(**settings)
        classifier.load_state_dict(content["state_dict"])
    except (TypeError, RuntimeError) as error:
        why = str(error).strip().splitlines()[-1].strip()
        raise UsageError(f"{path} does not fit the network it describes ({why}): train again") from error
    return classifier.to(device).eval()


def model_id(classifier: StrokeClassifier) -> str:
    """Return 12 hex digits over everything that decides a prediction: weights, their names, and the clip settings."""
    digest = hashlib.sha256(repr(sorted(classifier.run.clip.items())).encode())
    for name, tensor in sorted(classifier.evaluated.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


@torch.inference_mode()
def predict(
    classifier: StrokeClassifier,
    batches: Iterable[ClipBatch],
    *,
    clips: Sequence[LabelledClip],
    parts: Mapping[str, Split] | None = None,
) -> list[Prediction]:
    """Predict every view of every clip, and the average over its views.

    The `index_B` of the batches are rows of `clips`; a DataLoader keeps memory bounded. The predictions come row by
    row: the average (view -1), then each view. Clips that no batch shows are left out; a delivery that is in no part of
    the split gets "none".
    """
    classifier.eval()
    identity = model_id(classifier)
    network = fold_for_cpu(classifier.evaluated) if classifier.device.type == "cpu" else classifier.evaluated
    views: dict[int, dict[int, np.ndarray]] = {}
    for batch in batches:
        logits_BC = network(network_input(batch.to(classifier.device)))
        probs_BC = logits_BC.float().softmax(dim=1).double().cpu().numpy()
        if not np.isfinite(probs_BC).all():
            raise SlowpathsError("the network answers with numbers that are not finite: lower optim.lr and train again")
        for row, view, probs_C in zip(batch.index_B.tolist(), batch.view_B.tolist(), probs_BC, strict=True):
            views.setdefault(row, {})[view] = probs_C
    predictions = []
    for row in sorted(views):
        clip = clips[row]
        part = (parts or {}).get(clip.delivery_id, "none")
        mean_C = np.mean([views[row][view] for view in sorted(views[row])], axis=0)
        for view, probs_C in [(AVERAGE_VIEW, mean_C), *sorted(views[row].items())]:
            predictions.append(_prediction(clip, probs_C, view=view, identity=identity, part=part))
    return predictions


def _prediction(clip: LabelledClip, probs_C: np.ndarray, *, view: int, identity: str, part: Split) -> Prediction:
    said = {field.name: getattr(clip, field.name) for field in fields(LabelledClip)}
    probs_C = probs_C / probs_C.sum()
    said |= {"probs": probs_C, "label": STROKES[int(probs_C.argmax())], "confidence": float(probs_C.max())}
    said |= {"source": "model", "is_kept": True, "votes_fingerprint": ""}
    return Prediction(**said, model_id=identity, view_index=view, split=part)
