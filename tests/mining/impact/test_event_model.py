"""Localisation on synthetic signals whose impact is known."""

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.mining.impact.audio_lag import LAGS_S
from slowpaths.mining.impact.event_model import Phase, _phase_ratio, path_ratio
from slowpaths.mining.impact.events import Event, find_events
from slowpaths.mining.impact.evidence import Evidence, fuse
from slowpaths.mining.impact.instants import CUT_MEAN_S, PAN_FIRST_S, PAN_LAST_S, STEP_S, camera_density
from slowpaths.mining.impact.signals import Signals


def stroke_speed(pts_s, impact_s, *, height=10.0, quiet=0.6, tempo=1.0):
    """Speed of the hands: quiet guard, backlift at -.45 s, a peak at impact, a follow-through that dies in .5 s."""
    tau = (pts_s - impact_s) * tempo
    backlift = 0.25 * height * np.exp(-0.5 * ((tau + 0.32) / 0.06) ** 2)
    swing = np.where(tau < 0, np.exp(tau / 0.10), np.exp(-tau / 0.25)) * height * (tau > -0.3)
    return quiet + backlift + swing


def make(impact_s=2.0, *, duration_s=4.0, fps=25.0, seed=0, noise=0.15, shift_s=0.0, **kwargs):
    rng = np.random.default_rng(seed)
    pts_s = np.arange(round(duration_s * fps)) / fps + shift_s
    speed = stroke_speed(pts_s, impact_s + shift_s, tempo=kwargs.pop("tempo", 1.0))
    noisy = [speed * np.exp(noise * rng.standard_normal(len(pts_s))) for _ in range(2)]
    fields = {
        "hand_speed_T": noisy[0],
        "hand_confidence_T": np.full(len(pts_s), 0.5),
        "flow_T": 0.1 * noisy[1],
        "flow_confidence_T": np.ones(len(pts_s)),
        "camera_T": np.zeros(len(pts_s)),
        "hand_height_T": np.full(len(pts_s), np.nan),
        "guard_T": np.full(len(pts_s), np.nan),
    }
    return Signals(pts_s=pts_s, between_s=pts_s, **(fields | kwargs))


def localise(signals: Signals) -> list[Event]:
    return find_events(fuse(signals), prior_log_odds=0.0, min_event_p=0.5, min_gap_s=3.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fps", [12.5, 25.0, 50.0])
def test_finds_a_clean_stroke(seed, fps):
    (event,) = localise(make(2.0, fps=fps, seed=seed))
    assert event.impact_s == pytest.approx(2.0, abs=0.1)
    assert event.event_p > 0.85
    assert 0 < event.uncertainty_s < 0.15


def test_time_may_start_anywhere():
    (plain,), (shifted,) = localise(make(2.0)), localise(make(2.0, shift_s=100.0))
    assert shifted.impact_s == pytest.approx(plain.impact_s + 100.0, abs=STEP_S)


def test_no_stroke_in_constant_fidgeting():
    rng = np.random.default_rng(0)
    signals = make(2.0)
    restless = 3.0 * np.exp(0.15 * rng.standard_normal(len(signals.pts_s)))
    fields = dict(hand_speed_T=restless, flow_T=restless * 0.1)
    assert localise(replace(signals, **fields)) == []


def test_no_stroke_without_frames_that_see_the_person():
    unseen = np.full(100, np.nan)
    assert localise(make(2.0, hand_speed_T=unseen, flow_T=unseen)) == []


def test_taps_before_the_stroke_are_not_the_stroke():
    signals = make(8.0, duration_s=10.0)
    taps = sum(2.5 * np.exp(-0.5 * ((signals.pts_s - tap_s) / 0.08) ** 2) for tap_s in (1.0, 2.2, 3.1, 4.4, 5.6))
    tapped = replace(signals, hand_speed_T=signals.hand_speed_T + taps, flow_T=signals.flow_T + 0.1 * taps)
    (event,) = localise(tapped)
    assert event.impact_s == pytest.approx(8.0, abs=0.12)


def test_running_after_the_stroke_is_not_the_stroke():
    signals = make(2.0, duration_s=5.0)
    running = np.where(signals.pts_s > 2.8, 5.0 + np.sin(12 * signals.pts_s), 0.0)
    run = replace(signals, hand_speed_T=signals.hand_speed_T + running, flow_T=signals.flow_T + 0.1 * running)
    (event,) = localise(run)
    assert event.impact_s == pytest.approx(2.0, abs=0.15)


def test_two_balls_in_one_long_shot():
    pts_s = np.arange(0, 30, 0.04)
    speed = stroke_speed(pts_s, 8.0) + stroke_speed(pts_s, 21.0) - 0.6
    signals = make(0, duration_s=30.0, hand_speed_T=speed, flow_T=speed * 0.1)
    assert [event.impact_s for event in localise(signals)] == pytest.approx([8.0, 21.0], abs=0.1)


def unheard(times_s, ratio_G):
    sound_LG = np.ones((len(LAGS_S), len(times_s)))
    return Evidence(times_s=times_s, log_ratio_G=ratio_G, parts={"path": ratio_G}, sound_LG=sound_LG)


def test_a_second_ball_in_a_short_shot_needs_more_than_the_first():
    for duration_s, num in ((8.0, 1), (40.0, 2)):
        times_s = np.arange(0, duration_s, STEP_S)
        ratio = np.full(len(times_s), -8.0)
        for impact_s in (2.0, 6.0):  # two alike, each rather probable than not on its own
            ratio[np.abs(times_s - impact_s) < 0.05] = 3.6 + np.log(min(duration_s, 35.0) / 8.0)
        evidence = unheard(times_s, ratio)
        assert len(find_events(evidence, prior_log_odds=0.0, min_event_p=0.5, min_gap_s=3.0)) == num


def test_a_stroke_that_may_be_anywhere_is_not_claimed():
    times_s = np.arange(0, 4, STEP_S)
    sure = {"prior_log_odds": 3.0, "min_event_p": 0.5, "min_gap_s": 3.0}
    flat = unheard(times_s, np.zeros(len(times_s)))
    assert find_events(flat, **sure) == []
    peaked = unheard(times_s, 2.0 * (np.abs(times_s - 2.0) < 0.4))
    (event,) = find_events(peaked, **sure)
    assert event.impact_s == pytest.approx(2.0, abs=0.4) and 0.5 < event.event_p < 0.9


def test_what_is_heard_with_a_replay_is_not_the_bat():
    flat = {"onset_times_s": np.array([2.0]), "onset_z": np.array([20.0])}
    live, replay = (fuse(make(2.0, duration_s=8.0, is_replay=is_replay, **flat)) for is_replay in (False, True))
    assert live.parts["sound"].max() > 1.0 and replay.parts["sound"] == pytest.approx(0.0)


def test_slow_motion_is_followed():
    (event,) = localise(make(4.0, duration_s=8.0, tempo=0.25, is_replay=True))
    assert event.impact_s == pytest.approx(4.0, abs=0.25)


def test_a_cut_moves_an_ambiguous_impact_towards_where_directors_cut():
    flat = {"hand_speed_T": np.full(100, np.nan)}
    rng = np.random.default_rng(1)
    vague = {"flow_T": np.exp(0.05 * rng.standard_normal(100)) + np.linspace(0, 1, 100)}
    with_cut = fuse(make(2.0, **flat, **vague, cut_s=4.0, end_s=4.0))
    best_s = with_cut.times_s[np.argmax(with_cut.log_ratio_G)]
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
        evidence = fuse(replace(signals, between_s=between_s), has_phases=False)
        errors_s.append(evidence.times_s[np.argmax(evidence.parts["peak"])] - impact_s)
    assert np.mean(errors_s) == pytest.approx(0.0, abs=0.005)


def test_a_sound_sharpens_the_impact():
    noisy = make(2.0, noise=0.6, seed=3)
    heard = make(2.0, noise=0.6, seed=3, onset_times_s=np.array([2.0]), onset_z=np.array([8.0]))
    (blurred,), (sharp,) = localise(noisy), localise(heard)
    assert abs(sharp.impact_s - 2.0) <= abs(blurred.impact_s - 2.0) + 1e-9
    assert sharp.uncertainty_s < blurred.uncertainty_s


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


def test_without_phases_only_instants_count():
    whole, instants = (fuse(make(2.0), has_phases=has_phases) for has_phases in (True, False))
    assert whole.parts["path"].any() and not instants.parts["path"].any()
    assert instants.log_ratio_G == pytest.approx(whole.log_ratio_G - whole.parts["path"])
