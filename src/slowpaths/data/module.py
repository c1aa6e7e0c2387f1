"""A mined folder as a Lightning data module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import lightning as L
import numpy as np
import torch
from torch.utils.data import DataLoader

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.core.records import LabelledClip
from slowpaths.core.strokes import STROKES
from slowpaths.data.batch import ClipItem, collate
from slowpaths.data.dataset import ClipDataset
from slowpaths.data.measures import read_measures
from slowpaths.data.mined import ClipRecord, find_links, read_clips, read_spec
from slowpaths.data.sampling import EpochSampler, Window
from slowpaths.data.splits import Part, Split, fold_clips, split_clips
from slowpaths.data.transforms import eval_transform, train_transform

Targets = Literal["labels", "measures", "none"]


class ClipDataModule(L.LightningDataModule):
    """Feed the clips of a mined folder to training, validation, testing and prediction.

    Where labels are learnt, training, validation and testing see the clips that selection kept; where measures are,
    they need no labels and see every clip. Prediction always sees all of them.

    Args:
        mined: Folder written by `slowpaths mine`.
        labels: Another labels table than the folder's own.
        targets: What is learnt: labels, measures, or none where footage without labels is predicted.
        batch_size: Clips a batch and device.
        num_workers: Loader processes; 0 loads in the training process.
        fps: Rate the clips must have, where a network was trained at it; None takes any.
        num_frames: Frames of the fast pathway.
        frame_stride: Step between them in the file.
        alpha: Fast frames to a slow one.
        crop_px: Side of the picture the network sees, pixels.
        read_px: Side at which clips are decoded, pixels; None for the side of the files.
        jitter_frames: Largest shift of the window in training.
        num_test_views: Shifted views in testing and prediction.
        crop_scale: Smallest and largest share of the picture that training cuts.
        colour_jitter: Largest relative change of brightness, contrast and saturation.
        flip_p: Probability of a horizontal flip; see `train_transform` for why it is 0.
        weight_power: A clip weighs its confidence to this power in the loss.
        fractions: Shares of train, val and test.
        num_folds: Number of cross-validation folds; 0 splits by `fractions`.
        fold: Which fold is tested, where there are folds.
        seed: Seed of split, order and augmentation.
        cache_mib: Memory for decoded clips, MiB, shared out over the workers.
        backend: Decoder, as for `video.open.open_video`.
    """

    def __init__(
        self,
        *,
        mined: str | Path,
        labels: str | Path | None = None,
        targets: Targets = "labels",
        batch_size: int = 8,
        num_workers: int = 0,
        fps: float | None = None,
        num_frames: int = 32,
        frame_stride: int = 1,
        alpha: int = 4,
        crop_px: int = 224,
        read_px: int | None = None,
        jitter_frames: int = 3,
        num_test_views: int = 3,
        crop_scale: Sequence[float] = (0.6, 1.0),
        colour_jitter: float = 0.4,
        flip_p: float = 0.0,
        weight_power: float = 1.0,
        fractions: Sequence[float] = (0.7, 0.15, 0.15),
        num_folds: int = 0,
        fold: int = 0,
        seed: int = 0,
        cache_mib: float = 0,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        self._mined = Path(mined)
        self._labels = Path(labels) if labels is not None else None
        self._targets = targets
        self._batch_size = batch_size
        self._num_workers = num_workers
        self._fps = fps
        self._alpha = alpha
        self._train_window = Window(num_frames=num_frames, frame_stride=frame_stride, jitter_frames=jitter_frames)
        self._test_window = Window(num_frames=num_frames, frame_stride=frame_stride, num_views=num_test_views)
        low, high = crop_scale
        self._train_transform = train_transform(
            crop_px=crop_px, crop_scale=(low, high), jitter=colour_jitter, flip_p=flip_p
        )
        self._eval_transform = eval_transform(crop_px=crop_px)
        self._crop_px = crop_px
        self._read_px = read_px
        self._weight_power = weight_power
        self._fractions = tuple(fractions)
        self._num_folds, self._fold = num_folds, fold
        self._seed = seed
        self._cache_mib = cache_mib
        self._backend = backend
        self._records: list[ClipRecord] = []
        self._split = Split(parts={})
        self._measure_names: tuple[str, ...] = ()

    def setup(self, stage: str | None = None) -> None:
        """Read the tables and split them, once.

        Raises:
            SlowpathsError: If a table or clip is missing, the rate is another, or there are too few matches to split.
        """
        if self._records:
            return
        self._spec = read_spec(self._mined)
        if self._fps is not None and self._fps != self._spec.fps:
            raise UsageError(
                f"the network was trained on clips at {self._fps:g} fps, those of {self._mined} have "
                f"{self._spec.fps:g}: mine the footage again with the clip rate of the training set"
            )
        self._records = read_clips(self._mined, labels=self._labels, needs_labels=self._targets == "labels")
        if not self._records:
            raise UsageError(f"{self._mined} holds no deliveries: mine other footage, or look at its report.md")
        if self._targets != "none":
            self._split = self._make_split()
        if self._targets == "measures":
            self._take_measures()

    def train_dataloader(self) -> DataLoader[ClipItem]:
        """Return the shuffled, augmented training clips; a last batch of one is dropped (batch norm needs two)."""
        dataset = self._dataset(self._training_records(), window=self._train_window, is_train=True)
        trainer = self.trainer
        sampler = EpochSampler(
            len(dataset),
            seed=self._seed,
            num_replicas=trainer.world_size if trainer else 1,
            rank=trainer.global_rank if trainer else 0,
        )
        is_odd_one_left = len(sampler) % self._batch_size == 1 and len(sampler) > 1
        return self._loader(dataset, sampler=sampler, drop_last=is_odd_one_left)

    def val_dataloader(self) -> DataLoader[ClipItem] | list[DataLoader[ClipItem]]:
        """Return the validation clips, one centred view each; nothing where the part is empty."""
        records = self.records("val")
        window = Window(num_frames=self._test_window.num_frames, frame_stride=self._test_window.frame_stride)
        return self._loader(self._dataset(records, window=window)) if records else []

    def test_dataloader(self) -> DataLoader[ClipItem] | list[DataLoader[ClipItem]]:
        """Return the test clips in all their views; nothing where the part is empty."""
        records = self.records("test")
        return self._loader(self._dataset(records, window=self._test_window)) if records else []

    def predict_dataloader(self) -> DataLoader[ClipItem]:
        """Return all clips, kept or not, in all their views, in the order of `clips()`."""
        return self._loader(self._dataset(self._records, window=self._test_window))

    def clips(self) -> list[LabelledClip]:
        """Return all clips, row by row as `predict_dataloader` numbers them."""
        return [record.clip for record in self._records]

    def records(self, part: Part) -> list[ClipRecord]:
        """Return the clips of one part of the split, of labelled ones those that selection kept."""
        return [
            record
            for record in self._records
            if self._split.parts.get(record.clip.delivery_id) == part
            and (record.clip.is_kept or self._targets != "labels")
        ]

    @property
    def split(self) -> Split:
        """Return which delivery lies in which part; empty where there are no labels."""
        return self._split

    @property
    def measure_names(self) -> tuple[str, ...]:
        """Return the names of the measures that are learnt, in the order of `ClipBatch.measures_BM`."""
        return self._measure_names

    def class_prior(self) -> list[float]:
        """Return the mean target (14,) of the training clips, for logit adjustment."""
        mean = np.mean([record.clip.probs for record in self._training_records()], axis=0)
        return [float(value) for value in mean / mean.sum()]

    def lineage(self) -> dict[str, str]:
        """Return the fingerprints a checkpoint carries: what was learnt, of which clips, and the split."""
        records = sorted(self._records, key=lambda record: record.clip.delivery_id)
        split = {"split": self._split.fingerprint}
        if self._targets == "measures":
            rows = [[r.clip.delivery_id, [round(float(value), 4) for value in r.measures_M]] for r in records]
            return {"measures": fingerprint([list(self._measure_names), rows]), **split}
        clips = [record.clip for record in records]
        rows = [[c.delivery_id, c.source, c.is_kept, [round(float(p), 6) for p in c.probs]] for c in clips]
        return {"labels": fingerprint(rows), **split, "strokes": fingerprint(STROKES)}

    def clip_settings(self) -> dict[str, float | None]:
        """Return what a clip must look like for a network trained here: keyword arguments of this class."""
        return {
            "fps": self._spec.fps,
            "num_frames": self._test_window.num_frames,
            "frame_stride": self._test_window.frame_stride,
            "alpha": self._alpha,
            "crop_px": self._crop_px,
            "read_px": self._read_px,
        }

    def _training_records(self) -> list[ClipRecord]:
        records = self.records("train")
        if not records:
            raise UsageError(
                f"no clip of {self._mined} is kept for training: label again with a lower threshold, or mine more"
            )
        return records

    def _make_split(self) -> Split:
        clips, links = self.clips(), find_links(self._mined, self._records)
        if not self._num_folds:
            return split_clips(clips, fractions=self._fractions, seed=self._seed, links=links)
        if not 0 <= self._fold < self._num_folds:
            raise UsageError(f"fold must lie in 0..{self._num_folds - 1}, got {self._fold}")
        return fold_clips(clips, num_folds=self._num_folds, seed=self._seed, links=links)[self._fold]

    def _take_measures(self) -> None:
        is_training = [self._split.parts.get(record.clip.delivery_id) == "train" for record in self._records]
        measures = read_measures(self._mined).standardised(np.array(is_training))
        self._measure_names = measures.names
        self._records = [
            replace(record, measures_M=row_M) for record, row_M in zip(self._records, measures.values_NM, strict=True)
        ]

    def _dataset(self, records: Sequence[ClipRecord], *, window: Window, is_train: bool = False) -> ClipDataset:
        return ClipDataset(
            records,
            spec=self._spec,
            window=window,
            transform=self._train_transform if is_train else self._eval_transform,
            is_train=is_train,
            seed=self._seed,
            read_px=self._read_px,
            cache_mib=self._cache_mib / max(1, self._num_workers),
            weight_power=self._weight_power,
            backend=self._backend,
        )

    def _loader(
        self, dataset: ClipDataset, *, sampler: EpochSampler | None = None, drop_last: bool = False
    ) -> DataLoader[ClipItem]:
        return DataLoader(
            dataset,
            batch_size=self._batch_size,
            sampler=sampler,
            drop_last=drop_last,
            num_workers=self._num_workers,
            persistent_workers=self._num_workers > 0,
            collate_fn=partial(collate, alpha=self._alpha),
            pin_memory=torch.cuda.is_available(),
        )
