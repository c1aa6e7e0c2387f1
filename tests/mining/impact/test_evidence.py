"""Localisation on synthetic signals whose impact is known."""

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.mining.impact.audio_lag import LAGS_S
from slowpaths.mining.impact.events import CALIBRATED, Event, find_events
from slowpaths.mining.impact.evidence import Evidence, weigh
from slowpaths.mining.impact.instant_features import Standing, _over, grid_of, instant_features
from slowpaths.mining.impact.instants import STEP_S
from slowpaths.mining.impact.moment_network import MomentNetwork, load_moment_network
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


def standing(signals: Signals) -> Standing:
    start_s, end_s = float(signals.pts_s[0]), float(signals.pts_s[-1])
    return Standing(
        place=0.0, rank=0, tall=0.35, view="pitch_endon", start_s=start_s, duration_s=end_s - start_s, is_first=True,
        is_last=True,
    )  # fmt: skip


def localise(signals: Signals) -> list[Event]:
    evidence = weigh(signals, standing(signals))
    return find_events(evidence, prior_log_odds=0.0, min_event_p=0.5, min_gap_s=3.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fps", [12.5, 25.0, 50.0])
def test_the_most_probable_instant_of_a_clean_stroke_is_its_impact(seed, fps):
    signals = make(2.0, fps=fps, seed=seed, end_s=4.0)
    evidence = weigh(signals, standing(signals))
    assert evidence.times_s[evidence.log_rate_G.argmax()] == pytest.approx(2.0, abs=0.2)


def test_time_may_start_anywhere():
    plain, shifted = (make(2.0, shift_s=shift_s, end_s=4.0 + shift_s) for shift_s in (0.0, 100.0))
    rates = [weigh(signals, standing(signals)).log_rate_G for signals in (plain, shifted)]
    assert rates[0] == pytest.approx(rates[1], abs=0.01)


def test_nobody_who_is_unseen_plays_a_stroke():
    unseen = np.full(100, np.nan)
    signals = make(2.0, hand_speed_T=unseen, flow_T=unseen)
    evidence = weigh(signals, standing(signals))
    assert localise(signals) == [] and evidence.times_s.size == 0 and evidence.strength < -5


def silent(times_s, expected_G):
    """Evidence that expects so many impacts in each step."""
    nothing_G, sound_LG = np.zeros(len(times_s)), np.ones((len(LAGS_S), len(times_s)))
    with np.errstate(divide="ignore"):
        movement_G = np.log(expected_G)
    return Evidence(
        times_s=times_s, movement_G=movement_G, sound_LG=sound_LG, heard_G=nothing_G, repeated_G=nothing_G
    )  # fmt: skip


def test_every_stroke_of_a_long_shot_is_found():
    times_s = np.arange(0, 30, STEP_S)
    expected = sum(0.9 * STEP_S / 0.05 / 2.507 * np.exp(-0.5 * ((times_s - at_s) / 0.05) ** 2) for at_s in (8.0, 21.0))
    events = find_events(silent(times_s, expected), prior_log_odds=0.0, min_event_p=0.5, min_gap_s=3.0)
    assert [event.impact_s for event in events] == pytest.approx([8.0, 21.0], abs=STEP_S)
    # .9 expected impacts are at least one with probability 1 - exp(-.9), before the calibration of the log odds
    log_odds = CALIBRATED[0] * np.log(np.expm1(0.9)) + CALIBRATED[1]
    assert [event.log_odds for event in events] == pytest.approx([log_odds] * 2, abs=0.02)
    assert [event.event_p for event in events] == pytest.approx([1 / (1 + np.exp(-log_odds))] * 2, abs=0.01)
    # a normal posterior's sigma is its own
    assert [event.uncertainty_s for event in events] == pytest.approx([0.05] * 2, abs=0.015)


def test_a_stroke_that_may_be_anywhere_is_not_claimed():
    times_s = np.arange(0, 20, STEP_S)
    flat = silent(times_s, np.full(len(times_s), 0.5 * STEP_S / 20))
    assert find_events(flat, prior_log_odds=0.0, min_event_p=0.5, min_gap_s=3.0) == []


def test_a_doubtful_view_makes_a_stroke_doubtful():
    times_s = np.arange(0, 4, STEP_S)
    evidence = silent(times_s, np.where(np.abs(times_s - 2.0) < 0.05, 0.2, 1e-6))
    sure, doubtful = (
        find_events(evidence, prior_log_odds=odds, min_event_p=0.01, min_gap_s=3.0)[0].event_p for odds in (0.0, -2.0)
    )
    assert doubtful == pytest.approx(1 / (1 + (1 - sure) / sure * np.exp(2.0 * CALIBRATED[0])))


def test_what_is_heard_with_a_replay_is_not_the_bat():
    heard = {"onset_times_s": np.array([2.0]), "onset_z": np.array([20.0])}
    live, replay = (make(2.0, duration_s=8.0, is_replay=is_replay, **heard) for is_replay in (False, True))
    live, replay = (weigh(signals, standing(signals)).heard_G for signals in (live, replay))
    assert live.max() > 1.0 and replay == pytest.approx(0.0)


def test_a_sound_sharpens_the_impact():
    times_s = np.arange(0, 4, STEP_S)
    vague = silent(times_s, 0.9 * STEP_S / 0.2 / 2.507 * np.exp(-0.5 * ((times_s - 2.1) / 0.2) ** 2))
    heard_G = 3.0 * np.exp(-0.5 * ((times_s - 2.0) / 0.03) ** 2)
    asked = {"prior_log_odds": 0.0, "min_event_p": 0.1, "min_gap_s": 3.0}
    (blurred,), (sharp,) = find_events(vague, **asked), find_events(replace(vague, heard_G=heard_G), **asked)
    assert sharp.impact_s == pytest.approx(2.0, abs=0.04) and blurred.impact_s == pytest.approx(2.1, abs=0.04)
    assert sharp.uncertainty_s < blurred.uncertainty_s


@pytest.mark.parametrize("size", [1, 3, 20, 100])
@pytest.mark.parametrize("window_s", [(-0.5, 0.0), (-0.25, 0.25), (0.3, 0.8), (-0.8, -0.3), (0.04, 0.5), (-1.0, -0.4)])
def test_windows_are_as_counted_one_by_one(size, window_s):
    rng = np.random.default_rng(size)
    series = np.where(rng.random(size) < 0.1, np.nan, rng.standard_normal(size))
    first, last = (round(edge_s / STEP_S) for edge_s in window_s)
    for what, count in (("min", np.min), ("max", np.max), ("mean", np.mean)):
        slow = []
        for row in range(size):
            inside = series[max(row + first, 0) : max(row + last + 1, 0)]
            inside = inside[np.isfinite(inside)]
            slow.append(count(inside) if len(inside) else np.nan)
        assert _over(series, *window_s, what) == pytest.approx(np.array(slow), nan_ok=True), what


def test_features_describe_every_instant_and_suit_the_network():
    signals = make(2.0, end_s=4.0, cut_s=4.0)
    times_s = grid_of(signals)
    features_GF = instant_features(times_s, signals, standing(signals))
    network = load_moment_network()
    assert features_GF.shape == (len(times_s), len(network.mean_F))
    answers_G = network(features_GF)
    assert answers_G.shape == times_s.shape and ((answers_G >= 0) & (answers_G <= 1)).all()


def test_the_network_is_the_mean_of_its_members():
    """One member answers .5 everywhere, the other by the sign of the first feature."""
    network = MomentNetwork(
        mean_F=np.zeros(2), std_F=np.ones(2), may_lack_F=np.array([False, True]),
        first_weights_MIH=np.stack([np.zeros((3, 2)), np.array([[10.0, -10.0], [0, 0], [0, 0]])]),
        first_bias_MH=np.zeros((2, 2)),
        second_weights_MHH=np.stack([np.zeros((2, 2)), np.eye(2)]), second_bias_MH=np.zeros((2, 2)),
        last_weights_MH=np.array([[0.0, 0.0], [1.0, -1.0]]), last_bias_M=np.zeros(2),
    )  # fmt: skip
    answers = network(np.array([[9.0, 0.0], [-9.0, np.nan], [np.nan, 0.0]]))
    assert answers == pytest.approx([0.75, 0.25, 0.5], abs=1e-6)
