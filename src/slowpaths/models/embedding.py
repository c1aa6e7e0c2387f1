"""What a trained network makes of clips: its embedding of each, and whether it keeps a name where the clip is changed.

Legend: N clips, B batch, T frames, D pooled features below the head of the network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.stroke_sequence import mirrored
from slowpaths.data.batch import ClipBatch, pack_pathways
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.ema import network_input
from slowpaths.models.heads import logits_and_features

_MOVED_FRAMES = 2  # of the file, earlier and later: a test view's step, and about the error of a found impact


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Embedded:
    """Hold clips as a network sees them."""

    row_N: np.ndarray  # rows of the clips in their dataset
    embedding_ND: np.ndarray  # pooled features
    is_shown_N: np.ndarray  # whether there is anything in the clip: no skeleton is a clip of nobody
    # how a clip was changed -> share of the changed ones that it names as the clip itself (N,)
    kept: Mapping[str, np.ndarray]


@torch.inference_mode()
def embed(classifier: StrokeClassifier, batches: Iterable[ClipBatch]) -> Embedded:
    """Show a network each clip, the same a moment earlier and later ("jitter"), and its mirror image ("mirror").

    Picture features have no mirror image: they are not mirrored.

    Raises:
        SlowpathsError: If what it says is no number.
    """
    network, shown = classifier.evaluated.eval(), classifier.run.clip
    kind, stride = shown.get("input_kind", "pathways"), int(shown.get("frame_stride", _MOVED_FRAMES))
    columns: dict[str, list[np.ndarray]] = defaultdict(list)
    for batch in batches:
        given = batch.to(classifier.device)
        logits_BC, pooled_BD = logits_and_features(network, network_input(given))
        if not (logits_BC.isfinite().all() and pooled_BD.isfinite().all()):
            raise SlowpathsError("the network answers with numbers that are not finite: choose another ckpt=")
        steps = max(1, _MOVED_FRAMES // stride)
        changed = {"jitter": [moved(given, -steps), moved(given, steps)]}
        changed |= {} if kind == "picture_features" else {"mirror": [mirror_image(given)]}
        named_B = logits_BC.argmax(dim=1)
        for how, others in changed.items():
            same_KB = [network(network_input(other)).argmax(dim=1) == named_B for other in others]
            columns[how].append(torch.stack(same_KB).double().mean(dim=0).cpu().numpy())
        is_shown_B = (
            given.sequences_BTD.any(dim=2).any(dim=1) if given.sequences_BTD.numel() else torch.ones(len(given))
        )
        for name, values in (("row", given.index_B), ("embedding", pooled_BD), ("is_shown", is_shown_B)):
            columns[name].append(values.cpu().numpy())
    found = {name: np.concatenate(parts) for name, parts in columns.items()}
    return Embedded(
        row_N=found["row"],
        embedding_ND=found["embedding"].astype(np.float64),
        is_shown_N=found["is_shown"].astype(bool),
        kept={how: found[how] for how in ("jitter", "mirror") if how in found},
    )


def moved(batch: ClipBatch, steps: int) -> ClipBatch:
    """Return a batch that shows its clips `steps` shown frames later; the frame at the end stands still."""
    if batch.sequences_BTD.numel():
        return replace(batch, sequences_BTD=_later(batch.sequences_BTD, steps, dim=1))
    fast_BCTHW, num_slow = _later(batch.fast_BCTHW, steps, dim=2), batch.slow_BCTHW.shape[2]
    if not num_slow:
        return replace(batch, fast_BCTHW=fast_BCTHW)
    slow_BCTHW, _ = pack_pathways(fast_BCTHW, alpha=fast_BCTHW.shape[2] // num_slow)
    return replace(batch, slow_BCTHW=slow_BCTHW, fast_BCTHW=fast_BCTHW)


def mirror_image(batch: ClipBatch) -> ClipBatch:
    """Return a batch of the mirrored clips, or skeletons: what the network sees where handedness is wrong."""
    if batch.sequences_BTD.numel():
        sequences_BTD = torch.from_numpy(mirrored(batch.sequences_BTD.cpu().numpy())).to(batch.sequences_BTD)
        return replace(batch, sequences_BTD=sequences_BTD)
    return replace(batch, slow_BCTHW=batch.slow_BCTHW.flip(-1), fast_BCTHW=batch.fast_BCTHW.flip(-1))


def _later(tensor: Tensor, steps: int, *, dim: int) -> Tensor:
    last = tensor.shape[dim] - 1
    return tensor.index_select(dim, (torch.arange(last + 1, device=tensor.device) + steps).clamp(0, last))
