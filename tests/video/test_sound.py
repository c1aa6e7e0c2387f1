from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slowpaths.video.sound import find_onsets, local_z, read_sound
from tests import factories

RATE = 16_000


def _crack(rng: np.random.Generator, *, seconds: float = 0.03, low_hz: float, high_hz: float) -> np.ndarray:
    """Return a decaying burst of noise between two frequencies."""
    num = int(seconds * RATE)
    spectrum = np.fft.rfft(rng.normal(size=num))
    hz = np.fft.rfftfreq(num, 1 / RATE)
    spectrum[(hz < low_hz) | (hz > high_hz)] = 0
    burst = np.fft.irfft(spectrum, num) * np.exp(-np.arange(num) / (num / 4))
    return 0.5 * burst / np.abs(burst).max()


def test_clicks_in_noise_are_found_to_the_millisecond() -> None:
    rng = np.random.default_rng(0)
    samples = 0.02 * rng.normal(size=20 * RATE)
    times_s = [1.0, 3.3, 7.77, 12.1234, 19.5]
    for time_s in times_s:
        start = round(time_s * RATE)
        burst = _crack(rng, low_hz=500, high_hz=7000)
        samples[start : start + len(burst)] += burst
    onsets = find_onsets(samples.astype(np.float32), rate=RATE)
    loud = onsets.z > 10
    np.testing.assert_allclose(onsets.times_s[loud], times_s, atol=0.004)
    assert (~loud).sum() <= 5  # noise alone passes z = 4 now and then, never z = 10
    assert onsets.z[~loud].max(initial=0) < 8


def test_bat_is_bright_and_pad_is_dull() -> None:
    rng = np.random.default_rng(1)
    samples = 0.005 * rng.normal(size=4 * RATE)
    for start, low_hz, high_hz in ((RATE, 1500, 6000), (3 * RATE, 100, 1500)):
        burst = _crack(rng, low_hz=low_hz, high_hz=high_hz)
        samples[start : start + len(burst)] += burst
    onsets = find_onsets(samples, rate=RATE)
    near = [int(np.abs(onsets.times_s - time_s).argmin()) for time_s in (1.0, 3.0)]
    np.testing.assert_allclose(onsets.times_s[near], [1.0, 3.0], atol=0.01)
    assert onsets.brightness[near[0]] > 10 > 1 > onsets.brightness[near[1]]


def test_louder_surroundings_lower_z() -> None:
    rng = np.random.default_rng(2)
    burst = _crack(rng, low_hz=1000, high_hz=6000)
    found = []
    for level in (0.01, 0.05):
        samples = level * rng.normal(size=2 * RATE)
        samples[RATE : RATE + len(burst)] += burst
        found.append(find_onsets(samples, rate=RATE).z.max())
    assert found[0] > 2 * found[1] > 0


@pytest.mark.parametrize("num", [0, 1, 100, 512, 5000])
def test_silence_and_scraps_have_no_onset(num: int) -> None:
    assert len(find_onsets(np.zeros(num, dtype=np.float32), rate=RATE).times_s) == 0


def test_a_long_recording_is_the_same_in_pieces() -> None:
    samples = (0.02 * np.random.default_rng(3).normal(size=40 * RATE)).astype(np.float32)
    samples[36 * RATE : 36 * RATE + 200] += 0.6  # beyond the first chunk of blocks
    assert find_onsets(samples, rate=RATE).times_s[find_onsets(samples, rate=RATE).z > 20] == pytest.approx(
        36, abs=0.02
    )


def test_local_z_is_robust() -> None:
    values = np.random.default_rng(4).normal(10, 2, size=2000)
    values[1000] += 40
    z = local_z(values, size=101)
    assert z[1000] == pytest.approx(20, rel=0.3)
    assert np.delete(z, 1000).std() == pytest.approx(1, rel=0.15)


def test_sound_is_on_the_clock_of_the_video(tmp_path: Path, footage: dict[str, Path]) -> None:
    samples = np.zeros(RATE, dtype=np.float32)
    samples[6400:6560] = 0.5
    path = factories.bar_video(tmp_path / "click.mp4", num_frames=25, sound=(samples, RATE))
    for rate in (16_000, 8_000):
        heard = read_sound(path, rate=rate)
        assert heard is not None and heard.dtype == np.float32
        assert np.abs(heard).argmax() / rate == pytest.approx(0.405, abs=0.01)
    assert read_sound(footage["h264"]) is None
    assert read_sound(footage["frames"]) is None
