"""How late the sound of a video is against its picture, learnt from all its strokes together.

Sound and picture of a recording drift apart by a constant few hundredths of a second, more than an impact may be off.
No single stroke tells how many: its picture says to about a tenth when the ball was hit. All strokes of a video share
one lag, and in one video the bat is heard in most of them, in another never. So both are learnt from the video itself,
and each stroke is placed by what the others say of the sound.

Legend: G points of a time grid, L lags, A shares, P people watched, E onsets.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import logsumexp

from slowpaths.mining.impact.instants import bumps

LAGS_S = np.round(np.arange(-0.30, 0.301, 0.01), 2)
"""Lags considered (L,), seconds; positive where the sound comes late."""
# Rec. ITU-R BT.1359-1: viewers notice sound that is 45 ms early or 125 ms late, and bear 90 ms early or 185 ms late.
_UNNOTICED_S, _BORNE_S = (-0.045, 0.125), (-0.090, 0.185)
_ODD = 0.02  # what nobody would broadcast: a telephone on the boundary is 60 m of sound away
SHARES = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
"""Shares of strokes whose bat is heard that are considered (A,); a leave makes no sound, a commentator many."""
SOUND_SD_S = 0.02  # half a frame at 25 a second


def prior() -> np.ndarray:
    """Return how probable it is that the bat is heard and so late (L,), before anything is known of the video."""
    shape_L = np.interp(LAGS_S, [_BORNE_S[0], *_UNNOTICED_S, _BORNE_S[1]], [0.0, 1.0, 1.0, 0.0]) + _ODD
    return SHARES.mean() * shape_L / shape_L.sum()


def sound_by_lag(times_s: np.ndarray, onset_times_s: np.ndarray | None, onset_z: np.ndarray | None) -> np.ndarray:
    """Return the density of impact given the onsets (E,), for every lag, relative to the uniform one (L, G).

    It is 1 where nothing is heard, and without sound.
    """
    silent_LG = np.ones((len(LAGS_S), len(times_s)))
    if onset_times_s is None or onset_z is None or not len(times_s):
        return silent_LG
    margin_s = np.abs(LAGS_S).max()
    near = (onset_times_s >= times_s[0] - margin_s) & (onset_times_s <= times_s[-1] + margin_s)
    if not near.any():
        return silent_LG
    loudness = np.maximum(onset_z[near], 0.0)
    return np.stack([bumps(times_s, onset_times_s[near] - lag_s, loudness, SOUND_SD_S) for lag_s in LAGS_S])


def learn(watched: Sequence[tuple[np.ndarray, np.ndarray, float]]) -> list[np.ndarray]:
    """Return for each person watched the probability that the bat is heard and so late (L,), given all the others.

    A person gives the log ratio of everything but the sound (G,), the density of impact given the sound for every lag
    (L, G), and the probability that they play a stroke, sound apart.
    """
    says_PLA = np.array([_says(*one) for one in watched]).reshape(-1, len(LAGS_S), len(SHARES))
    expected_LA = np.log(prior() / SHARES.mean())[:, None] - np.log(len(SHARES))
    learnt = []
    for own_LA in says_PLA:
        log_LA = expected_LA + says_PLA.sum(axis=0) - own_LA
        learnt.append(np.exp(log_LA - logsumexp(log_LA)) @ SHARES)
    return learnt


def lag_of(heard_L: np.ndarray) -> float:
    """Return the mean lag, seconds."""
    return float(heard_L @ LAGS_S / heard_L.sum())


def _says(silent_G: np.ndarray, sound_LG: np.ndarray, stroke_p: float) -> np.ndarray:
    """Return the log likelihood (L, A) of each lag and each share of strokes whose bat is heard."""
    if not len(silent_G):
        return np.zeros((len(LAGS_S), len(SHARES)))
    where_G = np.exp(silent_G - logsumexp(silent_G))
    heard_L1 = (sound_LG @ where_G)[:, None]
    return np.log(1 - stroke_p + stroke_p * (1 - SHARES + SHARES * heard_L1))
