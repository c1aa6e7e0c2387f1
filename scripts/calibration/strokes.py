"""Observe the true shots of play as mining observes them, for the networks that say whether and when a ball is hit.

Every person who may be the striker gives two series of examples, one looked at closely and one now and then, as mining
does to choose among them. An instant of the striker is an impact at the gold contact, and the less the further away.
Clips without a stroke are shots of the pitch here, for that is what they are when a view is mistaken.

Legend: G instants, F features, C inputs of the timing network.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scripts.calibration.gold import GoldVideo

from slowpaths.core.errors import BrokenVideoError
from slowpaths.core.records import Box, PoseTrack
from slowpaths.core.views import PLAY_VIEWS
from slowpaths.mining.context import ShotContext, VideoContext
from slowpaths.mining.impact.instant_features import grid_of, instant_features
from slowpaths.mining.impact.instants import smooth
from slowpaths.mining.impact.signals import track_signals
from slowpaths.mining.impact.timing_inputs import timing_inputs
from slowpaths.mining.pipeline import pieces, read_onsets
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.striker.observation import observe
from slowpaths.mining.striker.selection import candidates_of, places_of, standings_of
from slowpaths.store.world_folder import TrueBall
from slowpaths.video.open import open_video
from slowpaths.video.probe import probe

WATCHED = "watched"
"""First word of the folder, beside those of the calibrations, that keeps what was observed."""
TARGET_SD_S = 0.04  # of the Gaussian about an impact
TARGET_REACH_S = 0.1
LEAST_OVERLAP = 0.3  # of a person's box with the gold box at contact, to be the striker
APART_S = 1.5  # strokes of one shot lie further apart than this
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Person:
    """Hold one who may be the striker of a shot, at every instant."""

    times_s: np.ndarray  # (G,)
    close_GF: np.ndarray  # features, looked at closely
    timing_GC: np.ndarray  # inputs of the timing network, looked at closely
    mirrored_GC: np.ndarray  # the same in a mirror
    sparse_times_s: np.ndarray
    sparse_GF: np.ndarray  # features, looked at now and then
    impacts_s: tuple[float, ...]  # impacts of theirs, none where they are not the striker


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Hold one true shot of play, or a piece of it."""

    video: GoldVideo
    view: str
    impacts: tuple[tuple[float, float], ...]  # true impacts, seconds, with the frame rate of the clip
    people: list[Person]


def watch(video: GoldVideo, *, pose, kept: Path) -> list[Part]:
    """Observe the true shots of play of a video, or read what an earlier call saw."""
    kept = kept.with_name(f"{kept.name}.pickle")
    if kept.is_file():
        # the video is what is known now: a group that gold has changed since must not stay on its old side
        return [replace(part, video=video) for part in pickle.loads(kept.read_bytes())]
    settings, parts = MiningSettings(), []
    try:
        reference = probe(video.path, root=video.path.parent)
        with open_video(video.path, backend=settings.backend) as decoder:
            context = VideoContext(video=reference, path=video.path, decoder=decoder, pose=pose, settings=settings)
            pts_s, onsets = np.asarray(decoder.pts_s), read_onsets(context)
            shots = video.shots_of(pts_s)
            for index, shot in enumerate(shots):
                shot = shot if video.shots else replace(shot, view="pitch_endon")
                if shot.view not in PLAY_VIEWS or (shot.view == "closeup" and video.source == "world"):
                    continue
                following = shots[index + 1] if index + 1 < len(shots) else None
                for first, last in pieces(shot, pts_s, settings=settings):
                    shown = ShotContext(
                        footage=context, shot=shot, first_frame=first, last_frame=last,
                        following=following if last == shot.last_frame else None, play_p=1.0, onsets=onsets,
                    )  # fmt: skip
                    if (part := _part(video, shown)) is not None:
                        parts.append(part)
    except BrokenVideoError as error:
        _log.warning("%s", error)
    kept.write_bytes(pickle.dumps(parts))
    return parts


def _part(video: GoldVideo, shown: ShotContext) -> Part | None:
    span = shown.shot.span
    balls = [ball for ball in video.balls if span.start_s - 0.02 <= ball.impact_s <= span.end_s + 0.02]
    impacts = tuple((ball.impact_s, float(shown.footage.video.fps)) for ball in balls)
    observation = observe(shown)
    people = []
    if observation is not None and observation.tracks:
        places = places_of(observation)
        candidates = candidates_of(places, most=shown.footage.settings.max_candidates)
        every_s = 1 / shown.footage.settings.detect_fps
        for candidate, standing in zip(candidates, standings_of(observation, places, candidates), strict=True):
            track = observation.tracks[candidate]
            looks = []
            for is_close in (True, False):
                step_s = 0.0 if is_close else every_s
                joints, flow = observation.joints(track, every_s=step_s), observation.flow(track, every_s=step_s)
                looks.append(track_signals(observation, joints, flow, is_close=is_close))
            close_s, sparse_s = (grid_of(signals) for signals in looks)
            if not close_s.size or not sparse_s.size:
                continue
            person = Person(
                times_s=close_s,
                close_GF=instant_features(close_s, looks[0], standing),
                timing_GC=timing_inputs(close_s, looks[0]),
                mirrored_GC=timing_inputs(close_s, looks[0], mirrored=True),
                sparse_times_s=sparse_s,
                sparse_GF=instant_features(sparse_s, looks[1], standing),
                impacts_s=tuple(ball.impact_s for ball in balls if _is_striker(track, ball)),
            )
            people.append(person)
    return Part(video=video, view=shown.shot.view, impacts=impacts, people=people) if people or impacts else None


def _is_striker(track: PoseTrack, ball: TrueBall) -> bool:
    row = int(np.abs(track.pts_s - ball.impact_s).argmin())
    if abs(track.pts_s[row] - ball.impact_s) > 0.15 or ball.box is None:
        return False
    x1, y1, x2, y2 = track.boxes_T4[row].tolist()
    return Box(x1=x1, y1=y1, x2=x2, y2=y2).iou(ball.box) >= LEAST_OVERLAP


def target(times_s: np.ndarray, impacts_s: Sequence[float]) -> np.ndarray:
    """Return what the network shall answer at every instant (G,)."""
    away = np.abs(times_s[:, None] - np.array(impacts_s)[None, :]) if impacts_s else np.full((len(times_s), 1), np.inf)
    nearest_s = away.min(axis=1)
    return np.where(nearest_s < TARGET_REACH_S, np.exp(-0.5 * (nearest_s / TARGET_SD_S) ** 2), 0.0)


def peaks(times_s: np.ndarray, answers_G: np.ndarray) -> list[tuple[float, float]]:
    """Return the instants with the best answers, and the answers: the best, and others half as good further off."""
    left_G, found = smooth(answers_G, TARGET_SD_S).copy(), []
    while len(found) < 7 and (not found or left_G.max() >= 0.5 * found[0][1]):
        peak = int(left_G.argmax())
        found.append((float(times_s[peak]), float(left_G[peak])))
        left_G[np.abs(times_s - times_s[peak]) < APART_S] = -1.0
    return found


def report(rows: list[tuple[str, float, float, bool, float]]) -> None:
    """Print how near the best instant is to the true impacts, by source, and how much is claimed."""
    for source in dict.fromkeys(row[0] for row in rows):
        some = [row for row in rows if row[0] == source]
        error_s, fps, right, answer = (np.array(column) for column in list(zip(*some, strict=True))[1:])
        print(
            f"{source:18s} strokes {len(some):4d}  within .5 s {np.mean(error_s <= 0.5):.3f}  5 frames "
            f"{np.mean(error_s * fps <= 5.01):.3f}  2 frames {np.mean(error_s * fps <= 2.01):.3f}  striker "
            f"{right.mean():.3f}  median answer {np.median(answer):.2f}"
        )
