"""The sound of a match: bat, pad, bounce, gloves, crowd and commentary, shifted against the picture as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.world.camera.match import Match

RATE_HZ = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """Describe one short sound."""

    time_s: float  # when, seconds of video
    kind: str  # "bat", "edge", "pad", "bounce", "glove" or "cheer"
    loudness: float  # 0..1


# Band in Hz and decay in seconds: a bat cracks at 3 to 5 kHz for 8 ms, a pad thuds at 200 to 600 Hz.
_KINDS: dict[str, tuple[float, float, float]] = {
    "bat": (2400.0, 5200.0, 0.008), "edge": (3600.0, 6800.0, 0.004), "pad": (200.0, 600.0, 0.030),
    "bounce": (110.0, 320.0, 0.020), "glove": (350.0, 1500.0, 0.012),
}  # fmt: skip


def strikes_of(match: Match) -> list[Strike]:
    """Return what is heard of the live balls (replays run without their sound)."""
    strikes: list[Strike] = []
    for number, shot in enumerate(match.shots):
        if shot.is_replay or not shot.shows_play:
            continue
        scene = match.scenes[shot.scene]
        heard = [(scene.ball.bounce_s, "bounce", 0.20)]
        if scene.contact == "middle":
            heard.append((0.0, "bat", 0.35 + 0.6 * float(np.clip(scene.flight[2] / 28.0, 0.15, 1.0))))
        elif scene.contact == "edge":
            heard.append((0.0, "edge", 0.35))
        elif not match.venue.is_nets:
            heard.append((min(scene.ball.end_s, 1.2), "glove", 0.40))
        if scene.contact == "miss" and scene.phases[5] > 4.0:
            heard.append((0.02, "pad", 0.45))
        if scene.runs >= 4 or scene.is_wicket:
            heard.append((0.4, "cheer", 1.0 if scene.runs == 6 or scene.is_wicket else 0.7))
        zero_s = match.shown_s(number, 0.0)
        strikes += [Strike(time_s=zero_s + time_s, kind=kind, loudness=loudness) for time_s, kind, loudness in heard]
    return strikes


def mix(
    duration_s: float, strikes: list[Strike], *, offset_s: float, random: np.random.Generator, is_quiet: bool = False
) -> np.ndarray:
    """Mix the sound track of a video (N,), float32 in -1..1, beginning with the first frame.

    The sound comes `offset_s` late against the picture (negative: early); a quiet one has no crowd and no commentary.
    """
    num = int(duration_s * RATE_HZ)
    bed = 0.012 * random.normal(size=num)
    if not is_quiet:
        swell = np.ones(num)
        for strike in strikes:
            if strike.kind == "cheer":
                since = np.arange(num) / RATE_HZ - strike.time_s - offset_s
                swell += 2.5 * strike.loudness * np.clip(since / 0.4, 0, 1) * np.exp(-np.maximum(since, 0) / 1.6)
        bed += 0.045 * swell * _coloured(num, random, low=120.0, high=3500.0, slope=0.5)
        bed += 0.05 * _commentary(num, random)
    for strike in strikes:
        if strike.kind in _KINDS:
            _add(bed, strike, offset_s, random)
    return (0.9 * bed / max(float(np.abs(bed).max()), 1e-6)).astype(np.float32)


def _coloured(num: int, random: np.random.Generator, *, low: float, high: float, slope: float) -> np.ndarray:
    """Return noise of unit variance within a band, falling as frequency to the power of -slope."""
    size = 1 << max(num - 1, 1).bit_length()
    frequencies = np.fft.rfftfreq(size, 1 / RATE_HZ)
    shape = np.where((frequencies > low) & (frequencies < high), np.maximum(frequencies, 1.0) ** -slope, 0.0)
    noise = np.fft.irfft(np.fft.rfft(random.normal(size=size)) * shape, size)[:num]
    return noise / max(float(noise.std()), 1e-9)


def _commentary(num: int, random: np.random.Generator) -> np.ndarray:
    """Return voice-like noise: 300 to 3000 Hz, four syllables a second, in phrases with pauses."""
    times = np.arange(num) / RATE_HZ
    speaking = np.zeros(num)
    at = float(random.uniform(0, 3))
    while at < times[-1] if num else False:
        length = float(random.uniform(1.0, 3.5))
        speaking[(times >= at) & (times < at + length)] = 1.0
        at += length + float(random.uniform(0.8, 4.0))
    syllables = np.clip(np.sin(2 * np.pi * 4.0 * times + 2 * np.sin(0.7 * times)), 0, None)
    return speaking * syllables * _coloured(num, random, low=300.0, high=3000.0, slope=0.8)


def _add(bed: np.ndarray, strike: Strike, offset_s: float, random: np.random.Generator) -> None:
    low, high, decay_s = _KINDS[strike.kind]
    start = round((strike.time_s + offset_s) * RATE_HZ)
    length = int(8 * decay_s * RATE_HZ)
    if start < 0 or start + length > len(bed):
        return
    burst = _coloured(length, random, low=low, high=high, slope=0.0)
    bed[start : start + length] += strike.loudness * burst * np.exp(-np.arange(length) / RATE_HZ / decay_s)
