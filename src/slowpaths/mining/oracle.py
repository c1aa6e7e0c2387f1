"""True results that stages of mining are given instead of finding them, so that each stage can be measured alone.

Only made footage has a truth. On real footage nothing is given, and every method here says so by None.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.core.records import PoseTrack, Shot
from slowpaths.store.tables import read_poses, read_shots
from slowpaths.store.truth import STRIKER, TABLES, TrueBall, read_balls, truth_path
from slowpaths.video.shots import ShotCut, Transition

STAGES = ("cuts", "views", "replays", "striker", "impact", "handedness")
_TABLE_OF = {"cuts": "shots", "views": "shots", "replays": "shots", "striker": "poses"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """Hold what is given of one video.

    Args:
        stages: Which of `STAGES` are given.
        shots: True shots in time order.
        strikers: Track of the striker in each true shot that has one.
        balls: Balls in time order.
    """

    stages: frozenset[str] = frozenset()
    shots: tuple[Shot, ...] = ()
    strikers: tuple[PoseTrack, ...] = ()
    balls: tuple[TrueBall, ...] = ()

    def cuts(self) -> list[ShotCut] | None:
        """Return the true shots as cuts."""
        if "cuts" not in self.stages:
            return None
        return [
            ShotCut(
                first_frame=shot.first_frame,
                last_frame=shot.last_frame,
                transition=cast(Transition, shot.transition if shot.transition in get_args(Transition) else "cut"),
            )
            for shot in self.shots
        ]

    def views(self, shots: Sequence[Shot]) -> list[str] | None:
        """Return the view of each shot: that of the true shot it shares most frames with."""
        return [self._shot(shot).view for shot in shots] if "views" in self.stages else None

    def replays(self, shots: Sequence[Shot]) -> list[tuple[float, str | None]] | None:
        """Return for each shot whether it is a replay, 0 or 1, and the shot that it repeats."""
        if "replays" not in self.stages:
            return None
        true = [self._shot(shot) for shot in shots]
        name_of = {original.shot_id: shot.shot_id for shot, original in zip(shots, true, strict=True)}
        return [(float(shot.is_replay), name_of.get(shot.replay_of or "") if shot.is_replay else None) for shot in true]

    def striker(self, frames_T: np.ndarray, pts_s: np.ndarray, camera_T3: np.ndarray) -> list[PoseTrack] | None:
        """Return the striker in some frames, without joints: one track, or none where no striker is shown.

        Args:
            frames_T: Frame indices (T,), ascending.
            pts_s: Their times (T,), seconds.
            camera_T3: Camera at those frames (T, 3).
        """
        if "striker" not in self.stages:
            return None
        shared = [np.isin(frames_T, track.frames_T) for track in self.strikers]
        best = max(range(len(shared)), key=lambda index: shared[index].sum(), default=None)
        if best is None or not shared[best].any():
            return []
        true, rows = self.strikers[best], np.flatnonzero(shared[best])
        unseen_TKC = np.full((len(rows), *true.keypoints_TKC.shape[1:]), np.nan)
        unseen_TKC[..., 2] = 0.0
        track = PoseTrack(
            video_id=true.video_id,
            shot_id=true.shot_id,
            track_id=true.track_id,
            frames_T=frames_T[rows],
            pts_s=pts_s[rows],
            keypoints_TKC=unseen_TKC,
            boxes_T4=true.boxes_T4[np.searchsorted(true.frames_T, frames_T[rows])],
            camera_T3=camera_T3[rows],
        )
        return [track]

    def impacts_s(self, start_s: float, end_s: float) -> list[float] | None:
        """Return the impacts from one instant to another, inclusive."""
        if "impact" not in self.stages:
            return None
        return [ball.impact_s for ball in self.balls if start_s <= ball.impact_s <= end_s]

    def handedness(self, impact_s: float) -> float | None:
        """Return the probability, 0 or 1, that whoever faces the nearest ball is right-handed."""
        if "handedness" not in self.stages or not self.balls:
            return None
        return float(min(self.balls, key=lambda ball: abs(ball.impact_s - impact_s)).handedness == "R")

    def _shot(self, shot: Shot) -> Shot:
        return max(
            self.shots,
            key=lambda true: min(true.last_frame, shot.last_frame) - max(true.first_frame, shot.first_frame),
        )


NOTHING = Given()


def check_given(stages: Iterable[str], *, truth: Path | None, videos: Iterable[Path]) -> None:
    """Check that what is to be given is known and there.

    Args:
        stages: What is to be given.
        truth: Truth folder.
        videos: The videos.

    Raises:
        UsageError: If a stage has no such name, or its truth is missing.
    """
    stages = list(stages)
    if unknown := [name for name in stages if name not in STAGES]:
        raise UsageError(f"given= knows {', '.join(STAGES)}; '{unknown[0]}' is none of them")
    if not stages:
        return
    if truth is None:
        raise UsageError(f"given=[{','.join(stages)}] needs truth=FOLDER, the folder 'truth' of a made world")
    for video in videos:
        for table in _tables(stages):
            if not (path := truth_path(truth, video, table)).is_file():
                raise UsageError(
                    f"given=[{','.join(stages)}] needs {path}, which is not there: only made worlds have a truth"
                )


def read_given(stages: Iterable[str], *, truth: Path | None, video: Path) -> Given:
    """Read what is given of one video.

    Args:
        stages: Which of `STAGES`.
        truth: Truth folder; may be None where nothing is given.
        video: The video.
    """
    stages = frozenset(stages)
    if not stages or truth is None:
        return NOTHING
    tables = _tables(stages)
    path_of = {table: truth_path(truth, video, table) for table in TABLES}
    poses = read_poses(path_of["poses"]) if "poses" in tables else []
    return Given(
        stages=stages,
        shots=tuple(read_shots(path_of["shots"])) if "shots" in tables else (),
        strikers=tuple(track for track in poses if track.track_id == STRIKER),
        balls=tuple(read_balls(path_of["balls"])) if "balls" in tables else (),
    )


def _tables(stages: Iterable[str]) -> set[str]:
    return {_TABLE_OF.get(stage, "balls") for stage in stages}
