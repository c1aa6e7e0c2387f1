"""The sequence student of mined folders: reads their poses, learns what is believed of their deliveries. No Hydra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.ids import fingerprint
from slowpaths.models.student_settings import StudentSettings
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import FOOTAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceStudent:
    """Learn what is believed of deliveries from their pose sequences; a `labelling.opinions.Student`."""

    folders: tuple[Path, ...]  # mined folders: the one that is labelled, then its company
    settings: StudentSettings
    seed: int

    @property
    def fingerprint(self) -> str:
        """Identify how it is taught."""
        return fingerprint({**asdict(self.settings), "seed": self.seed})

    def __call__(self, delivery_ids: Sequence[str], believed_NC: np.ndarray) -> np.ndarray:
        """Return probabilities (N, C), NaN rows where it says nothing; see `models.student.cross_fit`."""
        if len(delivery_ids) < self.settings.min_deliveries:
            return np.full(believed_NC.shape, np.nan)
        from slowpaths.core.stroke_sequence import sequence_of
        from slowpaths.models.student import cross_fit

        sequences: dict[str, np.ndarray | None] = {}
        match_of: dict[str, str] = {}
        for path in self.folders:
            folder = MinedFolder(path)
            footage, tracks = folder.read(FOOTAGE), folder.poses_by_shot()
            matches = dict(zip(footage["video_id"].to_pylist(), footage["match_id"].to_pylist(), strict=True))
            for delivery in folder.deliveries():
                sequences[delivery.delivery_id] = sequence_of(delivery, tracks.get(delivery.shot_id, ()))
                match_of[delivery.delivery_id] = f"{path}/{matches[delivery.video_id]}"
        return cross_fit(
            [sequences.get(name) for name in delivery_ids],
            [match_of.get(name, "") for name in delivery_ids],
            believed_NC,
            settings=self.settings,
            seed=self.seed,
        )
