"""What a shot shows of a stroke, and the strokes that all shots of a video show together.

Legend: T frames, L lags of the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from slowpaths.core.records import PoseTrack, Shot
from slowpaths.mining.context import ShotContext, VideoContext
from slowpaths.mining.impact import audio_lag
from slowpaths.mining.impact.events import Event, find_events, stroke_p
from slowpaths.mining.impact.evidence import Evidence
from slowpaths.mining.impact.instants import STEP_S, mixture
from slowpaths.mining.shots.replay_alignment import ALIGNED_P, Heights, alignment_density
from slowpaths.mining.striker.handedness import logit
from slowpaths.mining.striker.observation import observe
from slowpaths.mining.striker.selection import Striker, find_striker
from slowpaths.video.sound import Onsets

SUREST_VIEW = 0.95
# Joints and flow within two frames of impact, the camera within half a second, a sound that may be the bat's.
_FLOW_S, _CAMERA_S, _SOUND_S = 0.08 + 1e-6, 0.5, 0.15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShotEvidence:
    """Hold the striker of a shot, or of a piece of it, and what speaks for a stroke of theirs."""

    context: ShotContext  # the shot
    striker: Striker  # the striker
    impact: Evidence  # what speaks for a stroke, instant by instant
    prior_log_odds: float  # what the view says for one, 0 or less
    pts_s: np.ndarray  # times of the frames looked at (T,), seconds
    inliers_T: np.ndarray  # share of points that follow the camera fit (T,)

    def as_replay_of(self, live: Candidate) -> ShotEvidence:
        """Return the same with what the ball that this shot repeats says of the impact."""
        size = self.context.footage.picture_size
        shown, known = (Heights.of(track, picture_size=size) for track in (self.striker.track, live.track))
        if shown is None or known is None or not self.impact.times_s.size:
            return self
        density_G = alignment_density(self.impact.times_s, replay=shown, live=known, live_impact_s=live.event.impact_s)
        return replace(self, impact=replace(self.impact, repeated_G=mixture(density_G, ALIGNED_P)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """Hold one stroke before it is measured."""

    shot: Shot  # the shot
    event: Event  # when it happens
    track: PoseTrack  # the striker, with joints
    extras: dict[str, float]  # features that need pixels or sound


def gather(context: ShotContext) -> ShotEvidence | None:
    """Find the striker of a shot and what speaks for a stroke; None where there is no striker."""
    observation = observe(context)
    striker = None if observation is None else find_striker(observation)
    if observation is None or striker is None:
        return None
    return ShotEvidence(
        context=context,
        striker=striker,
        impact=striker.evidence,
        prior_log_odds=_view_log_odds(context.play_p),
        pts_s=observation.pts_s,
        inliers_T=observation.inliers_T,
    )


def find_candidates(context: VideoContext, gathered: Sequence[ShotEvidence], *, min_event_p: float) -> list[Candidate]:
    """Return the strokes of a video that are at least so probable, in time order.

    The lag of the sound is learnt from all shots together. Live strokes come first, then their replays, which are
    placed by them.
    """
    strokes_p = [stroke_p(one.impact, prior_log_odds=one.prior_log_odds) for one in gathered]
    impacts = [(one.impact.silent_G, one.impact.sound_LG) for one in gathered]
    heard = audio_lag.learn([(*impact, p) for impact, p in zip(impacts, strokes_p, strict=True)])
    candidates: list[Candidate] = []
    last: dict[str, Candidate] = {}  # stroke of each shot
    for one, heard_L in sorted(zip(gathered, heard, strict=True), key=lambda pair: pair[0].context.shot.is_replay):
        shot = one.context.shot
        live = last.get(shot.replay_of or "") if shot.is_replay else None
        found = _strokes(one if live is None else one.as_replay_of(live), heard_L, min_event_p=min_event_p)
        candidates += found
        if found:
            last[shot.shot_id] = found[-1]
    return _apart(candidates, min_gap_s=context.settings.min_gap_s)


def _strokes(gathered: ShotEvidence, heard_L: np.ndarray, *, min_event_p: float) -> list[Candidate]:
    """Return the strokes of a shot, given the probability that the bat is heard and so late (L,)."""
    footage = gathered.context.footage
    told_s = footage.oracle.impacts_s(float(gathered.pts_s[0]), float(gathered.pts_s[-1]))
    if told_s is not None:
        events = [Event(impact_s=time_s, uncertainty_s=STEP_S / 4, event_p=1.0, log_odds=np.inf) for time_s in told_s]
    else:
        events = find_events(
            gathered.impact.knowing(heard_L),
            prior_log_odds=gathered.prior_log_odds,
            min_event_p=min_event_p,
            min_gap_s=footage.settings.min_gap_s,
        )
    lag_s = audio_lag.lag_of(heard_L)
    return [
        Candidate(
            shot=gathered.context.shot,
            event=event,
            track=gathered.striker.track,
            extras=_extras(gathered, event.impact_s, lag_s=lag_s),
        )
        for event in events
    ]


def _view_log_odds(play_p: float) -> float:
    """Return what the view adds to the log odds of a stroke, 0 or less: strokes were learnt in true views of play."""
    return logit(min(play_p, SUREST_VIEW)) - logit(SUREST_VIEW)


def _extras(gathered: ShotEvidence, impact_s: float, *, lag_s: float) -> dict[str, float]:
    """Return the features that need pixels or sound."""
    striker = gathered.striker
    near = np.abs(striker.between_s - impact_s) <= _FLOW_S
    around = np.abs(gathered.pts_s - impact_s) <= _CAMERA_S
    return {
        "flow_horizontal": _mean(striker.horizontal_T[near]),
        "striker_p": striker.striker_p,
        "camera_inliers": _mean(gathered.inliers_T[around]),
        **_heard(gathered.context.onsets, impact_s + lag_s),
    }


def _heard(onsets: Onsets | None, time_s: float) -> dict[str, float]:
    """Return how loud and how bright the loudest sound about an instant is."""
    if onsets is None:
        return {"onset_z": float("nan"), "onset_brightness": float("nan")}
    close = np.abs(onsets.times_s - time_s) <= _SOUND_S
    if not close.any():
        return {"onset_z": 0.0, "onset_brightness": float("nan")}
    loudest = onsets.z[close].argmax()
    return {"onset_z": float(onsets.z[close][loudest]), "onset_brightness": float(onsets.brightness[close][loudest])}


def _mean(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")


def _apart(candidates: Sequence[Candidate], *, min_gap_s: float) -> list[Candidate]:
    """Keep the most probable of strokes that overlapping pieces of one shot found twice."""
    kept: list[Candidate] = []
    for one in sorted(candidates, key=lambda one: (-one.event.log_odds, one.event.impact_s)):
        clashes = any(
            other.shot.shot_id == one.shot.shot_id and abs(other.event.impact_s - one.event.impact_s) < min_gap_s
            for other in kept
        )
        if not clashes:
            kept.append(one)
    return sorted(kept, key=lambda one: one.event.impact_s)
