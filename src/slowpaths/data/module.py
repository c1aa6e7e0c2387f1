"""A mined folder as a Lightning data module."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.core.records import LabelledClip
from slowpaths.core.strokes import STROKES
from slowpaths.data.batch import ClipItem, InputKind, collate
from slowpaths.data.clip_dataset import ClipDataset
from slowpaths.data.clips import ClipRecord, find_links, read_clips
from slowpaths.data.feature_targets import read_features
from slowpaths.data.frozen_features import PictureFeatureDataset, Told, with_picture_features
from slowpaths.data.loader import EpochLoader, process_options
from slowpaths.data.sampling import EpochSampler, Window
from slowpaths.data.settings import ClipSettings, Targets
from slowpaths.data.skeletons import SkeletonDataset, with_skeletons
from slowpaths.data.splits import Part, Split, cross_fit_groups, fold_clips, split_clips
from slowpaths.data.transforms import eval_transform, train_transform
from slowpaths.store.mined_folder import ClipSpec, MinedFolder
from slowpaths.store.schema import LABELS

_NO_CLIP = ClipSpec(fps=0, num_frames=0, size=0, impact_frame=0)
_log = logging.getLogger(__name__)


class ClipDataModule(L.LightningDataModule):
    """Feed the clips of a mined folder to training, validation and prediction.

    Where labels are learnt, training and validation see the clips that selection kept; where features are, they need
    no labels and see every clip. Prediction always sees all of them.

    Args:
        mined: Folder written by `slowpaths mine`.
        settings: How clips are read, shown and divided.
        labels: Another labels table than the folder's own. Matches are dealt to parts by the folder's own even so, and
            where no labels are learnt, so that everything is judged on the same matches.
        targets: What is learnt.
        input_kind: What the network takes; nothing else is read. One that takes skeletons needs no clips.
        told: Shows how far picture features are that have to be computed.
        fps: Rate the clips must have, where a network was trained at it; None takes any.
        seed: Seed of split, order and augmentation.
        delivery_ids: Which deliveries; all where None.

    Attributes:
        split: Which delivery lies in which part; empty where there are no labels.
        feature_names: Names of the features that are learnt, in the order of `ClipBatch.features_BF`.
    """

    def __init__(
        self,
        *,
        mined: str | Path,
        settings: ClipSettings | None = None,
        labels: str | Path | None = None,
        targets: Targets = "labels",
        input_kind: InputKind = "pathways",
        told: Told | None = None,
        fps: float | None = None,
        seed: int = 0,
        delivery_ids: Collection[str] | None = None,
    ) -> None:
        super().__init__()
        self._mined = Path(mined)
        self._labels = Path(labels) if labels is not None else None
        self._targets: Targets = targets
        self._input_kind: InputKind = input_kind
        self._told = told
        self._fps = fps
        self._seed = seed
        self._delivery_ids = delivery_ids
        self._settings = settings or ClipSettings()
        self._records: list[ClipRecord] = []
        self.split = Split(parts={})
        self.feature_names: tuple[str, ...] = ()

    def setup(self, stage: str | None = None) -> None:
        """Read the tables and split them, once.

        Raises:
            SlowpathsError: If a table or clip is missing, the rate is another, or there are too few matches to split.
        """
        if self._records:
            return
        takes_clips = self._input_kind != "skeleton"
        self._spec = MinedFolder(self._mined).clip_spec() if takes_clips else _NO_CLIP
        if takes_clips:
            self._check_rate(self._spec)
        needs_labels = self._targets == "labels"
        self._records = read_clips(
            self._mined,
            labels=self._labels,
            needs_labels=needs_labels,
            needs_clips=takes_clips,
            delivery_ids=self._delivery_ids,
        )
        if not self._records and self._delivery_ids is not None:
            raise UsageError(f"no delivery of {self._mined} is asked for: name some, or leave them out for all")
        if not self._records:
            raise UsageError(f"{self._mined} holds no deliveries: mine other footage, or look at its report.md")
        self._take_inputs()
        if self._targets != "none":
            self.split = self._make_split()
        if self._targets == "features":
            self.take_features()

    def check_clips(self, spec: ClipSpec) -> None:
        """Refuse clips that cannot be shown for prediction, before there are any.

        Args:
            spec: What their files will look like.

        Raises:
            UsageError: If the rate is another, or a view does not fit.
        """
        if self._input_kind != "skeleton":
            self._check_rate(spec)
            self._spec = spec
            self._dataset([], num_views=self.num_test_views)

    @property
    def num_test_views(self) -> int:
        """Return how many views of a clip prediction shows: skeletons have one, whatever is asked for."""
        return 1 if self._input_kind == "skeleton" else self._settings.num_test_views

    def train_dataloader(self) -> DataLoader[ClipItem]:
        """Return the shuffled, augmented training clips; a last batch of one is dropped (batch norm needs two)."""
        dataset = self._dataset(self.training_records(), is_train=True, jitter_frames=self._settings.jitter_frames)
        replicas, rank = (self.trainer.world_size, self.trainer.global_rank) if self.trainer else (1, 0)
        sampler = EpochSampler(len(dataset), seed=self._seed, num_replicas=replicas, rank=rank)
        is_odd_one_left = len(sampler) % self._settings.clips_a_batch == 1 and len(sampler) > 1
        return self._loader(dataset, sampler=sampler, drop_last=is_odd_one_left)

    def val_dataloader(self) -> DataLoader[ClipItem] | list[DataLoader[ClipItem]]:
        """Return the validation clips, one centred view each; nothing where the part is empty."""
        records = self.records("val")
        return self._loader(self._dataset(records)) if records else []

    def predict_dataloader(self) -> DataLoader[ClipItem]:
        """Return all clips, kept or not, in all their views, in the order of `clips()`."""
        return self._loader(self._dataset(self._records, num_views=self.num_test_views))

    def clips(self) -> list[LabelledClip]:
        """Return all clips, row by row as `predict_dataloader` numbers them."""
        return [record.clip for record in self._records]

    def records(self, part: Part) -> list[ClipRecord]:
        """Return the clips of one part of the split that show what the network takes, of labelled ones those kept."""
        found = [
            record
            for record in self._records
            if self.split.parts.get(record.clip.delivery_id) == part
            and (self._input_kind != "skeleton" or record.sequence_TD is not None)
        ]
        if self._targets != "labels":
            return found
        is_left_out = self._settings.gold_only and part != "test"
        return [item for item in found if item.clip.is_kept and not (is_left_out and item.clip.source != "gold")]

    def training_records(self) -> list[ClipRecord]:
        """Return the clips that are learnt from, as `ClipBatch.index_B` numbers them.

        Raises:
            UsageError: If there are none.
        """
        records = self.records("train")
        if not records and self._settings.gold_only:
            raise UsageError(
                f"no person labelled a training clip of {self._mined}: give gold= to `slowpaths label`, or leave "
                "data.gold_only out"
            )
        if not records:
            raise UsageError(
                f"no clip of {self._mined} is kept for training: label again with a lower threshold, or mine more"
            )
        if (most := self._settings.max_train_clips) is None:
            return records
        # each clip draws its own place, so that one more or less does not deal all of them anew
        places = [fingerprint([self._seed, record.clip.delivery_id]) for record in records]
        taken = sorted(np.argsort(places, kind="stable")[:most])
        return [records[row] for row in taken]

    def cross_fit_groups(self, num_folds: int) -> list[list[str]]:
        """Return the training deliveries in groups of whole matches; see `splits.cross_fit_groups`."""
        records = self.training_records()
        links = find_links(self._mined, records)
        return cross_fit_groups([record.clip for record in records], num_folds=num_folds, seed=self._seed, links=links)

    def class_prior(self) -> list[float]:
        """Return the mean target (14,) of the training clips, for logit adjustment."""
        mean = np.mean([record.clip.probs for record in self.training_records()], axis=0)
        return [float(value) for value in mean / mean.sum()]

    def lineage(self) -> dict[str, str]:
        """Return the fingerprints a checkpoint carries: what was learnt, of which clips, and the split."""
        records = sorted(self._records, key=lambda record: record.clip.delivery_id)
        split = {"split": self.split.fingerprint}
        if self._targets == "features":
            rows = [[r.clip.delivery_id, [round(float(value), 4) for value in r.features_F]] for r in records]
            return {"features": fingerprint([list(self.feature_names), rows]), **split}
        clips = [record.clip for record in records]
        rows = [[c.delivery_id, c.source, c.is_kept, [round(float(p), 6) for p in c.probs]] for c in clips]
        return {"labels": fingerprint(rows), **split, "strokes": fingerprint(STROKES)}

    def shown(self) -> dict[str, Any]:
        """Return what a clip must look like for a network trained here; see `ClipSettings.shown`.

        Beside it stands what the network takes, unless it takes both pathways; skeletons come from no clip.
        """
        if self._input_kind == "skeleton":
            return {"input_kind": self._input_kind}
        shown = self._settings.shown(fps=self._spec.fps)
        return shown if self._input_kind == "pathways" else {**shown, "input_kind": self._input_kind}

    def _check_rate(self, spec: ClipSpec) -> None:
        if self._fps is not None and self._fps != spec.fps:
            raise UsageError(
                f"the network was trained on clips at {self._fps:g} fps, those of {self._mined} have {spec.fps:g}: "
                "mine the footage again with the clip rate of the training set"
            )

    def _make_split(self) -> Split:
        clips, links = self.clips(), find_links(self._mined, self._records)
        is_of_own_labels = self._targets == "labels" and self._labels is None
        if not is_of_own_labels and MinedFolder(self._mined).has(LABELS):
            own = read_clips(self._mined, needs_clips=False, delivery_ids=self._delivery_ids)
            clips = [record.clip for record in own]
        wanted = self._settings
        if not wanted.num_folds:
            shares = {"fractions": wanted.fractions, "test_matches": wanted.test_matches}
            return split_clips(clips, seed=self._seed, links=links, **shares)
        return fold_clips(clips, num_folds=wanted.num_folds, seed=self._seed, links=links)[wanted.fold]

    def _take_inputs(self) -> None:
        folder = MinedFolder(self._mined)
        if self._input_kind == "skeleton":
            self._records = with_skeletons(self._records, folder)
            if unseen := sum(record.sequence_TD is None for record in self._records):
                _log.warning("%d of %d deliveries do not show the batter: not learnt from", unseen, len(self._records))
        if self._input_kind == "picture_features":
            how = {"spec": self._spec, "backend": self._settings.backend, "told": self._told}
            self._records = with_picture_features(self._records, folder, **how)

    def take_features(self) -> None:
        """Let batches carry the features that mining measured; `setup` does where they are the targets.

        Raises:
            UsageError: If the deliveries have none.
        """
        is_training = [self.split.parts.get(record.clip.delivery_id) == "train" for record in self._records]
        features = read_features(self._mined).standardised(np.array(is_training))
        self.feature_names = features.names
        self._records = [
            replace(record, features_F=row_F) for record, row_F in zip(self._records, features.values_NF, strict=True)
        ]

    def _dataset(self, records: Sequence[ClipRecord], *, is_train: bool = False, **moved: int) -> ClipDataset:
        shown = self._settings
        window = Window(num_frames=shown.num_frames, frame_stride=shown.frame_stride, **moved)
        transform = eval_transform(crop_px=shown.crop_px)
        if is_train:
            colours = {"jitter": shown.colour_jitter, "hue": shown.hue_jitter, "grey_p": shown.grey_p}
            cut = {"crop_px": shown.crop_px, "crop_scale": shown.crop_scale, "flip_p": shown.flip_p}
            transform = train_transform(**cut, **colours)
        parts: dict[str, Any] = {"spec": self._spec, "window": window, "transform": transform, "settings": shown}
        kinds = {"skeleton": SkeletonDataset, "picture_features": PictureFeatureDataset}
        return kinds.get(self._input_kind, ClipDataset)(records, is_train=is_train, seed=self._seed, **parts)

    def _loader(
        self,
        dataset: Dataset[ClipItem],
        *,
        sampler: EpochSampler | None = None,
        drop_last: bool = False,
        batches: Iterable[list[int]] | None = None,
    ) -> DataLoader[ClipItem]:
        order: dict[str, Any] = {"batch_size": self._settings.clips_a_batch, "sampler": sampler, "drop_last": drop_last}
        kind = DataLoader if sampler is None and not isinstance(batches, Sampler) else EpochLoader
        return kind(
            dataset,
            **(order if batches is None else {"batch_sampler": batches}),
            **process_options(self._settings.num_workers),
            collate_fn=partial(collate, alpha=self._settings.alpha, has_slow=self._input_kind == "pathways"),
            pin_memory=torch.cuda.is_available(),
        )
