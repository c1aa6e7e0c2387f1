"""A classifier small enough to train in a test, and a trainer that keeps quiet."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import lightning as L
import torch
from torch.utils.data import DataLoader

from slowpaths.data.batch import ClipBatch, ClipItem, collate
from slowpaths.data.sampling import EpochSampler
from slowpaths.models.callbacks.noise import KNOWN_WARNINGS
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.settings import LossSettings, OptimSettings, RunSettings

# Half the width of the smallest network we offer.
SMALL: dict[str, Any] = {
    "_target_": "slowpaths.models.slowfast.build_slowfast",
    "depth": 18,
    "width": 8,
    "channel_ratio": 4,
    "fusion_kernel": 5,
}
_OPTIM = {item.name for item in fields(OptimSettings)}
_LOSS = {item.name for item in fields(LossSettings)}
_RUN = {item.name for item in fields(RunSettings)}
QUIET = tuple(f"ignore:{message}:{category.__name__}" for message, category in KNOWN_WARNINGS)


def clip_items(count: int, *, num_frames: int = 8, side: int = 32) -> list[ClipItem]:
    """Return clips of noise, a bright quarter telling which of four strokes they show."""
    items = []
    for index in range(count):
        frames = torch.randint(
            60, 120, (3, num_frames, side, side), generator=torch.Generator().manual_seed(index), dtype=torch.uint8
        )
        stroke, half = index % 4, side // 2
        frames[:, :, half * (stroke // 2) :, half * (stroke % 2) :][:, :, :half, :half] = 250
        probs = torch.full((14,), 0.1 / 13)
        probs[stroke] = 0.9
        # Where the bright quarter lies; the second feature is unknown for every other clip.
        features = torch.tensor([stroke // 2 * 2.0 - 1, float("nan") if index % 2 else stroke % 2 * 2.0 - 1])
        items.append(ClipItem(frames_CTHW=frames, probs_C=probs, features_F=features, weight=0.9, index=index, view=0))
    return items


def batch(count: int = 4, **options: int) -> ClipBatch:
    """Return one batch of such clips."""
    return collate(clip_items(count, **options))


def view_batch(count: int = 4, **options: int) -> ClipBatch:
    """Return two views of each clip, as `data.views` orders them: every other clip of one scene, each its own ball."""
    first = [item._replace(scene=item.index % 2, ball=item.index) for item in clip_items(count, **options)]
    return collate([*first, *(item._replace(frames_CTHW=item.frames_CTHW.clamp(max=200)) for item in first)])


class Items(torch.utils.data.Dataset[ClipItem]):
    """Hold items under the indices that `EpochSampler` gives."""

    def __init__(self, items: list[ClipItem]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> ClipItem:
        return self._items[index % len(self._items)]


def loader(count: int = 8, *, batch_size: int = 4, is_shuffled: bool = True) -> DataLoader[ClipItem]:
    """Return a loader over such clips, shuffled anew each epoch."""
    items = Items(clip_items(count))
    sampler = EpochSampler(count) if is_shuffled else None
    return DataLoader(items, batch_size=batch_size, sampler=sampler, collate_fn=collate)


def settings(**options: Any) -> dict[str, Any]:
    """Return the arguments of a small module, from the fields of its settings and arguments of the network."""
    options = {"batch_size": 4, "warmup_epochs": 0.0, "ema_decay": 0.0, **options}
    take = lambda names: {name: options.pop(name) for name in list(options) if name in names}  # noqa: E731
    optim, run, loss = OptimSettings(**take(_OPTIM)), RunSettings(**take(_RUN)), take(_LOSS)
    more = take({"class_prior", "feature_names", "network", "num_features", "training", "parts"})
    return {"network": {**SMALL, **options}, "optim": optim, "run": run, **({"loss": loss} if loss else {}), **more}


def classifier(**options: Any) -> StrokeClassifier:
    """Return the small classifier."""
    return StrokeClassifier(**settings(**options))


def trainer(**options: Any) -> L.Trainer:
    """Return a trainer on the CPU without bars, summaries or loggers."""
    defaults = {
        "accelerator": "cpu",
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    return L.Trainer(**{**defaults, **options})
