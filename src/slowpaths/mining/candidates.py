"""Who faces the ball in a play shot, and when he hits it: person and moment are decided together.

Legend: T frames, N tracks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slowpaths.core.records import PoseTrack, Shot
from slowpaths.mining.impact.audio_lag import lag_of
from slowpaths.mining.impact.event_model import STROKE_PRIOR, Event, Evidence, find_events, fuse, stroke_p
from slowpaths.mining.impact.instants import RHO, STEP_S, mixture
from slowpaths.mining.impact.signals import track_signals
from slowpaths.mining.oracle import NOTHING, Given
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.shots.replay_alignment import Heights, alignment_density
from slowpaths.mining.striker import striker_scores as striker
from slowpaths.mining.striker.observation import Look, Observed, grid
from slowpaths.video.sound import Onsets

# Movement and posture together change log odds by this much at most: whoever stands worse than that cannot win.
HOPELESS = 5.0
SUREST_VIEW = 0.95
SHORTEST_S = 3.0
"""Shots of the pitch last 3 to 14 s in broadcasts: the flight of the ball takes half a second and more, the end of the
run-up and the stroke as much again each."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Hold one stroke before it is measured.

    Args:
        shot: The shot.
        event: When it happens.
        track: The striker, with joints.
        striker_p: Probability that he is the striker.
        extras: Features that need pixels or sound.
    """

    shot: Shot
    event: Event
    track: PoseTrack
    striker_p: float
    extras: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cues:
    """Hold what is the same for everybody in a shot.

    Args:
        observed: What was seen of the shot.
        shot: The shot.
        following: The shot after it, None where the file or the piece ends.
        onsets: Onsets of the sound, None without sound.
        has_phases: Whether the phases of a stroke count.
    """

    observed: Observed
    shot: Shot
    following: Shot | None
    onsets: Onsets | None
    has_phases: bool = True

    def listen(self, track: PoseTrack, energy_T: np.ndarray) -> Evidence:
        """Return what speaks for a stroke of one person, instant by instant."""
        signals = track_signals(
            track, energy_T, self.observed, shot=self.shot, following=self.following, onsets=self.onsets
        )
        return fuse(signals, has_phases=self.has_phases)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Choice:
    """Hold the striker: track with joints in every frame, probability, energy and horizontal share of the flow (T,)."""

    track: PoseTrack
    striker_p: float
    energy_T: np.ndarray
    horizontal_T: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watched:
    """Hold the striker of a shot, or of a piece of it, and what speaks for a stroke of his.

    Args:
        cues: What is the same for everybody in the shot.
        choice: The striker.
        evidence: What speaks for a stroke, instant by instant.
        prior_log_odds: What the view says for one.
    """

    cues: Cues
    choice: _Choice
    evidence: Evidence
    prior_log_odds: float

    @property
    def signs(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Return what `lag.learn` reads."""
        evidence = self.evidence
        return evidence.silent_G, evidence.sound_LG, stroke_p(evidence, prior_log_odds=self.prior_log_odds)

    def as_live(self, live: Found | None, *, picture_size: tuple[int, int]) -> Watched:
        """Return the same with what the ball that this shot repeats says of the impact.

        Args:
            live: The stroke as it was found live; None where the shot repeats none.
            picture_size: Width and height of the picture, pixels.
        """
        if live is None or not self.evidence.times_s.size:
            return self
        shown, known = (Heights.of(track, picture_size=picture_size) for track in (self.choice.track, live.track))
        if shown is None or known is None:
            return self
        density_G = alignment_density(
            self.evidence.times_s, replay=shown, live=known, live_impact_s=live.event.impact_s
        )
        parts = self.evidence.parts | {"alignment": mixture(density_G, RHO["alignment"])}
        return replace(self, evidence=replace(self.evidence, parts=parts))

    def strokes(self, heard_L: np.ndarray, *, settings: MiningSettings, given: Given = NOTHING) -> list[Found]:
        """Return his strokes in time order.

        Args:
            heard_L: Probability that the bat is heard and so late.
            settings: How to mine.
            given: What is known beforehand.
        """
        observed = self.cues.observed
        told_s = given.impacts_s(float(observed.pts_s[0]), float(observed.pts_s[-1]))
        if told_s is not None:
            sure = {"uncertainty_s": STEP_S / 4, "event_p": 1.0, "log_odds": np.inf}
            events = [Event(impact_s=time_s, **sure) for time_s in told_s]
        else:
            events = find_events(
                self.evidence.knowing(heard_L),
                prior_log_odds=self.prior_log_odds,
                min_event_p=settings.min_event_p,
                min_gap_s=settings.min_gap_s,
            )
        return [
            Found(
                shot=self.cues.shot,
                event=event,
                track=self.choice.track,
                striker_p=self.choice.striker_p,
                extras=_extras(event, self.choice, observed, onsets=self.cues.onsets, lag_s=lag_of(heard_L)),
            )
            for event in events
        ]


def watch(
    look: Look,
    *,
    shot: Shot,
    following: Shot | None,
    view_p: float,
    onsets: Onsets | None,
    settings: MiningSettings,
    given: Given = NOTHING,
) -> Watched | None:
    """Find out who the striker is; None where there is none.

    Args:
        look: The shot, or a piece of it.
        shot: The shot.
        following: The shot after it; None where the file or the piece ends.
        view_p: Probability that a ball is played in it.
        onsets: Onsets of the sound; None without sound.
        settings: How to mine.
        given: What is known beforehand.
    """
    if len(look.frames_T) < 3:
        return None
    observed = look.people(video_id=shot.video_id, shot_id=shot.shot_id)
    cues = Cues(observed=observed, shot=shot, following=following, onsets=onsets, has_phases=settings.phases)
    choice = _told(look, observed, given) if "striker" in given.stages else _choose(look, cues, settings=settings)
    if choice is None:
        return None
    evidence = cues.listen(choice.track, choice.energy_T)
    is_cut = shot.transition != "start" and following is not None
    prior_log_odds = _prior(view_p) + (_brevity(shot.span.duration_s) if is_cut else 0.0)
    # All shots of a video are kept until the sound is known, and the others in them are not needed any more.
    cues = replace(cues, observed=replace(observed, tracks=[]))
    return Watched(cues=cues, choice=choice, evidence=evidence, prior_log_odds=prior_log_odds)


def _prior(view_p: float) -> float:
    """Return what the view adds to the log odds of a stroke; even a sure view shows a shot without one now and then."""
    view_p = min(max(view_p, 1e-6), SUREST_VIEW)
    return float(np.log(view_p / (1 - view_p)))


def _brevity(duration_s: float) -> float:
    """Return what the length of a shot adds to the log odds of a stroke, 0 or less.

    The shorter a shot between two cuts is than any in which a ball is bowled, the less likely it holds one. A clip that
    somebody trimmed is as short as he liked.
    """
    share = max(STROKE_PRIOR * min(duration_s / SHORTEST_S, 1.0), 1e-3)
    return float(np.log(share / (1 - share)) - np.log(STROKE_PRIOR / (1 - STROKE_PRIOR)))


def _choose(look: Look, cues: Cues, *, settings: MiningSettings) -> _Choice | None:
    """Look at the people who may be the striker now and then, and at the likeliest one in every frame.

    Joints and flow are the dearest parts of mining.
    """
    observed = cues.observed
    if not observed.tracks:
        return None
    places = striker.place_scores(
        observed.tracks,
        view=cues.shot.view,
        height=observed.height,
        width=observed.width,
        start_s=float(observed.pts_s[0]),
        end_s=float(observed.pts_s[-1]),
    )
    candidates = np.argsort(-places, kind="stable")[: settings.max_candidates]
    candidates = candidates[places[candidates] >= places.max() - HOPELESS]
    every_s = 1 / settings.detect_fps
    scores, flows = np.empty(len(candidates)), []
    for number, candidate in enumerate(candidates):
        track = look.joints(observed.tracks[candidate], every_s=every_s)
        flows.append(look.flow(track, others=observed.tracks, every_s=every_s))
        guard = striker.guard_score(striker.guard_frames(track)[grid(track.pts_s, every_s)])
        scores[number] = places[candidate] + guard + _total(cues.listen(track, flows[number][0]))
    best, striker_p = striker.choose(scores)
    track = look.joints(observed.tracks[candidates[best]])
    energy_T, horizontal_T = look.flow(track, others=observed.tracks, known=flows[best])
    return _Choice(track=track, striker_p=striker_p, energy_T=energy_T, horizontal_T=horizontal_T)


def _told(look: Look, observed: Observed, given: Given) -> _Choice | None:
    """Look at the striker whose boxes are given."""
    tracks = given.striker(observed.frames_T, observed.pts_s, observed.camera_T3)
    if not tracks:
        return None
    track = look.joints(tracks[0])
    energy_T, horizontal_T = look.flow(track, others=observed.tracks)
    return _Choice(track=track, striker_p=1.0, energy_T=energy_T, horizontal_T=horizontal_T)


def _total(evidence: Evidence) -> float:
    """Return the log ratio of a stroke anywhere against none, every instant alike."""
    if not evidence.times_s.size:
        return -10.0
    peak = float(evidence.log_ratio_G.max())
    return peak + float(np.log(np.mean(np.exp(evidence.log_ratio_G - peak))))


def _extras(
    event: Event, choice: _Choice, observed: Observed, *, onsets: Onsets | None, lag_s: float
) -> dict[str, float]:
    """Return the features that need pixels or sound."""
    near = np.abs(choice.track.pts_s - event.impact_s) <= 0.08 + 1e-6
    around = np.abs(observed.pts_s - event.impact_s) <= 0.5
    values = {
        "flow_horizontal": _mean(choice.horizontal_T[near]),
        "striker_p": choice.striker_p,
        "camera_inliers": _mean(observed.inliers_T[around]),
        "onset_z": float("nan"),
        "onset_brightness": float("nan"),
    }
    if onsets is not None:
        close = np.abs(onsets.times_s - lag_s - event.impact_s) <= 0.15
        values["onset_z"] = float(onsets.z[close].max()) if close.any() else 0.0
        if close.any():
            values["onset_brightness"] = float(onsets.brightness[close][onsets.z[close].argmax()])
    return values


def _mean(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")
