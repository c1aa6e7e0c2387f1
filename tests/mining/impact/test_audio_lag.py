"""The lag of the sound: learnt from all strokes of a video together, from none of them by itself."""

from dataclasses import replace

import numpy as np
import pytest
from tests.mining.impact.test_evidence import silent

from slowpaths.mining.impact.audio_lag import LAGS_S, learn, prior, sound_by_lag
from slowpaths.mining.impact.events import find_events, stroke_p
from slowpaths.mining.impact.instants import STEP_S

IMPACTS_S = (2.0, 2.3, 1.7, 2.6, 2.1)
TIMES_S = np.arange(0.0, 4.0, STEP_S)


def evidences(lag_s, *, others_s=()):
    """Five strokes whose bat is heard too late by the same time; other sounds follow no rule."""
    for impact_s in IMPACTS_S:
        onsets_s = np.array([impact_s + lag_s, *others_s])
        loud = np.where(np.arange(len(onsets_s)) == 0, 30.0, 5.0)
        density = np.exp(-0.5 * ((TIMES_S - impact_s) / 0.1) ** 2)
        seen = silent(TIMES_S, 2.0 * density / density.sum() + 1e-6)
        yield replace(seen, sound_LG=sound_by_lag(TIMES_S, onsets_s, loud)).knowing(prior())


def signs(evidence):
    return evidence.silent_G, evidence.sound_LG, stroke_p(evidence, prior_log_odds=0.0)


@pytest.mark.parametrize("lag_s", [-0.08, 0.0, 0.06, 0.15])
def test_a_common_lag_is_found(lag_s):
    for heard_L in learn([signs(one) for one in evidences(lag_s, others_s=(0.9, 3.1))]):
        assert 0.5 < heard_L.sum() < 1.0
        assert LAGS_S[heard_L.argmax()] == pytest.approx(lag_s, abs=0.03)


def test_strokes_are_placed_where_the_sound_says_and_not_where_it_is_heard():
    lag_s = 0.15
    many = list(evidences(lag_s))
    for evidence, heard_L, impact_s in zip(many, learn([signs(one) for one in many]), IMPACTS_S, strict=True):
        (event,) = find_events(evidence.knowing(heard_L), prior_log_odds=0.0, min_event_p=0.5, min_gap_s=3.0)
        (before,) = find_events(evidence, prior_log_odds=0.0, min_event_p=0.5, min_gap_s=3.0)
        assert event.impact_s == pytest.approx(impact_s, abs=0.03)
        assert event.uncertainty_s <= before.uncertainty_s


def test_a_stroke_says_nothing_of_its_own_lag():
    one = next(evidences(0.06))
    (heard_L,) = learn([signs(one)])
    assert heard_L == pytest.approx(prior())


def test_silence_says_nothing():
    times_s = np.arange(0, 2, 0.02)
    for onsets_s in (None, np.zeros(0), np.array([50.0])):
        assert (sound_by_lag(times_s, onsets_s, None if onsets_s is None else np.ones(len(onsets_s))) == 1.0).all()
    silent = [(np.zeros(10), np.ones((len(LAGS_S), 10)), 0.5)] * 3
    for heard_L in learn(silent):
        assert heard_L == pytest.approx(prior())
    assert learn([]) == []


def test_what_happens_where_nobody_plays_says_nothing():
    (stroke,) = learn([signs(next(evidences(0.06))), signs(next(evidences(0.15)))])[:1]
    (nobody,) = learn([signs(next(evidences(0.06))), (*signs(next(evidences(0.15)))[:2], 0.0)])[:1]
    assert nobody == pytest.approx(prior())
    assert stroke.max() > prior().max()


def test_somebody_who_is_hardly_seen_says_nothing():
    nobody = replace(silent(np.zeros(0), np.zeros(0)), sound_LG=np.ones((len(LAGS_S), 0)))
    assert signs(nobody)[2] == 0.0
    for heard_L in learn([signs(nobody)] * 2):
        assert heard_L == pytest.approx(prior())
