"""How a stroke goes by: a left-right semi-Markov model over the signals of one person in one shot.

Legend: T frames, G points of an even time grid, S states.

States run idle -> waiting -> stance -> backlift -> downswing -> strike | impact | through -> follow-through ->
aftermath -> after. Idle and after say nothing about the signals (log ratio 0); those between have explicit durations
and a level of movement relative to the quiet and the busy moments of the same person. Cues that point at one instant
(a speed peak, the camera starting to follow the ball, the cut to the wide field, a crack in the sound) enter at the
impact as mixtures: with probability `rho` the cue speaks of this impact and has its own density, else it is uniform.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from slowpaths.mining.impact.instants import STEP_S

# Moments next to each other are not independent. The integral time of the autocorrelation of levels, median over the
# people of unlabelled clips, is .4 s of real time, so evidence is counted once every .4 s whatever the frame rate and
# the playing speed; and hands and flow correlate by .5, so two cues say as much as 1.33 independent ones.
CORRELATION_S = 0.40
CUE_CORRELATION = 0.5
# Mean and spread of levels over the people of unlabelled clips: what a person does who does not play a stroke.
ANY_LEVEL, ANY_LEVEL_SD = 0.30, 0.35


@dataclass(frozen=True, slots=True)
class Phase:
    """Describe one state with an explicit duration."""

    name: str  # name
    mean_s: float  # mean duration at normal speed, seconds
    sd_s: float  # standard deviation of the duration, seconds
    level: float  # expected movement: 0 quiet, 1 the busiest moments of this person (logarithmic scale)
    level_sd: float  # spread of that level


# Backlift about .2 s and downswing .2 s (S. Mueller's timings); drives and defences start the downswing .36-.38 s
# before impact (Stretch, Buys, Du Toit and Viljoen, J Sports Sci 16(8), 1998): means between the two. The hands gain
# speed about evenly until impact and lose it the same way, hence two halves on either side. A batter stands still from
# the bowler's delivery stride on, half a second and more, and fidgets little during the run-up; the follow-through of a
# drive takes .3-.4 s, and then they run or watch.
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


def path_ratio(
    cues: list[tuple[np.ndarray, np.ndarray]],
    *,
    guard: np.ndarray | None = None,
    tempos: tuple[tuple[float, float], ...] = TEMPOS,
    before: tuple[Phase, ...] = BEFORE,
    after: tuple[Phase, ...] = AFTER,
) -> np.ndarray:
    """Return the log ratio (G,) of all paths through the phases with impact at each point.

    It is against the path without a stroke, whose levels are spread as they are over the whole shot. Cues are pairs of
    level (G,) and weight (G,), 0 where unseen; `guard` is the log ratio of the posture for a batter in guard (G,),
    counted in the phase `stance`; tempos are pairs of playing speed and its prior.
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
