"""Who of the people in a shot faces the ball: place, posture and movement decide together.

Legend: T frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.core.records import PoseTrack
from slowpaths.mining.impact.evidence import Evidence, weigh
from slowpaths.mining.impact.instant_features import Standing
from slowpaths.mining.impact.signals import track_signals
from slowpaths.mining.striker import striker_scores
from slowpaths.mining.striker.observation import Observation, TrackFlow

# Whoever stands so much worse than the best is not looked at.
HOPELESS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Striker:
    """Hold the striker of a shot."""

    track: PoseTrack  # their track, with joints in every frame
    striker_p: float  # probability that they are the striker
    between_s: np.ndarray  # instants of the flow (T,), seconds; see `Observation.between_s`
    horizontal_T: np.ndarray  # share of the flow around them that is horizontal (T,)
    evidence: Evidence  # what speaks for a stroke of theirs, instant by instant


def find_striker(observation: Observation) -> Striker | None:
    """Look at the people who may be the striker now and then, and at the likeliest one closely.

    Joints and flow are the dearest parts of mining. Where the oracle knows the striker, nobody else is looked at.

    Returns:
        The striker; None where there is none.
    """
    oracle = observation.context.footage.oracle
    told = oracle.striker(observation.frames_T, observation.pts_s, observation.camera_T3, observation.tracks)
    if told is not None:
        standing = _standing(observation, told[0]) if told else None
        return None if standing is None else _look_closely(observation, told[0], standing=standing, striker_p=1.0)
    if not observation.tracks:
        return None
    settings = observation.context.footage.settings
    places = places_of(observation)
    candidates = candidates_of(places, most=settings.max_candidates)
    every_s = 1 / settings.detect_fps
    standings = standings_of(observation, places, candidates)
    tracks = [observation.joints(observation.tracks[candidate], every_s=every_s) for candidate in candidates]
    flows = [observation.flow(track, every_s=every_s) for track in tracks]
    evidence = [
        _weigh(observation, track, flow, standing, is_close=False)
        for track, flow, standing in zip(tracks, flows, standings, strict=True)
    ]
    best, striker_p = striker_scores.choose(np.array([one.strength for one in evidence]))
    return _look_closely(observation, tracks[best], standing=standings[best], striker_p=striker_p, known=flows[best])


def places_of(observation: Observation) -> np.ndarray:
    """Return the log scores of the places of everybody in a shot (P,)."""
    width, height = observation.context.footage.picture_size
    return striker_scores.place_scores(
        observation.tracks,
        view=observation.context.shot.view,
        height=height,
        width=width,
        start_s=float(observation.pts_s[0]),
        end_s=float(observation.pts_s[-1]),
    )


def candidates_of(places_P: np.ndarray, *, most: int) -> np.ndarray:
    """Return the people who may be the striker, best place first, given log scores of their places (P,)."""
    order = np.argsort(-places_P, kind="stable")[:most]
    return order[places_P[order] >= places_P.max() - HOPELESS]


def standings_of(observation: Observation, places_P: np.ndarray, candidates: np.ndarray) -> list[Standing]:
    """Return how the candidates stand among the people of a shot."""
    return [
        _standing(
            observation, observation.tracks[candidate], place=float(places_P[candidate] - places_P.max()), rank=rank
        )
        for rank, candidate in enumerate(candidates)
    ]


def _standing(observation: Observation, track: PoseTrack, *, place: float = 0.0, rank: int = 0) -> Standing:
    context = observation.context
    shot = context.shot
    return Standing(
        place=place,
        rank=rank,
        tall=float(np.median(track.boxes_T4[:, 3] - track.boxes_T4[:, 1])) / context.footage.picture_size[1],
        view=shot.view,
        start_s=shot.span.start_s,
        duration_s=shot.span.duration_s,
        is_first=shot.transition == "start",
        is_last=context.following is None,
    )


def _look_closely(
    observation: Observation,
    track: PoseTrack,
    *,
    standing: Standing,
    striker_p: float,
    known: TrackFlow | None = None,
) -> Striker:
    track = observation.joints(track)
    flow = observation.flow(track, known=known)
    return Striker(
        track=track,
        striker_p=striker_p,
        between_s=observation.between_s[np.searchsorted(observation.frames_T, track.frames_T)],
        horizontal_T=flow.horizontal_T,
        evidence=_weigh(observation, track, flow, standing, is_close=True),
    )


def _weigh(
    observation: Observation, track: PoseTrack, flow: TrackFlow, standing: Standing, *, is_close: bool
) -> Evidence:
    settings = observation.context.footage.settings
    return weigh(
        track_signals(observation, track, flow, is_close=is_close),
        standing,
        moment_weights=settings.moment_weights,
        timing_weights=settings.timing_weights,
        has_phases=settings.phases,
    )
