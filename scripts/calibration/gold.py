"""Gold of real clips, and the truth of synthetic worlds, as what finding is calibrated on reads it.

Clips of one scene or source are one group and never stand on both sides of a split.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from slowpaths.core.records import Box, Shot
from slowpaths.core.spans import Span
from slowpaths.store.gold_folder import GoldFolder
from slowpaths.store.world_folder import STRIKER, TrueBall, TruthFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldVideo:
    """Hold what is known of one video; one without shots is one shot of view `other` without a stroke."""

    path: Path
    key: str  # unique name
    group: str
    source: str  # "a", "b", "negatives" or "world"
    shots: tuple[Shot, ...] = ()  # in time order; where they begin and end is said by their frames
    balls: tuple[TrueBall, ...] = ()  # strokes whose contact is seen, with the striker's box where it is known

    def shots_of(self, pts_s: np.ndarray) -> list[Shot]:
        """Return the shots with their times, given the presentation times of the frames, seconds."""
        last = len(pts_s) - 1
        after_s = float(pts_s[-1] + (np.median(np.diff(pts_s)) if last else 0.04))
        ends_s = np.append(pts_s[1:], after_s)
        whole = Shot(shot_id="", video_id="", span=Span(0.0, 0.0), first_frame=0, last_frame=last, view="other")
        return [
            replace(
                shot,
                shot_id=f"{self.key}-{index}",
                video_id=self.key,
                span=Span(float(pts_s[shot.first_frame]), float(ends_s[min(shot.last_frame, last)])),
                last_frame=min(shot.last_frame, last),
                view_probability=1.0,
                transition="cut" if index else "start",
            )
            for index, shot in enumerate(self.shots or (whole,))
            if shot.first_frame <= last
        ]


def real_videos(shared: Path) -> Iterator[GoldVideo]:
    """Yield the clips of both folders of real footage and their negatives."""
    for source, name in (("a", "footage"), ("b", "footage_b")):
        gold = GoldFolder(shared / name)
        groups = gold.groups()
        for path in sorted(gold.clips.iterdir()):
            if shots := gold.shots(path.stem):
                yield GoldVideo(
                    path=path,
                    key=f"{source}-{path.name}",
                    group=groups[path.name],
                    source=source,
                    shots=tuple(shots),
                    balls=tuple(gold.balls(path.stem)),
                )
        for path in sorted(gold.negatives.iterdir()):
            group = groups.get(path.name, path.name)
            yield GoldVideo(path=path, key=f"n{source}-{path.name}", group=group, source="negatives")


def world_videos(world: Path) -> Iterator[GoldVideo]:
    """Yield the videos of a synthetic world."""
    truth = TruthFolder(world / "truth")
    for path in sorted(world.glob("*.mp4")):
        tracks = {track.shot_id: track for track in truth.poses(path.stem) if track.track_id == STRIKER}
        balls = []
        for ball in truth.balls(path.stem):
            if (track := tracks.get(ball.shot_id)) is not None:
                row = int(np.abs(track.pts_s - ball.impact_s).argmin())
                x1, y1, x2, y2 = track.boxes_T4[row].tolist()
                balls.append(replace(ball, box=Box(x1=x1, y1=y1, x2=x2, y2=y2)))
        yield GoldVideo(
            path=path,
            key=f"{world.name}-{path.name}",
            group=f"world-{world.name}-{path.stem}",
            source="world",
            shots=tuple(truth.shots(path.stem)),
            balls=tuple(balls),
        )
