"""When bat meets ball: a left-right semi-Markov model over the signals of one person in one shot.

Legend: T frames, G points of an even time grid, S states.

States run idle -> waiting -> stance -> backlift -> downswing -> strike | impact | through -> follow-through ->
aftermath -> after. Idle and after say nothing about the signals (log ratio 0); those between have explicit durations
and a level of movement relative to the quiet and the busy moments of the same person. Cues that point at one instant
(a speed peak, the camera starting to follow the ball, the cut to the wide field, a crack in the sound) enter at the
impact as mixtures: with probability `rho` the cue speaks of this impact and has its own density, else it is uniform.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logsumexp

from slowpaths.mining.impact import audio_lag as lag
from slowpaths.mining.impact.instants import (
    REPLAY_PACE,
    RHO,
    STEP_S,
    arc_density,
    camera_density,
    cut_ratio,
    mixture,
    peak_density,
    smooth,
)
from slowpaths.mining.impact.signals import Signals
from slowpaths.pose.filters import median_of_three

# Moments next to each other are not independent. The integral time of the autocorrelation of levels, median over the
# people of unlabelled clips, is .4 s of real time, so evidence is counted once every .4 s whatever the frame rate and
# the playing speed; and hands and flow correlate by .5, so two cues say as much as 1.33 independent ones.
CORRELATION_S = 0.40
CUE_CORRELATION = 0.5
# Mean and spread of levels over the people of unlabelled clips: what a person does who does not play a stroke.
ANY_LEVEL, ANY_LEVEL_SD = 0.30, 0.35


@dataclass(frozen=True, slots=True)
class Phase:
    """Describe one state with an explicit duration.

    Args:
        name: Name.
        mean_s: Mean duration at normal speed, seconds.
        sd_s: Standard deviation of the duration, seconds.
        level: Expected movement: 0 quiet, 1 the busiest moments of this person (logarithmic scale).
        level_sd: Spread of that level.
    """

    name: str
    mean_s: float
    sd_s: float
    level: float
    level_sd: float


# Backlift about .2 s and downswing .2 s (S. Mueller's timings); drives and defences start the downswing .36-.38 s
# before impact (Stretch, Buys, Du Toit and Viljoen, J Sports Sci 16(8), 1998): means between the two. The hands gain
# speed about evenly until impact and lose it the same way, hence two halves on either side. A batter stands still from
# the bowler's delivery stride on, half a second and more, and fidgets little during the run-up; the follow-through of a
# drive takes .3-.4 s, and then he runs or watches.
BEFORE: tuple[Phase, ...] = (
    Phase("waiting", 1.50, 0.40, 0.20, 0.30),
    Phase("stance", 0.50, 0.20, 0.10, 0.25),
    Phase("backlift", 0.20, 0.08, 0.45, 0.25),
    Phase("downswing", 0.13, 0.05, 0.70, 0.20),
    Phase("strike", 0.11, 0.04, 0.95, 0.20),
)
AFTER: tuple[Phase, ...] = (
    Phase("through", 0.12, 0.04, 0.90, 0.20),
    Phase("follow-through", 0.24, 0.10, 0.65, 0.25),
    Phase("aftermath", 1.20, 0.40, 0.50, 0.40),
)

# With this probability a signal says nothing at an instant (a joint lost, a frame smeared): one wild value is no veto.
DEAF = 0.2

# Share of strokes shown at normal speed, at half and at a quarter of it (replays; high-speed cameras run at 2-4 times).
TEMPOS: tuple[tuple[float, float], ...] = ((1.0, 0.80), (0.5, 0.13), (0.25, 0.07))
REPLAY_TEMPOS: tuple[tuple[float, float], ...] = ((1.0, 0.34), (0.5, 0.33), (0.25, 0.33))

STEADY_SD_S = 0.04
BLIND = 0.3  # flow that can be trusted less than this is not looked at
TOLERANCE_SD_S = 0.08  # two frames at 25 a second: an impact is useful when it is about that close
# That a shot holds a stroke is no use where nothing says when: further off than this is another moment.
LOCATED_S = 0.5
# Small pose networks show the guard of a batter who stands in it about as often as not.
GUARD_SEEN = 0.6
# A live end-on shot of up to 14 s nearly always holds one ball; continuous footage holds one about every 35 s.
STROKE_PRIOR = 0.8
SECONDS_PER_BALL = 35.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Hold log ratios of "impact here" against "no stroke at all" on an even grid.

    Args:
        times_s: Grid (G,), seconds.
        log_ratio_G: Log likelihood ratio (G,), all cues.
        parts: The same by cue: name -> (G,).
        sound_LG: Density of impact given the sound, for every lag of it.
    """

    times_s: np.ndarray
    log_ratio_G: np.ndarray
    parts: dict[str, np.ndarray]
    sound_LG: np.ndarray

    @property
    def silent_G(self) -> np.ndarray:
        """Return the log ratio of everything but the sound (G,)."""
        return np.sum([part for name, part in self.parts.items() if name != "sound"], axis=0)

    def knowing(self, heard_L: np.ndarray) -> Evidence:
        """Return the same evidence with the sound read by what is known of it, the chance to be heard so late (L,)."""
        log_ratio_G = lag.with_sound(self.silent_G, self.sound_LG, heard_L)
        parts = self.parts | {"sound": log_ratio_G - self.silent_G}
        return replace(self, log_ratio_G=log_ratio_G, parts=parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Describe one stroke found.

    Args:
        impact_s: Most probable impact, seconds.
        uncertainty_s: Distance within which 68.3 % of the posterior around it lies, seconds.
        event_p: Probability that there is a stroke (against the path without one) and that it is this one: within
            half a second of this impact.
        log_odds: Log odds of a stroke.
    """

    impact_s: float
    uncertainty_s: float
    event_p: float
    log_odds: float


def localise(
    signals: Signals, *, prior_log_odds: float = 0.0, min_event_p: float = 0.5, min_gap_s: float = 3.0
) -> list[Event]:
    """Find the strokes of one person in one shot.

    Args:
        signals: What was measured.
        prior_log_odds: What is known from elsewhere (view, striker), added to the prior of a stroke.
        min_event_p: Events less probable than this are left out.
        min_gap_s: Shortest time between two events, seconds.

    Returns:
        Events in time order.
    """
    evidence = fuse(signals)
    return find_events(evidence, prior_log_odds=prior_log_odds, min_event_p=min_event_p, min_gap_s=min_gap_s)


def find_events(evidence: Evidence, *, prior_log_odds: float, min_event_p: float, min_gap_s: float) -> list[Event]:
    """Take the most probable event, blank its surroundings, and go on until none is probable enough."""
    times_s = evidence.times_s
    if times_s.size == 0:
        return []
    duration_s = times_s[-1] - times_s[0] + STEP_S
    log_prior = _log_prior(times_s) + prior_log_odds
    log_ratio = evidence.log_ratio_G.copy()
    events: list[Event] = []
    while np.isfinite(log_ratio).any():
        # The most probable short interval, not the highest point: a narrow spike holds little probability.
        ratio = np.exp(log_ratio - log_ratio.max())
        peak = int(np.argmax(np.where(np.isfinite(log_ratio), smooth(ratio, TOLERANCE_SD_S), -1.0)))
        near = np.abs(times_s - times_s[peak]) <= min_gap_s
        log_odds = float(logsumexp(log_ratio[near]) + log_prior)
        weights = np.exp(log_ratio[near] - log_ratio[near].max())
        offsets_s = times_s[near] - times_s[peak]
        located_p = weights[np.abs(offsets_s) <= LOCATED_S].sum() / weights.sum()
        event_p = located_p / (1 + np.exp(-np.clip(log_odds, -50, 50)))
        if event_p < min_event_p:
            break
        spread_s = _one_sigma(np.abs(offsets_s), weights)
        events.append(
            Event(impact_s=float(times_s[peak]), uncertainty_s=spread_s, event_p=float(event_p), log_odds=log_odds)
        )
        log_ratio[near] = -np.inf
        if len(events) == 1:  # one more in the same shot is as rare as in continuous footage
            log_prior -= np.log(SECONDS_PER_BALL / min(duration_s, SECONDS_PER_BALL))
    return sorted(events, key=lambda event: event.impact_s)


def stroke_p(evidence: Evidence, *, prior_log_odds: float) -> float:
    """Return the probability that there is a stroke anywhere, by everything but the sound.

    Args:
        evidence: What speaks for it.
        prior_log_odds: What is known from elsewhere.
    """
    if evidence.times_s.size == 0:
        return 0.0
    log_odds = float(logsumexp(evidence.silent_G)) + _log_prior(evidence.times_s) + prior_log_odds
    return float(expit(log_odds))


def _log_prior(times_s: np.ndarray) -> float:
    """Return the prior log odds of a stroke at one instant of a shot against none in it."""
    rate = STROKE_PRIOR / min(times_s[-1] - times_s[0] + STEP_S, SECONDS_PER_BALL)
    return float(np.log(rate * STEP_S / (1 - STROKE_PRIOR)))


def _one_sigma(distances_s: np.ndarray, weights: np.ndarray) -> float:
    """Return the distance within which 68.3 % of the weight lies: one standard deviation of a normal posterior.

    A root mean square would say how far the least probable other instant is, not how sure the chosen one is.
    """
    order = np.argsort(distances_s, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    return float(max(np.interp(0.683, share, distances_s[order]), STEP_S / 4))


def fuse(signals: Signals, *, has_phases: bool = True) -> Evidence:
    """Return the log ratio of an impact at every instant, all cues together.

    Args:
        signals: What was measured.
        has_phases: Whether the phases of a stroke count.

    Returns:
        Evidence on a grid of `STEP_S` over the shot; empty where fewer than three frames were seen.
    """
    pts_s = np.asarray(signals.pts_s, dtype=np.float64)
    seen = np.isfinite(signals.hand_speed_T) | np.isfinite(signals.flow_T)
    if seen.sum() < 3:
        empty = np.zeros(0)
        return Evidence(times_s=empty, log_ratio_G=empty, parts={}, sound_LG=lag.sound_by_lag(empty, None, None))
    times_s = np.arange(pts_s[seen][0], pts_s[seen][-1] + STEP_S / 2, STEP_S)
    hand_speed_T = _steady(signals.hand_speed_T, pts_s)
    trust_T = np.ones(len(pts_s)) if signals.flow_confidence_T is None else signals.flow_confidence_T
    flow_T = _steady(np.where(trust_T > BLIND, signals.flow_T, np.nan), pts_s)
    hands, hand_weight = _level(times_s, pts_s, hand_speed_T, signals.hand_confidence_T)
    flow, flow_weight = _level(times_s, pts_s, flow_T, trust_T)
    pace = REPLAY_PACE if signals.is_replay else 1.0
    alike = 1 / (1 + CUE_CORRELATION)  # the peak and the bottom of the arc are two sides of one movement
    parts = {
        "path": path_ratio(
            [(hands, hand_weight), (flow, flow_weight)],
            guard=guard_ratio(times_s, pts_s, signals.guard_T),
            tempos=REPLAY_TEMPOS if signals.is_replay else TEMPOS,
        ),
        "peak": alike * mixture(peak_density(times_s, hands, hand_weight, flow, flow_weight, pace=pace), RHO["peak"]),
        # Joints that are hardly seen make no arc to trust.
        "arc": alike
        * mixture(
            arc_density(times_s, pts_s, signals.hand_height_T, pace=pace),
            RHO["arc"] * min(1.0, 2.0 * float(np.nanmean(signals.hand_confidence_T))),
        ),
        "camera": mixture(camera_density(times_s, pts_s, signals.camera_T, pace=pace), RHO["camera"]),
        "cut": cut_ratio(times_s, cut_s=signals.cut_s, end_s=signals.end_s, is_replay=signals.is_replay),
    }
    if not has_phases:
        parts["path"] = np.zeros(len(times_s))
    # What is heard with a replay is the ground and the commentary of now.
    onset_times_s = None if signals.is_replay else signals.onset_times_s
    seen = Evidence(
        times_s=times_s,
        log_ratio_G=np.sum(list(parts.values()), axis=0),
        parts=parts,
        sound_LG=lag.sound_by_lag(times_s, onset_times_s, signals.onset_z),
    )
    return seen.knowing(lag.prior())


def path_ratio(
    cues: list[tuple[np.ndarray, np.ndarray]],
    *,
    guard: np.ndarray | None = None,
    tempos: tuple[tuple[float, float], ...] = TEMPOS,
    before: tuple[Phase, ...] = BEFORE,
    after: tuple[Phase, ...] = AFTER,
) -> np.ndarray:
    """Return the log ratio of all paths through the phases with impact at each point.

    Args:
        cues: Pairs of level (G,) and weight (G,), weight 0 where unseen.
        guard: Log ratio of the posture for a batter in guard (G,), counted in the phase `stance`.
        tempos: Pairs of playing speed and its prior.
        before: Phases that lead to the impact.
        after: Phases that follow it.

    Returns:
        Log ratio (G,) against the path without a stroke, whose levels are spread as they are over the whole shot.
    """
    ratios = {phase: _phase_ratio(cues, phase) for phase in (*before, *after)}
    if guard is not None:
        for phase in before:
            if phase.name == "stance":
                ratios[phase] = ratios[phase] + guard * STEP_S / CORRELATION_S
    totals = []
    for tempo, prior in tempos:
        leading = trailing = np.zeros(len(cues[0][0]))  # log of the sum over all paths that enter the next phase here
        for phase in before:
            leading = _advance(leading, ratios[phase] * tempo, phase, tempo)
        for phase in reversed(after):
            trailing = _advance(trailing[::-1], ratios[phase][::-1] * tempo, phase, tempo)[::-1]
        totals.append(np.log(prior) + leading + trailing)
    return logsumexp(totals, axis=0)


def guard_ratio(times_s: np.ndarray, pts_s: np.ndarray, guard_T: np.ndarray | None) -> np.ndarray:
    """Return the log ratio of what the posture says for "in guard", against this person at any time (G,).

    Args:
        times_s: Grid (G,), seconds.
        pts_s: Frame times (T,), seconds.
        guard_T: Whether the posture is that of a batter in guard (T,), 0, 1 or NaN.
    """
    known = np.zeros(0, dtype=bool) if guard_T is None else np.isfinite(guard_T)
    if guard_T is None or known.sum() < 3:
        return np.zeros(len(times_s))
    usual = float(np.clip(guard_T[known].mean(), 0.2, 0.8))
    here = max(GUARD_SEEN, usual)
    ratio = np.where(guard_T[known] > 0.5, np.log(here / usual), np.log((1 - here) / (1 - usual)))
    return np.interp(times_s, pts_s[known], ratio)


def _steady(values_T: np.ndarray, pts_s: np.ndarray) -> np.ndarray:
    """Return a speed without single wild frames: median of three, then a Gaussian far narrower than a downswing."""
    values_T = np.array(values_T, dtype=np.float64)
    rows = np.flatnonzero(np.isfinite(values_T))
    if len(rows) < 3:
        return values_T
    seen = median_of_three(values_T[rows][:, None])[:, 0]
    times_s = pts_s[rows]
    near = np.exp(-0.5 * ((times_s[:, None] - times_s[None, :]) / STEADY_SD_S) ** 2)
    values_T[rows] = near @ seen / near.sum(axis=1)
    return values_T


def _level(
    times_s: np.ndarray, pts_s: np.ndarray, values_T: np.ndarray, weights_T: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a speed as a level between this person's quiet (0) and busy (1) moments on the grid, and its weight."""
    values_T = np.asarray(values_T, dtype=np.float64)
    known = np.isfinite(values_T)
    if known.sum() < 3:
        return np.zeros(len(times_s)), np.zeros(len(times_s))
    quiet, busy = np.quantile(values_T[known], [0.2, 0.97])
    quiet = max(float(quiet), 0.05 * float(busy), 1e-6)
    # A stroke is at least three times as fast as standing in guard; less contrast than that gives levels below 1.
    # Differences between slow movements are noise of the pose, so the scale is logarithmic above the quiet level only.
    level = np.log1p(values_T[known] / quiet) - np.log(2.0)
    level /= max(float(np.log1p(busy / quiet)), np.log1p(3.0)) - np.log(2.0)
    on_grid = np.interp(times_s, pts_s[known], level)
    weight = np.interp(times_s, pts_s[known], np.clip(np.nan_to_num(weights_T[known]), 0.0, 1.0))
    gap_s = np.abs(times_s[:, None] - pts_s[known][None, :]).min(axis=1) if known.sum() < 4000 else np.zeros(1)
    typical_s = float(np.median(np.diff(pts_s))) if len(pts_s) > 1 else STEP_S
    return on_grid, np.where(gap_s <= max(0.12, 1.5 * typical_s), weight, 0.0)


def _phase_ratio(cues: list[tuple[np.ndarray, np.ndarray]], phase: Phase) -> np.ndarray:
    total = np.zeros(len(cues[0][0]))
    for level, weight in cues:
        here = -0.5 * ((level - phase.level) / phase.level_sd) ** 2 - np.log(phase.level_sd)
        anywhere = -0.5 * ((level - ANY_LEVEL) / ANY_LEVEL_SD) ** 2 - np.log(ANY_LEVEL_SD)
        total += weight * np.log(DEAF + (1 - DEAF) * np.exp(np.clip(here - anywhere, -20.0, 20.0)))
    return total * STEP_S / CORRELATION_S / (1 + CUE_CORRELATION * (len(cues) - 1))


def _advance(entering: np.ndarray, ratio: np.ndarray, phase: Phase, tempo: float) -> np.ndarray:
    """Return the log sum over all durations of a phase that ends at each point."""
    mean, sd = phase.mean_s / tempo / STEP_S, phase.sd_s / tempo / STEP_S
    durations = np.arange(max(1, round(mean - 2 * sd)), round(mean + 2 * sd) + 1)
    prior = np.exp(-0.5 * ((durations - mean) / sd) ** 2)
    prior /= prior.sum()
    longest = durations[-1]
    # Before the first frame nothing is seen: a phase may begin there, at no cost and no gain.
    total = np.cumsum(np.r_[np.zeros(longest + 1), ratio])
    entering = np.r_[np.full(longest, entering[0] if len(entering) else 0.0), entering]
    ends = np.arange(len(ratio)) + longest
    begun = (entering - total[: len(entering)])[ends - durations[:, None]]
    most = begun.max(axis=0)
    return total[ends] + most + np.log(prior @ np.exp(begun - most))
