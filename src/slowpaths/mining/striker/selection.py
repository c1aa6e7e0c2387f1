"""Who of the people in a shot faces the ball: place, posture and movement decide together.

Legend: T frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.core.records import PoseTrack
from slowpaths.mining.impact.evidence import Evidence, weigh
from slowpaths.mining.striker import striker_scores
from slowpaths.mining.striker.observation import Observation, grid

# Movement and posture together change log odds by this much at most: whoever stands worse than that cannot win.
HOPELESS = 5.0
_UNSEEN_LOG = -10.0  # of a stroke of somebody who is seen in fewer than three frames


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Striker:
    """Hold the striker of a shot."""

    track: PoseTrack  # their track, with joints in every frame
    striker_p: float  # probability that they are the striker
    between_s: np.ndarray  # instants of the flow (T,), seconds; see `Observation.between_s`
    energy_T: np.ndarray  # energy of the flow around them (T,), body heights per second
    horizontal_T: np.ndarray  # share of it that is horizontal (T,)


def find_striker(observation: Observation) -> Striker | None:
    """Look at the people who may be the striker now and then, and at the likeliest one in every frame.

    Joints and flow are the dearest parts of mining. Where the oracle knows the striker, nobody else is looked at.

    Returns:
        The striker; None where there is none.
    """
    oracle = observation.context.footage.oracle
    told = oracle.striker(observation.frames_T, observation.pts_s, observation.camera_T3, observation.tracks)
    if told is not None:
        return _look_closely(observation, told[0], striker_p=1.0) if told else None
    if not observation.tracks:
        return None
    settings = observation.context.footage.settings
    width, height = observation.context.footage.picture_size
    places = striker_scores.place_scores(
        observation.tracks,
        view=observation.context.shot.view,
        height=height,
        width=width,
        start_s=float(observation.pts_s[0]),
        end_s=float(observation.pts_s[-1]),
    )
    candidates = np.argsort(-places, kind="stable")[: settings.max_candidates]
    candidates = candidates[places[candidates] >= places.max() - HOPELESS]
    every_s = 1 / settings.detect_fps
    scores, flows = np.empty(len(candidates)), []
    for number, candidate in enumerate(candidates):
        track = observation.joints(observation.tracks[candidate], every_s=every_s)
        flows.append(observation.flow(track, every_s=every_s))
        guard = striker_scores.guard_score(striker_scores.guard_frames(track)[grid(track.pts_s, every_s)])
        movement = _stroke_log_ratio(weigh(observation, track, flows[number][0]))
        scores[number] = places[candidate] + guard + movement
    best, striker_p = striker_scores.choose(scores)
    return _look_closely(observation, observation.tracks[candidates[best]], striker_p=striker_p, known=flows[best])


def _look_closely(
    observation: Observation, track: PoseTrack, *, striker_p: float, known: tuple[np.ndarray, np.ndarray] | None = None
) -> Striker:
    track = observation.joints(track)
    energy_T, horizontal_T = observation.flow(track, known=known)
    return Striker(
        track=track,
        striker_p=striker_p,
        between_s=observation.between_s[np.searchsorted(observation.frames_T, track.frames_T)],
        energy_T=energy_T,
        horizontal_T=horizontal_T,
    )


def _stroke_log_ratio(evidence: Evidence) -> float:
    """Return the log ratio of a stroke anywhere against none, every instant alike."""
    if not evidence.times_s.size:
        return _UNSEEN_LOG
    peak = float(evidence.log_ratio_G.max())
    return peak + float(np.log(np.mean(np.exp(evidence.log_ratio_G - peak))))
