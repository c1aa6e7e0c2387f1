"""Sound: what is heard when, in which band, and shifted by how much."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.world.soundtrack import RATE_HZ, Strike, mix


def loudest_s(samples: np.ndarray) -> float:
    power = np.convolve(samples**2, np.ones(80), mode="same")
    return float(np.argmax(power)) / RATE_HZ


def mixed(kind: str, *, offset_s: float = 0.0, is_quiet: bool = True) -> np.ndarray:
    strike = Strike(time_s=1.0, kind=kind, loudness=1.0)
    return mix(3.0, [strike], offset_s=offset_s, random=np.random.default_rng(0), is_quiet=is_quiet)


def test_a_bat_is_heard_at_impact_plus_the_offset():
    for offset_s in (0.0, 0.08, -0.05):
        assert loudest_s(mixed("bat", offset_s=offset_s)) == pytest.approx(1.0 + offset_s, abs=0.02)


def test_a_bat_is_brighter_than_a_pad():
    ratios = []
    for kind in ("bat", "pad"):
        samples = mixed(kind)[RATE_HZ : RATE_HZ + 1600]
        power = np.abs(np.fft.rfft(samples)) ** 2
        hertz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
        ratios.append(power[hertz > 2000].sum() / power[hertz < 800].sum())
    assert ratios[0] > 10 * ratios[1]


def test_the_crowd_swells_after_a_boundary():
    samples = mixed("cheer", is_quiet=False)
    before, after = samples[: RATE_HZ // 2].std(), samples[int(1.5 * RATE_HZ) : 2 * RATE_HZ].std()
    assert after > 1.5 * before


def test_samples_are_in_range_and_come_again():
    first, second = mixed("bat", is_quiet=False), mixed("bat", is_quiet=False)
    assert first.dtype == np.float32 and len(first) == 3 * RATE_HZ
    assert np.abs(first).max() <= 1.0
    assert np.array_equal(first, second)
