"""The sequence student of mined folders: reads their poses, learns what is believed of their deliveries. No Hydra."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from slowpaths.apps._console import NOTE_EVERY_S, Steps, progress
from slowpaths.core.errors import TableError
from slowpaths.core.ids import fingerprint
from slowpaths.core.stroke_sequence import sequence_of
from slowpaths.labelling.model.class_prior import expected_shares
from slowpaths.models.student_settings import StudentSettings
from slowpaths.store import tables
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import FOOTAGE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SequenceStudent:
    """Learn what is believed of deliveries from their pose sequences; a `labelling.opinions.Student`."""

    folder: MinedFolder  # the one that is labelled: what networks said is kept there until the labels are written
    sequences: Mapping[str, np.ndarray]  # delivery -> its pose sequence, where the batter is seen
    match_of: Mapping[str, str]  # delivery -> its match
    settings: StudentSettings
    seed: int
    shares_C: np.ndarray | None = None  # of the strokes in what it is taught; None for those that come of opinions

    @property
    def fingerprint(self) -> str:
        """Identify how it is taught."""
        shares = {} if self.shares_C is None else {"shares": self.shares_C.tolist()}
        return fingerprint({**asdict(self.settings), "seed": self.seed, **shares})

    @property
    def rounds(self) -> int:
        """Return how often it is taught."""
        return self.settings.rounds

    def why_silent(self, delivery_ids: Sequence[str]) -> str:
        """Return why it has nothing to say of these deliveries, in words; "" where it speaks."""
        seen = [name for name in delivery_ids if name in self.sequences]
        matches = {self.match_of[name] for name in seen}
        return self.settings.why_silent(
            num_deliveries=len(delivery_ids), num_sequences=len(seen), num_matches=len(matches)
        )

    def __call__(self, delivery_ids: Sequence[str], believed_NC: np.ndarray) -> np.ndarray:
        """Return probabilities (N, C), NaN rows where it says nothing; see `models.student.cross_fit`."""
        if self.why_silent(delivery_ids):
            return np.full(believed_NC.shape, np.nan)
        from slowpaths.models.student import cross_fit

        with progress(
            "teaching the student", self.settings.folds * self.settings.repeats, every_s=NOTE_EVERY_S
        ) as step:
            return cross_fit(
                [self.sequences.get(name) for name in delivery_ids],
                [self.match_of.get(name, "") for name in delivery_ids],
                believed_NC,
                settings=self.settings,
                shares_C=self.shares_C,
                seed=self.seed,
                recall=partial(self._recall, step=step),
            )

    def _recall(self, name: str, learn: Callable[[], np.ndarray], *, step: Steps) -> np.ndarray:
        file = self.folder.student_file(name)
        try:
            said_NC = np.load(file)
        except (OSError, ValueError, EOFError):  # not there, or spoilt
            said_NC = learn()
            with tables.atomic_write(file) as stream:
                np.save(stream, said_NC)
            step("networks")
        else:
            step("networks, kept from the run before")
        return said_NC


def student_of(
    folders: Sequence[tuple[MinedFolder, pa.Table]],
    *,
    settings: StudentSettings,
    seed: int,
    class_prior: Mapping[str, float] | None = None,
) -> SequenceStudent:
    """Return the student of mined folders and their deliveries; poses are read where there are enough of these.

    Args:
        folders: The folder to label and its deliveries, then its company.
        settings: Settings of networks and teaching.
        seed: Seed of both.
        class_prior: Stroke -> how often it is played, relative to the others; read where the settings ask for it.

    Raises:
        TableError: If a delivery lies in a video that the footage table of its folder lacks, or poses cannot be read.
    """
    sequences: dict[str, np.ndarray] = {}
    match_of: dict[str, str] = {}
    is_enough = sum(deliveries.num_rows for _, deliveries in folders) >= settings.min_deliveries
    for folder, deliveries in folders:
        matches = matches_of(folder, deliveries)
        tracks = folder.poses_by_shot() if is_enough else {}
        for delivery in tables.deliveries_of(deliveries) if is_enough else ():
            sequence = sequence_of(delivery, tracks.get(delivery.shot_id, ()))
            if sequence is not None:
                sequences[delivery.delivery_id] = sequence
                match_of[delivery.delivery_id] = f"{folder.path}/{matches[delivery.video_id]}"
    return SequenceStudent(
        folder=folders[0][0],
        sequences=sequences,
        match_of=match_of,
        settings=settings,
        seed=seed,
        shares_C=expected_shares(class_prior) if settings.use_class_prior else None,
    )


def matches_of(folder: MinedFolder, deliveries: pa.Table) -> dict[str, str]:
    """Return video -> match of a mined folder.

    Raises:
        TableError: If its footage table cannot be read, or lacks the video of a delivery.
    """
    footage = folder.read(FOOTAGE)
    matches = dict(zip(footage["video_id"].to_pylist(), footage["match_id"].to_pylist(), strict=True))
    for video in deliveries["video_id"].unique().to_pylist():
        if video not in matches:
            lacks = f"the footage table of {folder.path} lacks the video '{video}' of a delivery"
            raise TableError(f"{lacks}: mine that footage again, or take the folder out of company=")
    return matches
