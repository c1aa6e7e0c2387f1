"""Sound: mono samples on the video's clock, and the onsets in the band where bat on ball is heard.

Legend: N samples or onsets, F frequency bins, B blocks of the spectrogram.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d, median_filter

from slowpaths.core.errors import BrokenVideoError

if TYPE_CHECKING:
    from slowpaths.video.index import StreamIndex

_WINDOW, _HOP = 512, 128  # 32 ms and 8 ms at 16 kHz
_BAND_HZ = (1000.0, 6000.0)  # where bat on ball stands out from crowd and wind
_BRIGHT_HZ = (2000.0, 6000.0)
_DULL_HZ = 800.0
_MEDIAN_S = 0.4
_MIN_Z = 4.0
_MIN_GAP_S = 0.05
_CHUNK = 4096
_AFTER_END_S = 10.0  # sound that goes on after the last picture is heard no longer than this
_QUIET = 2.0**-15 * 160
_MAD_TO_STD = 1.4826  # median absolute deviation of a normal distribution to its standard deviation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Onsets:
    """Hold the sudden sounds of a recording, in time order."""

    times_s: np.ndarray  # when they begin (N,), seconds
    z: np.ndarray  # how far the spectral flux stands out of its surroundings (N,), in standard deviations (by the MAD)
    brightness: np.ndarray  # energy in 2..6 kHz over that below .8 kHz in the next 40 ms (N,): a bat bright, a pad dull


def read_sound(path: Path, *, rate: int = 16_000) -> np.ndarray | None:
    """Return the sound of a video, mono, with sample 0 at video time 0, at a rate in Hz.

    Returns:
        Samples (N,), float32 in -1..1; silence fills in where the sound starts late or pauses. None without sound.

    Raises:
        BrokenVideoError: If the file cannot be opened.
    """
    from slowpaths.video.index import read_index

    if path.is_dir():
        return None
    index = read_index(path)
    most = round((index.pts_s[-1] + _AFTER_END_S) * rate)
    sound = np.zeros(max(most, 0), dtype=np.float32)
    length: int | None = None
    position: int | None = None
    for time_s, samples in _pieces(path, index=index, rate=rate):
        stamp = None if time_s is None else round((time_s - index.origin_s) * rate)
        # Resampled pieces follow one another; a time stamp counts only where the sound pauses or jumps.
        if position is None or (stamp is not None and abs(stamp - position) > rate // 10):
            position = stamp or 0
        if position < most:
            end = max(min(position + len(samples), most), 0)
            sound[max(position, 0) : end] = samples[max(-position, 0) : max(end - position, 0)]
            length = max(length or 0, end)
        position += len(samples)
    return None if length is None else sound[:length]


def _pieces(path: Path, *, index: StreamIndex, rate: int) -> Iterator[tuple[float | None, np.ndarray]]:
    """Yield resampled mono sound piece by piece with its time; a change of rate or channels starts a new resampler."""
    import av

    from slowpaths.video.container import decode, open_container

    if index.sound_stream is None:
        return
    resampler, kind = None, None
    try:
        with open_container(path) as container:
            stream = container.streams[index.sound_stream]
            for frame in decode(container, stream, corrections=index.sound_corrections):
                if kind != (kind := (frame.format.name, frame.layout.name, frame.sample_rate)):
                    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
                assert resampler is not None
                for part in resampler.resample(frame):
                    yield part.time, part.to_ndarray().reshape(-1)
    except av.FFmpegError as error:
        raise BrokenVideoError(f"the sound of {path.name} cannot be read: re-encode the file") from error


def find_onsets(samples: np.ndarray, *, rate: int) -> Onsets:
    """Find sudden sounds: half-wave rectified spectral flux in 1..6 kHz against its local median and MAD.

    16,000 mono samples (N,) a second are meant, a lower rate cuts the bands off.
    """
    flux_B, energy_B2 = spectral_flux(samples, rate=rate)
    z_B = local_z(flux_B, size=round(_MEDIAN_S * rate / _HOP) | 1)
    z_B[: _WINDOW // _HOP] = 0.0  # the recording begins here: a rise out of nothing is no onset
    gap = max(1, round(_MIN_GAP_S * rate / _HOP))
    is_peak = (z_B >= _MIN_Z) & (z_B == maximum_filter1d(z_B, 2 * gap + 1)) if len(z_B) else np.zeros(0, dtype=bool)
    peaks = np.flatnonzero(is_peak)
    peaks = peaks[np.diff(peaks, prepend=-gap - 1) > gap]  # equal neighbours: the first
    after = max(1, round(0.04 * rate / _HOP))
    bright_dull = np.array([energy_B2[peak : peak + after].sum(axis=0) for peak in peaks]).reshape(-1, 2)
    return Onsets(
        times_s=np.array([_rise(samples, peak) for peak in peaks], dtype=np.float64) / rate,
        z=z_B[peaks],
        brightness=bright_dull[:, 0] / np.maximum(bright_dull[:, 1], 1e-12),
    )


def spectral_flux(samples: np.ndarray, *, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how much the spectrum of mono samples (N,) rises from block to block, and the energy of two bands.

    Returns:
        Flux (B,): sum over 1..6 kHz of the rises in magnitude; block b ends at sample 128 (b + 1). Energy (B, 2) in
        2..6 kHz and below .8 kHz.
    """
    num_blocks = len(samples) // _HOP
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / rate)
    in_band = (frequencies >= _BAND_HZ[0]) & (frequencies <= _BAND_HZ[1])
    is_bright = (frequencies >= _BRIGHT_HZ[0]) & (frequencies <= _BRIGHT_HZ[1])
    is_dull = (frequencies > 0) & (frequencies < _DULL_HZ)
    window = np.hanning(_WINDOW).astype(np.float32)
    silence = np.zeros(_WINDOW - _HOP, dtype=np.float32)
    flux_B, energy_B2 = np.zeros(num_blocks), np.zeros((num_blocks, 2))
    last_F = np.zeros(int(in_band.sum()))
    for first in range(0, num_blocks, _CHUNK):
        stop = min(first + _CHUNK, num_blocks)
        begin = first * _HOP - len(silence)
        part = np.concatenate([silence[: max(-begin, 0)], samples[max(begin, 0) : stop * _HOP].astype(np.float32)])
        blocks = np.lib.stride_tricks.sliding_window_view(part, _WINDOW)[::_HOP]
        size_BF = np.abs(np.fft.rfft(blocks * window, axis=1))
        band_BF = size_BF[:, in_band]
        rises = np.diff(band_BF, axis=0, prepend=last_F[None])
        flux_B[first:stop] = np.maximum(rises, 0).sum(axis=1)
        energy_B2[first:stop, 0] = (size_BF[:, is_bright] ** 2).sum(axis=1)
        energy_B2[first:stop, 1] = (size_BF[:, is_dull] ** 2).sum(axis=1)
        last_F = band_BF[-1]
    return flux_B, energy_B2


def local_z(values: np.ndarray, *, size: int) -> np.ndarray:
    """Return robust z: values (B,) minus the local median, over the local MAD scaled to a standard deviation.

    The length of the neighbourhood is odd.
    """
    if not len(values):
        return np.zeros(0)
    centred = values - median_filter(values, size=size, mode="reflect")
    spread = _MAD_TO_STD * median_filter(np.abs(centred), size=size, mode="reflect")
    # In digital silence the spread is 0: one step of 16-bit sound in every bin of the band is the least there can be.
    return centred / np.maximum(spread, _QUIET)


def _rise(samples: np.ndarray, block: int) -> int:
    """Return the sample where the sound of a block begins: the steepest rise of the 2 ms envelope of its slope."""
    first = max(0, (block + 1) * _HOP - _WINDOW)
    part = np.abs(np.diff(samples[first : (block + 1) * _HOP].astype(np.float64), prepend=float(samples[first])))
    width = _HOP // 4
    energy = np.convolve(part, np.ones(width), mode="full")[: len(part)]
    before = np.concatenate([np.zeros(width), energy[:-width]])
    return first + max(0, int(np.argmax(energy - before)) - width + 1)
