"""What is known beforehand of a stroke, on synthetic signals whose impact is known."""

from dataclasses import replace

import numpy as np
import pytest
from tests.mining.impact.test_evidence import make

from slowpaths.mining.impact.event_model import Phase, _phase_ratio, path_ratio
from slowpaths.mining.impact.instant_features import grid_of
from slowpaths.mining.impact.instants import CUT_MEAN_S, PAN_FIRST_S, PAN_LAST_S, STEP_S, camera_density
from slowpaths.mining.impact.phase_cues import phase_cues
from slowpaths.mining.impact.signals import Signals


def best_instant(signals: Signals) -> float:
    times_s = grid_of(signals)
    return float(times_s[np.sum(list(phase_cues(times_s, signals).values()), axis=0).argmax()])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fps", [12.5, 25.0, 50.0])
def test_finds_a_clean_stroke(seed, fps):
    assert best_instant(make(2.0, fps=fps, seed=seed)) == pytest.approx(2.0, abs=0.1)


def test_taps_before_the_stroke_are_not_the_stroke():
    signals = make(8.0, duration_s=10.0)
    taps = sum(2.5 * np.exp(-0.5 * ((signals.pts_s - tap_s) / 0.08) ** 2) for tap_s in (1.0, 2.2, 3.1, 4.4, 5.6))
    tapped = replace(signals, hand_speed_T=signals.hand_speed_T + taps, flow_T=signals.flow_T + 0.1 * taps)
    assert best_instant(tapped) == pytest.approx(8.0, abs=0.12)


def test_running_after_the_stroke_is_not_the_stroke():
    signals = make(2.0, duration_s=5.0)
    running = np.where(signals.pts_s > 2.8, 5.0 + np.sin(12 * signals.pts_s), 0.0)
    run = replace(signals, hand_speed_T=signals.hand_speed_T + running, flow_T=signals.flow_T + 0.1 * running)
    assert best_instant(run) == pytest.approx(2.0, abs=0.15)


def test_slow_motion_is_followed():
    assert best_instant(make(4.0, duration_s=8.0, tempo=0.25, is_replay=True)) == pytest.approx(4.0, abs=0.25)


def test_a_cut_moves_an_ambiguous_impact_towards_where_directors_cut():
    flat = {"hand_speed_T": np.full(100, np.nan)}
    rng = np.random.default_rng(1)
    vague = {"flow_T": np.exp(0.05 * rng.standard_normal(100)) + np.linspace(0, 1, 100)}
    best_s = best_instant(make(2.0, **flat, **vague, cut_s=4.0, end_s=4.0))
    assert best_s == pytest.approx(4.0 - CUT_MEAN_S, abs=0.15)


def test_the_camera_follows_after_contact():
    times_s = np.arange(0, 4, STEP_S)
    pts_s = np.arange(0, 4, 0.04)
    density = camera_density(times_s, pts_s, np.where(pts_s > 2.2, 1.0, 0.0))
    assert times_s[np.argmax(density)] == pytest.approx(2.2 - 0.165, abs=0.1)
    assert density.mean() == pytest.approx(1.0)


@pytest.mark.parametrize("fps", [25.0, 30.0, 50.0])
@pytest.mark.parametrize("heights_per_s2", [0.5, 1.0, 2.0, 4.0])
def test_a_camera_that_gains_speed_evenly_set_off_when_it_did(fps, heights_per_s2):
    late_s = []
    for phase in np.arange(0.0, 1.0, 0.1):
        sets_off_s = 2.0 + phase / fps
        between_s = (np.arange(4 * fps) + 0.5) / fps
        speed_T = heights_per_s2 * np.clip(between_s - sets_off_s, 0.0, 0.8)
        times_s = np.arange(0, 4, STEP_S)
        best_s = times_s[np.argmax(camera_density(times_s, between_s, speed_T))]
        late_s.append(best_s - (sets_off_s - 0.5 * (PAN_FIRST_S + PAN_LAST_S)))
    assert np.mean(late_s) == pytest.approx(0.0, abs=0.025)


@pytest.mark.parametrize("fps", [12.5, 25.0, 50.0])
def test_what_is_measured_between_frames_is_placed_between_frames(fps):
    """Flow alone, even about impact: the speed from one frame to the next, as the signals hold it."""
    errors_s = []
    for phase in np.arange(0.0, 1.0, 0.1):
        impact_s, pts_s = 2.0 + phase / fps, np.arange(4 * fps) / fps
        edges_s = np.r_[pts_s[0], pts_s]
        between_s = 0.5 * (edges_s[1:] + edges_s[:-1])
        flow_T = 0.06 + np.exp(-np.abs(between_s - impact_s) / 0.15)
        unseen = np.full(len(pts_s), np.nan)
        signals = make(impact_s, fps=fps, hand_speed_T=unseen, hand_confidence_T=np.zeros(len(pts_s)), flow_T=flow_T)
        signals = replace(signals, between_s=between_s)
        times_s = grid_of(signals)
        errors_s.append(times_s[phase_cues(times_s, signals, has_phases=False)["peak"].argmax()] - impact_s)
    assert np.mean(errors_s) == pytest.approx(0.0, abs=0.005)


BEFORE = (Phase("a", 0.08, 0.02, 0.1, 0.25), Phase("b", 0.06, 0.02, 0.5, 0.25), Phase("c", 0.04, 0.01, 0.9, 0.2))
AFTER = (Phase("d", 0.04, 0.01, 0.8, 0.2), Phase("e", 0.08, 0.03, 0.6, 0.25))


def slow_path_ratio(cues):
    """Enumerate every combination of durations, one after the other."""
    size = len(cues[0][0])

    def paths(phases, impact, direction):
        """Yield the log weight of every way through the phases away from the impact."""
        if not phases:
            yield 0.0
            return
        mean, sd = phases[0].mean_s / STEP_S, phases[0].sd_s / STEP_S
        durations = np.arange(max(1, round(mean - 2 * sd)), round(mean + 2 * sd) + 1)
        prior = np.exp(-0.5 * ((durations - mean) / sd) ** 2)
        ratio = _phase_ratio(cues, phases[0])
        for duration, weight in zip(durations, prior / prior.sum(), strict=True):
            covered = [impact + direction * (step + (direction > 0)) - (direction < 0) for step in range(duration)]
            gain = sum(ratio[point] for point in covered if 0 <= point < size)
            for rest in paths(phases[1:], impact + direction * duration, direction):
                yield np.log(weight) + gain + rest

    return [
        np.logaddexp.reduce(list(paths(BEFORE[::-1], impact, -1))) + np.logaddexp.reduce(list(paths(AFTER, impact, 1)))
        for impact in range(size)
    ]


def test_path_ratio_is_the_sum_over_all_durations():
    level = np.clip(np.sin(np.arange(30) / 4.0), -0.2, 1.2)
    cues = [(level, np.linspace(0.2, 1.0, 30)), (level[::-1], np.linspace(1.0, 0.1, 30))]
    fast = path_ratio(cues, tempos=((1.0, 1.0),), before=BEFORE, after=AFTER)
    assert fast == pytest.approx(slow_path_ratio(cues), abs=1e-9)
