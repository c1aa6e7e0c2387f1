"""Two views of a clip in one batch, for objectives that compare them, and which clips a batch brings together.

A batch of B clips has 2 B rows: a view of each clip, then the other of each. Everything random is a function of (seed,
epoch, clip), as in `data.sampling`.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch.utils.data import DataLoader, Dataset, Sampler

from slowpaths.core.errors import UsageError
from slowpaths.data.batch import ClipItem
from slowpaths.data.clip_dataset import ClipDataset
from slowpaths.data.clips import ClipRecord, find_links
from slowpaths.data.module import ClipDataModule
from slowpaths.data.view_settings import ViewSettings
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES, LABELS
from slowpaths.store.tables import read_labels


@dataclass(eq=False)
class ViewSampler(Sampler[list[int]]):
    """Give batches of indices `(2 * epoch + view) * num_clips + clip` into a `ClipDataset`.

    Lightning calls `set_epoch` of `sampler`. With several processes each takes every `num_replicas`-th batch.
    """

    scene_N: np.ndarray  # number of match and camera view of each clip
    ball_N: np.ndarray  # number of the ball that each shows
    batch_size: int
    settings: ViewSettings
    seed: int = 0
    num_replicas: int = 1
    rank: int = 0
    epoch: int = 0

    def __post_init__(self) -> None:
        self._rows: dict[int, list[int]] = defaultdict(list)
        for row, ball in enumerate(self.ball_N.tolist()):
            self._rows[ball].append(row)

    @property
    def sampler(self) -> ViewSampler:
        """Return what Lightning tells the epoch."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration shows."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self._num_batches // self.num_replicas)

    @property
    def _num_batches(self) -> int:
        return -(-len(self.scene_N) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        rng, num_clips = np.random.default_rng((self.seed, self.epoch)), len(self.scene_N)
        order = rng.permutation(num_clips)
        if self.settings.is_grouped:
            place = rng.permutation(self.scene_N.max() + 1)
            order = order[np.argsort(place[self.scene_N[order]], kind="stable")]
        is_other_N, which_N = rng.random(num_clips) < self.settings.replay_p, rng.integers(2**31, size=num_clips)
        # Batches of even size: a last one of a clip or two would have no moments to speak of.
        batches = np.array_split(order, self._num_batches)
        turns = np.resize(rng.permutation(len(batches)), len(self) * self.num_replicas)
        for turn in turns[self.rank :: self.num_replicas]:
            rows = batches[turn].tolist()
            seen = rows, [self._other(row, is_other_N, which_N) for row in rows]
            yield [(2 * self.epoch + view) * num_clips + row for view, shown in enumerate(seen) for row in shown]

    def _other(self, row: int, is_other_N: np.ndarray, which_N: np.ndarray) -> int:
        others = [other for other in self._rows[int(self.ball_N[row])] if other != row]
        return others[which_N[row] % len(others)] if others and is_other_N[row] else row


@dataclass(eq=False)
class ViewDataset(Dataset[ClipItem]):
    """Tell of each clip its scene, its ball and, where a label is known, how it is spread over strokes."""

    clips: ClipDataset
    scene_N: np.ndarray
    ball_N: np.ndarray
    probs_NC: np.ndarray  # uniform where no label is known

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> ClipItem:
        item = self.clips[index]
        known = {"scene": int(self.scene_N[item.index]), "ball": int(self.ball_N[item.index])}
        return item._replace(probs_C=torch.from_numpy(self.probs_NC[item.index]), **known)


class ViewDataModule(ClipDataModule):
    """Feed views of all clips of a mined folder to an objective; labels only steer what is told of its embedding.

    Args:
        views: Which views are compared.
        voice: Whose opinion batches carry as `probs_BC`, by its name in the folder's voices; None for the labels.
        options: As for `ClipDataModule`.
    """

    def __init__(self, *, views: ViewSettings, voice: str | None = None, **options: Any) -> None:
        super().__init__(targets="features", **options)
        self._views, self._voice = views, voice

    def train_dataloader(self) -> DataLoader[ClipItem]:
        """Return the training clips, shuffled, in augmented views."""
        records = self.training_records()
        if len(records) < 2:
            raise UsageError(f"{self._mined} has one clip to train on, and none to compare it with: mine more footage")
        replicas, rank = (self.trainer.world_size, self.trainer.global_rank) if self.trainer else (1, 0)
        dataset = self._view_dataset(records)
        return self._loader(dataset, batches=self._sampler(dataset, num_replicas=replicas, rank=rank))

    def val_dataloader(self) -> DataLoader[ClipItem] | list[DataLoader[ClipItem]]:
        """Return the validation clips, the same views of them every time; nothing where the part is empty."""
        records = self.records("val")
        return self.fixed_dataloader(records) if records else []

    def fixed_dataloader(self, records: Sequence[ClipRecord]) -> DataLoader[ClipItem]:
        """Return clips in their order, two views of each, which are always the same."""
        dataset, size, count = self._view_dataset(records), self._settings.clips_a_batch, len(records)
        starts = range(0, count, size)
        rows = [list(range(start, min(start + size, count))) for start in starts]
        return self._loader(dataset, batches=[[*batch, *(count + row for row in batch)] for batch in rows])

    def weak_labels(self) -> dict[str, np.ndarray]:
        """Return how the labels table spreads deliveries over strokes (14,); empty where there is none."""
        path = MinedFolder(self._mined).file(LABELS)
        return {c.delivery_id: c.probs.astype(np.float32) for c in read_labels(path)} if path.is_file() else {}

    def _taught(self) -> dict[str, np.ndarray]:
        """Return what batches say of deliveries (14,).

        Raises:
            UsageError: If it is to be a voice that says nothing in this folder.
        """
        if self._voice is None:
            return self.weak_labels()
        otherwise = "take objective.parts.distil.teacher=posterior"
        return MinedFolder(self._mined).voice(self._voice, otherwise=otherwise)

    def balls(self, records: Sequence[ClipRecord]) -> np.ndarray:
        """Return the number of the ball that each clip shows (N,)."""
        row_of = {record.clip.delivery_id: row for row, record in enumerate(records)}
        links = [(row_of[a], row_of[b]) for a, b in find_links(self._mined, self._records) if {a, b} <= row_of.keys()]
        ends = np.array(links, dtype=np.int64).reshape(-1, 2).T
        graph = coo_array((np.ones(len(links)), tuple(ends)), shape=(len(records), len(records)))
        return connected_components(graph, directed=False)[1]

    def take_features(self) -> None:
        """Let batches carry the features that mining measured, where there are any."""
        with contextlib.suppress(UsageError):  # an objective that needs them says so
            super().take_features()

    def _view_dataset(self, records: Sequence[ClipRecord]) -> ViewDataset:
        clips = self._dataset(records, is_train=True, jitter_frames=self._settings.jitter_frames)
        table = MinedFolder(self._mined).read(DELIVERIES)
        camera = dict(zip(table["delivery_id"].to_pylist(), table["view"].to_pylist(), strict=True))
        scenes = [f"{r.clip.match_id or r.clip.video_id} {camera[r.clip.delivery_id]}" for r in records]
        labels, unknown = self._taught(), np.full(14, 1 / 14, dtype=np.float32)
        return ViewDataset(
            clips,
            scene_N=np.unique(scenes, return_inverse=True)[1],
            ball_N=self.balls(records),
            probs_NC=np.array([labels.get(record.clip.delivery_id, unknown) for record in records]),
        )

    def _sampler(self, dataset: ViewDataset, **process: int) -> ViewSampler:
        told = {"scene_N": dataset.scene_N, "ball_N": dataset.ball_N, "settings": self._views}
        return ViewSampler(**told, batch_size=self._settings.clips_a_batch, seed=self._seed, **process)
