"""Gold of real clips, and the truth of synthetic worlds, as what finding is calibrated on reads it.

Clips of one scene or source are one group and never stand on both sides of a split.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.records import Shot
from slowpaths.core.spans import Span
from slowpaths.store.gold_folder import GoldFolder
from slowpaths.store.world_folder import STRIKER, TruthFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldStroke:
    """Hold one stroke of a gold table."""

    impact_s: float
    box_4: np.ndarray  # striker at contact (4,), full-size pixels; NaN where unknown
    fps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldShot:
    """Hold one shot of a gold table."""

    first_frame: int
    last_frame: int
    view: str
    is_replay: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldVideo:
    """Hold what is known of one video; one without shots is one shot of view `other` without a stroke."""

    path: Path
    key: str  # unique name
    group: str
    source: str  # "a", "b", "negatives" or "world"
    shots: tuple[GoldShot, ...] = ()
    strokes: tuple[GoldStroke, ...] = ()

    def shots_of(self, pts_s: np.ndarray) -> list[Shot]:
        """Return the shots as records, given the presentation times of the frames, seconds."""
        last = len(pts_s) - 1
        after_s = float(pts_s[-1] + (np.median(np.diff(pts_s)) if last else 0.04))
        ends_s = np.append(pts_s[1:], after_s)
        gold = self.shots or (GoldShot(first_frame=0, last_frame=last, view="other", is_replay=False),)
        return [
            Shot(
                shot_id=f"{self.key}-{index}",
                video_id=self.key,
                span=Span(float(pts_s[shot.first_frame]), float(ends_s[min(shot.last_frame, last)])),
                first_frame=shot.first_frame,
                last_frame=min(shot.last_frame, last),
                view=shot.view,
                view_probability=1.0,
                transition="cut" if index else "start",
                is_replay=shot.is_replay,
            )
            for index, shot in enumerate(gold)
            if shot.first_frame <= last
        ]


def real_videos(shared: Path) -> Iterator[GoldVideo]:
    """Yield the clips of both folders of real footage and their negatives."""
    for source, folder in (("a", shared / "footage"), ("b", shared / "footage_b")):
        shots, strokes = defaultdict(list), defaultdict(list)
        groups = GoldFolder(folder).groups()
        for row in _rows(folder / "gold_shots.csv"):
            shots[row["file"]].append(
                GoldShot(
                    first_frame=int(row["first_frame"]),
                    last_frame=int(row["last_frame"]),
                    view=row["view"],
                    is_replay=row["is_replay"] == "1",
                )
            )
        for row in _rows(folder / "gold.csv"):
            if row["impact_s"]:
                box = [float(row[f"striker_{side}"] or "nan") for side in ("x1", "y1", "x2", "y2")]
                strokes[row["file"]].append(
                    GoldStroke(impact_s=float(row["impact_s"]), box_4=np.array(box), fps=float(row["clip_fps"]))
                )
        negatives = sorted((folder / "negatives").iterdir())
        for name in sorted(set(shots) - {path.name for path in negatives}):
            yield GoldVideo(
                path=folder / "clips" / name,
                key=f"{source}-{name}",
                group=groups[name],
                source=source,
                shots=tuple(sorted(shots[name], key=lambda shot: shot.first_frame)),
                strokes=tuple(strokes[name]),
            )
        for path in negatives:
            yield GoldVideo(
                path=path, key=f"n{source}-{path.name}", group=groups.get(path.name, path.name), source="negatives"
            )


def world_videos(world: Path) -> Iterator[GoldVideo]:
    """Yield the videos of a synthetic world."""
    truth = TruthFolder(world / "truth")
    for path in sorted(world.glob("*.mp4")):
        shots = truth.shots(path.stem)
        tracks = {track.shot_id: track for track in truth.poses(path.stem) if track.track_id == STRIKER}
        strokes = []
        for ball in truth.balls(path.stem):
            if (track := tracks.get(ball.shot_id)) is not None:
                row = int(np.abs(track.pts_s - ball.impact_s).argmin())
                strokes.append(GoldStroke(impact_s=ball.impact_s, box_4=track.boxes_T4[row], fps=25.0))
        yield GoldVideo(
            path=path,
            key=f"{world.name}-{path.name}",
            group=f"world-{world.name}-{path.stem}",
            source="world",
            shots=tuple(
                GoldShot(
                    first_frame=shot.first_frame, last_frame=shot.last_frame, view=shot.view, is_replay=shot.is_replay
                )
                for shot in shots
            ),
            strokes=tuple(strokes),
        )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
