"""Oracle inputs: true results that stages of mining get instead of finding them, so that each can be measured alone.

A synthetic world has a truth, real clips may have gold tables. On other footage there is no oracle, and every method of
it says so by None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import numpy as np

from slowpaths.core.errors import BrokenVideoError, TableError, UsageError
from slowpaths.core.ids import file_digest
from slowpaths.core.records import Box, PoseTrack, Shot
from slowpaths.store.gold_folder import GoldFolder
from slowpaths.store.world_folder import STRIKER, TrueBall, TruthFolder
from slowpaths.video.open import open_video
from slowpaths.video.shots import ShotBounds, Transition

STAGES = ("boundaries", "views", "replays", "striker", "impact", "handedness")
LEAST_IOU = 0.3
"""Least overlap of a track with the gold box at contact that makes it theirs: a detector's boxes hold the bat."""
_NEAR_FRAMES = 2  # repeated pictures are left out of tracks: the contact may be one
_TABLE_OF = {"boundaries": "shots", "views": "shots", "replays": "shots", "striker": "poses"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Oracle:
    """Hold the true results of one video."""

    stages: frozenset[str] = frozenset()  # which of `STAGES` get them
    shots: tuple[Shot, ...] = ()  # true shots in time order
    strikers: tuple[PoseTrack, ...] = ()  # track of the striker in each true shot that has one
    balls: tuple[TrueBall, ...] = ()  # balls in time order
    boxes: Mapping[int, Box] | None = None  # frame of contact -> box of the striker; None where their track is known

    def boundaries(self) -> list[ShotBounds] | None:
        """Return where the true shots begin and end."""
        if "boundaries" not in self.stages:
            return None
        return [
            ShotBounds(
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

    def striker(
        self, frames_T: np.ndarray, pts_s: np.ndarray, camera_T3: np.ndarray, tracks: Sequence[PoseTrack] = ()
    ) -> list[PoseTrack] | None:
        """Return the striker in some frames (T,): one track, or none where no striker is shown.

        A true track comes without joints. Gold has the striker's box at contact only: of the tracks that mining found,
        the one that shares most with it is theirs. Where gold has no box in these frames, or nobody was tracked there,
        mining chooses itself.
        """
        if "striker" not in self.stages:
            return None
        if self.boxes is not None:
            shares = [_share(track, self.boxes, frames_T) for track in tracks]
            best = max(range(len(shares)), key=lambda index: shares[index], default=None)
            return None if best is None or shares[best] < LEAST_IOU else [tracks[best]]
        shared = [np.isin(frames_T, track.frames_T) for track in self.strikers]
        best = max(range(len(shared)), key=lambda index: shared[index].sum(), default=None)
        if best is None or not shared[best].any():
            return []
        true, rows = self.strikers[best], np.flatnonzero(shared[best])
        unseen_TJC = np.full((len(rows), *true.keypoints_TJC.shape[1:]), np.nan)
        unseen_TJC[..., 2] = 0.0
        track = PoseTrack(
            video_id=true.video_id,
            shot_id=true.shot_id,
            track_id=true.track_id,
            frames_T=frames_T[rows],
            pts_s=pts_s[rows],
            keypoints_TJC=unseen_TJC,
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
        known = [ball for ball in self.balls if ball.handedness]
        if "handedness" not in self.stages or not known:
            return None
        return float(min(known, key=lambda ball: abs(ball.impact_s - impact_s)).handedness == "R")

    def _shot(self, shot: Shot) -> Shot:
        return max(
            self.shots, key=lambda true: min(true.last_frame, shot.last_frame) - max(true.first_frame, shot.first_frame)
        )


def _share(track: PoseTrack, boxes: Mapping[int, Box], frames_T: np.ndarray) -> float:
    """Return the largest intersection over union of a track with a box of some frames, in the frame of the box."""
    rows = {int(frame): row for row, frame in enumerate(track.frames_T)}
    seen = [frame for frame in boxes if frames_T[0] <= frame <= frames_T[-1]]
    near = [(frame, min(rows, key=lambda own: abs(own - frame))) for frame in seen]
    corners = [(boxes[frame], track.boxes_T4[rows[own]]) for frame, own in near if abs(own - frame) <= _NEAR_FRAMES]
    names = ("x1", "y1", "x2", "y2")
    return max((true.iou(Box(**dict(zip(names, own.tolist(), strict=True)))) for true, own in corners), default=0.0)


NO_ORACLE = Oracle()


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleSource:
    """Say which stages get true results and where those lie."""

    stages: tuple[str, ...] = ()  # which of `STAGES`
    truth: Path | None = None  # folder `truth` of a synthetic world, or of gold tables; None only without stages

    def check(self, videos: Iterable[Path]) -> None:
        """Check that the stages are known and the truth of all videos is there.

        Raises:
            UsageError: If a stage has no such name, or its truth is missing.
            TableError: If a table of gold is broken; names the line.
        """
        if unknown := [name for name in self.stages if name not in STAGES]:
            raise UsageError(f"oracle= knows {', '.join(STAGES)}; '{unknown[0]}' is none of them")
        if not self.stages:
            return
        asked = f"oracle=[{','.join(self.stages)}]"
        if self.truth is None:
            raise UsageError(f"{asked} needs truth=FOLDER, the folder 'truth' of a synthetic world or of gold tables")
        truth = _true_tables(self.truth)
        for video in videos:
            for table in sorted(self._tables()):
                if not (path := truth.file(video.stem, table)).is_file():
                    raise UsageError(
                        f"{asked} needs {path}, which is not there: only synthetic worlds and gold have a truth"
                    )
            if isinstance(truth, GoldFolder):  # a person wrote it: what is wrong is said before a video is opened
                self._shots_and_balls(truth, video)

    def digests(self, videos: Iterable[Path]) -> dict[str, str]:
        """Return the digest of every table of the truth of these videos, by the name of its file."""
        if not self.stages or self.truth is None:
            return {}
        truth = _true_tables(self.truth)
        files = {truth.file(video.stem, table) for video in videos for table in self._tables()}
        return {file.name: file_digest(file) for file in sorted(files)}

    def read(self, video: Path) -> Oracle:
        """Read the true results of one video.

        Raises:
            TableError: If a table cannot be read, or the shots of gold end elsewhere than the video.
        """
        if not self.stages or self.truth is None:
            return NO_ORACLE
        truth = _true_tables(self.truth)
        is_gold = isinstance(truth, GoldFolder)
        poses = truth.poses(video.stem) if "poses" in self._tables() else []
        shots, balls = self._shots_and_balls(truth, video)
        if is_gold and shots:
            _check_length(shots[-1], video, table=truth.file(video.stem, "shots"))
        return Oracle(
            stages=frozenset(self.stages),
            shots=tuple(shots),
            strikers=tuple(track for track in poses if track.track_id == STRIKER),
            balls=tuple(balls),
            boxes={ball.frame: ball.box for ball in balls if ball.frame is not None and ball.box} if is_gold else None,
        )

    def _shots_and_balls(self, truth: TruthFolder | GoldFolder, video: Path) -> tuple[list[Shot], list[TrueBall]]:
        """Read the true shots and balls of a video, where they are asked for."""
        tables = self._tables()
        has_balls = "balls" in tables or (isinstance(truth, GoldFolder) and "poses" in tables)
        shots = truth.shots(video.stem) if "shots" in tables else []
        return shots, truth.balls(video.stem) if has_balls else []

    def _tables(self) -> set[str]:
        return {_TABLE_OF.get(stage, "balls") for stage in self.stages}


def _true_tables(folder: Path) -> TruthFolder | GoldFolder:
    """Return the reader of a truth: gold tables where there are some, else that of a synthetic world."""
    gold = GoldFolder(folder)
    return gold if gold.strokes_file.is_file() else TruthFolder(folder)


def _check_length(last: Shot, video: Path, *, table: Path) -> None:
    """Check that the last true shot ends with its video; of one that cannot be read mining says so itself.

    Raises:
        TableError: If it ends elsewhere.
    """
    try:
        with open_video(video) as decoder:
            num_frames = len(decoder)
    except BrokenVideoError:
        return
    if last.last_frame != num_frames - 1:
        raise TableError(
            f"{table} lets the shots of {video.name} end with frame {last.last_frame}, but it has {num_frames} frames, "
            f"counted from 0: let the last one end with frame {num_frames - 1}"
        )
